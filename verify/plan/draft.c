/* The text of a plan, with the reasons as comments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assay/digest.h"
#include <fnmatch.h>

#include "dataset.h"
#include "profile.h"
#include "survey.h"

/* Reads back as text in every YAML: no indicator, nothing that looks like a number, a date, a boolean or null. */
static bool is_plain(const char *s)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_';
    if (!letter || s[strspn(s, safe)])
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(s, words[i]) == 0)
            return false;
    return true;
}

enum assay_status assay_draft_scalar(const char *text, bool expands, struct assay_buf *out)
{
    enum assay_status s = ASSAY_OK;
    if (is_plain(text))
        return assay_buf_adds(out, text);
    s = assay_buf_addc(out, '"');
    for (const unsigned char *p = (const unsigned char *)text; *p && s == ASSAY_OK; p++) {
        if (*p == '"' || *p == '\\')
            s = assay_buf_addf(out, "\\%c", *p);
        else if (*p == '$' && expands)
            s = assay_buf_adds(out, "$$");
        else if (*p == '\t')
            s = assay_buf_adds(out, "\\t");
        else if (*p < 0x20 || *p == 0x7f)
            s = assay_buf_addf(out, "\\x%02x", *p);
        else
            s = assay_buf_addc(out, *p);
    }
    return s == ASSAY_OK ? assay_buf_addc(out, '"') : s;
}

/* Everything goes through here: the buffer's own limit is the only thing that can fail. */
struct pen {
    struct assay_buf *out;
    enum assay_status s;
};

static void put(struct pen *p, const char *text)
{
    if (p->s == ASSAY_OK)
        p->s = assay_buf_adds(p->out, text);
}

static void scalar(struct pen *p, const char *text)
{
    if (p->s == ASSAY_OK)
        p->s = assay_draft_scalar(text, false, p->out);
}

/* A comment is one line whatever a database put into its names. */
static void comment(struct pen *p, const char *indent, const char *text)
{
    put(p, indent);
    put(p, "# ");
    for (; *text && p->s == ASSAY_OK; text++)
        p->s = assay_buf_addc(p->out, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : (uint8_t)*text);
    put(p, "\n");
}

static void one_char(struct pen *p, const char *key, char c)
{
    char text[2] = {c, '\0'};
    put(p, key);
    if (c == '\0')
        put(p, "null");
    else
        scalar(p, text);
}

static void dialect(struct pen *p, const struct assay_csv_dialect *c)
{
    put(p, ",\n              csv: {");
    one_char(p, "delimiter: ", c->delimiter);
    one_char(p, ", quote: ", c->quote);
    put(p, c->header ? ", header: true, null: " : ", header: false, null: ");
    if (c->null_text)
        scalar(p, c->null_text);
    else
        put(p, "null");
    put(p, c->quoted_null ? ", quoted_null: true" : ", quoted_null: false");
    if (c->encoding) {
        put(p, ", encoding: ");
        put(p, assay_text_encodings[c->encoding]);
    }
    put(p, "}");
}

/* Which exporter, why, and what is known of it. */
static void profile(struct pen *p, const struct assay_draft *d)
{
    char text[1200];
    if (!d->profile_name)
        return;
    if (!d->profile) {
        snprintf(text, sizeof text, "no exporter profile recognised: %.400s", d->profile_why);
        comment(p, "    ", text);
        return;
    }
    snprintf(text, sizeof text, "exporter profile %.60s: %.200s%s%.400s", d->profile->name, d->profile->title,
             d->profile_why[0] ? "; recognised by " : "", d->profile_why);
    comment(p, "    ", text);
    for (size_t i = 0; i < d->profile->n_quirks; i++) {
        snprintf(text, sizeof text, "  - %.900s (%.200s)", d->profile->quirk[i].says, d->profile->quirk[i].see);
        comment(p, "    ", text);
    }
}

static void side(struct pen *p, const struct assay_draft *d, enum assay_side_id id)
{
    const struct assay_survey *s = d->side[id];
    const bool profiled = id == ASSAY_ARCHIVE && d->profile;
    put(p, id == ASSAY_SOURCE ? "    source:  {locator: " : "    archive: {locator: ");
    put(p, d->locator[id]);
    if (s->loc.table) {
        put(p, ", table: ");
        scalar(p, s->loc.table);
    }
    if (profiled) {
        put(p, ", profile: ");
        scalar(p, strcmp(d->profile_name, "auto") == 0 ? d->profile->name : d->profile_name);
    } else if (s->loc.format) {
        put(p, ", format: ");
        scalar(p, s->loc.format);
    }
    if (s->untyped && !s->loc.csv.copy)
        dialect(p, &s->loc.csv);
    put(p, "}\n");
}

static bool covered(const struct assay_draft *d, size_t i)
{
    return d->pair->archive_of[i] != SIZE_MAX && d->choice[i].type != ASSAY_L_NONE;
}

/* The primary key when both sides have all of it. */
static void primary_key(struct pen *p, const struct assay_draft *d)
{
    const struct assay_schema *s = &d->side[ASSAY_SOURCE]->schema;
    size_t n = 0, found = 0;
    struct assay_buf list = {0};
    struct pen l = {&list, ASSAY_OK};
    for (size_t i = 0; i < s->n; i++)
        n += s->col[i].key_pos != 0;
    for (size_t k = 1; k <= n; k++)
        for (size_t i = 0; i < s->n; i++)
            if (s->col[i].key_pos == k && covered(d, i)) {
                put(&l, found++ ? ", " : "");
                scalar(&l, s->col[i].name);
            }
    if (n && found == n && l.s == ASSAY_OK && assay_buf_str(&list)) {
        put(p, "    key: [");
        put(p, (const char *)list.ptr);
        put(p, "]\n");
        if (!s->key_is_unique)
            comment(p, "    ", "the source does not enforce that this key is unique; check says so if it is not");
    } else {
        comment(p, "    ",
                n ? "no key: the archive lacks a column of the primary key; rows are compared as a multiset"
                  : "no key: the source has no primary key; rows are compared as a multiset");
    }
    assay_buf_release(&list);
}

static void given_key(struct pen *p, const char *key)
{
    char name[1025];
    put(p, "    key: [");
    for (size_t i = 0; *key; i++) {
        size_t n = strcspn(key, ",");
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), key);
        put(p, i ? ", " : "");
        scalar(p, name);
        key += n + (key[n] == ',');
    }
    put(p, "]\n");
}

static void window(struct pen *p, const struct assay_draft *d)
{
    static const char *const unit[] = {"", "hour", "day", "month", "year"};
    const struct assay_period *w = d->period;
    if (w->note[0])
        comment(p, "    ", w->note);
    if (w->column == SIZE_MAX) {
        if (!w->note[0])
            comment(p, "    ", "no window: the data set is one segment, \"all\"");
        return;
    }
    put(p, "    window: {column: ");
    scalar(p, d->side[ASSAY_SOURCE]->schema.col[w->column].name);
    put(p, ", every: ");
    put(p, unit[w->every]);
    put(p, d->choice[w->column].type == ASSAY_L_TIMESTAMPTZ ? ", timezone: UTC}\n" : "}\n");
}

static void one_rule(struct pen *p, const char *name, const char *arg, bool first)
{
    put(p, first ? "" : ", ");
    put(p, *arg ? "{" : "");
    put(p, name);
    if (*arg) {
        put(p, ": ");
        scalar(p, arg);
        put(p, "}");
    }
}

/* A column's own rules replace those of the profile, so that these are written out before them. */
static void rules(struct pen *p, const struct assay_draft *d, const struct assay_choice *c, int id)
{
    struct assay_plan_column of_profile = {.type = c->type};
    struct assay_diag diag = {0};
    struct assay_bind b = {.diag = &diag, .base_dir = "."};
    size_t n = 0;
    if (d->profile)
        assay_bind_profile_rules(&b, d->profile, id != ASSAY_ARCHIVE, (enum assay_side_id)id, &of_profile);
    put(p, "rules: [");
    for (size_t i = 0; i < of_profile.n_rules[id]; i++)
        one_rule(p, assay_rule_name(&of_profile.rule[id][i]), of_profile.rule[id][i].text, n++ == 0);
    for (size_t i = 0; i < c->n_rules[id]; i++) {
        bool stands = false;
        for (size_t k = 0; k < of_profile.n_rules[id]; k++)
            stands = stands || strcmp(assay_rule_name(&of_profile.rule[id][k]), c->rule[id][i].name) == 0;
        if (!stands)
            one_rule(p, c->rule[id][i].name, c->rule[id][i].arg, n++ == 0);
    }
    put(p, "]");
    if (diag.nomem)
        p->s = ASSAY_ENOMEM;
    assay_diag_release(&diag);
    assay_plan_column_release(&of_profile);
}

static void type(struct pen *p, const struct assay_choice *c)
{
    struct assay_buf shape = {0};
    if (c->shape && p->s == ASSAY_OK)
        p->s = assay_shape_text(c->shape, &shape);
    const char *text = c->shape ? assay_buf_str(&shape) : assay_type_of(c->type)->name;
    if (text)
        scalar(p, text);
    else
        p->s = ASSAY_ENOMEM;
    assay_buf_release(&shape);
}

static void column(struct pen *p, const struct assay_draft *d, size_t i)
{
    const struct assay_choice *c = &d->choice[i];
    const char *name = d->side[ASSAY_SOURCE]->schema.col[i].name;
    const char *theirs = d->side[ASSAY_ARCHIVE]->schema.col[d->pair->archive_of[i]].name;
    bool renamed = strcmp(name, theirs) != 0;
    if (c->note[0])
        comment(p, "      ", c->note);
    put(p, "      ");
    scalar(p, name);
    put(p, ": ");
    if (!renamed && !c->n_rules[0] && !c->n_rules[1]) {
        type(p, c);
        put(p, "\n");
        return;
    }
    put(p, "{type: ");
    type(p, c);
    if (c->n_rules[ASSAY_SOURCE]) {
        put(p, ", source: {");
        rules(p, d, c, ASSAY_SOURCE);
        put(p, "}");
    }
    if (renamed || c->n_rules[ASSAY_ARCHIVE]) {
        put(p, ", archive: {");
        if (renamed) {
            put(p, "name: ");
            scalar(p, theirs);
            put(p, c->n_rules[ASSAY_ARCHIVE] ? ", " : "");
        }
        if (c->n_rules[ASSAY_ARCHIVE])
            rules(p, d, c, ASSAY_ARCHIVE);
        put(p, "}");
    }
    put(p, "}\n");
}

static void leave_out(struct pen *p, enum assay_side_id id, const struct assay_column *c, const char *why, size_t *n)
{
    char text[1100];
    if ((*n)++ == 0)
        put(p, "    uncovered: # read by nobody: every report names them\n");
    comment(p, "      ", why);
    snprintf(text, sizeof text, "%s.%s", assay_side_name(id), c->name);
    put(p, "      - ");
    scalar(p, text);
    put(p, "\n");
}

static bool is_own(const struct assay_profile *profile, const char *name)
{
    for (size_t i = 0; profile && i < profile->own.n; i++)
        if (fnmatch(profile->own.v[i], name, 0) == 0)
            return true;
    return false;
}

static void uncovered(struct pen *p, const struct assay_draft *d)
{
    const struct assay_schema *s = &d->side[ASSAY_SOURCE]->schema, *a = &d->side[ASSAY_ARCHIVE]->schema;
    char why[200];
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->col[i].unreadable)
            snprintf(why, sizeof why, "this role may not read it");
        else
            snprintf(why, sizeof why, "type %.100s is not supported", s->col[i].native);
        if (d->pair->archive_of[i] == SIZE_MAX)
            leave_out(p, ASSAY_SOURCE, &s->col[i], "the archive has no such column", &n);
        else if (d->choice[i].type == ASSAY_L_NONE)
            leave_out(p, ASSAY_SOURCE, &s->col[i], why, &n);
    }
    for (size_t k = 0; k < a->n; k++) {
        size_t i = 0;
        while (i < s->n && d->pair->archive_of[i] != k)
            i++;
        if (i == s->n)
            leave_out(p, ASSAY_ARCHIVE, &a->col[k],
                      is_own(d->profile, a->col[k].name) ? "a column of the exporter's own"
                                                         : "the source has no such column",
                      &n);
        else if (d->choice[i].type == ASSAY_L_NONE)
            leave_out(p, ASSAY_ARCHIVE, &a->col[k], "its partner cannot be compared", &n);
    }
}

enum assay_status assay_draft_dataset(const struct assay_draft *d, struct assay_buf *out, struct assay_err *e)
{
    struct pen p = {out, ASSAY_OK};
    char id[37];
    enum assay_status s = assay_uuid_new(id, e);
    if (s != ASSAY_OK)
        return s;
    put(&p, "  ");
    scalar(&p, d->name);
    put(&p, ":\n    id: ");
    put(&p, id);
    put(&p, " # what the ledger knows it by: keep it when names change\n");
    side(&p, d, ASSAY_SOURCE);
    profile(&p, d);
    side(&p, d, ASSAY_ARCHIVE);
    if (d->by_position)
        comment(&p, "    ", "the files have no header that fits: columns are paired by position, look at them");
    if (d->key)
        given_key(&p, d->key);
    else
        primary_key(&p, d);
    window(&p, d);
    put(&p, "    columns:\n");
    for (size_t i = 0; i < d->side[ASSAY_SOURCE]->schema.n; i++)
        if (covered(d, i))
            column(&p, d, i);
    uncovered(&p, d);
    return p.s == ASSAY_OK ? ASSAY_OK : assay_fail(e, p.s, "the plan grew too large");
}
