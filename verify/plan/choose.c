/* One type and the rules for a pair of columns. Every candidate is tried on all sampled values with the code that the
 * checker uses, so that what is proposed is known to read the sample. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assay/canon.h"
#include "assay/rule.h"
#include "survey.h"

#define MAX_ALTERNATIVES 16
#define MAX_CANDIDATES 16
#define TOLERANCE 50 /* one bad value in so many does not change a declared type: it is for the check to report */

struct kind {
    enum assay_logical type;
    const struct assay_shape *shape; /* of a list, struct or map, else NULL */
};

struct rule_set {
    struct assay_choice_rule rule[ASSAY_CHOICE_RULES];
    size_t n;
};

static bool is_text(const struct assay_value *v)
{
    return v->kind == ASSAY_K_TEXT || v->kind == ASSAY_K_LEXEME;
}

static bool is_instant(enum assay_logical l)
{
    return l == ASSAY_L_DATE || l == ASSAY_L_TIMESTAMP || l == ASSAY_L_TIMESTAMPTZ;
}

static void add_rule(struct rule_set *s, const char *name, const char *arg)
{
    if (s->n == ASSAY_CHOICE_RULES)
        return;
    s->rule[s->n].name = name;
    snprintf(s->rule[s->n++].arg, sizeof s->rule[0].arg, "%s", arg);
}

bool assay_choice_read(const struct assay_choice *c, enum assay_side_id side, const struct assay_value *v,
                       struct assay_value *out, struct assay_buf *scratch)
{
    struct assay_reading r;
    bool ok = assay_reading_open(&r, c->type, c->shape, c->rule[side], c->n_rules[side]) &&
              assay_reading_try(&r, v, out, scratch);
    assay_reading_close(&r);
    return ok;
}

const char *assay_choice_type(const struct assay_choice *c, char *text, size_t n)
{
    struct assay_buf shape = {0};
    const char *whole = NULL;
    if (c->shape && assay_shape_text(c->shape, &shape) == ASSAY_OK)
        whole = assay_buf_str(&shape);
    snprintf(text, n, "%s", whole ? whole : assay_type_of(c->type)->name);
    assay_buf_release(&shape);
    return text;
}

/* Values that do not read; *word gets the one text that all of them are, or NULL. */
static size_t failures(const struct kind *kind, const struct rule_set *rules, const struct assay_sampled *c,
                       const struct assay_value **word)
{
    const enum assay_logical type = kind->type;
    struct assay_buf scratch = {0};
    struct assay_value out;
    struct assay_reading r;
    bool one = true;
    bool long_ok = type == ASSAY_L_TEXT || type == ASSAY_L_BYTES || type == ASSAY_L_JSON || kind->shape;
    size_t n = long_ok ? 0 : c->longs;
    *word = NULL;
    if (!assay_reading_open(&r, type, kind->shape, rules->rule, rules->n)) {
        assay_reading_close(&r);
        return SIZE_MAX;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (assay_reading_try(&r, &c->v[i], &out, &scratch))
            continue;
        n++;
        if (!*word && one)
            *word = &c->v[i];
        one = one && is_text(&c->v[i]) && c->v[i].len == (*word)->len && !memcmp(c->v[i].p, (*word)->p, c->v[i].len);
        if (!one)
            *word = NULL;
    }
    assay_reading_close(&r);
    assay_buf_release(&scratch);
    return n;
}

/* ---- rules worth trying ---- */

/* Digits after the point of the shortest text that reads back as x. */
static int decimals_of(double x)
{
    char text[40];
    if (!isfinite(x))
        return 0;
    for (int p = 0; p <= 16; p++) {
        snprintf(text, sizeof text, "%.*e", p, x);
        if (strtod(text, NULL) != x)
            continue;
        const char *e = strchr(text, 'e');
        int places = p - (e ? atoi(e + 1) : 0);
        return places > 0 ? places : 0;
    }
    return 17;
}

static int declared_scale(const char *native)
{
    int precision, scale;
    const char *open = strchr(native, '(');
    return open && sscanf(open, "(%d,%d)", &precision, &scale) == 2 && scale >= 0 && scale <= 400 ? scale : 0;
}

static void decimal_rules(const struct assay_survey *s, size_t col, enum assay_logical type, struct rule_set *alt,
                          size_t *n)
{
    char arg[32];
    int places = type == ASSAY_L_DECIMAL ? declared_scale(s->schema.col[col].native) : 0;
    bool doubles = false;
    for (size_t i = 0; i < s->col[col].n; i++) {
        const struct assay_value *v = &s->col[col].v[i];
        if (v->kind != ASSAY_K_F64 && v->kind != ASSAY_K_F32)
            continue;
        doubles = true;
        int d = type == ASSAY_L_DECIMAL ? decimals_of(v->f) : 0;
        places = d > places ? d : places;
    }
    if (!doubles)
        return;
    snprintf(arg, sizeof arg, "decimal(%d)", places);
    add_rule(&alt[(*n)++], "as", arg);
}

/* A count since 1970 tells its unit by its size: 1973 to 2128 in seconds, and so on. */
static void epoch_rules(const struct assay_sampled *c, struct rule_set *alt, size_t *n)
{
    static const struct {
        const char *unit;
        double lo, hi;
    } units[] = {{"s", 1e8, 5e9}, {"ms", 1e11, 5e12}, {"us", 1e14, 5e15}, {"ns", 1e17, 5e18}, {"julian", 2.4e6, 2.5e6}};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        size_t hits = 0, numbers = 0;
        for (size_t i = 0; i < c->n; i++) {
            const struct assay_value *v = &c->v[i];
            double x = v->kind == ASSAY_K_INT ? (double)v->i : v->kind == ASSAY_K_F64 ? v->f : NAN;
            if (is_text(v) && v->len && v->len < 24) {
                char text[24], *end;
                memcpy(text, v->p, v->len);
                text[v->len] = '\0';
                x = strtod(text, &end);
                x = *end ? NAN : x;
            }
            numbers += isnan(x) ? 0 : 1;
            hits += fabs(x) >= units[u].lo && fabs(x) < units[u].hi;
        }
        if (hits && hits * 2 > numbers)
            add_rule(&alt[(*n)++], "epoch", units[u].unit);
    }
}

static void boolean_rules(struct rule_set *alt, size_t *n)
{
    static const char *const words[] = {"yes/no", "Yes/No", "YES/NO", "y/n", "Y/N", "on/off", "ja/nein"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        add_rule(&alt[(*n)++], "boolean", words[i]);
}

/* The first alternative is always "no rule". dated: one side says that these are dates, so that numbers may be counts
 * of time; else a column of telephone numbers would become one of dates. */
static size_t alternatives(const struct assay_survey *s, size_t col, enum assay_logical type, bool dated,
                           struct rule_set *alt)
{
    size_t n = 1;
    memset(alt, 0, MAX_ALTERNATIVES * sizeof *alt);
    switch (type) {
    case ASSAY_L_INTEGER:
    case ASSAY_L_DECIMAL:
        decimal_rules(s, col, type, alt, &n);
        break;
    case ASSAY_L_FLOAT32:
        add_rule(&alt[n++], "as", "float32");
        break;
    case ASSAY_L_FLOAT64:
        add_rule(&alt[n++], "as", "float64");
        break;
    case ASSAY_L_TEXT:
        add_rule(&alt[n++], "as", "text");
        break;
    case ASSAY_L_BOOLEAN:
        boolean_rules(alt, &n);
        break;
    case ASSAY_L_DATE:
        if (dated)
            epoch_rules(&s->col[col], alt, &n);
        break;
    case ASSAY_L_TIMESTAMP:
    case ASSAY_L_TIMESTAMPTZ:
        if (dated)
            epoch_rules(&s->col[col], alt, &n);
        add_rule(&alt[n++], "timezone", "UTC");
        break;
    default:
        break;
    }
    if (type != ASSAY_L_TEXT && type != ASSAY_L_BYTES && type < ASSAY_L_JSON)
        add_rule(&alt[n++], "trim", "");
    return n;
}

static bool means_null(const struct assay_value *v, char out[64])
{
    static const char *const words[] = {"",     "NULL", "null", "\\N",    "NA", "N/A", "n/a",
                                        "None", "nan",  "NaN",  "(null)", "-",  "?"};
    if (!is_text(v) || v->len >= 16)
        return false;
    memcpy(out, v->p, v->len);
    out[v->len] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(out, words[i]) == 0)
            return true;
    return false;
}

/* The rules under which the fewest values of one side fail. */
static size_t fit(const struct assay_survey *s, size_t col, const struct kind *kind, bool dated, struct rule_set *best)
{
    struct rule_set alt[MAX_ALTERNATIVES];
    const struct assay_sampled *c = &s->col[col];
    const struct assay_value *word, *best_word = NULL;
    size_t n = alternatives(s, col, kind->type, dated, alt), least = SIZE_MAX;
    char text[64];
    for (size_t i = 0; i < n && least; i++) {
        size_t f = failures(kind, &alt[i], c, &word);
        if (f < least) {
            least = f;
            *best = alt[i];
            best_word = word;
        }
    }
    if (least && best_word && means_null(best_word, text) && text[0]) {
        struct rule_set with = {0};
        add_rule(&with, "null_if", text);
        for (size_t i = 0; i < best->n; i++)
            add_rule(&with, best->rule[i].name, best->rule[i].arg);
        size_t f = failures(kind, &with, c, &word);
        if (f < least) {
            least = f;
            *best = with;
        }
    }
    return least;
}

/* ---- candidates ---- */

struct candidates {
    struct {
        struct kind kind;
        bool declared; /* a few failures do not speak against it */
    } v[MAX_CANDIDATES];
    size_t n;
};

static void add_type(struct candidates *c, enum assay_logical type, bool declared)
{
    if (type == ASSAY_L_NONE || type >= ASSAY_L_LIST || c->n == MAX_CANDIDATES)
        return;
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].kind.type == type)
            return;
    c->v[c->n].kind.type = type;
    c->v[c->n++].declared = declared;
}

/* A nested type of that column, if it is one. */
static void add_shape(struct candidates *c, const struct assay_column *col, bool declared)
{
    if (!col->shape || c->n == MAX_CANDIDATES)
        return;
    c->v[c->n].kind = (struct kind){col->shape->type, col->shape};
    c->v[c->n++].declared = declared;
}

/* The native types of what has none: a file of text, a member of JSON, a directory's name. */
static bool strict(const struct assay_survey *s, size_t col)
{
    static const char *const none[] = {"csv", "ndjson", "hive"};
    const char *native = s->schema.col[col].native;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (strcmp(native, none[i]) == 0)
            return false;
    return !s->loose;
}

static bool numeric(enum assay_logical l)
{
    return l == ASSAY_L_INTEGER || l == ASSAY_L_DECIMAL || l == ASSAY_L_FLOAT32 || l == ASSAY_L_FLOAT64;
}

/* SQLite keeps dates as text, and its declared types are wishes. */
static void loose_candidates(const struct assay_survey *s, size_t col, enum assay_logical other, bool other_strict,
                             struct candidates *c)
{
    enum assay_logical declared = s->schema.col[col].logical;
    if (declared == ASSAY_L_TEXT && other_strict)
        add_type(c, other, false);
    if (declared == ASSAY_L_TEXT && s->col[col].n) {
        add_type(c, ASSAY_L_DATE, false);
        add_type(c, ASSAY_L_TIMESTAMP, false);
        add_type(c, ASSAY_L_TIMESTAMPTZ, false);
    }
    add_type(c, declared, true);
    if (is_instant(declared)) {
        add_type(c, ASSAY_L_TIMESTAMP, false);
        add_type(c, ASSAY_L_TIMESTAMPTZ, false);
        add_type(c, ASSAY_L_DATE, false);
    }
    add_type(c, other, false);
    if (numeric(declared)) {
        add_type(c, ASSAY_L_DECIMAL, false);
        add_type(c, ASSAY_L_FLOAT64, false);
    }
    add_type(c, ASSAY_L_TEXT, false);
}

static void untyped_candidates(enum assay_logical own, enum assay_logical other, bool other_typed, struct candidates *c)
{
    if (other_typed)
        add_type(c, other, true);
    else if (own == other)
        add_type(c, own, false);
    if (numeric(own) && numeric(other)) {
        add_type(c, ASSAY_L_DECIMAL, false);
        add_type(c, ASSAY_L_FLOAT64, false);
    }
    add_type(c, ASSAY_L_TEXT, false);
}

/* ---- the choice ---- */

/* Significant digits: of a double those of its shortest text, of a lexeme those written. */
static int significant(const struct assay_value *v)
{
    char text[40];
    int n = 0;
    if (v->kind == ASSAY_K_F64) {
        for (int p = 0; p < 17; p++) {
            snprintf(text, sizeof text, "%.*e", p, v->f);
            if (strtod(text, NULL) == v->f)
                return p + 1;
        }
        return 17;
    }
    for (uint32_t i = 0; is_text(v) && i < v->len && (v->p[i] | 0x20) != 'e'; i++)
        n += (v->p[i] >= '1' && v->p[i] <= '9') || (n && v->p[i] == '0');
    return n;
}

/* Writers that print doubles with 15 digits (sqlite3's shell) lose the last ones. That is a loss which a check must
 * show: it is said here, and accepted by the user alone. */
static void warn_digits(const struct assay_survey *const s[2], const size_t col[2], struct assay_choice *out)
{
    int most[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < s[i]->col[col[i]].n; k++) {
            int n = significant(&s[i]->col[col[i]].v[k]);
            most[i] = n > most[i] ? n : most[i];
        }
    if (most[0] > 15 && most[1] > 0 && most[1] <= 15)
        snprintf(
            out->note, sizeof out->note,
            "the archive has at most %d digits, the source %d: they will differ, unless \"digits: %d\" is accepted on "
            "both sides",
            most[1], most[0], most[1]);
}

static void pad_rule(const struct assay_survey *const s[2], const size_t col[2], struct assay_choice *out)
{
    size_t padded[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < s[i]->col[col[i]].n; k++) {
            const struct assay_value *v = &s[i]->col[col[i]].v[k];
            padded[i] += is_text(v) && v->len && v->p[v->len - 1] == ' ';
        }
    for (int i = 0; i < 2; i++) {
        if (!padded[i] || padded[!i] || padded[i] * 4 < s[i]->col[col[i]].n || out->n_rules[i] == ASSAY_CHOICE_RULES)
            continue;
        out->rule[i][out->n_rules[i]++] = (struct assay_choice_rule){.name = "rtrim"};
        snprintf(out->note, sizeof out->note, "the %s pads with blanks", assay_side_name((enum assay_side_id)i));
    }
}

static void explain(const struct assay_survey *const s[2], const size_t col[2], struct assay_choice *out)
{
    char type[60];
    for (int i = 0; i < 2; i++) {
        if (!out->failed[i])
            continue;
        snprintf(out->note, sizeof out->note,
                 "%zu of %zu sampled values of the %s do not read as %s: see what check says", out->failed[i],
                 out->sampled[i], assay_side_name((enum assay_side_id)i), assay_choice_type(out, type, sizeof type));
        return;
    }
    const struct assay_column *a = &s[0]->schema.col[col[0]], *b = &s[1]->schema.col[col[1]];
    if (out->n_rules[0] && s[0]->loose)
        snprintf(out->note, sizeof out->note, "declared \"%.40s\"; rules from %zu sampled values", a->native,
                 out->sampled[0]);
    else if (out->n_rules[0] || out->n_rules[1])
        snprintf(out->note, sizeof out->note, "source %.50s, archive %.50s; rules from a sample", a->native, b->native);
    else if (out->type != a->logical && s[0]->loose)
        snprintf(out->note, sizeof out->note, "declared \"%.40s\"; all %zu sampled values are %s", a->native,
                 out->sampled[0], assay_choice_type(out, type, sizeof type));
    if (out->type == ASSAY_L_TEXT)
        pad_rule(s, col, out);
    if (out->type == ASSAY_L_FLOAT64)
        warn_digits(s, col, out);
}

static bool try_type(const struct assay_survey *const s[2], const size_t col[2], const struct kind *kind,
                     struct assay_choice *out)
{
    bool fits = true;
    bool dated = is_instant(s[0]->schema.col[col[0]].logical) || is_instant(s[1]->schema.col[col[1]].logical);
    *out = (struct assay_choice){.type = kind->type, .shape = kind->shape};
    for (int i = 0; i < 2; i++) {
        struct rule_set rules = {0};
        out->failed[i] = fit(s[i], col[i], kind, dated, &rules);
        out->sampled[i] = s[i]->col[col[i]].n + s[i]->col[col[i]].longs;
        out->n_rules[i] = rules.n;
        memcpy(out->rule[i], rules.rule, sizeof rules.rule);
        fits = fits && out->failed[i] == 0;
    }
    return fits;
}

void assay_choose(const struct assay_survey *source, size_t source_col, const struct assay_survey *archive,
                  size_t archive_col, struct assay_choice *out)
{
    const struct assay_survey *const s[2] = {source, archive};
    const size_t col[2] = {source_col, archive_col};
    const struct assay_column *a = &source->schema.col[source_col], *b = &archive->schema.col[archive_col];
    enum assay_logical own = a->logical, other = b->logical;
    bool other_strict = strict(archive, archive_col);
    struct candidates c = {0};
    struct assay_choice first = {.type = ASSAY_L_NONE};
    *out = first;
    if (a->unreadable || b->unreadable)
        return;
    add_shape(&c, a, true);
    if (!a->shape && !strict(source, source_col))
        add_shape(&c, b, other_strict); /* what holds it as text can be read under it */
    if (strict(source, source_col))
        add_type(&c, own, true);
    else if (source->loose)
        loose_candidates(source, source_col, other, other_strict, &c);
    else
        untyped_candidates(own, other, other_strict || archive->loose, &c);
    if (a->shape || strict(source, source_col))
        add_shape(&c, b, other_strict);
    for (size_t i = 0; i < c.n; i++) {
        bool fits = try_type(s, col, &c.v[i].kind, out);
        bool nearly = c.v[i].declared && out->failed[0] <= out->sampled[0] / TOLERANCE &&
                      out->failed[1] <= out->sampled[1] / TOLERANCE;
        if (fits || nearly) {
            explain(s, col, out);
            return;
        }
        if (first.type == ASSAY_L_NONE || (c.v[i].declared && i == 0))
            first = *out;
    }
    *out = first; /* nothing reads both samples: the declared type, and its failures are said */
    if (out->type != ASSAY_L_NONE)
        explain(s, col, out);
}
