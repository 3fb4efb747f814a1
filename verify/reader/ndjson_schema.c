/* What the first lines of an NDJSON object say: there is no header. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/limits.h"
#include "csv_lexer.h" /* types proposed from lexemes */
#include "ndjson.h"

#define SAMPLE_BYTES (16u << 20)
#define BIT(l) (1u << (l))

/* What the values of one member looked like. */
struct seen {
    struct assay_csv_guess guess;
    bool nested, scalar;
};

struct sample {
    struct assay_ndjson_lines lines;
    struct assay_ndjson_names *names;
    struct assay_value *v; /* by column of names */
    size_t lines_left;
};

/* The next sound row of the sample. A row that breaks here will be said by the scan. */
static enum assay_status next_row(struct sample *s, bool *have, struct assay_err *e)
{
    struct assay_ndjson_line line;
    const char *defect = "";
    bool cut;
    *have = false;
    while (defect && s->lines_left && s->lines.bytes <= SAMPLE_BYTES) {
        enum assay_ndjson_step step = assay_ndjson_line(&s->lines, &line);
        enum assay_status st = ASSAY_OK;
        if (step == ASSAY_NDJSON_END)
            return ASSAY_OK;
        if (step == ASSAY_NDJSON_MORE) {
            st = assay_ndjson_refill(&s->lines, e);
        } else {
            struct assay_err why = {0};
            st = assay_ndjson_row(s->names, &line, s->v, &defect, &cut, &why);
            if (st != ASSAY_OK)
                assay_fail(e, st, "%s:%" PRIu64 ": %s", s->lines.name, line.no, why.msg);
            s->lines_left--;
        }
        if (st != ASSAY_OK)
            return st;
    }
    *have = !defect;
    return ASSAY_OK;
}

static enum assay_status begin(struct sample *s, int fd, const char *name, const struct assay_ndjson_tuning *tune,
                               struct assay_ndjson_names *names, struct assay_err *e)
{
    *s = (struct sample){.names = names, .lines_left = ASSAY_NDJSON_SAMPLE};
    enum assay_status st = assay_ndjson_lines_init(&s->lines, fd, name, tune, e);
    s->v = calloc(names->max, sizeof *s->v);
    return st == ASSAY_OK && !s->v ? assay_fail_nomem(e) : st;
}

static void finish(struct sample *s)
{
    assay_ndjson_lines_release(&s->lines);
    free(s->v);
}

static bool all_seen(const struct assay_ndjson_names *t)
{
    size_t i = 0;
    while (i < t->n && t->v[i].row)
        i++;
    return i == t->n;
}

enum assay_status assay_ndjson_look(int fd, const char *name, const struct assay_ndjson_tuning *tune,
                                    struct assay_ndjson_names *t, size_t *rows, struct assay_err *e)
{
    struct sample s;
    bool have = true;
    *rows = 0;
    enum assay_status st = begin(&s, fd, name, tune, t, e);
    while (st == ASSAY_OK && have && !(*rows && all_seen(t))) {
        st = next_row(&s, &have, e);
        *rows += have;
    }
    finish(&s);
    if (st == ASSAY_OK && lseek(fd, 0, SEEK_SET) != 0)
        st = assay_fail(e, ASSAY_EIO, "%s: cannot rewind: %s", name, strerror(errno));
    return st;
}

/* Text in quotes is no proposal for a number or a boolean: JSON has those. */
static void learn(struct seen *seen, const struct assay_value *v)
{
    static const char *const words[] = {"false", "true"};
    const uint32_t unquoted = BIT(ASSAY_L_INTEGER) | BIT(ASSAY_L_DECIMAL) | BIT(ASSAY_L_FLOAT64) | BIT(ASSAY_L_BOOLEAN);
    if (v->kind == ASSAY_K_NULL || v->kind == ASSAY_K_BAD)
        return;
    bool nested = assay_ndjson_nested(v);
    seen->nested |= nested;
    seen->scalar |= !nested;
    if (v->kind == ASSAY_K_BOOL)
        assay_csv_guess_add(&seen->guess, (const uint8_t *)words[v->i], strlen(words[v->i]));
    else
        assay_csv_guess_add(&seen->guess, v->p, v->len);
    if (v->flags & ASSAY_V_QUOTED)
        seen->guess.fits &= ~unquoted;
}

static enum assay_logical proposal(const struct seen *seen)
{
    if (seen->nested)
        return seen->scalar ? ASSAY_L_TEXT : ASSAY_L_JSON;
    return assay_csv_guess_type(&seen->guess);
}

static enum assay_status add_columns(const struct assay_ndjson_names *t, const struct seen *seen,
                                     struct assay_schema *out, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < t->n && s == ASSAY_OK; i++)
        s = assay_schema_add(out, t->v[i].p, "ndjson", proposal(&seen[i]), true, e);
    return s;
}

enum assay_status assay_ndjson_schema(int fd, const char *name, const struct assay_locator *loc,
                                      struct assay_schema *out, struct assay_err *e)
{
    struct assay_ndjson_names t;
    struct assay_schema cols = {0};
    struct sample s;
    size_t rows = 0;
    bool have = true;
    (void)loc;
    enum assay_status st = assay_ndjson_names_init(&t, 0, e);
    if (st != ASSAY_OK)
        return st;
    t.all = true;
    struct seen *seen = calloc(t.max, sizeof *seen);
    st = begin(&s, fd, name, NULL, &t, e);
    if (st == ASSAY_OK && !seen)
        st = assay_fail_nomem(e);
    while (st == ASSAY_OK && have) {
        st = next_row(&s, &have, rows ? NULL : e); /* what breaks behind sound rows will be said by the scan */
        for (size_t i = 0; have && i < t.n; i++)
            if (t.v[i].row == t.row)
                learn(&seen[i], &s.v[i]);
        rows += have;
    }
    finish(&s);
    if (st == ASSAY_OK || rows) {
        st = add_columns(&t, seen, &cols, e);
        if (st == ASSAY_OK && cols.n == 0)
            st = assay_fail(e, ASSAY_EDATA, "%s: no JSON object in the first %d lines, its columns are not known", name,
                            ASSAY_NDJSON_SAMPLE);
    }
    if (st == ASSAY_OK)
        *out = cols;
    else
        assay_schema_release(&cols);
    free(seen);
    assay_ndjson_names_release(&t);
    return st;
}
