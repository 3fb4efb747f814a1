#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/publish.h"
#include "bind.h"

#define MAX_FILE 65536 /* bytes of one ${file:...}: a credential, not a document */

static enum assay_status put(struct assay_buf *out, const void *p, size_t n, struct assay_err *e)
{
    enum assay_status s = assay_buf_add(out, p, n);
    if (s == ASSAY_ENOMEM)
        return assay_fail_nomem(e);
    return s == ASSAY_OK ? s : assay_fail(e, ASSAY_EPLAN, "the text grew over %zu bytes by ${...}", out->max);
}

static bool is_env_name(const char *s)
{
    if (!*s || (*s >= '0' && *s <= '9'))
        return false;
    for (; *s; s++)
        if (!(*s == '_' || (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z')))
            return false;
    return true;
}

static enum assay_status expand_env(char *arg, struct assay_buf *out, struct assay_err *e)
{
    char *def = strstr(arg, ":-");
    if (def) {
        *def = '\0';
        def += 2;
    }
    if (!is_env_name(arg))
        return assay_fail(e, ASSAY_EPLAN, "\"%.60s\" is not the name of an environment variable", arg);
    const char *v = getenv(arg);
    if (!v || (def && !*v)) /* as in the shell: ":-" also replaces an empty value */
        v = def;
    if (!v)
        return assay_fail(e, ASSAY_EPLAN, "environment variable %.60s is not set", arg);
    return put(out, v, strlen(v), e);
}

static enum assay_status expand_file(const char *arg, const char *base_dir, struct assay_buf *out, struct assay_err *e)
{
    struct assay_buf path = {.max = ASSAY_MAX_PATH}, body = {.max = 2 * MAX_FILE};
    struct assay_err why = {0};
    enum assay_status s = assay_path_join(base_dir, arg, &path);
    if (s != ASSAY_OK)
        s = assay_fail(e, ASSAY_EPLAN, "${file:...}: the path is too long");
    else if (assay_slurp((const char *)path.ptr, MAX_FILE, &body, &why) != ASSAY_OK)
        s = assay_fail(e, ASSAY_EPLAN, "%s", why.msg);
    else if (body.len && memchr(body.ptr, 0, body.len))
        s = assay_fail(e, ASSAY_EPLAN, "%s: holds a NUL character", (const char *)path.ptr);
    if (s == ASSAY_OK) {
        size_t n = body.len;
        if (n && body.ptr[n - 1] == '\n')
            n--;
        if (n && n < body.len && body.ptr[n - 1] == '\r')
            n--;
        s = put(out, body.ptr, n, e);
    }
    assay_buf_release(&path);
    assay_buf_release(&body);
    return s;
}

/* `ref` is what stands between the braces. */
static enum assay_status expand(const char *ref, size_t n, const char *base_dir, struct assay_buf *out,
                                struct assay_err *e)
{
    char arg[ASSAY_MAX_PATH];
    if (n >= sizeof arg)
        return assay_fail(e, ASSAY_EPLAN, "${...} of more than %zu bytes", sizeof arg - 1);
    memcpy(arg, ref, n);
    arg[n] = '\0';
    if (strncmp(arg, "env:", 4) == 0)
        return expand_env(arg + 4, out, e);
    if (strncmp(arg, "file:", 5) == 0 && arg[5])
        return expand_file(arg + 5, base_dir, out, e);
    return assay_fail(
        e, ASSAY_EPLAN,
        "unknown ${%.40s}; expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}, or $$ for a plain $", arg);
}

enum assay_status assay_interpolate(const char *text, size_t n, const char *base_dir, struct assay_buf *out,
                                    struct assay_err *e)
{
    const char *p = text, *end = text + n;
    enum assay_status s = ASSAY_OK;
    while (p < end && s == ASSAY_OK) {
        const char *dollar = memchr(p, '$', (size_t)(end - p));
        const char *stop = dollar ? dollar : end;
        s = put(out, p, (size_t)(stop - p), e);
        p = stop;
        if (s != ASSAY_OK || p == end)
            break;
        if (end - p >= 2 && p[1] == '{') {
            const char *close = memchr(p, '}', (size_t)(end - p));
            if (!close)
                return assay_fail(e, ASSAY_EPLAN, "${ without its }");
            s = expand(p + 2, (size_t)(close - p) - 2, base_dir, out, e);
            p = close + 1;
        } else {
            s = put(out, "$", 1, e);
            p += end - p >= 2 && p[1] == '$' ? 2 : 1;
        }
    }
    return s;
}
