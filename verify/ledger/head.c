#include <stdio.h>
#include <string.h>

#include "assay/base64.h"
#include "assay/checkpoint.h"
#include "assay/digest.h"

bool assay_checkpoint_number(const char *p, size_t n, uint64_t *out)
{
    uint64_t v = 0;
    if (n == 0 || n > 19 || (n > 1 && p[0] == '0'))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(p[i] - '0');
    }
    *out = v;
    return v <= INT64_MAX;
}

const char *assay_checkpoint_split(const char *text, size_t len, struct assay_checkpoint *out)
{
    const char *end = text + len, *lf = len ? memchr(text, '\n', len) : NULL;
    size_t got;
    if (!lf || lf == text)
        return "its first line is not an origin";
    out->origin = text;
    out->origin_len = (size_t)(lf - text);
    const char *size = lf + 1;
    lf = memchr(size, '\n', (size_t)(end - size));
    if (!lf || !assay_checkpoint_number(size, (size_t)(lf - size), &out->size))
        return "its second line is not a size";
    const char *root = lf + 1;
    lf = memchr(root, '\n', (size_t)(end - root));
    if (!lf || assay_b64_decode(root, (size_t)(lf - root), out->root, 32, &got) || got != 32)
        return "its third line is not a root";
    out->extended = lf + 1 != end;
    return NULL;
}

void assay_checkpoint_short(const struct assay_checkpoint *c, char out[32])
{
    char hex[65];
    assay_hex(c->root, 32, hex);
    snprintf(out, 32, "%llu:%.8s", (unsigned long long)c->size, hex);
}
