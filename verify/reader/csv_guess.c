/* Proposed types of CSV columns. Spellings are those that PostgreSQL and ISO 8601 write; a number with leading zeros is
 * text. */
#include <string.h>

#include "csv_lexer.h"

#define BIT(l) (1u << (l))
#define NUMBER (BIT(ASSAY_L_DECIMAL) | BIT(ASSAY_L_FLOAT64))
#define INSTANT (BIT(ASSAY_L_DATE) | BIT(ASSAY_L_TIMESTAMP) | BIT(ASSAY_L_TIMESTAMPTZ))

_Static_assert(ASSAY_L_COUNT <= 32, "a bit per logical type");

struct text {
    const char *p;
    size_t n;
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool hex(char c)
{
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char first(const struct text *t)
{
    return t->n ? *t->p : '\0';
}

static bool take(struct text *t, char c)
{
    bool is = first(t) == c && c;
    t->p += is;
    t->n -= is;
    return is;
}

static size_t digits(struct text *t)
{
    size_t n = 0;
    while (n < t->n && digit(t->p[n]))
        n++;
    t->p += n;
    t->n -= n;
    return n;
}

/* Exactly two digits, at most max. */
static bool two(struct text *t, int max, int *out)
{
    if (t->n < 2 || !digit(t->p[0]) || !digit(t->p[1]))
        return false;
    *out = (t->p[0] - '0') * 10 + t->p[1] - '0';
    t->p += 2;
    t->n -= 2;
    return *out <= max;
}

static uint32_t fits_number(struct text t)
{
    take(&t, '-');
    bool zero = first(&t) == '0';
    size_t whole = digits(&t), fraction = 0;
    bool point = take(&t, '.');
    if (point)
        fraction = digits(&t);
    if ((zero && whole > 1) || whole + fraction == 0 || (point && fraction == 0))
        return 0;
    if (t.n == 0)
        return NUMBER | (point ? 0 : BIT(ASSAY_L_INTEGER));
    if (!take(&t, 'e') && !take(&t, 'E'))
        return 0;
    if (!take(&t, '-'))
        take(&t, '+');
    return digits(&t) && t.n == 0 ? BIT(ASSAY_L_FLOAT64) : 0;
}

static bool date(struct text *t)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int m, d;
    size_t year = digits(t);
    return year >= 4 && year <= 6 && take(t, '-') && two(t, 12, &m) && m && take(t, '-') && two(t, 31, &d) && d &&
           d <= days[m - 1];
}

static bool time_of_day(struct text *t)
{
    int h, m, s;
    if (!two(t, 24, &h) || !take(t, ':') || !two(t, 59, &m))
        return false;
    if (take(t, ':') && !two(t, 60, &s))
        return false;
    return !take(t, '.') || digits(t) > 0;
}

static bool offset(struct text *t)
{
    int n;
    if (take(t, 'Z'))
        return true;
    if ((!take(t, '+') && !take(t, '-')) || !two(t, 15, &n))
        return false;
    for (int i = 0; i < 2; i++) { /* minutes, then seconds: LMT offsets have them */
        bool colon = take(t, ':');
        if ((colon || digit(first(t))) && !two(t, 59, &n))
            return false;
    }
    return true;
}

static uint32_t fits_instant(struct text t)
{
    uint32_t fits = BIT(ASSAY_L_DATE);
    if (t.n > 3 && memcmp(t.p + t.n - 3, " BC", 3) == 0)
        t.n -= 3;
    if (!date(&t))
        return 0;
    if (t.n == 0)
        return fits;
    if ((!take(&t, 'T') && !take(&t, ' ')) || !time_of_day(&t))
        return 0;
    if (t.n == 0)
        return BIT(ASSAY_L_TIMESTAMP);
    return offset(&t) && t.n == 0 ? BIT(ASSAY_L_TIMESTAMPTZ) : 0;
}

static uint32_t fits_uuid(struct text t)
{
    if (t.n != 36)
        return 0;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? t.p[i] != '-' : !hex(t.p[i]))
            return 0;
    }
    return BIT(ASSAY_L_UUID);
}

static const struct {
    const char *word;
    uint32_t fits;
} words[] = {
    {"t", BIT(ASSAY_L_BOOLEAN)},         {"f", BIT(ASSAY_L_BOOLEAN)},   {"true", BIT(ASSAY_L_BOOLEAN)},
    {"false", BIT(ASSAY_L_BOOLEAN)},     {"NaN", BIT(ASSAY_L_FLOAT64)}, {"Infinity", BIT(ASSAY_L_FLOAT64)},
    {"-Infinity", BIT(ASSAY_L_FLOAT64)}, {"infinity", INSTANT},         {"-infinity", INSTANT},
};

static uint32_t fits_word(struct text t)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == t.n && memcmp(words[i].word, t.p, t.n) == 0)
            return words[i].fits;
    return 0;
}

void assay_csv_guess_add(struct assay_csv_guess *g, const uint8_t *p, size_t n)
{
    struct text t = {(const char *)p, n};
    uint32_t fits = fits_number(t) | fits_instant(t) | fits_uuid(t) | fits_word(t);
    g->fits = g->any ? g->fits & fits : fits;
    g->any = true;
}

enum assay_logical assay_csv_guess_type(const struct assay_csv_guess *g)
{
    static const enum assay_logical strictest[] = {ASSAY_L_BOOLEAN,     ASSAY_L_INTEGER, ASSAY_L_DECIMAL,
                                                   ASSAY_L_FLOAT64,     ASSAY_L_DATE,    ASSAY_L_TIMESTAMP,
                                                   ASSAY_L_TIMESTAMPTZ, ASSAY_L_UUID};
    for (size_t i = 0; g->any && i < sizeof strictest / sizeof *strictest; i++)
        if (g->fits & BIT(strictest[i]))
            return strictest[i];
    return ASSAY_L_TEXT;
}
