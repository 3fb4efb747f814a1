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

#endif
