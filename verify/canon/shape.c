/* Shapes of nested types: text to tree, tree to text and to row form. docs/canonical-form.md sections 2 and 2a. */
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"
#include "assay/type.h"
#include "put.h"
#include "shape.h"
#include "utf8.h"

const char ASSAY_WHY_NO_TYPE[] = "an unknown type";

struct reader {
    const char *p;
    const char **why;
    size_t nodes;
    unsigned depth;
};

static bool shape(struct reader *r, struct assay_shape *out);

static bool refuse(struct reader *r, const char *sentence)
{
    *r->why = sentence;
    return false;
}

static void blanks(struct reader *r)
{
    while (*r->p == ' ')
        r->p++;
}

static bool take(struct reader *r, char c)
{
    blanks(r);
    if (*r->p != c)
        return false;
    r->p++;
    blanks(r);
    return true;
}

static size_t word_len(const char *p)
{
    return strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}

static struct assay_shape *add_child(struct reader *r, struct assay_shape *s)
{
    if (++r->nodes > ASSAY_MAX_COLUMNS) {
        refuse(r, "more than 4096 types in one shape");
        return NULL;
    }
    struct assay_shape *grown = realloc(s->child, (s->n + 1) * sizeof *grown);
    if (!grown) {
        refuse(r, ASSAY_WHY_NOMEM);
        return NULL;
    }
    s->child = grown;
    grown[s->n] = (struct assay_shape){0};
    return &grown[s->n++];
}

/* Bytes of the name at p with its quotes, or 0 when it has no end. */
static size_t quoted_len(const char *p)
{
    const char *q = p + 1;
    for (; *q; q++) {
        if (*q != '"')
            continue;
        if (q[1] != '"')
            return (size_t)(q + 1 - p);
        q++;
    }
    return 0;
}

static bool field_name(struct reader *r, struct assay_shape *field)
{
    const bool quoted = *r->p == '"';
    const size_t len = quoted ? quoted_len(r->p) : word_len(r->p);
    if (len == 0)
        return refuse(r, quoted ? "a field name without its closing quote" : "a field name is missing");
    char *name = malloc(len + 1), *w = name;
    if (!name)
        return refuse(r, ASSAY_WHY_NOMEM);
    field->name = name;
    for (size_t i = quoted; i < len - quoted; i++) {
        *w++ = r->p[i];
        i += quoted && r->p[i] == '"';
    }
    *w = '\0';
    r->p += len;
    if ((size_t)(w - name) > ASSAY_MAX_NAME)
        return refuse(r, "a field name over 1024 bytes");
    return assay_utf8_valid((const uint8_t *)name, (size_t)(w - name)) || refuse(r, "a field name with invalid UTF-8");
}

static int by_name(const void *a, const void *b)
{
    const struct assay_shape *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

const struct assay_shape **assay_shape_sorted(const struct assay_shape *s)
{
    const struct assay_shape **field = calloc(s->n + 1, sizeof *field);
    for (size_t i = 0; field && i < s->n; i++)
        field[i] = &s->child[i];
    if (field)
        qsort(field, s->n, sizeof *field, by_name);
    return field;
}

static bool names_unique(struct reader *r, const struct assay_shape *s)
{
    const struct assay_shape **field = assay_shape_sorted(s);
    if (!field)
        return refuse(r, ASSAY_WHY_NOMEM);
    bool unique = true;
    for (size_t i = 1; i < s->n && unique; i++)
        unique = strcmp(field[i - 1]->name, field[i]->name) != 0;
    free(field);
    return unique || refuse(r, "a field name stands twice");
}

static bool fields(struct reader *r, struct assay_shape *s)
{
    if (take(r, '>'))
        return true;
    do {
        struct assay_shape *field = add_child(r, s);
        if (!field || !field_name(r, field))
            return false;
        if (!take(r, ':'))
            return refuse(r, "expected \":\" behind a field name");
        if (!shape(r, field))
            return false;
    } while (take(r, ','));
    return take(r, '>') ? names_unique(r, s) : refuse(r, "expected \",\" or \">\" behind a field");
}

static bool list(struct reader *r, struct assay_shape *s)
{
    struct assay_shape *element = add_child(r, s);
    return element && shape(r, element) && (take(r, '>') || refuse(r, "expected \">\" behind the type of a list"));
}

static bool map(struct reader *r, struct assay_shape *s)
{
    struct assay_shape *key = add_child(r, s);
    if (!key || !shape(r, key))
        return false;
    if (key->type >= ASSAY_L_JSON)
        return refuse(r, "the key of a map is neither json nor nested");
    if (!take(r, ','))
        return refuse(r, "expected \",\" behind the key of a map");
    struct assay_shape *value = add_child(r, s);
    return value && shape(r, value) && (take(r, '>') || refuse(r, "expected \">\" behind the value of a map"));
}

/* A type's name and, of nested ones, what stands in its angle brackets. */
static bool shape(struct reader *r, struct assay_shape *out)
{
    char word[16] = "";
    const size_t len = word_len(r->p);
    if (len == 0)
        return refuse(r, "a type is missing");
    if (len < sizeof word)
        memcpy(word, r->p, len);
    if (++r->depth > ASSAY_MAX_NESTING)
        return refuse(r, "a type nested over 64 deep");
    out->type = assay_type_by_name(word);
    for (int l = ASSAY_L_LIST; l <= ASSAY_L_MAP && out->type == ASSAY_L_NONE; l++)
        if (strcmp(word, assay_type_of((enum assay_logical)l)->name) == 0)
            out->type = (enum assay_logical)l;
    if (out->type == ASSAY_L_NONE || (r->p[len] && !strchr(" <>,:", r->p[len])))
        return refuse(r, ASSAY_WHY_NO_TYPE);
    r->p += len;
    blanks(r);
    bool ok = true;
    if (out->type >= ASSAY_L_LIST) {
        if (!take(r, '<'))
            return refuse(r, "expected \"<\" behind list, struct or map");
        ok = out->type == ASSAY_L_LIST ? list(r, out) : out->type == ASSAY_L_STRUCT ? fields(r, out) : map(r, out);
    }
    r->depth--;
    return ok;
}

bool assay_shape_parse_at(const char *text, struct assay_shape **out, const char **why, size_t *at)
{
    struct reader r = {.p = text, .why = why, .nodes = 1};
    struct assay_shape *s = calloc(1, sizeof *s);
    bool ok = s || refuse(&r, ASSAY_WHY_NOMEM);
    if (ok) {
        blanks(&r);
        ok = shape(&r, s) && (*r.p == '\0' || refuse(&r, "something behind the end of the type"));
    }
    *at = (size_t)(r.p - text);
    if (ok)
        *out = s;
    else
        assay_shape_free(s);
    return ok;
}

bool assay_shape_parse(const char *text, struct assay_shape **out, const char **why)
{
    size_t at;
    return assay_shape_parse_at(text, out, why, &at);
}

static enum assay_status name_text(const char *name, struct assay_buf *out)
{
    if (*name && name[word_len(name)] == '\0')
        return assay_buf_adds(out, name);
    enum assay_status st = assay_buf_addc(out, '"');
    for (; *name && st == ASSAY_OK; name++)
        st = *name == '"' ? assay_buf_adds(out, "\"\"") : assay_buf_addc(out, (uint8_t)*name);
    return st == ASSAY_OK ? assay_buf_addc(out, '"') : st;
}

enum assay_status assay_shape_text(const struct assay_shape *s, struct assay_buf *out)
{
    const struct assay_type *t = assay_type_of(s->type);
    enum assay_status st = assay_buf_adds(out, t ? t->name : "unsupported");
    if (st != ASSAY_OK || s->type < ASSAY_L_LIST)
        return st;
    st = assay_buf_addc(out, '<');
    for (size_t i = 0; i < s->n && st == ASSAY_OK; i++) {
        const struct assay_shape *c = &s->child[i];
        if (i > 0)
            st = assay_buf_adds(out, ", ");
        if (st == ASSAY_OK && s->type == ASSAY_L_STRUCT)
            st = name_text(c->name, out);
        if (st == ASSAY_OK && s->type == ASSAY_L_STRUCT)
            st = assay_buf_adds(out, ": ");
        if (st == ASSAY_OK)
            st = assay_shape_text(c, out);
    }
    return st == ASSAY_OK ? assay_buf_addc(out, '>') : st;
}

static enum assay_status form_fields(const struct assay_shape *s, struct assay_buf *out)
{
    uint8_t word[4];
    const struct assay_shape **field = assay_shape_sorted(s);
    if (!field)
        return ASSAY_ENOMEM;
    assay_put_be32(word, (uint32_t)s->n);
    enum assay_status st = assay_buf_add(out, word, sizeof word);
    for (size_t i = 0; i < s->n && st == ASSAY_OK; i++) {
        const size_t len = strlen(field[i]->name);
        assay_put_be32(word, (uint32_t)len);
        st = assay_buf_add(out, word, sizeof word);
        if (st == ASSAY_OK)
            st = assay_buf_add(out, field[i]->name, len);
        if (st == ASSAY_OK)
            st = assay_shape_form(field[i], out);
    }
    free(field);
    return st;
}

enum assay_status assay_shape_form(const struct assay_shape *s, struct assay_buf *out)
{
    const struct assay_type *t = assay_type_of(s->type);
    if (!t)
        return ASSAY_EUSAGE;
    enum assay_status st = assay_buf_addc(out, t->tag);
    if (st == ASSAY_OK && s->type == ASSAY_L_STRUCT)
        return form_fields(s, out);
    for (size_t i = 0; i < s->n && st == ASSAY_OK; i++)
        st = assay_shape_form(&s->child[i], out);
    return st;
}

static bool copy_into(const struct assay_shape *s, struct assay_shape *out)
{
    *out = (struct assay_shape){.type = s->type};
    if (s->name && !(out->name = strdup(s->name)))
        return false;
    if (s->n && !(out->child = calloc(s->n, sizeof *out->child)))
        return false;
    while (out->n < s->n) {
        out->n++;
        if (!copy_into(&s->child[out->n - 1], &out->child[out->n - 1]))
            return false;
    }
    return true;
}

struct assay_shape *assay_shape_copy(const struct assay_shape *s)
{
    struct assay_shape *copy = calloc(1, sizeof *copy);
    if (copy && !copy_into(s, copy)) {
        assay_shape_free(copy);
        copy = NULL;
    }
    return copy;
}

static void release(struct assay_shape *s)
{
    for (size_t i = 0; i < s->n; i++)
        release(&s->child[i]);
    free(s->child);
    free(s->name);
}

void assay_shape_free(struct assay_shape *s)
{
    if (!s)
        return;
    release(s);
    free(s);
}
