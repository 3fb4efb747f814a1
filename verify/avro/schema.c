/* JSON text to nodes (Apache Avro 1.11 specification, "Schema Declaration"). Jansson bounds the nesting of the JSON,
 * ASSAY_MAX_AVRO_SCHEMA_DEPTH that of the types. */
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

#define JSON_NAME_MOST 64 /* bytes of a name in a message */

static const char *const primitives[] = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"};
static const uint8_t primitive_op[] = {AV_O_NULL,  AV_O_BOOLEAN, AV_O_INT,   AV_O_LONG,
                                       AV_O_FLOAT, AV_O_DOUBLE,  AV_O_BYTES, AV_O_STRING};
static const enum assay_logical primitive_logical[] = {ASSAY_L_NONE,    ASSAY_L_BOOLEAN, ASSAY_L_INTEGER,
                                                       ASSAY_L_INTEGER, ASSAY_L_FLOAT32, ASSAY_L_FLOAT64,
                                                       ASSAY_L_BYTES,   ASSAY_L_TEXT};

/* The walk: where it is, and for messages the file's name. */
struct build {
    struct assay_av_schema *s;
    const char *file;
    struct assay_err *e;
    unsigned depth;
};

static enum assay_status build_type(struct build *b, const json_t *json, const char *space, uint32_t *out);

bool assay_av_grow(void **p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return true;
    size_t wanted = *cap ? *cap * 2 : 64;
    if (wanted < need)
        wanted = need;
    void *grown = realloc(*p, wanted * size);
    if (!grown)
        return false;
    *p = grown;
    *cap = wanted;
    return true;
}

/* A string without NUL bytes; NULL when it is none. (A default value may hold some.) */
static const char *text_of(const json_t *json)
{
    const char *p = json_string_value(json);
    return p && strlen(p) == json_string_length(json) ? p : NULL;
}

/* A name of usable length, or NULL. */
static const char *name_of(const json_t *json)
{
    const char *p = text_of(json_object_get(json, "name"));
    return p && *p && strlen(p) <= ASSAY_MAX_NAME ? p : NULL;
}

static enum assay_status broken(struct build *b, const char *what)
{
    return assay_fail(b->e, ASSAY_EDATA, "%s: header: the schema %s", b->file, what);
}

static enum assay_status add_node(struct build *b, enum assay_av_type type, uint32_t *out)
{
    struct assay_av_schema *s = b->s;
    if (s->nodes == ASSAY_MAX_AVRO_TYPES)
        return assay_fail(b->e, ASSAY_ELIMIT, "%s: header: the schema holds more than %u types", b->file,
                          ASSAY_MAX_AVRO_TYPES);
    if (!assay_av_grow((void **)&s->node, &s->node_cap, s->nodes + 1, sizeof *s->node))
        return assay_fail_nomem(b->e);
    struct assay_av_node *n = &s->node[s->nodes];
    *n = (struct assay_av_node){.type = (uint8_t)type};
    if (type <= AV_STRING) {
        n->op = primitive_op[type];
        n->logical = primitive_logical[type];
    }
    *out = (uint32_t)s->nodes++;
    return ASSAY_OK;
}

/* Make room for the children of a node, side by side. */
static enum assay_status add_children(struct build *b, uint32_t node, size_t n)
{
    struct assay_av_schema *s = b->s;
    if (n > ASSAY_MAX_AVRO_TYPES || s->children + n > 4 * (size_t)ASSAY_MAX_AVRO_TYPES)
        return assay_fail(b->e, ASSAY_ELIMIT, "%s: header: the schema holds more than %u types", b->file,
                          ASSAY_MAX_AVRO_TYPES);
    if (!assay_av_grow((void **)&s->child, &s->child_cap, s->children + n, sizeof *s->child) ||
        !assay_av_grow((void **)&s->field, &s->field_cap, s->children + n, sizeof *s->field))
        return assay_fail_nomem(b->e);
    s->node[node].first = (uint32_t)s->children;
    s->node[node].count = (uint32_t)n;
    memset(s->child + s->children, 0, n * sizeof *s->child);
    for (size_t i = 0; i < n; i++)
        s->field[s->children + i] = NULL;
    s->children += n;
    return ASSAY_OK;
}

/* A primitive's number, or -1. */
static int primitive(const char *name)
{
    for (int i = 0; i < (int)(sizeof primitives / sizeof *primitives); i++)
        if (strcmp(primitives[i], name) == 0)
            return i;
    return -1;
}

/* name with its namespace: its own when it holds a dot, else `space`. */
static enum assay_status full_name(struct build *b, const char *name, const char *space, struct assay_buf *out)
{
    enum assay_status s = ASSAY_OK;
    out->max = 4 * ASSAY_MAX_NAME;
    if (!strchr(name, '.') && *space)
        s = assay_buf_addf(out, "%s.", space);
    if (s == ASSAY_OK)
        s = assay_buf_adds(out, name);
    if (s == ASSAY_OK && !assay_buf_str(out))
        s = ASSAY_ENOMEM;
    if (s == ASSAY_ELIMIT)
        return broken(b, "holds a type name that is too long");
    return s == ASSAY_OK ? s : assay_fail_nomem(b->e);
}

static enum assay_status reference(struct build *b, const char *name, const char *space, uint32_t *out)
{
    struct assay_buf full = {0};
    int p = primitive(name);
    if (p >= 0)
        return add_node(b, (enum assay_av_type)p, out);
    enum assay_status s = full_name(b, name, space, &full);
    const json_t *at = s == ASSAY_OK ? json_object_get(b->s->named, assay_buf_str(&full)) : NULL;
    if (at)
        *out = (uint32_t)json_integer_value(at);
    else if (s == ASSAY_OK)
        s = assay_fail(b->e, ASSAY_EDATA, "%s: header: the schema names an unknown type \"%.*s\"", b->file,
                       JSON_NAME_MOST, name);
    assay_buf_release(&full);
    return s;
}

static enum assay_status build_union(struct build *b, const json_t *json, const char *space, uint32_t *out)
{
    uint32_t seen = 0; /* bits of the types that a union may hold once */
    const size_t n = json_array_size(json);
    enum assay_status s = add_node(b, AV_UNION, out);
    if (s == ASSAY_OK && n == 0)
        s = broken(b, "holds a union of nothing");
    if (s == ASSAY_OK)
        s = add_children(b, *out, n);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        uint32_t child = 0;
        s = build_type(b, json_array_get(json, i), space, &child);
        if (s != ASSAY_OK)
            break;
        const uint8_t type = b->s->node[child].type;
        const uint32_t once = type == AV_RECORD || type == AV_ENUM || type == AV_FIXED ? 0 : 1u << type;
        if (type == AV_UNION)
            s = broken(b, "holds a union inside a union");
        else if (seen & once)
            s = broken(b, "holds a union with one type twice");
        seen |= once;
        b->s->child[b->s->node[*out].first + i] = child;
    }
    return s;
}

/* Enter a named type under its full name; space becomes its namespace, which its members inherit. */
static enum assay_status enter_name(struct build *b, const json_t *json, uint32_t node, const char *space,
                                    struct assay_buf *inner)
{
    const char *name = name_of(json);
    const char *own = text_of(json_object_get(json, "namespace"));
    struct assay_buf full = {0};
    const char *empty = text_of(json_object_get(json, "name"));
    if (node == 0 && empty && !*empty) { /* what polars calls its rows; nothing can refer to it */
        b->s->node[node].name = empty;
        return assay_buf_str(inner) ? ASSAY_OK : assay_fail_nomem(b->e);
    }
    if (!name)
        return broken(b, "holds a named type without a usable name");
    if (primitive(name) >= 0)
        return broken(b, "gives a type the name of a primitive one");
    enum assay_status s = full_name(b, name, own ? own : space, &full);
    const char *text = s == ASSAY_OK ? assay_buf_str(&full) : NULL;
    if (text && json_object_get(b->s->named, text))
        s = assay_fail(b->e, ASSAY_EDATA, "%s: header: the schema defines \"%.*s\" twice", b->file, JSON_NAME_MOST,
                       text);
    else if (text && json_object_set_new(b->s->named, text, json_integer(node)))
        s = assay_fail_nomem(b->e);
    const char *dot = text ? strrchr(text, '.') : NULL;
    if (s == ASSAY_OK && assay_buf_add(inner, text, dot ? (size_t)(dot - text) : 0) != ASSAY_OK)
        s = assay_fail_nomem(b->e);
    if (s == ASSAY_OK && !assay_buf_str(inner))
        s = assay_fail_nomem(b->e);
    assay_buf_release(&full);
    b->s->node[node].name = name;
    return s;
}

static enum assay_status build_fields(struct build *b, const json_t *json, uint32_t node, const char *space)
{
    const json_t *fields = json_object_get(json, "fields");
    if (!json_is_array(fields))
        return broken(b, "holds a record without fields");
    const size_t n = json_array_size(fields);
    enum assay_status s = add_children(b, node, n);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        const json_t *field = json_array_get(fields, i);
        uint32_t child = 0;
        if (!name_of(field))
            return broken(b, "holds a field without a usable name");
        b->s->field[b->s->node[node].first + i] = name_of(field);
        s = build_type(b, json_object_get(field, "type"), space, &child);
        b->s->child[b->s->node[node].first + i] = child;
    }
    return s;
}

static enum assay_status build_symbols(struct build *b, const json_t *json, uint32_t node)
{
    struct assay_av_schema *s = b->s;
    const json_t *symbols = json_object_get(json, "symbols");
    const size_t n = json_array_size(symbols); /* 0 unless it is an array */
    if (n == 0)
        return broken(b, "holds an enum without symbols");
    if (s->symbols + n > ASSAY_MAX_AVRO_SYMBOLS)
        return assay_fail(b->e, ASSAY_ELIMIT, "%s: header: the schema holds more than %u enum symbols", b->file,
                          ASSAY_MAX_AVRO_SYMBOLS);
    if (!assay_av_grow((void **)&s->symbol, &s->symbol_cap, s->symbols + n, sizeof *s->symbol))
        return assay_fail_nomem(b->e);
    s->node[node].first = (uint32_t)s->symbols;
    s->node[node].count = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        const json_t *symbol = json_array_get(symbols, i);
        if (!json_is_string(symbol) || json_string_length(symbol) > ASSAY_MAX_NAME)
            return broken(b, "holds an enum symbol that is no short string");
        s->symbol[s->symbols++] =
            (struct assay_av_text){json_string_value(symbol), (uint32_t)json_string_length(symbol)};
    }
    s->node[node].op = AV_O_ENUM;
    s->node[node].logical = ASSAY_L_TEXT;
    return ASSAY_OK;
}

static enum assay_status build_fixed(struct build *b, const json_t *json, uint32_t node)
{
    const json_t *size = json_object_get(json, "size");
    struct assay_av_node *n = &b->s->node[node];
    if (!json_is_integer(size) || json_integer_value(size) < 0 || json_integer_value(size) > (int64_t)ASSAY_MAX_CELL)
        return broken(b, "holds a fixed type without a usable size");
    n->size = (uint32_t)json_integer_value(size);
    n->op = AV_O_FIXED;
    n->logical = ASSAY_L_BYTES;
    return ASSAY_OK;
}

static enum assay_status build_named(struct build *b, const json_t *json, enum assay_av_type type, const char *space,
                                     uint32_t *out)
{
    struct assay_buf inner = {0};
    enum assay_status s = add_node(b, type, out);
    if (s == ASSAY_OK)
        s = enter_name(b, json, *out, space, &inner);
    if (s == ASSAY_OK && type == AV_RECORD)
        s = build_fields(b, json, *out, assay_buf_str(&inner));
    else if (s == ASSAY_OK && type == AV_ENUM)
        s = build_symbols(b, json, *out);
    else if (s == ASSAY_OK)
        s = build_fixed(b, json, *out);
    assay_buf_release(&inner);
    return s;
}

static enum assay_status build_container(struct build *b, const json_t *json, enum assay_av_type type,
                                         const char *space, uint32_t *out)
{
    uint32_t child = 0;
    enum assay_status s = add_node(b, type, out);
    if (s == ASSAY_OK)
        s = add_children(b, *out, 1);
    if (s == ASSAY_OK)
        s = build_type(b, json_object_get(json, type == AV_ARRAY ? "items" : "values"), space, &child);
    if (s == ASSAY_OK)
        b->s->child[b->s->node[*out].first] = child;
    return s;
}

static enum assay_status build_object(struct build *b, const json_t *json, const char *space, uint32_t *out)
{
    static const struct {
        const char *name;
        enum assay_av_type type;
    } complex[] = {{"record", AV_RECORD}, {"error", AV_RECORD}, {"enum", AV_ENUM},
                   {"fixed", AV_FIXED},   {"array", AV_ARRAY},  {"map", AV_MAP}};
    const json_t *type = json_object_get(json, "type");
    const char *name = text_of(type);
    for (size_t i = 0; name && i < sizeof complex / sizeof *complex; i++) {
        if (strcmp(complex[i].name, name) != 0)
            continue;
        if (complex[i].type == AV_ARRAY || complex[i].type == AV_MAP)
            return build_container(b, json, complex[i].type, space, out);
        return build_named(b, json, complex[i].type, space, out);
    }
    if (!type)
        return broken(b, "holds a type that is none");
    return build_type(b, type, space, out);
}

/* Does every value take no byte? The members of a complete type are complete, except records around it: a record that
 * holds itself takes some. */
static bool zero_sized(const struct assay_av_schema *s, const struct assay_av_node *n)
{
    bool zero = n->type == AV_NULL || n->type == AV_RECORD || (n->type == AV_FIXED && n->size == 0);
    for (uint32_t c = 0; n->type == AV_RECORD && c < n->count && zero; c++)
        zero = s->node[s->child[n->first + c]].zero_size;
    return zero;
}

static enum assay_status build_type(struct build *b, const json_t *json, const char *space, uint32_t *out)
{
    enum assay_status s;
    const size_t before = b->s->nodes;
    if (++b->depth > ASSAY_MAX_AVRO_SCHEMA_DEPTH)
        return assay_fail(b->e, ASSAY_ELIMIT, "%s: header: the schema nests deeper than %d", b->file,
                          ASSAY_MAX_AVRO_SCHEMA_DEPTH);
    if (text_of(json))
        s = reference(b, text_of(json), space, out);
    else if (json_is_array(json))
        s = build_union(b, json, space, out);
    else if (json_is_object(json))
        s = build_object(b, json, space, out);
    else
        s = broken(b, "holds a type that is none");
    /* A reference to a named type keeps what its definition says. */
    if (s == ASSAY_OK && json_is_object(json) && *out >= before &&
        assay_av_annotate(b->s, &b->s->node[*out], json) != ASSAY_OK)
        s = assay_fail_nomem(b->e);
    if (s == ASSAY_OK && *out >= before)
        b->s->node[*out].zero_size = zero_sized(b->s, &b->s->node[*out]);
    b->depth--;
    return s;
}

enum assay_status assay_av_schema_parse(struct assay_av_schema *s, const char *name, const void *text, size_t n,
                                        struct assay_err *e)
{
    json_error_t why;
    struct build b = {.s = s, .file = name, .e = e};
    *s = (struct assay_av_schema){0};
    s->json = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!s->json)
        return assay_fail(e, ASSAY_EDATA, "%s: header: the schema is not JSON (line %d, column %d)", name, why.line,
                          why.column);
    s->named = json_object();
    if (!s->named)
        return assay_fail_nomem(e);
    enum assay_status st = build_type(&b, s->json, "", &s->root);
    if (st != ASSAY_OK)
        return st;
    if (s->node[s->root].type != AV_RECORD)
        return assay_fail(e, ASSAY_ETYPE, "%s: header: the schema's top level is %s, not a record", name,
                          s->node[s->root].type <= AV_STRING ? primitives[s->node[s->root].type] : "another type");
    const json_t *record = s->json;
    while (!json_is_string(json_object_get(record, "type"))) /* {"type": {"type": "record", ...}} */
        record = json_object_get(record, "type");
    return assay_av_columns(s, name, json_object_get(record, "fields"), e);
}

void assay_av_schema_release(struct assay_av_schema *s)
{
    for (size_t i = 0; i < s->decimals; i++) {
        assay_buf_release(&s->decimal[i].above);
        assay_buf_release(&s->decimal[i].below);
    }
    free(s->node);
    free(s->child);
    free(s->field);
    free(s->symbol);
    free(s->decimal);
    for (size_t i = 0; s->column && i < s->columns; i++)
        assay_shape_free(s->column[i].shape);
    free(s->column);
    json_decref(s->named);
    json_decref(s->json);
    *s = (struct assay_av_schema){0};
}

enum assay_status assay_av_schema_observed(const struct assay_av_schema *s, struct assay_schema *out,
                                           struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    struct assay_buf native = {0};
    for (size_t i = 0; i < s->columns && st == ASSAY_OK; i++) {
        const struct assay_av_column *c = &s->column[i];
        assay_buf_reset(&native);
        st = assay_av_native(s, c->node, &native);
        const char *text = st == ASSAY_OK ? assay_buf_str(&native) : NULL;
        if (!text)
            st = assay_fail_nomem(e);
        else if (c->shape)
            st = assay_schema_add_shape(out, c->name, text, c->shape, c->nullable, e);
        else
            st = assay_schema_add(out, c->name, text, c->logical, c->nullable, e);
    }
    assay_buf_release(&native);
    if (st != ASSAY_OK)
        assay_schema_release(out);
    return st;
}
