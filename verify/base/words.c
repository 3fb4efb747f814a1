#include "assay/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

static const char SPACE[] = " \t\r\n";

static enum assay_status append(struct assay_words *w, const struct assay_buf *word, struct assay_err *e)
{
    if (w->n == ASSAY_MAX_WORDS)
        return assay_fail(e, ASSAY_EPLAN, "a command of more than %d words", ASSAY_MAX_WORDS);
    char **grown = realloc(w->v, (w->n + 2) * sizeof *grown);
    if (!grown)
        return assay_fail_nomem(e);
    w->v = grown;
    grown[w->n + 1] = NULL;
    if (!(grown[w->n] = strndup(word->ptr ? (const char *)word->ptr : "", word->len)))
        return assay_fail_nomem(e);
    w->n++;
    return ASSAY_OK;
}

/* Words that mean something to a shell, and to nobody else. */
static bool shells_own(const char *p, size_t n)
{
    static const char *const own[] = {"|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "2>&1", "&>", "|&"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strlen(own[i]) == n && memcmp(own[i], p, n) == 0)
            return true;
    return false;
}

/* What stands in quotes, from behind the opening one; the byte behind the closing one, NULL without it. */
static const char *quoted(const char *p, char quote, struct assay_buf *out, enum assay_status *s)
{
    for (; *p && *p != quote && *s == ASSAY_OK; p++) {
        p += quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\');
        *s = assay_buf_addc(out, (uint8_t)*p);
    }
    return *p == quote ? p + 1 : NULL;
}

/* One word from its first byte; the byte behind it, NULL when a quote is not closed. */
static const char *word(const char *p, struct assay_buf *out, enum assay_status *s)
{
    while (p && *p && !strchr(SPACE, *p) && *s == ASSAY_OK) {
        if (*p == '\'' || *p == '"') {
            p = quoted(p + 1, *p, out, s);
            continue;
        }
        p += *p == '\\' && p[1];
        *s = assay_buf_addc(out, (uint8_t)*p++);
    }
    return p;
}

enum assay_status assay_words_split(const char *text, struct assay_words *out, struct assay_err *e)
{
    struct assay_buf b = {.max = ASSAY_MAX_PLAN_BYTES};
    enum assay_status s = ASSAY_OK;
    const char *p = text + strspn(text, SPACE);
    *out = (struct assay_words){0};
    while (*p && s == ASSAY_OK) {
        const char *from = p;
        assay_buf_reset(&b);
        p = word(p, &b, &s);
        if (s != ASSAY_OK)
            assay_fail(e, s, "a command of more than %u bytes", ASSAY_MAX_PLAN_BYTES);
        else if (!p)
            s = assay_fail(e, ASSAY_EPLAN, "a quote is not closed");
        else if (shells_own(from, (size_t)(p - from)))
            s = assay_fail(
                e, ASSAY_EPLAN,
                "%.*s is for a shell, and there is none: put it into a script, or quote it if it is meant as "
                "an argument",
                (int)(p - from), from);
        else
            s = append(out, &b, e);
        p = p ? p + strspn(p, SPACE) : "";
    }
    assay_buf_release(&b);
    if (s == ASSAY_OK && (out->n == 0 || !*out->v[0]))
        s = assay_fail(e, ASSAY_EPLAN, "the name of a command is missing");
    if (s != ASSAY_OK)
        assay_words_release(out);
    return s;
}

void assay_words_release(struct assay_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->v[i]);
    free(w->v);
    *w = (struct assay_words){0};
}

enum assay_status assay_words_add(struct assay_buf *out, const char *word)
{
    enum assay_status s = out->len ? assay_buf_addc(out, ' ') : ASSAY_OK;
    bool plain = *word && !strpbrk(word, " \t\r\n'\"\\") && !shells_own(word, strlen(word));
    if (s == ASSAY_OK && plain)
        return assay_buf_adds(out, word);
    s = s == ASSAY_OK ? assay_buf_addc(out, '\'') : s;
    for (const char *p = word; *p && s == ASSAY_OK;
         p++) /* a quote ends the quotes, stands for itself, begins new ones */
        s = *p == '\'' ? assay_buf_adds(out, "'\\''") : assay_buf_addc(out, (uint8_t)*p);
    return s == ASSAY_OK ? assay_buf_addc(out, '\'') : s;
}
