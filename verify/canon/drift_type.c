/* What a change of a native type does to the values: spellings of PostgreSQL, SQLite, Parquet and Avro to one measure,
 * and a table of what each family can hold of another. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assay/drift.h"

enum family {
    UNDECLARED, /* the format declares no types */
    OTHER,
    BOOLEAN,
    INTEGER,
    DECIMAL,
    FLOAT,
    TEXT,
    BYTES,
    DATE,
    TIME,
    TIMETZ,
    STAMP,
    STAMPTZ,
    INTERVAL,
    UUID,
    JSON,
    ZONED, /* "with time zone": turns the time before it into its zoned kind */
    DIGITS, /* MILLIS, MICROS, NANOS */
    IGNORED
};

/* size: bits of integers and floats, digits behind the second of times; ANY: as many as one likes. */
#define ANY UINT32_MAX
static const struct spelling {
    const char *words;
    enum family family;
    uint32_t size;
    bool is_unsigned;
} spellings[] = {
    {"csv", UNDECLARED, 0, false},
    {"ndjson", UNDECLARED, 0, false},
    {"hive", UNDECLARED, 0, false},
    {"mem", UNDECLARED, 0, false},
    {"boolean", BOOLEAN, 1, false},
    {"bool", BOOLEAN, 1, false},
    {"tinyint", INTEGER, 8, false},
    {"smallint", INTEGER, 16, false},
    {"int2", INTEGER, 16, false},
    {"integer", INTEGER, 32, false},
    {"int", INTEGER, 32, false},
    {"int4", INTEGER, 32, false},
    {"mediumint", INTEGER, 32, false},
    {"bigint", INTEGER, 64, false},
    {"int8", INTEGER, 64, false},
    {"int32", INTEGER, 32, false},
    {"int64", INTEGER, 64, false},
    {"long", INTEGER, 64, false},
    {"int_8", INTEGER, 8, false},
    {"int_16", INTEGER, 16, false},
    {"int_32", INTEGER, 32, false},
    {"int_64", INTEGER, 64, false},
    {"uint_8", INTEGER, 8, true},
    {"uint_16", INTEGER, 16, true},
    {"uint_32", INTEGER, 32, true},
    {"uint_64", INTEGER, 64, true},
    {"numeric", DECIMAL, ANY, false},
    {"decimal", DECIMAL, ANY, false},
    {"number", DECIMAL, ANY, false},
    {"float16", FLOAT, 16, false},
    {"real", FLOAT, 32, false},
    {"float", FLOAT, 32, false},
    {"double", FLOAT, 64, false},
    {"double precision", FLOAT, 64, false},
    {"text", TEXT, ANY, false},
    {"character varying", TEXT, ANY, false},
    {"varchar", TEXT, ANY, false},
    {"nvarchar", TEXT, ANY, false},
    {"character", TEXT, 1, false},
    {"char", TEXT, 1, false},
    {"nchar", TEXT, 1, false},
    {"clob", TEXT, ANY, false},
    {"string", TEXT, ANY, false},
    {"name", TEXT, 63, false},
    {"enum", TEXT, ANY, false},
    {"bytea", BYTES, ANY, false},
    {"blob", BYTES, ANY, false},
    {"bytes", BYTES, ANY, false},
    {"byte_array", BYTES, ANY, false},
    {"flba", BYTES, ANY, false},
    {"fixed", BYTES, ANY, false},
    {"bson", BYTES, ANY, false},
    {"date", DATE, 0, false},
    {"time", TIME, 6, false},
    {"time-millis", TIME, 3, false},
    {"time-micros", TIME, 6, false},
    {"timetz", TIMETZ, 6, false},
    {"timestamp", STAMP, 6, false},
    {"datetime", STAMP, 6, false},
    {"int96", STAMP, 9, false},
    {"timestamptz", STAMPTZ, 6, false},
    {"timestamp-millis", STAMPTZ, 3, false},
    {"timestamp-micros", STAMPTZ, 6, false},
    {"timestamp-nanos", STAMPTZ, 9, false},
    {"local-timestamp-millis", STAMP, 3, false},
    {"local-timestamp-micros", STAMP, 6, false},
    {"local-timestamp-nanos", STAMP, 9, false},
    {"interval", INTERVAL, 6, false},
    {"duration", INTERVAL, 3, false},
    {"uuid", UUID, 0, false},
    {"json", JSON, 0, false},
    {"jsonb", JSON, 0, false},
    {"millis", DIGITS, 3, false},
    {"micros", DIGITS, 6, false},
    {"nanos", DIGITS, 9, false},
    {"with time zone", ZONED, 0, false},
    {"without time zone", IGNORED, 0, false},
    {"utc", ZONED, 0, false},
    {"null", IGNORED, 0, false},
    {"union", IGNORED, 0, false},
    {"unsigned", IGNORED, 0, true},
};

struct measure {
    enum family family;
    bool is_unsigned;
    uint32_t size, scale; /* size: bits, digits, length, digits of the second; scale: of decimals */
};

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The longest spelling that begins at p and ends with a word; NULL: none. */
static const struct spelling *spelled(const char *p, size_t *len)
{
    const struct spelling *best = NULL;
    *len = 0;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        size_t n = strlen(spellings[i].words);
        if (n > *len && strncasecmp(p, spellings[i].words, n) == 0 && !in_word(p[n])) {
            best = &spellings[i];
            *len = n;
        }
    }
    return best;
}

/* "(12,2)" behind a name; *args counts what was there. */
static const char *numbers(const char *p, uint32_t n[2], size_t *args)
{
    *args = 0;
    if (*p != '(' || !isdigit((unsigned char)p[1]))
        return p;
    for (p++; *args < 2 && isdigit((unsigned char)*p); p += strspn(p, " ,")) {
        char *end;
        unsigned long v = strtoul(p, &end, 10);
        n[(*args)++] = v > ANY ? ANY : (uint32_t)v;
        p = end;
    }
    return *p == ')' ? p + 1 : p;
}

static void take_numbers(struct measure *m, const uint32_t n[2], size_t args)
{
    if (args == 0)
        return;
    bool sized = m->family == DECIMAL || m->family == TEXT || m->family == BYTES || m->family == TIME ||
                 m->family == TIMETZ || m->family == STAMP || m->family == STAMPTZ || m->family == INTERVAL;
    if (sized)
        m->size = n[0];
    if (m->family == DECIMAL)
        m->scale = args == 2 ? n[1] : 0;
}

static void take_spelling(struct measure *m, const struct spelling *s)
{
    bool timed = m->family == TIME || m->family == STAMP || m->family == TIMETZ || m->family == STAMPTZ;
    switch (s->family) {
    case ZONED:
        m->family = m->family == STAMP ? STAMPTZ : m->family == TIME ? TIMETZ : m->family;
        break;
    case DIGITS:
        m->size = timed ? s->size : m->size;
        break;
    case IGNORED:
        m->is_unsigned |= s->is_unsigned;
        break;
    default: /* an annotation stands behind the type that carries it */
        *m = (struct measure){s->family, s->is_unsigned, s->size, s->size == ANY ? ANY : 0};
    }
}

static struct measure measure(const char *native)
{
    struct measure m = {OTHER, false, 0, 0};
    if (strchr(native, '[') || strncmp(native, "group", 5) == 0 || strncmp(native, "repeated", 8) == 0)
        return m;
    for (const char *p = native; *p;) {
        size_t len, args;
        uint32_t n[2];
        const struct spelling *s = isalnum((unsigned char)*p) ? spelled(p, &len) : NULL;
        if (!s && in_word(*p)) {
            while (in_word(*p))
                p++;
            continue;
        }
        if (!s) {
            p++;
            continue;
        }
        take_spelling(&m, s);
        p = numbers(p + len, n, &args);
        take_numbers(&m, n, args);
    }
    return m;
}

/* Digits that every value of so many bits fits into. */
static uint32_t digits_of(uint32_t bits)
{
    return bits <= 8 ? 3 : bits <= 16 ? 5 : bits <= 32 ? 10 : 20;
}

/* What one family keeps of another's values. Pairs that are not listed hold values of another kind. */
static const struct rule {
    enum family from, to;
    enum assay_drift_class cls;
} rules[] = {
    {DECIMAL, INTEGER, ASSAY_DRIFT_LOSSY},    {DECIMAL, FLOAT, ASSAY_DRIFT_LOSSY},
    {FLOAT, DECIMAL, ASSAY_DRIFT_LOSSY},      {FLOAT, INTEGER, ASSAY_DRIFT_LOSSY},
    {DATE, STAMP, ASSAY_DRIFT_COMPATIBLE},    {STAMP, DATE, ASSAY_DRIFT_LOSSY},
    {STAMPTZ, DATE, ASSAY_DRIFT_LOSSY},       {STAMP, STAMPTZ, ASSAY_DRIFT_LOSSY},
    {STAMPTZ, STAMP, ASSAY_DRIFT_LOSSY},      {TIME, TIMETZ, ASSAY_DRIFT_LOSSY},
    {TIMETZ, TIME, ASSAY_DRIFT_LOSSY},        {STAMP, TIME, ASSAY_DRIFT_LOSSY},
    {BOOLEAN, TEXT, ASSAY_DRIFT_COMPATIBLE},  {INTEGER, TEXT, ASSAY_DRIFT_COMPATIBLE},
    {DECIMAL, TEXT, ASSAY_DRIFT_COMPATIBLE},  {DATE, TEXT, ASSAY_DRIFT_COMPATIBLE},
    {TIME, TEXT, ASSAY_DRIFT_COMPATIBLE},     {TIMETZ, TEXT, ASSAY_DRIFT_COMPATIBLE},
    {STAMP, TEXT, ASSAY_DRIFT_COMPATIBLE},    {STAMPTZ, TEXT, ASSAY_DRIFT_COMPATIBLE},
    {INTERVAL, TEXT, ASSAY_DRIFT_COMPATIBLE}, {UUID, TEXT, ASSAY_DRIFT_COMPATIBLE},
    {JSON, TEXT, ASSAY_DRIFT_COMPATIBLE},     {FLOAT, TEXT, ASSAY_DRIFT_LOSSY},
};

static bool at_least(uint32_t now, uint32_t before)
{
    return now == ANY || (before != ANY && now >= before);
}

/* Every value that fits `a` fits `b`. */
static bool holds(const struct measure *a, const struct measure *b)
{
    if (a->family == INTEGER && b->family == INTEGER)
        return a->is_unsigned == b->is_unsigned ? b->size >= a->size : a->is_unsigned && b->size > a->size;
    if (a->family == DECIMAL && b->family == DECIMAL && (a->size == ANY || b->size == ANY))
        return b->size == ANY;
    if (a->family == DECIMAL && b->family == DECIMAL)
        return b->scale >= a->scale && b->size >= b->scale && b->size - b->scale >= a->size - a->scale;
    if (a->family == INTEGER && b->family == DECIMAL)
        return b->size == ANY || (b->size >= b->scale && b->size - b->scale >= digits_of(a->size));
    if (a->family == INTEGER && b->family == FLOAT)
        return a->size < b->size && (b->size == 64 || a->size <= 16);
    return a->family == b->family && at_least(b->size, a->size);
}

bool assay_drift_of_type(const char *before, const char *now, enum assay_drift_kind *kind, enum assay_drift_class *cls)
{
    if (strcmp(before, now) == 0)
        return false;
    const struct measure a = measure(before), b = measure(now);
    if (a.family == UNDECLARED || b.family == UNDECLARED)
        return false;
    bool exact = a.family == INTEGER && (b.family == DECIMAL || b.family == FLOAT);
    bool kept = holds(&a, &b);
    *kind = ASSAY_DRIFT_RETYPED;
    *cls = ASSAY_DRIFT_BREAKING;
    if (a.family == b.family && a.family != OTHER) {
        bool back = holds(&b, &a);
        if (kept && back)
            return false; /* another spelling of the same */
        *kind = kept ? ASSAY_DRIFT_WIDENED : ASSAY_DRIFT_NARROWED;
        *cls = kept ? ASSAY_DRIFT_COMPATIBLE : ASSAY_DRIFT_LOSSY;
        return true;
    }
    if (exact) {
        *kind = kept ? ASSAY_DRIFT_WIDENED : ASSAY_DRIFT_RETYPED;
        *cls = kept ? ASSAY_DRIFT_COMPATIBLE : ASSAY_DRIFT_LOSSY;
        return true;
    }
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].from == a.family && rules[i].to == b.family)
            *cls = rules[i].cls;
    if (b.family == TEXT && b.size != ANY && *cls == ASSAY_DRIFT_COMPATIBLE)
        *cls = ASSAY_DRIFT_LOSSY; /* a spelling may be longer than the column */
    return true;
}

bool assay_drift_declares(const char *native)
{
    return measure(native).family != UNDECLARED;
}
