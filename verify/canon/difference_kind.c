/* The kinds of differences: names, words for people, rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "difference.h"

#define INSIDE "/inside"

static const struct assay_difference_row kinds[ASSAY_DK_COUNT] = {
    [ASSAY_DK_NULL_EMPTY] = {"null-empty", "NULL on one side is an empty text on the other", "null_if: \"\"",
                             "write NULL and '' differently, or declare them the same", ASSAY_DW_BOTH},
    [ASSAY_DK_SENTINEL] = {"sentinel", "NULL on one side is %s on the other", "null_if: \"%s\"",
                           "the word stands for NULL on that side", ASSAY_DW_BOTH},
    [ASSAY_DK_ABSENT] = {"absent", "NULL on one side is not written at all on the other", "absent: null",
                         "the exporter leaves NULLs out of its records", ASSAY_DW_BOTH},
    [ASSAY_DK_FIELDS] = {"null-fields", "fields that are NULL are left out of nested records", "absent: null",
                         "the exporter leaves NULLs out of nested records", ASSAY_DW_SAME},
    [ASSAY_DK_MEMBERS] = {"null-members", "members that are NULL are left out", NULL,
                          "the exporter leaves NULLs out of documents", ASSAY_DW_SAME},
    [ASSAY_DK_BOUNDS] = {"array-bounds", "arrays lost their lower bounds", "drop_bounds",
                         "most formats cannot hold the bounds of an array", ASSAY_DW_OTHER},
    [ASSAY_DK_RTRIM] = {"trailing-blanks", "the values differ in spaces at their end", "rtrim",
                        "char(n) columns are padded with spaces", ASSAY_DW_BOTH},
    [ASSAY_DK_TRIM] = {"outer-blanks", "the values differ in white space at their ends", "trim",
                       "an exporter or an importer stripped its fields", ASSAY_DW_BOTH},
    [ASSAY_DK_NEWLINE] = {"line-ends", "CR LF on one side is LF on the other", "newline: lf",
                          "the file went through a tool that writes line ends of its own", ASSAY_DW_BOTH},
    [ASSAY_DK_NFC] = {"unicode-form", "the values differ in their Unicode normal form", "nfc",
                      "a file system or an importer normalised the text", ASSAY_DW_BOTH},
    [ASSAY_DK_CASE] = {"letter-case", "the values differ in upper and lower case", "case: lower",
                       "case-insensitive columns may be stored in one case", ASSAY_DW_BOTH},
    [ASSAY_DK_JSON] = {"json-rewritten", "the same JSON is written in other text", "json",
                       "or declare the column json: then the spelling does not matter", ASSAY_DW_BOTH},
    [ASSAY_DK_JSON_STRING] = {"json-string", "JSON stands in a string", "as: json",
                              "the exporter takes the document for text", ASSAY_DW_SAME},
    [ASSAY_DK_ENCODING] = {"encoding", "the bytes are text in %s, not UTF-8", "encoding: %s",
                           "have the exporter write UTF-8, or declare the character set", ASSAY_DW_SAME},
    [ASSAY_DK_MOJIBAKE] = {"mojibake", "UTF-8 was read as %s and encoded once more", "encoding: utf-8-as-%s",
                           "the exporter or its database connection has the wrong client encoding", ASSAY_DW_SAME},
    [ASSAY_DK_REPLACED] = {"characters-replaced", "characters outside ASCII became a replacement sign", NULL,
                           "the exporter wrote in a character set that lacks them", ASSAY_DW_SAME},
    [ASSAY_DK_BOOLEAN_WORDS] = {"boolean-words", "booleans are spelled %s", "boolean: %s",
                                "declare the words that mean true and false", ASSAY_DW_SAME},
    [ASSAY_DK_BOOLEAN_TEXT] = {"boolean-spelling", "the same booleans are spelled in other words", NULL,
                               "declare the column boolean: then the spelling does not matter", ASSAY_DW_BOTH},
    [ASSAY_DK_NUMBER_TEXT] = {"number-spelling", "the same numbers are spelled in other digits", NULL,
                              "declare the column integer or decimal: then the spelling does not matter",
                              ASSAY_DW_BOTH},
    [ASSAY_DK_TIME_TEXT] = {"time-spelling", "the same dates or times are spelled in another way", NULL,
                            "declare the column as what it is: then the spelling does not matter", ASSAY_DW_BOTH},
    [ASSAY_DK_TEXT_CUT] = {"text-cut", "texts were cut after %s characters", NULL,
                           "a column or a buffer of the exporter is too short", ASSAY_DW_SAME},
    [ASSAY_DK_TIME_CUT] = {"time-cut", "time stamps were cut to the %s", "truncate: %s",
                           "the exporter or its format holds fewer digits", ASSAY_DW_OTHER},
    [ASSAY_DK_TIME_ROUNDED] = {"time-rounded", "time stamps were rounded to the %s", "round: %s",
                               "the exporter or its format holds fewer digits", ASSAY_DW_OTHER},
    [ASSAY_DK_TIME_ZONE] = {"time-zone", "time stamps are without zone, and stand for the zone %s", "timezone: %s",
                            "declare the zone that they are in", ASSAY_DW_SAME},
    [ASSAY_DK_TIME_SHIFT] = {"time-shift", "time stamps are shifted by exactly %s hours", NULL,
                             "the session that exported had another time zone: pin it to UTC", ASSAY_DW_SAME},
    [ASSAY_DK_DAY_SHIFT] = {"day-shift", "dates are shifted by %s days", NULL,
                            "a date went through a time stamp of another zone, or another calendar", ASSAY_DW_SAME},
    [ASSAY_DK_DAY_MONTH] = {"day-month", "day and month are exchanged", NULL,
                            "a date was read in another order than it was written in", ASSAY_DW_BOTH},
    [ASSAY_DK_INTERVAL] = {"interval-justified", "the same spans are split otherwise into months, days and hours",
                           "justify", "30 days are a month there, 24 hours a day", ASSAY_DW_BOTH},
    [ASSAY_DK_EPOCH] = {"epoch", "times are written as numbers, counted in %s since 1970", "epoch: %s",
                        "declare what the numbers count", ASSAY_DW_SAME},
    [ASSAY_DK_ZERO_SIGN] = {"zero-sign", "-0 on one side is 0 on the other", "fold_zero",
                            "text and integers do not keep the sign of zero", ASSAY_DW_BOTH},
    [ASSAY_DK_FLOAT32] = {"float32", "doubles were narrowed to 32 bits", "as: float32",
                          "the archive's column is too narrow", ASSAY_DW_OTHER},
    [ASSAY_DK_FLOAT_DIGITS] = {"float-digits", "floats are written with %s significant digits", "digits: %s",
                               "17 digits bring a double back, 9 a float32", ASSAY_DW_OTHER},
    [ASSAY_DK_TYPED_DOUBLE] = {"typed-double", "decimals are stored as doubles", "as: decimal(%s)",
                               "declare how many digits they have after the point", ASSAY_DW_SAME},
    [ASSAY_DK_THROUGH_DOUBLE] = {"through-double", "numbers went through a double and lost digits", NULL,
                                 "a double holds 15 digits, and integers up to 2^53", ASSAY_DW_SAME},
    [ASSAY_DK_DECIMAL_ROUNDED] = {"decimal-rounded", "decimals were rounded to %s digits after the point", "round: %s",
                                  "the exporter or its format holds fewer digits", ASSAY_DW_OTHER},
    [ASSAY_DK_DECIMAL_CUT] = {"decimal-cut", "decimals were cut after %s digits behind the point", NULL,
                              "the exporter or its format holds fewer digits", ASSAY_DW_OTHER},
    [ASSAY_DK_DECIMAL_POINT] = {"decimal-point", "the decimal point moved by %s places", NULL,
                                "cents against units, or a scale that was dropped", ASSAY_DW_SAME},
    [ASSAY_DK_NULLED] = {"nulled", "values of the source are NULL in the archive", NULL,
                         "the exporter could not read or write the column", ASSAY_DW_BOTH},
    [ASSAY_DK_FILLED] = {"filled", "NULL of the source has a value in the archive", NULL,
                         "an importer put its default in", ASSAY_DW_BOTH},
    [ASSAY_DK_COLUMN] = {"other-column", "the archive has the source's values of %s here", NULL,
                         "the exporter's header and its fields are in different orders", ASSAY_DW_BOTH},
    [ASSAY_DK_UNDECODABLE] = {"undecodable", "the values do not decode as the declared type", NULL,
                              "the declared type is wrong, or the exporter's format is", ASSAY_DW_SAME},
};

static const char *const units[] = {"us", "ms", "s", "minute", "hour", "day", NULL};
static const char *const epochs[] = {"s", "ms", "us", "ns", "julian", NULL};
static const char *const charsets[] = {
    "windows-1252", "iso-8859-1",   "iso-8859-15",  "macintosh",    "ibm850",       "ibm437", "windows-1250",
    "iso-8859-2",   "windows-1251", "windows-1253", "windows-1254", "windows-1257", "koi8-r", NULL};
static const char *const sentinels[] = {"NULL",
                                        "null",
                                        "Null",
                                        "<null>",
                                        "<NULL>",
                                        "(null)",
                                        "\\N",
                                        "N/A",
                                        "n/a",
                                        "#N/A",
                                        "NA",
                                        "None",
                                        "none",
                                        "nil",
                                        "NaN",
                                        "nan",
                                        "-",
                                        "--",
                                        "?",
                                        "0",
                                        "-1",
                                        "0.0",
                                        "999",
                                        "9999",
                                        "99999",
                                        "-999",
                                        "-9999",
                                        "false",
                                        "undefined",
                                        "1970-01-01",
                                        "1900-01-01",
                                        "0001-01-01",
                                        "9999-12-31",
                                        "1899-12-30",
                                        "1970-01-01 00:00:00",
                                        "1900-01-01 00:00:00",
                                        "0001-01-01 00:00:00",
                                        "9999-12-31 00:00:00",
                                        "9999-12-31 23:59:59",
                                        "1970-01-01 00:00:00+00",
                                        "1900-01-01 00:00:00+00",
                                        "00:00:00",
                                        "[object Object]",
                                        "Infinity",
                                        "-Infinity",
                                        NULL};
static const char *const words[] = {"yes/no",     "Yes/No",     "YES/NO",     "y/n",     "Y/N",       "ja/nein",
                                    "Ja/Nein",    "j/n",        "J/N",        "oui/non", "vrai/faux", "wahr/falsch",
                                    "si/no",      "on/off",     "On/Off",     "ON/OFF",  "t/f",       "T/F",
                                    "true/false", "True/False", "TRUE/FALSE", "1/0",     "-1/0",      NULL};

const char *assay_difference_word(enum assay_difference_kind kind, int32_t n)
{
    static const struct {
        const char *const *list;
        size_t n;
    } lists[ASSAY_DK_COUNT] = {
#define LIST(x) {x, sizeof(x) / sizeof *(x)}
        [ASSAY_DK_SENTINEL] = LIST(sentinels), [ASSAY_DK_ENCODING] = LIST(charsets),
        [ASSAY_DK_MOJIBAKE] = LIST(charsets),  [ASSAY_DK_BOOLEAN_WORDS] = LIST(words),
        [ASSAY_DK_TIME_CUT] = LIST(units),     [ASSAY_DK_TIME_ROUNDED] = LIST(units),
        [ASSAY_DK_EPOCH] = LIST(epochs),
#undef LIST
    };
    return n >= 0 && (size_t)n < lists[kind].n ? lists[kind].list[n] : NULL;
}

static bool has_number(uint8_t kind)
{
    static const uint8_t list[] = {ASSAY_DK_TEXT_CUT,        ASSAY_DK_DAY_SHIFT,   ASSAY_DK_FLOAT_DIGITS,
                                   ASSAY_DK_DECIMAL_ROUNDED, ASSAY_DK_DECIMAL_CUT, ASSAY_DK_DECIMAL_POINT,
                                   ASSAY_DK_TYPED_DOUBLE};
    return memchr(list, kind, sizeof list) != NULL;
}

static bool is_signed(uint8_t kind)
{
    return kind == ASSAY_DK_DAY_SHIFT || kind == ASSAY_DK_DECIMAL_POINT;
}

static enum assay_status put_escaped(struct assay_buf *out, const char *s, const char *also)
{
    enum assay_status st = ASSAY_OK;
    for (; *s && st == ASSAY_OK; s++) {
        const bool plain = (*s >= '0' && *s <= '9') || ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'z') || strchr(also, *s);
        st = plain ? assay_buf_addc(out, (uint8_t)*s) : assay_buf_addf(out, "%%%02X", (unsigned)(unsigned char)*s);
    }
    return st;
}

enum assay_status assay_difference_escape(const char *s, struct assay_buf *out)
{
    return put_escaped(out, s, "._[]{}-");
}

static const char *const side_names[] = {"source", "archive", "both"};

enum assay_status assay_difference_text(const struct assay_difference *d, const char *column, struct assay_buf *out)
{
    char text[32] = "";
    const char *arg = assay_difference_word((enum assay_difference_kind)d->kind, d->n);
    const int minutes = abs((int)d->n) / 60;
    if (d->kind == ASSAY_DK_COLUMN)
        arg = column;
    else if (d->kind == ASSAY_DK_TIME_SHIFT || d->kind == ASSAY_DK_TIME_ZONE)
        snprintf(text, sizeof text, "%c%02d%%3A%02d", d->n < 0 ? '-' : '+', minutes / 60, minutes % 60);
    else if (has_number(d->kind))
        snprintf(text, sizeof text, is_signed(d->kind) ? "%+d" : "%d", (int)d->n);
    enum assay_status st = assay_buf_adds(out, kinds[d->kind].name);
    if (st == ASSAY_OK && (arg || text[0]))
        st = assay_buf_addc(out, ':');
    if (st == ASSAY_OK)
        st = arg ? put_escaped(out, arg, ".+-/_()<>#") : assay_buf_adds(out, text);
    return st == ASSAY_OK ? assay_buf_addf(out, "@%s%s", side_names[d->side], d->inside ? INSIDE : "") : st;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool unescape(const char *p, size_t n, char *out, size_t room)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        if (to + 1 >= room)
            return false;
        if (p[i] != '%') {
            out[to++] = p[i];
            continue;
        }
        if (n - i < 3 || hex_digit(p[i + 1]) < 0 || hex_digit(p[i + 2]) < 0)
            return false;
        out[to++] = (char)(hex_digit(p[i + 1]) << 4 | hex_digit(p[i + 2]));
        i += 2;
    }
    out[to] = '\0';
    return strlen(out) == to;
}

bool assay_difference_parse(const char *text, size_t n, struct assay_difference_name *out)
{
    const char *at = memchr(text, '@', n), *colon = at ? memchr(text, ':', (size_t)(at - text)) : NULL;
    if (!at)
        return false;
    const size_t name = (size_t)((colon ? colon : at) - text), mark = sizeof INSIDE - 1;
    size_t side = n - (size_t)(at + 1 - text);
    *out = (struct assay_difference_name){0};
    if (side > mark && memcmp(text + n - mark, INSIDE, mark) == 0) {
        out->inside = true;
        side -= mark;
    }
    for (size_t i = 0; i < ASSAY_DK_COUNT; i++)
        if (strlen(kinds[i].name) == name && memcmp(kinds[i].name, text, name) == 0)
            out->row = &kinds[i];
    bool known = false;
    for (size_t i = 0; i < sizeof side_names / sizeof *side_names && !known; i++)
        if ((known = strlen(side_names[i]) == side && memcmp(side_names[i], at + 1, side) == 0))
            out->side = (enum assay_difference_side)i;
    return out->row && known && (!colon || unescape(colon + 1, (size_t)(at - colon) - 1, out->arg, sizeof out->arg));
}

static void fill(const char *pattern, const char *arg, char *out, size_t n)
{
    const char *hole = strstr(pattern, "%s");
    const size_t unit = hole && hole[2] == ' ' ? 1 + strcspn(hole + 3, " ") : 0; /* " digits" */
    const bool one = unit && strcmp(arg + strspn(arg, "+-"), "1") == 0 && hole[1 + unit] == 's';
    if (hole)
        snprintf(out, n, "%.*s%s%.*s%s", (int)(hole - pattern), pattern, arg, (int)(unit - one), hole + 2,
                 hole + 2 + unit);
    else
        snprintf(out, n, "%s", pattern);
}

void assay_difference_says(const struct assay_difference_name *name, char *out, size_t n)
{
    const bool archive = (name->side == ASSAY_DS_ARCHIVE) == (name->row->where == ASSAY_DW_SAME);
    const char *part = name->inside ? "inside the values, " : "";
    const char *where = name->side == ASSAY_DS_BOTH || name->row->where == ASSAY_DW_BOTH ? ""
                        : archive                                                        ? "in the archive, "
                                                                                         : "in the source, ";
    const size_t len = (size_t)snprintf(out, n, "%s%s", part, where);
    if (len < n)
        fill(name->row->says, name->arg, out + len, n - len);
}

void assay_difference_rule(const struct assay_difference_name *name, char *out, size_t n)
{
    const enum assay_difference_kind kind = (enum assay_difference_kind)(name->row - kinds);
    const bool unit = kind == ASSAY_DK_TIME_CUT || kind == ASSAY_DK_TIME_ROUNDED;
    const bool known =
        !unit || strcmp(name->arg, "us") == 0 || strcmp(name->arg, "ms") == 0 || strcmp(name->arg, "s") == 0;
    out[0] = '\0';
    if (!name->row->rule || !known || name->inside)
        return;
    fill(name->row->rule, name->arg, out, n);
}
