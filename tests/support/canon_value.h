/* `kind[:aux]` and input bytes, as docs/canonical-form.md section 8 writes values for vectors and drivers. */
#ifndef ASSAY_TESTS_CANON_VALUE_H
#define ASSAY_TESTS_CANON_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/value.h"

/* What a parsed value points to, when not to the input. */
struct canon_store {
    char text[64];
    struct assay_interval interval;
};

static inline bool canon_number(const uint8_t *p, size_t n, bool is_signed, struct canon_store *s,
                                struct assay_value *v)
{
    char *end;
    if (n == 0 || n >= sizeof s->text)
        return false;
    memcpy(s->text, p, n);
    s->text[n] = '\0';
    if (is_signed)
        v->i = strtoll(s->text, &end, 10);
    else
        v->u = strtoull(s->text, &end, 10);
    return *end == '\0';
}

static inline bool canon_float(const uint8_t *p, size_t n, struct assay_value *v)
{
    if (n == 4) {
        const uint32_t bits = assay_get_be32(p);
        float f;
        memcpy(&f, &bits, sizeof f);
        v->f = (double)f;
        return true;
    }
    if (n == 8)
        v->u = assay_get_be64(p);
    return n == 8;
}

static inline bool canon_interval(const uint8_t *p, size_t n, struct canon_store *s, struct assay_value *v)
{
    if (n != 20)
        return false;
    s->interval = (struct assay_interval){(int32_t)assay_get_be32(p), (int32_t)assay_get_be32(p + 4),
                                          (int64_t)assay_get_be64(p + 8), (int32_t)assay_get_be32(p + 16)};
    v->p = (const uint8_t *)&s->interval;
    return true;
}

enum canon_payload {
    CANON_ABSENT,
    CANON_STRING,
    CANON_NOTHING,
    CANON_SIGNED,
    CANON_UNSIGNED,
    CANON_FLOAT,
    CANON_INTERVAL,
    CANON_UUID,
    CANON_RAW
};
enum canon_aux { CANON_NO_AUX, CANON_SCALE, CANON_WORD };

static inline bool canon_value_parse(const char *kind, const uint8_t *p, size_t n, struct canon_store *s,
                                     struct assay_value *v)
{
    static const struct {
        const char *name;
        uint8_t kind, payload, aux;
    } kinds[] = {
        {"null", ASSAY_K_NULL, CANON_NOTHING, CANON_NO_AUX},
        {"bool", ASSAY_K_BOOL, CANON_SIGNED, CANON_NO_AUX},
        {"int", ASSAY_K_INT, CANON_SIGNED, CANON_NO_AUX},
        {"uint", ASSAY_K_UINT, CANON_UNSIGNED, CANON_NO_AUX},
        {"f32", ASSAY_K_F32, CANON_FLOAT, CANON_NO_AUX},
        {"f64", ASSAY_K_F64, CANON_FLOAT, CANON_NO_AUX},
        {"dec", ASSAY_K_DEC, CANON_SIGNED, CANON_SCALE},
        {"decbytes", ASSAY_K_DECBYTES, CANON_RAW, CANON_SCALE},
        {"decdigits", ASSAY_K_DECDIGITS, CANON_RAW, CANON_SCALE},
        {"decspecial", ASSAY_K_DECSPECIAL, CANON_SIGNED, CANON_NO_AUX},
        {"pgnumeric", ASSAY_K_PGNUMERIC, CANON_RAW, CANON_NO_AUX},
        {"text", ASSAY_K_TEXT, CANON_RAW, CANON_NO_AUX},
        {"lexeme", ASSAY_K_LEXEME, CANON_RAW, CANON_NO_AUX},
        {"string", ASSAY_K_LEXEME, CANON_STRING, CANON_NO_AUX},
        {"absent", ASSAY_K_BAD, CANON_ABSENT, CANON_NO_AUX},
        {"bytes", ASSAY_K_BYTES, CANON_RAW, CANON_NO_AUX},
        {"date", ASSAY_K_DATE, CANON_SIGNED, CANON_NO_AUX},
        {"time", ASSAY_K_TIME, CANON_SIGNED, CANON_NO_AUX},
        {"timetz", ASSAY_K_TIMETZ, CANON_SIGNED, CANON_WORD},
        {"ts", ASSAY_K_TS, CANON_SIGNED, CANON_WORD},
        {"tstz", ASSAY_K_TSTZ, CANON_SIGNED, CANON_WORD},
        {"interval", ASSAY_K_INTERVAL, CANON_INTERVAL, CANON_NO_AUX},
        {"uuid", ASSAY_K_UUID, CANON_UUID, CANON_NO_AUX},
        {"json", ASSAY_K_JSON, CANON_RAW, CANON_NO_AUX},
    };
    const size_t name_len = strcspn(kind, ":");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strlen(kinds[i].name) != name_len || memcmp(kind, kinds[i].name, name_len) != 0)
            continue;
        const int32_t aux = kind[name_len] == ':' ? (int32_t)strtol(kind + name_len + 1, NULL, 10) : 0;
        *v = (struct assay_value){.kind = kinds[i].kind};
        if (kinds[i].aux == CANON_SCALE)
            v->scale = (int16_t)aux;
        if (kinds[i].aux == CANON_WORD)
            v->aux = aux;
        switch (kinds[i].payload) {
        case CANON_SIGNED:
            return canon_number(p, n, true, s, v);
        case CANON_UNSIGNED:
            return canon_number(p, n, false, s, v);
        case CANON_FLOAT:
            return canon_float(p, n, v);
        case CANON_INTERVAL:
            return canon_interval(p, n, s, v);
        case CANON_UUID:
            v->p = p;
            return n == 16;
        case CANON_ABSENT:
            v->flags = ASSAY_V_ABSENT;
            v->p = (const uint8_t *)"absent";
            return n == 0;
        case CANON_STRING:
            v->flags = ASSAY_V_STRING;
            /* fall through */
        case CANON_RAW:
            v->p = p;
            v->len = (uint32_t)n;
            return true;
        default:
            return n == 0;
        }
    }
    return false;
}

/* ---- trees: list, struct, map ---- */

#define CANON_MAX_ITEMS 256

/* What a tree is made of. */
struct canon_tree {
    struct canon_store store[CANON_MAX_ITEMS];
    struct assay_value item[CANON_MAX_ITEMS];
    size_t n;
};

static inline bool canon_any_parse(const char *kind, const uint8_t *p, size_t n, struct canon_tree *t,
                                   struct assay_value *v);

/* "kind[:aux]=LEN:bytes" and so on; a child's own items come before it, so they are made elsewhere first. */
static inline bool canon_items(const uint8_t *p, size_t n, struct canon_tree *t, const struct assay_value *low,
                               struct assay_value *v, size_t *count)
{
    struct assay_value made[64];
    size_t k = 0;
    if (low)
        made[k++] = *low;
    for (const uint8_t *end = p + n; p < end; k++) {
        char kind[32] = "";
        size_t len = 0, name = 0;
        while (p < end && *p != '=' && name < sizeof kind - 1)
            kind[name++] = (char)*p++;
        for (p++; p < end && *p >= '0' && *p <= '9'; p++)
            len = len * 10 + (size_t)(*p - '0');
        if (p >= end || *p++ != ':' || len > (size_t)(end - p) || k == 64)
            return false;
        if (!canon_any_parse(kind, p, len, t, &made[k]))
            return false;
        p += len;
    }
    if (t->n + k > CANON_MAX_ITEMS)
        return false;
    v->items = memcpy(t->item + t->n, made, k * sizeof *made);
    t->n += k;
    *count = k - (low != NULL);
    return true;
}

/* A scalar, list, struct or map. */
static inline bool canon_any_parse(const char *kind, const uint8_t *p, size_t n, struct canon_tree *t,
                                   struct assay_value *v)
{
    size_t count = 0;
    if (strcmp(kind, "string") == 0) {
        *v = (struct assay_value){.kind = ASSAY_K_LEXEME, .flags = ASSAY_V_STRING, .len = (uint32_t)n, .p = p};
        return true;
    }
    if (strncmp(kind, "list", 4) == 0) {
        const struct assay_value low = {.kind = ASSAY_K_INT, .i = kind[4] ? strtoll(kind + 5, NULL, 10) : 1};
        *v = (struct assay_value){.kind = ASSAY_K_LIST, .flags = kind[4] ? ASSAY_V_BOUND : 0};
        if (!canon_items(p, n, t, kind[4] ? &low : NULL, v, &count))
            return false;
        v->len = (uint32_t)count;
        return true;
    }
    if (strcmp(kind, "struct") == 0 || strcmp(kind, "map") == 0) {
        *v = (struct assay_value){.kind = *kind == 's' ? ASSAY_K_STRUCT : ASSAY_K_MAP};
        if (!canon_items(p, n, t, NULL, v, &count) || count % 2)
            return false;
        v->len = (uint32_t)(count / 2);
        return true;
    }
    if (t->n == CANON_MAX_ITEMS)
        return false;
    return canon_value_parse(kind, p, n, &t->store[t->n++], v);
}

#endif
