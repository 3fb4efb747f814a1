/* Reading the file of a proof. */
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/proof.h"
#include "assay/row_proof.h"
#include "row_proof.h"

struct cursor {
    const char *p, *end;
    const char *wrong; /* the first thing that is; static */
    bool nomem;
};

/* Is the next line this word alone, or begins it with this word and a blank? Passes over the word. */
static bool word(struct cursor *c, const char *w, char after)
{
    const size_t n = strlen(w);
    if ((size_t)(c->end - c->p) <= n || memcmp(c->p, w, n) != 0 || c->p[n] != after)
        return false;
    c->p += n + 1;
    return true;
}

static bool refuse(struct cursor *c, const char *why)
{
    if (!c->wrong)
        c->wrong = why;
    return false;
}

/* Up to `stop`, which is passed over. */
static bool field(struct cursor *c, char stop, const char **text, size_t *n)
{
    const char *at = c->p < c->end ? memchr(c->p, stop, (size_t)(c->end - c->p)) : NULL;
    if (!at)
        return refuse(c, "it is cut short");
    *text = c->p;
    *n = (size_t)(at - c->p);
    c->p = at + 1;
    return true;
}

static bool number(struct cursor *c, char stop, uint64_t most, uint64_t *out)
{
    const char *text;
    size_t n;
    if (!field(c, stop, &text, &n))
        return false;
    return (assay_checkpoint_number(text, n, out) && *out <= most) || refuse(c, "a number is none, or too large");
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex(struct cursor *c, char stop, struct assay_buf *out)
{
    const char *text;
    size_t n;
    if (!field(c, stop, &text, &n))
        return false;
    if (n == 0 || n % 2 || (out->max && n / 2 > out->max))
        return refuse(c, "hex digits are missing, or too many");
    if (assay_buf_reserve(out, n / 2) != ASSAY_OK) {
        c->nomem = true;
        return refuse(c, "out of memory");
    }
    for (size_t i = 0; i < n; i += 2) {
        const int hi = digit(text[i]), lo = digit(text[i + 1]);
        if (hi < 0 || lo < 0)
            return refuse(c, "hex digits are expected");
        out->ptr[out->len++] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

static bool hex_of(struct cursor *c, char stop, uint8_t *out, size_t want)
{
    struct assay_buf b = {.max = want};
    const bool good = hex(c, stop, &b) && (b.len == want || refuse(c, "hex digits are missing, or too many"));
    if (good)
        memcpy(out, b.ptr, want);
    assay_buf_release(&b);
    return good;
}

static bool read_statement(struct cursor *c, struct assay_row_part *p)
{
    uint64_t n;
    struct assay_buf *to = p->statement[0].len ? &p->statement[1] : &p->statement[0];
    if (to->len)
        return refuse(c, "a part has more than two statements");
    if (!number(c, '\n', ASSAY_MAX_PROOF, &n))
        return false;
    if (n == 0 || n >= (size_t)(c->end - c->p) || c->p[n] != '\n')
        return refuse(c, "a statement is cut short");
    if (assay_buf_add(to, c->p, n) != ASSAY_OK) {
        c->nomem = true;
        return refuse(c, "out of memory");
    }
    c->p += n + 1;
    return true;
}

static bool read_leaf(struct cursor *c, struct assay_row_part *p)
{
    uint64_t occurrence;
    struct assay_row_leaf *l = p->n < ASSAY_MAX_PROVED_ROWS ? assay_row_part_add(p) : NULL;
    if (!l)
        return refuse(c, "a part has too many rows");
    if (!number(c, ' ', UINT64_MAX, &l->index) || !number(c, ' ', UINT32_MAX, &occurrence) ||
        !hex_of(c, ' ', l->rd, sizeof l->rd) || !hex(c, '\n', &l->key))
        return false;
    l->occurrence = (uint32_t)occurrence;
    l->revealed = word(c, "reveal", ' ');
    if (l->revealed && (!hex_of(c, ' ', l->salt, sizeof l->salt) || !hex(c, '\n', &l->row)))
        return false;
    const char *wrong = assay_proof_read_lines(&c->p, c->end, 64, &l->path);
    return !wrong || refuse(c, wrong);
}

static bool read_part(struct cursor *c, struct assay_row_proof *out)
{
    struct assay_row_part *p = out->n_parts < ASSAY_MAX_PROVED_CHUNKS ? assay_row_proof_add(out) : NULL;
    if (!p)
        return refuse(c, "it has too many parts");
    while (word(c, "statement", ' '))
        if (!read_statement(c, p))
            return false;
    if (!p->statement[0].len)
        return refuse(c, "a part has no statement");
    while (word(c, "row", ' '))
        if (!read_leaf(c, p))
            return false;
    return true;
}

static bool read_all(struct cursor *c, struct assay_row_proof *out)
{
    if (!word(c, ROW_PROOF_MAGIC, '\n'))
        return refuse(c, "its first line is not " ROW_PROOF_MAGIC);
    out->included = word(c, "included", '\n');
    if (!out->included && !word(c, "absent", '\n'))
        return refuse(c, "it says neither included nor absent");
    if (!word(c, "key", ' '))
        return refuse(c, "it names no key");
    if (!hex(c, '\n', &out->key))
        return false;
    while (word(c, "part", '\n'))
        if (!read_part(c, out))
            return false;
    if (!out->n_parts)
        return refuse(c, "it has no part");
    return (word(c, "end", '\n') && c->p == c->end) || refuse(c, "it does not end in a line `end`");
}

enum assay_status assay_row_proof_parse(const char *text, size_t len, struct assay_row_proof *out, struct assay_err *e)
{
    struct cursor c = {.p = text, .end = text + len};
    *out = (struct assay_row_proof){.key.max = ASSAY_MAX_KEY};
    if (len > ASSAY_MAX_ROW_PROOF)
        return assay_fail(e, ASSAY_ELIMIT, "proof of %zu bytes, the limit is %u", len, ASSAY_MAX_ROW_PROOF);
    if (read_all(&c, out))
        return ASSAY_OK;
    return c.nomem ? assay_fail_nomem(e) : assay_fail(e, ASSAY_ELEDGER, "not a proof of a row: %s", c.wrong);
}
