#include "thrift.h"

#include "assay/limits.h"

void assay_pq_thrift_init(struct assay_pq_thrift *t, const uint8_t *p, size_t n)
{
    *t = (struct assay_pq_thrift){.begin = p, .p = p, .end = p + n};
}

void assay_pq_thrift_fail(struct assay_pq_thrift *t, const char *why)
{
    if (!t->err)
        t->err = why;
}

static void fail_end(struct assay_pq_thrift *t)
{
    if (!t->err) {
        t->err = "the bytes end inside a field";
        t->ended = true;
    }
}

static uint8_t byte(struct assay_pq_thrift *t)
{
    if (t->err || t->p == t->end) {
        fail_end(t);
        return 0;
    }
    return *t->p++;
}

static uint64_t varint(struct assay_pq_thrift *t)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b = byte(t);
        if (shift == 63 && b > 1)
            break;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return t->err ? 0 : v;
    }
    assay_pq_thrift_fail(t, "a number of more than 64 bits");
    return 0;
}

static int64_t zigzag(struct assay_pq_thrift *t)
{
    uint64_t u = varint(t);
    return (int64_t)(u >> 1 ^ (0 - (u & 1)));
}

static void advance(struct assay_pq_thrift *t, uint64_t n)
{
    if (t->err || n > (uint64_t)(t->end - t->p))
        fail_end(t);
    else
        t->p += n;
}

bool assay_pq_thrift_field(struct assay_pq_thrift *t, struct assay_pq_field *f)
{
    uint8_t head = byte(t);
    if (t->err || head == TH_STOP)
        return false;
    int64_t id = head >> 4 ? f->id + (head >> 4) : zigzag(t);
    f->type = head & 15;
    if (f->type == TH_STOP || f->type > TH_UUID)
        assay_pq_thrift_fail(t, "an unknown thrift type");
    if (id < INT16_MIN || id > INT16_MAX)
        assay_pq_thrift_fail(t, "a field number outside 16 bits");
    if (t->err)
        return false;
    f->id = (int16_t)id;
    return true;
}

int64_t assay_pq_thrift_int(struct assay_pq_thrift *t, const struct assay_pq_field *f)
{
    if (f->type == TH_I8)
        return (int8_t)byte(t);
    if (f->type == TH_I16 || f->type == TH_I32 || f->type == TH_I64)
        return zigzag(t);
    assay_pq_thrift_fail(t, "a field that should be a number is not");
    return 0;
}

int32_t assay_pq_thrift_i32(struct assay_pq_thrift *t, const struct assay_pq_field *f)
{
    int64_t v = assay_pq_thrift_int(t, f);
    if (v < INT32_MIN || v > INT32_MAX) {
        assay_pq_thrift_fail(t, "a number outside 32 bits");
        return 0;
    }
    return (int32_t)v;
}

bool assay_pq_thrift_bool(struct assay_pq_thrift *t, const struct assay_pq_field *f)
{
    if (f->type != TH_TRUE && f->type != TH_FALSE)
        assay_pq_thrift_fail(t, "a field that should be a boolean is not");
    return f->type == TH_TRUE;
}

struct assay_pq_span assay_pq_thrift_string(struct assay_pq_thrift *t)
{
    struct assay_pq_span s = {0};
    uint64_t n = varint(t);
    const uint8_t *p = t->p;
    advance(t, n);
    if (!t->err)
        s = (struct assay_pq_span){p, (size_t)n};
    return s;
}

struct assay_pq_span assay_pq_thrift_bytes(struct assay_pq_thrift *t, const struct assay_pq_field *f)
{
    if (f->type != TH_BINARY)
        assay_pq_thrift_fail(t, "a field that should be a string is not");
    return assay_pq_thrift_string(t);
}

bool assay_pq_thrift_struct(struct assay_pq_thrift *t, const struct assay_pq_field *f)
{
    if (f->type != TH_STRUCT)
        assay_pq_thrift_fail(t, "a field that should be a struct is not");
    return !t->err;
}

/* Every element takes a byte at least, so a count above the bytes left is a lie: it is refused before anything is
 * allocated. */
static uint32_t list_head(struct assay_pq_thrift *t, uint8_t *elem)
{
    uint8_t head = byte(t);
    uint64_t n = head >> 4;
    if (n == 15)
        n = varint(t);
    *elem = head & 15;
    if (n > (uint64_t)(t->end - t->p))
        fail_end(t);
    if (n > INT32_MAX)
        assay_pq_thrift_fail(t, "a list of more than 2^31 elements");
    return t->err ? 0 : (uint32_t)n;
}

uint32_t assay_pq_thrift_list(struct assay_pq_thrift *t, const struct assay_pq_field *f, uint8_t elem)
{
    uint8_t have = 0;
    if (f->type != TH_LIST)
        assay_pq_thrift_fail(t, "a field that should be a list is not");
    uint32_t n = list_head(t, &have);
    if (n && have != elem)
        assay_pq_thrift_fail(t, "a list of elements of another type");
    return t->err ? 0 : n;
}

/* One open container on the way down; key and value types alternate in a map. */
struct frame {
    uint8_t type, key, value;
    uint64_t left; /* elements, keys and values counted apart */
};

static bool is_container(uint8_t type)
{
    return type == TH_LIST || type == TH_SET || type == TH_MAP || type == TH_STRUCT;
}

static void skip_scalar(struct assay_pq_thrift *t, uint8_t type, bool element)
{
    switch (type) {
    case TH_TRUE:
    case TH_FALSE:
        if (element) /* inside a list a boolean has a byte of its own */
            advance(t, 1);
        break;
    case TH_I8:
        advance(t, 1);
        break;
    case TH_I16:
    case TH_I32:
    case TH_I64:
        varint(t);
        break;
    case TH_DOUBLE:
        advance(t, 8);
        break;
    case TH_UUID:
        advance(t, 16);
        break;
    case TH_BINARY:
        assay_pq_thrift_string(t);
        break;
    default:
        assay_pq_thrift_fail(t, "an unknown thrift type");
    }
}

static struct frame enter(struct assay_pq_thrift *t, uint8_t type)
{
    struct frame f = {.type = type};
    if (type == TH_MAP) {
        uint64_t pairs = varint(t);
        uint8_t types = pairs ? byte(t) : 0;
        if (pairs > (uint64_t)(t->end - t->p))
            fail_end(t);
        f.left = t->err ? 0 : pairs * 2;
        f.key = types >> 4;
        f.value = types & 15;
    } else if (type != TH_STRUCT) {
        f.left = list_head(t, &f.value);
        f.key = f.value;
    }
    if (f.left && (f.key == TH_STOP || f.value == TH_STOP))
        assay_pq_thrift_fail(t, "an unknown thrift type");
    return f;
}

/* The type of the next thing inside the frame; TH_STOP when it is finished. */
static uint8_t step(struct assay_pq_thrift *t, struct frame *f)
{
    if (f->type == TH_STRUCT) {
        struct assay_pq_field inner = {0};
        return assay_pq_thrift_field(t, &inner) ? inner.type : TH_STOP;
    }
    if (f->left == 0)
        return TH_STOP;
    return f->left-- % 2 ? f->value : f->key;
}

void assay_pq_thrift_skip(struct assay_pq_thrift *t, const struct assay_pq_field *field)
{
    struct frame stack[ASSAY_MAX_PARQUET_DEPTH];
    size_t depth = 0;
    uint8_t type = field->type;
    bool element = false;
    do {
        if (is_container(type) && depth == ASSAY_MAX_PARQUET_DEPTH)
            assay_pq_thrift_fail(t, "nesting deeper than the limit");
        else if (is_container(type))
            stack[depth++] = enter(t, type);
        else
            skip_scalar(t, type, element);
        type = TH_STOP;
        while (depth && !t->err && type == TH_STOP) {
            type = step(t, &stack[depth - 1]);
            element = stack[depth - 1].type != TH_STRUCT;
            depth -= type == TH_STOP;
        }
    } while (depth && !t->err);
}
