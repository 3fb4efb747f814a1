#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/words.h"
#include "dataset.h"
#include "profile.h"

static const char EXEC[] = "exec:";
static const char *const formats[] = {"csv", "copy", "parquet", "avro", "ndjson"};

struct raw_side {
    char *locator, *table, *format, *snapshot, *manifest, *profile;
    int64_t timeout;
    const yaml_node_t *csv, *exec, *at_locator, *at_table, *at_format, *at_snapshot, *at_manifest, *at_profile;
};

#define AT(member) offsetof(struct raw_side, member)
static const struct assay_field side_fields[] = {
    {"locator", ASSAY_F_TEXT, false, AT(locator), 0, 0},    {"locator", ASSAY_F_NODE, false, AT(at_locator), 0, 0},
    {"table", ASSAY_F_NAME, false, AT(table), 0, 0},        {"table", ASSAY_F_NODE, false, AT(at_table), 0, 0},
    {"format", ASSAY_F_NAME, false, AT(format), 0, 0},      {"format", ASSAY_F_NODE, false, AT(at_format), 0, 0},
    {"snapshot", ASSAY_F_NAME, false, AT(snapshot), 0, 0},  {"snapshot", ASSAY_F_NODE, false, AT(at_snapshot), 0, 0},
    {"exec", ASSAY_F_NODE, false, AT(exec), 0, 0},          {"csv", ASSAY_F_NODE, false, AT(csv), 0, 0},
    {"manifest", ASSAY_F_TEXT, false, AT(manifest), 0, 0},  {"manifest", ASSAY_F_NODE, false, AT(at_manifest), 0, 0},
    {"timeout", ASSAY_F_INT, false, AT(timeout), 0, 86400}, {"profile", ASSAY_F_NAME, false, AT(profile), 0, 0},
    {"profile", ASSAY_F_NODE, false, AT(at_profile), 0, 0},
};
#undef AT

struct raw_csv {
    const yaml_node_t *delimiter, *quote, *escape, *null_text, *encoding;
    bool header, quoted_null;
};

static const struct assay_field csv_fields[] = {
    {"delimiter", ASSAY_F_NODE, false, offsetof(struct raw_csv, delimiter), 0, 0},
    {"quote", ASSAY_F_NODE, false, offsetof(struct raw_csv, quote), 0, 0},
    {"escape", ASSAY_F_NODE, false, offsetof(struct raw_csv, escape), 0, 0},
    {"header", ASSAY_F_BOOL, false, offsetof(struct raw_csv, header), 0, 0},
    {"null", ASSAY_F_NODE, false, offsetof(struct raw_csv, null_text), 0, 0},
    {"quoted_null", ASSAY_F_BOOL, false, offsetof(struct raw_csv, quoted_null), 0, 0},
    {"encoding", ASSAY_F_NODE, false, offsetof(struct raw_csv, encoding), 0, 0},
};

/* postgresql://, postgres://, sqlite:, or a libpq connection string: one of its keywords, then '='. The readers decide
 * in the same way. */
bool assay_uri_is_database(const char *uri)
{
    static const char *const scheme[] = {"postgresql:", "postgres:", "sqlite:"};
    static const char *const keyword[] = {"service", "host",    "hostaddr",         "port",
                                          "dbname",  "user",    "password",         "passfile",
                                          "sslmode", "options", "application_name", "connect_timeout"};
    for (size_t i = 0; i < sizeof scheme / sizeof scheme[0]; i++)
        if (strncmp(uri, scheme[i], strlen(scheme[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof keyword / sizeof keyword[0]; i++) {
        size_t n = strlen(keyword[i]);
        if (strncmp(uri, keyword[i], n) == 0 && uri[n + strspn(uri + n, " \t")] == '=')
            return true;
    }
    return false;
}

/* One ASCII character; TAB may be written "\t" in double quotes or as the word tab. Null is 0 where that has a meaning.
 */
static void bind_char(struct assay_bind *b, const yaml_node_t *node, const char *key, bool may_be_null, char *out)
{
    char *text = NULL;
    if (may_be_null && assay_node_is_null(node)) {
        *out = '\0';
        return;
    }
    if (!assay_bind_literal(b, node, key, &text))
        return;
    if (strcmp(text, "tab") == 0)
        *out = '\t';
    else if (strlen(text) != 1 || (unsigned char)text[0] > 0x7e || (text[0] < 0x20 && text[0] != '\t'))
        assay_diag_add(b->diag, &node->start_mark, "%s: expected one printable ASCII character or tab%s", key,
                       may_be_null ? ", or null" : "");
    else
        *out = text[0];
    free(text);
}

static void check_csv(struct assay_bind *b, const yaml_node_t *node, const struct raw_csv *raw,
                      const struct assay_csv_dialect *c)
{
    if (c->copy && (raw->quote || raw->escape || c->quoted_null))
        assay_diag_add(b->diag, &node->start_mark, "csv: format copy has no quotes, and its escape is the backslash");
    if (c->copy && c->delimiter == '\\')
        assay_diag_add(b->diag, &node->start_mark, "csv: the delimiter is the escape of format copy");
    if (c->quote && c->delimiter == c->quote)
        assay_diag_add(b->diag, &node->start_mark, "csv: delimiter and quote are the same character");
    if (c->escape && c->delimiter == c->escape)
        assay_diag_add(b->diag, &node->start_mark, "csv: delimiter and escape are the same character");
    if (c->null_text && (strchr(c->null_text, '\n') || strchr(c->null_text, '\r')))
        assay_diag_add(b->diag, &node->start_mark, "csv: the text of null holds a line break");
    if (c->quoted_null && !c->null_text)
        assay_diag_add(b->diag, &node->start_mark, "csv: quoted_null has no meaning when null is null");
}

static void bind_encoding(struct assay_bind *b, const yaml_node_t *node, enum assay_text_encoding *out)
{
    char *name = NULL;
    if (!assay_bind_literal(b, node, "encoding", &name))
        return;
    if (!assay_text_encoding_parse(name, out))
        assay_diag_add(
            b->diag, &node->start_mark,
            "encoding: expected utf-8, utf-16, utf-16le, utf-16be, shift_jis, cp932, euc-jp, euc-kr, cp949 or gbk; "
            "those of one byte are a rule of a column, big5 and gb18030 are not read");
    free(name);
}

static void bind_csv(struct assay_bind *b, const yaml_node_t *node, struct assay_csv_dialect *c)
{
    struct raw_csv raw = {.header = c->header, .quoted_null = c->quoted_null};
    if (!assay_bind_map(b, node, "csv", csv_fields, sizeof csv_fields / sizeof csv_fields[0], &raw))
        return;
    c->header = raw.header;
    c->quoted_null = raw.quoted_null;
    if (raw.delimiter)
        bind_char(b, raw.delimiter, "delimiter", false, &c->delimiter);
    if (raw.quote)
        bind_char(b, raw.quote, "quote", true, &c->quote);
    if (raw.escape)
        bind_char(b, raw.escape, "escape", true, &c->escape);
    if (raw.null_text && assay_node_is_null(raw.null_text)) {
        free((char *)(uintptr_t)c->null_text);
        c->null_text = NULL;
    } else if (raw.null_text) {
        char *text = NULL;
        if (assay_bind_literal(b, raw.null_text, "null", &text)) {
            free((char *)(uintptr_t)c->null_text);
            c->null_text = text;
        }
    }
    if (raw.encoding)
        bind_encoding(b, raw.encoding, &c->encoding);
    if (c->escape && c->escape == c->quote)
        c->escape = '\0'; /* the quote doubled, said in another way: one resolved form for one meaning */
    check_csv(b, node, &raw, c);
}

bool assay_uri_is_command(const char *uri)
{
    return strncmp(uri, EXEC, sizeof EXEC - 1) == 0;
}

bool assay_side_has_objects(const struct assay_side *side)
{
    return !side->table && side->uri && !assay_uri_is_command(side->uri);
}

/* exec: [CMD, ARG, ...] is the locator "exec:CMD ARG ...", quoted where it must be. */
static void bind_exec(struct assay_bind *b, const yaml_node_t *node, struct raw_side *raw)
{
    const yaml_node_item_t *item;
    struct assay_buf command = {.max = ASSAY_MAX_PLAN_BYTES}, uri = {.max = ASSAY_MAX_PLAN_BYTES};
    size_t n;
    char *word = NULL;
    enum assay_status s = ASSAY_OK;
    if (raw->locator)
        assay_diag_add(b->diag, &node->start_mark, "exec: stands beside locator; expected one of them");
    if (raw->locator || !assay_bind_list(b, node, "exec", &item, &n))
        return;
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        const yaml_node_t *at = yaml_document_get_node(b->doc, item[i]);
        bool empty = at->type == YAML_SCALAR_NODE && at->data.scalar.length == 0 && i > 0; /* "" is an argument */
        if (!empty && !assay_bind_text(b, at, "exec", &word))
            continue;
        s = assay_words_add(&command, empty ? "" : word);
    }
    free(word);
    const char *words = s == ASSAY_OK ? assay_buf_str(&command) : NULL;
    s = words ? assay_buf_addf(&uri, "%s%s", EXEC, words) : ASSAY_ENOMEM;
    raw->at_locator = node;
    if (s != ASSAY_OK || !assay_buf_str(&uri) || !(raw->locator = strdup((const char *)uri.ptr)))
        b->diag->nomem = true;
    assay_buf_release(&command);
    assay_buf_release(&uri);
}

static void check_command(struct assay_bind *b, const yaml_node_t *node, const struct raw_side *raw)
{
    struct assay_words words;
    struct assay_err why = {0};
    enum assay_status s = assay_words_split(raw->locator + sizeof EXEC - 1, &words, &why);
    if (s == ASSAY_ENOMEM)
        b->diag->nomem = true;
    else if (s != ASSAY_OK)
        assay_diag_add(b->diag, &raw->at_locator->start_mark, "exec: %s", why.msg);
    assay_words_release(&words);
    if (!raw->at_format)
        assay_diag_add(b->diag, &node->start_mark, "missing key \"format\": a command has no suffix that says it");
}

static void check_placeholder(struct assay_bind *b, const yaml_node_t *at, const char *uri)
{
    static const char word[] = "{segment}";
    const char *first = strstr(uri, word);
    if (!first)
        return;
    if (assay_uri_is_database(uri))
        assay_diag_add(b->diag, &at->start_mark,
                       "locator: {segment} has a meaning for files and commands only, not for a database");
    else if (!assay_uri_is_command(uri) && strstr(first + 1, word))
        assay_diag_add(b->diag, &at->start_mark, "locator: {segment} stands twice; expected once");
}

bool assay_is_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i], name) == 0)
            return true;
    return false;
}

void assay_bind_dialect(struct assay_bind *b, const yaml_node_t *node, const char *format, struct assay_csv_dialect *c)
{
    *c = format && strcmp(format, "copy") == 0 ? assay_copy_default() : assay_csv_default();
    if (c->null_text && !(c->null_text = strdup(c->null_text)))
        b->diag->nomem = true;
    if (node)
        bind_csv(b, node, c);
}

/* Its format and dialect are defaults: what the side says itself comes after. */
static struct assay_profile *bind_profile(struct assay_bind *b, struct raw_side *raw)
{
    struct assay_profile *p = NULL;
    struct assay_err why = {0};
    enum assay_status s = assay_profile_load(raw->profile, b->base_dir, &p, &why);
    if (s == ASSAY_ENOMEM)
        b->diag->nomem = true;
    else if (s != ASSAY_OK)
        assay_diag_add(b->diag, &raw->at_profile->start_mark, "profile: %s", why.msg);
    else if (raw->format && strcmp(raw->format, p->format) != 0)
        assay_diag_add(b->diag, &raw->at_profile->start_mark, "profile: %.60s is about format %.40s, not %.40s",
                       p->name, p->format, raw->format);
    else if (!raw->format && !(raw->format = strdup(p->format)))
        b->diag->nomem = true;
    return p;
}

static void check_format(struct assay_bind *b, const struct raw_side *raw)
{
    size_t n = sizeof formats / sizeof formats[0], i = 0;
    char hint[80];
    while (i < n && strcmp(formats[i], raw->format) != 0)
        i++;
    if (i == n)
        assay_diag_add(b->diag, &raw->at_format->start_mark, "format: unknown format \"%.40s\"%s", raw->format,
                       assay_bind_hint(b, raw->format, formats, n, hint));
    else if (raw->csv && strcmp(raw->format, "csv") != 0 && strcmp(raw->format, "copy") != 0)
        assay_diag_add(b->diag, &raw->csv->start_mark, "csv: has no meaning for format %s", raw->format);
}

static void check_database(struct assay_bind *b, const yaml_node_t *node, const struct raw_side *raw, const char *what)
{
    if (!raw->at_table)
        assay_diag_add(b->diag, &node->start_mark, "missing key \"table\" in %s: its locator is a database", what);
    if (raw->at_format)
        assay_diag_add(b->diag, &raw->at_format->start_mark,
                       "format: has a meaning for files only, not for a database");
    if (raw->csv)
        assay_diag_add(b->diag, &raw->csv->start_mark, "csv: has a meaning for files only, not for a database");
    if (raw->at_profile)
        assay_diag_add(b->diag, &raw->at_profile->start_mark,
                       "profile: has a meaning for files only, not for a database");
    if (raw->at_snapshot && strncmp(raw->locator, "sqlite:", 7) == 0)
        assay_diag_add(b->diag, &raw->at_snapshot->start_mark, "snapshot: has a meaning for PostgreSQL only");
}

static void check_files(struct assay_bind *b, const struct raw_side *raw)
{
    if (raw->at_table)
        assay_diag_add(b->diag, &raw->at_table->start_mark,
                       "table: has a meaning for databases only, and the locator names files");
    if (raw->at_snapshot)
        assay_diag_add(b->diag, &raw->at_snapshot->start_mark, "snapshot: has a meaning for PostgreSQL only");
    if (raw->format)
        check_format(b, raw);
}

void assay_bind_side(struct assay_bind *b, const yaml_node_t *node, enum assay_side_id id, struct assay_side *side)
{
    const char *what = assay_side_name(id);
    struct raw_side raw = {0};
    assay_bind_map(b, node, what, side_fields, sizeof side_fields / sizeof side_fields[0], &raw);
    if (raw.exec)
        bind_exec(b, raw.exec, &raw);
    else if (node->type == YAML_MAPPING_NODE && !raw.at_locator)
        assay_diag_add(b->diag, &node->start_mark, "missing key \"locator\" in %s", what);
    const bool files = raw.locator && !assay_uri_is_database(raw.locator);
    if (raw.profile && files)
        side->loaded = bind_profile(b, &raw);
    struct assay_bind own = {
        .doc = side->loaded ? &side->loaded->doc : b->doc, .diag = b->diag, .base_dir = b->base_dir};
    assay_bind_dialect(&own, side->loaded ? side->loaded->csv : NULL, raw.format, &side->csv);
    if (raw.csv)
        bind_csv(b, raw.csv, &side->csv);
    if (raw.locator && assay_uri_is_command(raw.locator))
        check_command(b, node, &raw);
    if (raw.locator) {
        check_placeholder(b, raw.at_locator, raw.locator);
        if (assay_uri_is_database(raw.locator))
            check_database(b, node, &raw, what);
        else
            check_files(b, &raw);
    }
    if (raw.at_manifest && raw.locator && (assay_uri_is_database(raw.locator) || assay_uri_is_command(raw.locator)))
        assay_diag_add(b->diag, &raw.at_manifest->start_mark, "manifest: has a meaning for files only");
    side->uri = raw.locator;
    side->table = raw.table;
    side->format = raw.format;
    side->snapshot = raw.snapshot;
    side->manifest = raw.manifest;
    side->profile = raw.profile;
    side->timeout_s = (int)raw.timeout;
}

void assay_side_release(struct assay_side *side)
{
    free(side->uri);
    free(side->table);
    free(side->format);
    free(side->snapshot);
    free(side->manifest);
    free(side->profile);
    assay_profile_free(side->loaded);
    free((char *)(uintptr_t)side->csv.null_text);
    *side = (struct assay_side){0};
}
