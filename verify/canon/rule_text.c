/* Rules on text. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "resolve.h"
#include "rule_spec.h"

static bool nomem(const char **why)
{
    *why = ASSAY_WHY_NOMEM;
    return false;
}

bool assay_rule_rtrim(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                      struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type, (void)scratch, (void)why;
    if (assay_is_textual(v))
        while (v->len > 0 && v->p[v->len - 1] == ' ')
            v->len--;
    return true;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool assay_rule_trim(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                     struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type, (void)scratch, (void)why;
    if (!assay_is_textual(v))
        return true;
    while (v->len > 0 && is_space(v->p[v->len - 1]))
        v->len--;
    for (; v->len > 0 && is_space(*v->p); v->len--)
        v->p++;
    return true;
}

/* A float that is not finite is known by its spelling: no JSON holds it, and writers make NULL of it. */
static bool is_special(const struct assay_value *v, const char *text)
{
    if ((v->kind != ASSAY_K_F32 && v->kind != ASSAY_K_F64) || isfinite(v->f))
        return false;
    return strcmp(text, isnan(v->f) ? "NaN" : v->f > 0 ? "Infinity" : "-Infinity") == 0;
}

bool assay_rule_null_if(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                        struct assay_buf *scratch, const char **why)
{
    (void)type, (void)scratch, (void)why;
    const bool is_text =
        assay_is_textual(v) && v->len == strlen(r->text) && (v->len == 0 || memcmp(v->p, r->text, v->len) == 0);
    if (is_text || is_special(v, r->text))
        *v = (struct assay_value){.kind = ASSAY_K_NULL};
    return true;
}

bool assay_rule_absent(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                       struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type, (void)scratch, (void)why;
    if (v->kind == ASSAY_K_BAD)
        *v = (struct assay_value){.kind = ASSAY_K_NULL};
    return true;
}

bool assay_rule_constant(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                         struct assay_buf *scratch, const char **why)
{
    (void)type, (void)scratch, (void)why;
    if (v->kind == ASSAY_K_BAD)
        *v = (struct assay_value){
            .kind = ASSAY_K_LEXEME, .len = (uint32_t)strlen(r->text), .p = (const uint8_t *)r->text};
    return true;
}

/* Decimal spelling of INT and UINT. */
static size_t spell_integer(const struct assay_value *v, char text[24])
{
    return (size_t)(v->kind == ASSAY_K_INT ? snprintf(text, 24, "%lld", (long long)v->i)
                                           : snprintf(text, 24, "%llu", (unsigned long long)v->u));
}

bool assay_rule_boolean(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                        struct assay_buf *scratch, const char **why)
{
    (void)type, (void)scratch;
    char number[24];
    const char *p = (const char *)v->p;
    size_t n = v->len;
    if (v->kind == ASSAY_K_INT || v->kind == ASSAY_K_UINT) {
        n = spell_integer(v, number);
        p = number;
    } else if (!assay_is_textual(v)) {
        return true;
    }
    bool value = true;
    for (size_t i = 0; i < r->n_list; i++) {
        const char *word = r->list[i];
        if (!word) {
            value = false; /* behind the first NULL the false words begin */
        } else if (strlen(word) == n && memcmp(word, p, n) == 0) {
            *v = (struct assay_value){.kind = ASSAY_K_BOOL, .i = value};
            return true;
        }
    }
    *why = "not one of the words of the rule boolean";
    return false;
}

bool assay_rule_case(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                     struct assay_buf *scratch, const char **why)
{
    (void)type;
    if (v->kind != ASSAY_K_TEXT)
        return true;
    const uint8_t first = r->n ? 'a' : 'A';
    uint8_t *dst = assay_room_for(scratch, v->len + 1u, &v->p);
    if (!dst)
        return nomem(why);
    for (uint32_t i = 0; i < v->len; i++)
        dst[i] = (uint8_t)(v->p[i] - first) < 26 ? v->p[i] ^ 0x20 : v->p[i];
    scratch->len += v->len;
    v->p = dst;
    return true;
}

bool assay_rule_newline(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                        struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type;
    if (v->kind != ASSAY_K_TEXT || v->len == 0 || !memchr(v->p, '\r', v->len))
        return true;
    uint8_t *dst = assay_room_for(scratch, v->len, &v->p);
    if (!dst)
        return nomem(why);
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->len; i++) {
        if (v->p[i] != '\r')
            dst[n++] = v->p[i];
        else if (i + 1 == v->len || v->p[i + 1] != '\n')
            dst[n++] = '\n';
    }
    scratch->len += n;
    v->p = dst;
    v->len = n;
    return true;
}
