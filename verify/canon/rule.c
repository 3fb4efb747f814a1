/* The closed list of column rules, docs/canonical-form.md section 6. */
#include "assay/rule.h"

#include <stdlib.h>
#include <string.h>

#include "rule_spec.h"

#define T(x) (1u << ASSAY_L_##x)
#define ALL ((1u << ASSAY_L_COUNT) - 2u)
#define NESTED (T(LIST) | T(STRUCT) | T(MAP))
#define FLOATS (T(FLOAT32) | T(FLOAT64))
#define STAMPS (T(TIMESTAMP) | T(TIMESTAMPTZ))
#define CLOCKS (T(TIME) | T(TIMETZ) | T(INTERVAL) | STAMPS)

static bool is_empty(const char *arg)
{
    return !arg || !*arg;
}

static bool parse_none(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)spec;
    (void)out;
    return is_empty(arg);
}

static bool parse_text(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)spec;
    (void)out;
    return arg != NULL;
}

/* The one word that the row wants. */
static bool parse_word(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)out;
    return arg && strcmp(arg, spec->arg) == 0;
}

static bool parse_case(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)spec;
    out->n = arg && strcmp(arg, "upper") == 0;
    return out->n || (arg && strcmp(arg, "lower") == 0);
}

/* Units in nanoseconds; rows that stop at us have min 1000. julian is 0. */
static bool parse_unit(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    static const struct unit {
        const char *name;
        int64_t ns;
    } units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}, {"julian", 0}};
    for (size_t i = 0; arg && i < sizeof units / sizeof *units; i++)
        if (strcmp(arg, units[i].name) == 0 && units[i].ns >= spec->min) {
            out->n = units[i].ns;
            return true;
        }
    return false;
}

static bool parse_digits(const char *p, const char *end, const struct assay_rule_spec *spec, int64_t *out)
{
    int64_t n = 0;
    if (p == end || end - p > 6)
        return false;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        n = n * 10 + (*p - '0');
    }
    *out = n;
    return n >= spec->min && n <= spec->max;
}

static bool parse_count(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    return arg && parse_digits(arg, arg + strlen(arg), spec, &out->n);
}

static bool parse_decimal(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    const size_t n = arg ? strlen(arg) : 0;
    return n > 9 && memcmp(arg, "decimal(", 8) == 0 && arg[n - 1] == ')' &&
           parse_digits(arg + 8, arg + n - 1, spec, &out->n);
}

static bool parse_zone(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    int64_t h, m;
    if (arg && strcmp(arg, "UTC") == 0)
        return true; /* n is 0 */
    if (!arg || strlen(arg) != 6 || (arg[0] != '+' && arg[0] != '-') || arg[3] != ':' ||
        !parse_digits(arg + 1, arg + 3, spec, &h) || !parse_digits(arg + 4, arg + 6, spec, &m) || h > 23)
        return false;
    out->n = (h * 60 + m) * (arg[0] == '-' ? -60 : 60);
    return true;
}

/* How often does the word stand in the list up to `end`? */
static bool is_listed(char **list, size_t end, const char *word)
{
    for (size_t i = 0; i < end; i++)
        if (list[i] && strcmp(list[i], word) == 0)
            return true;
    return false;
}

/* "yes,ja/no,nein": the words and the list of them share one allocation. */
static bool parse_words(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)spec;
    const size_t len = arg ? strlen(arg) : 0;
    size_t words = 2, slashes = 0;
    for (size_t i = 0; i < len; i++) {
        words += arg[i] == ',' || arg[i] == '/';
        slashes += arg[i] == '/';
    }
    if (slashes != 1 || len > 65536)
        return false;
    out->list = malloc((words + 1) * sizeof *out->list + len + 1);
    if (!out->list)
        return false;
    char *p = memcpy(out->list + words + 1, arg, len + 1);
    for (size_t n = 0;;) {
        const size_t word = strcspn(p, ",/");
        const char sep = p[word];
        p[word] = '\0';
        if (word == 0 || is_listed(out->list, n, p))
            return false;
        out->list[n++] = p;
        if (sep != ',')
            out->list[n++] = NULL;
        out->n_list = n;
        if (sep == '\0')
            return true;
        p += word + 1;
    }
}

#define UNITS "s, ms or us"

static const struct assay_rule_spec specs[] = {
    {"rtrim", "no argument", parse_none, 0, 0, ALL & ~(T(BYTES) | T(JSON) | NESTED), true, false, assay_rule_rtrim,
     "remove trailing spaces"},
    {"trim", "no argument", parse_none, 0, 0, ALL & ~(T(BYTES) | T(JSON) | NESTED), true, false, assay_rule_trim,
     "remove space, tab, CR and LF at both ends"},
    {"null_if", "a text", parse_text, 0, 0, ALL, true, false, assay_rule_null_if,
     "this text is NULL, and a float that is spelled so: NaN, Infinity, -Infinity"},
    {"encoding", "a character set such as windows-1252, or utf-8-as-windows-1252", assay_rule_parse_encoding, 0, 0,
     T(TEXT) | T(JSON), true, false, assay_rule_encoding,
     "bytes of this encoding to UTF-8, or UTF-8 that was taken for it"},
    {"encoding", "hex, base64 or escapes", assay_rule_parse_spelling, 0, 0, T(BYTES), true, false,
     assay_rule_spelled_bytes, "bytes that stand in a text as hex, base64 or \\xHH escapes"},
    {"absent", "null", parse_word, 0, 0, ALL, true, true, assay_rule_absent, "a member that is absent is NULL"},
    {"constant", "a text", parse_text, 0, 0, ALL, true, true, assay_rule_constant,
     "the value of a column that this side lacks"},
    {"boolean", "true words, a slash, false words: yes,ja/no,nein", parse_words, 0, 0, T(BOOLEAN), true, false,
     assay_rule_boolean, "words that mean true and false"},
    {"epoch", "s, ms, us, ns or julian", parse_unit, 0, 0, T(DATE) | STAMPS, true, false, assay_rule_epoch,
     "numbers count time since 1970-01-01, or Julian days"},
    {"timezone", "UTC or +HH:MM", parse_zone, 0, 59, STAMPS | T(TIME), true, false, assay_rule_timezone,
     "the fixed zone of naive time stamps; of a time, the zone that its offset is dropped in"},
    {"as", "float32", parse_word, 0, 0, T(FLOAT32), true, false, assay_rule_as_float32,
     "doubles that were written from a float32"},
    {"as", "float32", parse_word, 0, 0, T(FLOAT64), false, false, assay_rule_narrow, "rounded to float32"},
    {"as", "float64", parse_word, 0, 0, T(FLOAT64), true, false, assay_rule_as_float64, "decimals rounded to a double"},
    {"as", "decimal(n), n up to 400", parse_decimal, 0, 400, T(DECIMAL), true, false, assay_rule_as_decimal,
     "doubles that stand for a decimal of n digits after the point"},
    {"as", "decimal(0)", parse_decimal, 0, 0, T(INTEGER), true, false, assay_rule_as_decimal,
     "doubles that stand for an integer"},
    {"as", "text", parse_word, 0, 0, T(TEXT), true, false, assay_rule_as_text, "typed values in their first spelling"},
    {"as", "json", parse_word, 0, 0, T(JSON), true, false, assay_rule_as_json, "typed values, and strings, as JSON"},
    {"as", "json_string", parse_word, 0, 0, T(JSON), true, false, assay_rule_as_json_string,
     "a string member is a JSON string"},
    {"as", "date", parse_word, 0, 0, T(DATE), true, false, assay_rule_as_date,
     "time stamps at midnight that stand for a date"},
    {"truncate", UNITS, parse_unit, 1000, 0, CLOCKS, false, false, assay_rule_truncate,
     "cut to the unit, towards the past"},
    {"round", UNITS, parse_unit, 1000, 0, CLOCKS, false, false, assay_rule_round_time,
     "round to the unit, ties to the later"},
    {"round", "a number of digits, 0 to 16383", parse_count, 0, 16383, T(DECIMAL), false, false,
     assay_rule_round_number, "round to n digits after the point, ties away from zero"},
    {"digits", "a number of digits, 1 to 17", parse_count, 1, 17, FLOATS, false, false, assay_rule_digits,
     "round to n significant digits"},
    {"fold_zero", "no argument", parse_none, 0, 0, FLOATS, false, false, assay_rule_fold_zero, "-0 is 0"},
    {"case", "lower or upper", parse_case, 0, 0, T(TEXT), false, false, assay_rule_case, "ASCII letters to one case"},
    {"newline", "lf", parse_word, 0, 0, T(TEXT), false, false, assay_rule_newline, "CR LF and CR become LF"},
    {"nfc", "no argument", assay_rule_parse_nfc, 0, 0, T(TEXT), false, false, assay_rule_nfc, "Unicode normal form C"},
    {"json", "no argument", parse_none, 0, 0, T(TEXT), false, false, assay_rule_json,
     "JSON in its first spelling, other text as it is"},
    {"justify", "no argument", parse_none, 0, 0, T(INTERVAL), false, false, assay_rule_justify,
     "24 hours are a day, 30 days a month"},
    {"drop_bounds", "no argument", parse_none, 0, 0, NESTED, false, false, assay_rule_drop_bounds,
     "lower bounds of arrays are dropped"},
    {"mask", "hmac: and the file of its key", assay_rule_parse_mask, 0, 0, T(TEXT), false, false, assay_rule_mask,
     "HMAC-SHA-256 in lower-case hex"},
};
#define N_SPECS (sizeof specs / sizeof *specs)

static size_t min3(size_t a, size_t b, size_t c)
{
    const size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edit distance, for short names only. */
static size_t distance(const char *a, const char *b)
{
    size_t row[32];
    const size_t n = strlen(b);
    if (strlen(a) > 30 || n > 30)
        return SIZE_MAX;
    for (size_t k = 0; k <= n; k++)
        row[k] = k;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < n; k++) {
            const size_t next = min3(row[k] + 1, row[k + 1] + 1, diagonal + (a[i] != b[k]));
            diagonal = row[k + 1];
            row[k + 1] = next;
        }
    }
    return row[n];
}

static enum assay_status unknown(const char *name, struct assay_err *why)
{
    size_t best = 0;
    for (size_t i = 1; i < N_SPECS; i++)
        if (distance(name, specs[i].name) < distance(name, specs[best].name))
            best = i;
    if (distance(name, specs[best].name) <= 3)
        return assay_fail(why, ASSAY_EPLAN, "unknown rule \"%.64s\"; did you mean \"%s\"?", name, specs[best].name);
    return assay_fail(why, ASSAY_EPLAN, "unknown rule \"%.64s\"", name);
}

/* What the rows of that name and type want, joined by "; or ". */
static enum assay_status bad_argument(const char *name, enum assay_logical type, const char *arg, struct assay_err *why)
{
    char wanted[256] = "";
    for (size_t i = 0; i < N_SPECS; i++) {
        if (strcmp(specs[i].name, name) != 0 || !(specs[i].types >> type & 1))
            continue;
        if (*wanted)
            strncat(wanted, "; or ", sizeof wanted - strlen(wanted) - 1);
        strncat(wanted, specs[i].arg, sizeof wanted - strlen(wanted) - 1);
    }
    return assay_fail(why, ASSAY_EPLAN, "rule %s: expected %s, found \"%.64s\"", name, wanted, arg ? arg : "");
}

enum assay_status assay_rule_parse(const char *name, const char *arg, enum assay_logical type, struct assay_rule *out,
                                   struct assay_err *why)
{
    const struct assay_type *t = assay_type_of(type);
    bool known = false, applies = false;
    *out = (struct assay_rule){0};
    for (size_t i = 0; i < N_SPECS && t; i++) {
        if (strcmp(specs[i].name, name) != 0)
            continue;
        known = true;
        if (!(specs[i].types >> type & 1))
            continue;
        applies = true;
        struct assay_rule r = {.spec = &specs[i]};
        if (specs[i].parse(&specs[i], arg, &r) && (r.text || (r.text = strdup(arg ? arg : "")))) {
            *out = r;
            return ASSAY_OK;
        }
        assay_rule_release(&r);
    }
    if (applies)
        return bad_argument(name, type, arg, why);
    if (known)
        return assay_fail(why, ASSAY_EPLAN, "rule %s does not apply to a column of type %s", name, t->name);
    return t ? unknown(name, why) : assay_fail(why, ASSAY_EPLAN, "rule %.64s on a column without a type", name);
}

void assay_rule_release(struct assay_rule *r)
{
    free(r->text);
    free(r->list);
    if (r->key)
        explicit_bzero(r->key, r->n_key);
    free(r->key);
    *r = (struct assay_rule){0};
}

const char *assay_rule_name(const struct assay_rule *r)
{
    return r->spec->name;
}

const char *assay_rule_says(const struct assay_rule *r)
{
    return r->spec->says;
}

bool assay_rule_is_early(const struct assay_rule *r)
{
    return r->spec->early;
}

size_t assay_rule_fills(const struct assay_rule *r, size_t n)
{
    size_t i = 0;
    while (i < n && r[i].spec->apply != assay_rule_absent)
        i++;
    return i;
}

bool assay_rule_apply(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                      struct assay_buf *scratch, const char **why)
{
    if (v->kind == ASSAY_K_NULL || (v->kind == ASSAY_K_BAD && !(r->spec->absent && v->flags & ASSAY_V_ABSENT)))
        return true;
    return r->spec->apply(r, type, v, scratch, why);
}

const char *assay_rule_nth(size_t nth)
{
    for (size_t i = 0; i < N_SPECS; i++) {
        if (i > 0 && strcmp(specs[i].name, specs[i - 1].name) == 0)
            continue;
        if (nth-- == 0)
            return specs[i].name;
    }
    return NULL;
}
