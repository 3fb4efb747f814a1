#include "json.h"

#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/lexeme.h"
#include "assay/limits.h"
#include "json_lex.h"
#include "put.h"
#include "spans.h"

struct parser {
    struct assay_json_text in;
    struct assay_buf *out;
    size_t start; /* of the tree in out */
    unsigned depth;
    struct assay_spans members; /* of all open objects */
};

static bool value(struct parser *j);

static bool defect(struct parser *j, const char *sentence)
{
    *j->in.why = sentence;
    return false;
}

static uint8_t *room(struct parser *j, size_t n)
{
    if (j->out->len - j->start > ASSAY_MAX_CELL) {
        defect(j, "json over 64 MiB");
        return NULL;
    }
    uint8_t *p = assay_room(j->out, n);
    if (!p)
        defect(j, ASSAY_WHY_NOMEM);
    return p;
}

/* Behind the opening quote: appends u32 length and the unescaped bytes. */
static bool string(struct parser *j)
{
    const size_t at = j->out->len;
    if (!room(j, 4))
        return false;
    j->out->len += 4;
    if (!assay_json_string(&j->in, j->out, at + 4 + ASSAY_MAX_CELL))
        return false;
    assay_put_be32(j->out->ptr + at, (uint32_t)(j->out->len - at - 4));
    return true;
}

static bool literal(struct parser *j, const char *word, const void *cell, size_t n)
{
    if (!assay_json_word(&j->in, word))
        return false;
    uint8_t *dst = room(j, n);
    if (!dst)
        return false;
    memcpy(dst, cell, n);
    j->out->len += n;
    return true;
}

static bool number(struct parser *j)
{
    const uint8_t *first = j->in.p;
    if (!assay_json_number(&j->in))
        return false;
    int64_t u;
    int scale;
    struct assay_value v = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)(j->in.p - first), .p = first};
    if (assay_lexeme_number(first, v.len, &u, &scale))
        v = (struct assay_value){.kind = ASSAY_K_DEC, .scale = (int16_t)scale, .i = u};
    return room(j, 18) && assay_cell_put(ASSAY_L_DECIMAL, &v, j->out, j->in.why);
}

static bool open_container(struct parser *j, uint8_t tag, size_t *count_at)
{
    if (++j->depth > ASSAY_MAX_JSON_DEPTH)
        return defect(j, "json nested over 512 deep");
    uint8_t *p = room(j, 5);
    if (!p)
        return false;
    *p = tag;
    *count_at = j->out->len + 1;
    j->out->len += 5;
    j->in.p++;
    return true;
}

static bool array(struct parser *j)
{
    size_t count_at;
    uint32_t count = 0;
    if (!open_container(j, '[', &count_at))
        return false;
    if (!assay_json_take(&j->in, ']')) {
        do {
            if (!value(j))
                return false;
            count++;
        } while (assay_json_take(&j->in, ','));
        if (!assay_json_expect(&j->in, ']'))
            return false;
    }
    assay_put_be32(j->out->ptr + count_at, count);
    j->depth--;
    return true;
}

static bool member(struct parser *j)
{
    const size_t at = j->out->len;
    if (!assay_json_expect(&j->in, '"') || !string(j))
        return false;
    const size_t name_end = j->out->len, self = j->members.n;
    if (!assay_spans_push(&j->members, (struct assay_span){.at = at, .key = at + 4, .key_end = name_end}))
        return defect(j, ASSAY_WHY_NOMEM);
    if (!assay_json_expect(&j->in, ':') || !value(j))
        return false;
    j->members.v[self].end = j->out->len;
    return true;
}

static bool object(struct parser *j)
{
    size_t count_at;
    uint32_t count = 0;
    const size_t base = j->members.n;
    if (!open_container(j, '{', &count_at))
        return false;
    if (!assay_json_take(&j->in, '}')) {
        do {
            if (!member(j))
                return false;
        } while (assay_json_take(&j->in, ','));
        if (!assay_json_expect(&j->in, '}') || !room(j, 0))
            return false;
        if (!assay_spans_sort(&j->members, base, j->out, &count))
            return defect(j, ASSAY_WHY_NOMEM);
    }
    assay_put_be32(j->out->ptr + count_at, count);
    j->depth--;
    return true;
}

static bool value(struct parser *j)
{
    assay_json_space(&j->in);
    if (j->in.p == j->in.end)
        return defect(j, ASSAY_WHY_NOT_JSON);
    switch (*j->in.p) {
    case '{':
        return object(j);
    case '[':
        return array(j);
    case 't':
        return literal(j, "true", "L\x01", 2);
    case 'f':
        return literal(j, "false", "L\x00", 2);
    case 'n':
        return literal(j, "null", "\x00", 1);
    case '"': {
        uint8_t *p = room(j, 1);
        if (!p)
            return false;
        *p = 'T';
        j->out->len++;
        j->in.p++;
        return string(j);
    }
    default:
        return number(j);
    }
}

bool assay_json_tree(const uint8_t *text, size_t len, struct assay_buf *out, const char **why)
{
    struct parser j = {.in = {.p = text, .end = text + len, .why = why}, .out = out, .start = out->len};
    assay_spans_init(&j.members);
    bool ok = value(&j);
    assay_json_space(&j.in);
    if (ok && j.in.p != j.in.end)
        ok = defect(&j, ASSAY_WHY_NOT_JSON);
    if (ok && out->len - j.start > ASSAY_MAX_CELL)
        ok = defect(&j, "json over 64 MiB");
    assay_spans_release(&j.members);
    if (!ok)
        out->len = j.start;
    return ok;
}
