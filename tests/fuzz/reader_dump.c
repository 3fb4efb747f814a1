/* Print what a database reader delivers, one line a row, so that scripts can compare it with the engine's own client.
 *   reader_dump URI TABLE [--schema] [--count] [--token] [--plain] [--quiet] [--columns a,b] [--parts N] [--sample N]
 *               [--as-text] [--window COL LO HI] [--snapshot ID] [--timeout S] [--pause N]
 * --as-text takes every column for text; --plain prints values without their kinds, as psql -At would; --quiet prints
 * no rows, only their number;
 * --pause N stops after N rows until a line comes on stdin; LO or HI "-" is open. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/bytes.h"
#include "assay/log.h"
#include "assay/reader.h"

struct options {
    struct assay_locator loc;
    struct assay_scan_opts scan;
    struct assay_range window;
    const char *columns[64];
    enum assay_logical text[64];
    bool schema, count, token, plain, quiet, as_text;
    size_t parts;
    uint64_t pause;
};

static const char *const kind_name[] = {"NULL",     "BOOL",      "INT",        "UINT",      "F32",  "F64",      "DEC",
                                        "DECBYTES", "DECDIGITS", "DECSPECIAL", "PGNUMERIC", "TEXT", "LEXEME",   "BYTES",
                                        "DATE",     "TIME",      "TIMETZ",     "TS",        "TSTZ", "INTERVAL", "UUID",
                                        "JSON",     "LIST",      "STRUCT",     "MAP",       "BAD"};

static void put_date(int64_t days)
{
    int64_t z = days + 719468; /* Howard Hinnant's civil_from_days */
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t m = mp < 10 ? mp + 3 : mp - 9;
    int64_t y = yoe + era * 400 + (m <= 2);
    printf("%04" PRId64 "-%02" PRId64 "-%02" PRId64, y > 0 ? y : 1 - y, m, doy - (153 * mp + 2) / 5 + 1);
}

static bool is_bc(int64_t days)
{
    return days < -719162; /* 0001-01-01 */
}

static void put_clock(int64_t seconds, int64_t ns)
{
    printf("%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (ns == 0)
        return;
    char frac[16];
    snprintf(frac, sizeof frac, "%09" PRId64, ns);
    size_t n = 9;
    while (frac[n - 1] == '0')
        n--;
    printf(".%.*s", (int)n, frac);
}

static void put_stamp(const struct assay_value *v, const char *zone)
{
    int64_t days = v->i / 86400 - (v->i % 86400 < 0);
    put_date(days);
    putchar(' ');
    put_clock(v->i - days * 86400, v->aux);
    printf("%s%s", zone, is_bc(days) ? " BC" : "");
}

static void put_zone(int32_t east)
{
    int32_t a = east < 0 ? -east : east;
    printf("%c%02d", east < 0 ? '-' : '+', a / 3600);
    if (a % 3600)
        printf(":%02d", a / 60 % 60);
    if (a % 60)
        printf(":%02d", a % 60);
}

/* Shortest digits that read back as the same number, laid out as PostgreSQL does. */
static void put_double(double d, bool single)
{
    char text[40];
    int digits = 0, exponent;
    if (d != d || d - d != 0) {
        printf("%s", d != d ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
        return;
    }
    do {
        snprintf(text, sizeof text, "%.*e", digits, d);
    } while ((single ? (double)strtof(text, NULL) : strtod(text, NULL)) != d && ++digits < 17);
    exponent = atoi(strchr(text, 'e') + 1);
    if (exponent < -4 || exponent >= (single ? 6 : 15))
        printf("%s", text);
    else
        printf("%.*f", digits > exponent ? digits - exponent : 0, d);
}

static void put_numeric(const uint8_t *p)
{
    int nd = assay_get_be16(p);
    int weight = (int16_t)assay_get_be16(p + 2);
    int sign = assay_get_be16(p + 4);
    int scale = assay_get_be16(p + 6) & 0x3fff;
    if (sign & 0xC000 && sign != 0x4000) {
        printf("%s", sign == 0xC000 ? "NaN" : sign == 0xD000 ? "Infinity" : "-Infinity");
        return;
    }
    printf("%s", sign ? "-" : "");
    if (weight < 0)
        putchar('0');
    for (int i = 0; i <= weight; i++)
        printf(i ? "%04d" : "%d", i < nd ? assay_get_be16(p + 8 + 2 * i) : 0);
    for (int d = 0, i = weight + 1; d < scale; d += 4, i++) {
        char group[8];
        snprintf(group, sizeof group, "%04d", i >= 0 && i < nd ? assay_get_be16(p + 8 + 2 * i) : 0);
        printf("%s%.*s", d ? "" : ".", scale - d < 4 ? scale - d : 4, group);
    }
}

static void put_text(const uint8_t *p, size_t n, bool plain)
{
    for (size_t i = 0; i < n; i++)
        if (!plain && (p[i] < 0x20 || p[i] == 0x7f || p[i] == '|' || p[i] == '\\'))
            printf("\\x%02x", p[i]);
        else
            putchar(p[i]);
}

static void put_hex(const uint8_t *p, size_t n)
{
    printf("\\x");
    for (size_t i = 0; i < n; i++)
        printf("%02x", p[i]);
}

static void put_uuid(const uint8_t *p)
{
    for (int i = 0; i < 16; i++)
        printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", p[i]);
}

static void put_interval(const struct assay_value *v)
{
    struct assay_interval iv;
    memcpy(&iv, v->p, sizeof iv);
    printf("%d mons %d days %" PRId64 " s + %d ns", iv.months, iv.days, iv.seconds, iv.ns);
}

static bool put_infinity(const struct assay_value *v)
{
    bool date = v->kind == ASSAY_K_DATE;
    bool low = v->i == (date ? INT32_MIN : INT64_MIN), high = v->i == (date ? INT32_MAX : INT64_MAX);
    if (low || high)
        printf("%sinfinity", low ? "-" : "");
    return low || high;
}

static void put_moment(const struct assay_value *v)
{
    if (v->kind == ASSAY_K_TIME || v->kind == ASSAY_K_TIMETZ) {
        put_clock(v->i / 1000000000, v->i % 1000000000);
        if (v->kind == ASSAY_K_TIMETZ)
            put_zone(v->aux);
    } else if (put_infinity(v)) {
        return;
    } else if (v->kind == ASSAY_K_DATE) {
        put_date(v->i);
        printf("%s", is_bc(v->i) ? " BC" : "");
    } else {
        put_stamp(v, v->kind == ASSAY_K_TSTZ ? "+00" : "");
    }
}

static void put_value(const struct assay_value *v, bool plain);

/* LIST:[a,b], behind its lower bound if it has one; STRUCT and MAP:{name:a,name:b}. */
static void put_nested(const struct assay_value *v, bool plain)
{
    const bool pairs = v->kind != ASSAY_K_LIST;
    const struct assay_value *item = v->items;
    if (v->flags & ASSAY_V_BOUND)
        printf("%" PRId64 ":", (item++)->i);
    putchar(pairs ? '{' : '[');
    for (uint32_t i = 0; i < v->len; i++) {
        if (i)
            putchar(',');
        if (pairs) {
            put_value(item++, true);
            putchar(':');
        }
        put_value(item++, plain);
    }
    putchar(pairs ? '}' : ']');
}

static void put_value(const struct assay_value *v, bool plain)
{
    if (!plain)
        printf("%s", kind_name[v->kind]);
    if (v->kind == ASSAY_K_NULL) {
        printf("%s", plain ? "<null>" : "");
        return;
    }
    if (!plain)
        putchar(':');
    switch (v->kind) {
    case ASSAY_K_BOOL:
        putchar(v->i ? 't' : 'f');
        break;
    case ASSAY_K_INT:
        printf("%" PRId64, v->i);
        break;
    case ASSAY_K_UINT:
        printf("%" PRIu64, v->u);
        break;
    case ASSAY_K_LIST:
    case ASSAY_K_STRUCT:
    case ASSAY_K_MAP:
        put_nested(v, plain);
        break;
    case ASSAY_K_F32:
    case ASSAY_K_F64:
        put_double(v->f, v->kind == ASSAY_K_F32);
        break;
    case ASSAY_K_PGNUMERIC:
        put_numeric(v->p);
        break;
    case ASSAY_K_BYTES:
        put_hex(v->p, v->len);
        break;
    case ASSAY_K_UUID:
        put_uuid(v->p);
        break;
    case ASSAY_K_INTERVAL:
        put_interval(v);
        break;
    case ASSAY_K_TEXT:
    case ASSAY_K_JSON:
    case ASSAY_K_BAD:
        put_text(v->p, v->len, plain);
        break;
    default:
        put_moment(v);
    }
}

static void put_row(const struct options *o, const struct assay_value *v, size_t cols)
{
    for (size_t c = 0; c < cols; c++) {
        if (c)
            putchar('|');
        put_value(&v[c], o->plain);
    }
    putchar('\n');
}

static enum assay_status dump_part(const struct options *o, struct assay_reader *r, size_t part, uint64_t *rows,
                                   struct assay_err *e)
{
    struct assay_scan *s = NULL;
    struct assay_batch b;
    enum assay_status st = r->ops->scan(r, part, &o->scan, &s, e);
    uint64_t mine = 0;
    while (st == ASSAY_OK && (st = r->ops->next(s, &b, e)) == ASSAY_OK && b.rows) {
        if (b.first_pos != mine + 1) {
            st = assay_fail(e, ASSAY_EDATA, "first_pos %" PRIu64 " after %" PRIu64 " rows", b.first_pos, mine);
            break;
        }
        for (size_t i = 0; i < b.rows && !o->quiet; i++)
            put_row(o, b.v + i * b.cols, b.cols);
        bool crossed = o->pause && mine < o->pause && mine + b.rows >= o->pause;
        mine += b.rows;
        if (crossed) {
            printf("paused\n");
            fflush(stdout);
            (void)getchar();
        }
    }
    if (st == ASSAY_OK) {
        struct assay_scan_end end;
        r->ops->end(s, &end);
        if (end.rows != mine || (end.counted && end.claimed_rows != mine))
            st = assay_fail(e, ASSAY_EDATA, "end says %" PRIu64 "/%" PRIu64 " rows, %" PRIu64 " came", end.rows,
                            end.claimed_rows, mine);
    }
    if (s)
        r->ops->scan_free(s);
    *rows += mine;
    return st;
}

static enum assay_status show_schema(const struct options *o, struct assay_reader *r, struct options *all,
                                     struct assay_schema *schema, struct assay_err *e)
{
    enum assay_status st = r->ops->schema(r, schema, e);
    for (size_t i = 0; st == ASSAY_OK && i < schema->n; i++) {
        const struct assay_column *c = &schema->col[i];
        const struct assay_type *t = assay_type_of(c->logical);
        struct assay_buf shape = {0};
        if (c->shape)
            assay_shape_text(c->shape, &shape);
        const char *type = c->shape ? assay_buf_str(&shape) : t ? t->name : "none";
        if (o->schema)
            printf("%s|%s|%s|%s|%s|%u|%s\n", c->name, c->native, type, c->nullable ? "null" : "notnull",
                   c->binary_order ? "binary" : "-", c->key_pos, schema->key_is_unique ? "unique" : "-");
        assay_buf_release(&shape);
        if (!o->scan.n_columns && i < 64) {
            all->columns[i] = c->name;
            all->scan.columns = all->columns;
        }
    }
    if (!o->scan.n_columns)
        all->scan.n_columns = schema->n < 64 ? schema->n : 64;
    return st;
}

static enum assay_status run(struct options *o, struct assay_reader *r, struct assay_err *e)
{
    struct assay_schema schema = {0};
    const struct assay_part *part;
    size_t n = 0;
    uint64_t rows = 0;
    bool known = false;
    struct options all = *o;
    for (size_t i = 0; i < 64; i++)
        all.text[i] = ASSAY_L_TEXT;
    all.scan.types = o->as_text ? all.text : NULL;
    enum assay_status st = show_schema(o, r, &all, &schema, e);
    if (st == ASSAY_OK && o->token)
        printf("%s\n", r->ops->token(r));
    if (st == ASSAY_OK && o->count) {
        st = r->ops->count(r, &rows, &known, e);
        printf("count %" PRIu64 " known %d estimate %" PRIu64 "\n", rows, known, r->ops->estimate(r));
    } else if (st == ASSAY_OK && !o->schema && !o->token) {
        st = r->ops->parts(r, o->parts, &part, &n, e);
        for (size_t i = 0; st == ASSAY_OK && i < n; i++)
            st = dump_part(&all, r, i, &rows, e);
        if (o->quiet)
            printf("%" PRIu64 " rows in %zu parts\n", rows, n);
    }
    assay_schema_release(&schema);
    return st;
}

static void split_columns(struct options *o, char *list)
{
    for (char *p = strtok(list, ","); p && o->scan.n_columns < 64; p = strtok(NULL, ","))
        o->columns[o->scan.n_columns++] = p;
    o->scan.columns = o->columns;
}

static bool parse(struct options *o, int argc, char **argv)
{
    for (int i = 3; i < argc; i++) {
        const char *a = argv[i];
        int left = argc - i - 1;
        bool *flag = !strcmp(a, "--schema")    ? &o->schema
                     : !strcmp(a, "--count")   ? &o->count
                     : !strcmp(a, "--token")   ? &o->token
                     : !strcmp(a, "--plain")   ? &o->plain
                     : !strcmp(a, "--quiet")   ? &o->quiet
                     : !strcmp(a, "--as-text") ? &o->as_text
                                               : NULL;
        if (flag) {
            *flag = true;
        } else if (!strcmp(a, "--window") && left >= 3) {
            o->scan.window_column = argv[i + 1];
            o->window.lo = strcmp(argv[i + 2], "-") ? argv[i + 2] : NULL;
            o->window.hi = strcmp(argv[i + 3], "-") ? argv[i + 3] : NULL;
            o->scan.window = &o->window;
            o->scan.n_windows = o->window.lo || o->window.hi;
            i += 3;
        } else if (left < 1) {
            return false;
        } else if (!strcmp(a, "--columns")) {
            split_columns(o, argv[++i]);
        } else if (!strcmp(a, "--parts")) {
            o->parts = strtoul(argv[++i], NULL, 10);
        } else if (!strcmp(a, "--sample")) {
            o->scan.sample = true;
            o->scan.sample_rows = strtoull(argv[++i], NULL, 10);
        } else if (!strcmp(a, "--snapshot")) {
            o->loc.snapshot = argv[++i];
        } else if (!strcmp(a, "--timeout")) {
            o->loc.timeout_s = atoi(argv[++i]);
        } else if (!strcmp(a, "--pause")) {
            o->pause = strtoull(argv[++i], NULL, 10);
        } else {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct assay_reader_ops *const readers[] = {&assay_pg_reader, &assay_sqlite_reader};
    struct options o = {0};
    struct assay_err e = {0};
    struct assay_reader *r = NULL;
    if (argc < 3 || !parse(&o, argc, argv)) {
        fprintf(stderr, "usage: reader_dump URI TABLE [options]\n");
        return 2;
    }
    o.loc.uri = argv[1];
    o.loc.table = argv[2];
    o.loc.base_dir = ".";
    assay_interrupt_install();
    for (size_t i = 0; i < 2 && !r && !e.code; i++)
        if (readers[i]->accepts(&o.loc))
            readers[i]->open(&o.loc, &r, &e);
    if (!r && !e.code)
        assay_fail(&e, ASSAY_EUSAGE, "no reader accepts this URI");
    if (r)
        run(&o, r, &e);
    if (r)
        r->ops->close(r);
    if (e.code) {
        fflush(stdout);
        fprintf(stderr, "error %d: %s\n", (int)e.code, e.msg);
        return 3;
    }
    return fflush(stdout) ? 3 : 0;
}
