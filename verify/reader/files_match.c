/* Globs on one path component, byte by byte: fnmatch(3) depends on the locale and cannot say what a placeholder took.
 */
#include <string.h>

#include "files.h"

#define PLACEHOLDER "{segment}"

struct span {
    const char *p;
    size_t n;
};

/* A bracket expression that starts at p->p[0] == '['. Returns its length, 0 when it is not closed: then '[' is an
 * ordinary byte. */
static size_t bracket(const struct span *p, char c, bool *hit)
{
    size_t i = 1;
    bool not = i < p->n && (p->p[i] == '!' || p->p[i] == '^');
    i += not ;
    bool in = false;
    for (size_t first = i; i < p->n && (p->p[i] != ']' || i == first); i++) {
        unsigned char lo = (unsigned char)p->p[i], hi = lo;
        if (i + 2 < p->n && p->p[i + 1] == '-' && p->p[i + 2] != ']') {
            hi = (unsigned char)p->p[i + 2];
            i += 2;
        }
        in |= (unsigned char)c >= lo && (unsigned char)c <= hi;
    }
    if (i >= p->n)
        return 0;
    *hit = in != not ;
    return i + 1;
}

/* Length of the first pattern item when it takes c, else 0. */
static size_t item(const struct span *p, char c)
{
    bool hit = false;
    size_t n = p->n && p->p[0] == '[' ? bracket(p, c, &hit) : 0;
    if (n)
        return hit ? n : 0;
    if (p->n >= 2 && p->p[0] == '\\')
        return p->p[1] == c ? 2 : 0;
    return p->n && (p->p[0] == '?' || p->p[0] == c) ? 1 : 0;
}

/* Whole match; on a mismatch only the last star is tried again, which is enough and keeps it quadratic. */
static bool glob(struct span p, struct span s)
{
    struct span star_p = {0}, star_s = {0};
    bool star = false;
    while (s.n) {
        if (p.n && p.p[0] == '*') {
            p.p++, p.n--;
            star_p = p;
            star_s = s;
            star = true;
            continue;
        }
        size_t n = item(&p, s.p[0]);
        if (n) {
            p.p += n, p.n -= n;
            s.p++, s.n--;
        } else if (star) {
            star_s.p++, star_s.n--;
            p = star_p;
            s = star_s;
        } else {
            return false;
        }
    }
    while (p.n && p.p[0] == '*')
        p.p++, p.n--;
    return p.n == 0;
}

static bool with_segment(struct span before, struct span after, struct span name, size_t *from, size_t *len)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!glob(before, (struct span){name.p, i}))
            continue;
        for (size_t j = i + 1; j <= name.n; j++)
            if (glob(after, (struct span){name.p + j, name.n - j})) {
                *from = i;
                *len = j - i;
                return true;
            }
    }
    return false;
}

bool assay_match_component(const char *pattern, const char *name, size_t *from, size_t *len)
{
    const char *at = strstr(pattern, PLACEHOLDER);
    struct span all = {name, strlen(name)};
    *from = *len = 0;
    if (at) {
        const char *rest = at + strlen(PLACEHOLDER);
        struct span before = {pattern, (size_t)(at - pattern)}, after = {rest, strlen(rest)};
        return with_segment(before, after, all, from, len);
    }
    return glob((struct span){pattern, strlen(pattern)}, all) ||
           (!strpbrk(pattern, "*?") && strcmp(pattern, name) == 0);
}

bool assay_match_is_pattern(const char *component)
{
    return strpbrk(component, "*?[") || strstr(component, PLACEHOLDER);
}
