/* BagIt, RFC 8493. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "entries.h"

/* The next line without its end (LF, CR or CR LF). */
static bool line(const char **p, const char *end, const char **from, size_t *n)
{
    if (*p >= end)
        return false;
    const char *q = *from = *p;
    while (q < end && *q != '\n' && *q != '\r')
        q++;
    *n = (size_t)(q - *from);
    q += q + 1 < end && q[0] == '\r' && q[1] == '\n';
    *p = q < end ? q + 1 : q;
    return true;
}

/* LF, CR and % are written as %0A, %0D and %25, and nothing else is encoded. */
static char *decoded(const char *p, size_t n, size_t *len)
{
    static const struct {
        const char *text;
        char byte;
    } codes[] = {{"%0A", '\n'}, {"%0D", '\r'}, {"%25", '%'}};
    char *out = malloc(n + 1);
    size_t w = 0;
    for (size_t i = 0; out && i < n; i++) {
        char byte = p[i];
        for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
            if (n - i >= 3 && strncasecmp(p + i, codes[k].text, 3) == 0) {
                byte = codes[k].byte;
                i += 2;
                break;
            }
        out[w++] = byte;
    }
    *len = w;
    return out;
}

const struct assay_bag_digest assay_bag_digests[] = {
    {"sha256", 64, "manifest-sha256.txt"},
    {"sha512", 128, "manifest-sha512.txt"},
    {"sha384", 96, "manifest-sha384.txt"},
    {"sha224", 56, "manifest-sha224.txt"},
    {"sha1", 40, "manifest-sha1.txt"},
    {"md5", 32, "manifest-md5.txt"},
    {NULL, 0, NULL},
};

static void take_digest(struct assay_manifest *m, const char *hex, const struct assay_bag_digest *d,
                        struct assay_manifest_entry *entry)
{
    entry->has_sha256 = strcmp(d->name, "sha256") == 0 && assay_unhex(hex, entry->sha256, 32) == 0;
    entry->has_sha512 = strcmp(d->name, "sha512") == 0 && assay_unhex(hex, entry->sha512, 64) == 0;
    if (!entry->has_sha256 && !entry->has_sha512)
        assay_manifest_leave(m, d->name, strlen(d->name), 1);
}

static enum assay_status take_line(struct assay_entries *x, const struct assay_bag_digest *d, const char *p, size_t n,
                                   size_t no, struct assay_err *e)
{
    struct assay_manifest_entry *entry = NULL;
    uint8_t digest[64];
    char hex[129];
    size_t at = d->digits, len;
    if (n > at + 2) {
        for (size_t i = 0; i < at; i++)
            hex[i] = (char)(p[i] >= 'A' && p[i] <= 'F' ? p[i] | 0x20 : p[i]);
        hex[at] = '\0';
    }
    if (n <= at + 2 || assay_unhex(hex, digest, at / 2) || (p[at] != ' ' && p[at] != '\t'))
        return assay_fail(e, ASSAY_EDATA, "%s:%zu: expected %zu hex digits, blanks and a path", x->name, no, d->digits);
    while (at < n && (p[at] == ' ' || p[at] == '\t'))
        at++;
    at += at < n && p[at] == '*'; /* md5sum's mark of a binary file */
    char *path = decoded(p + at, n - at, &len);
    if (!path)
        return assay_fail_nomem(e);
    enum assay_status s = assay_entries_add(x, path, len, &entry, e);
    free(path);
    if (s == ASSAY_OK)
        take_digest(x->m, hex, d, entry);
    return s;
}

enum assay_status assay_manifest_bag(const char *text, size_t n, const char *name, const struct assay_bag_digest *d,
                                     struct assay_manifest *out, struct assay_err *e)
{
    *out = (struct assay_manifest){0};
    struct assay_entries x = {.m = out, .name = name};
    const char *p = text, *end = text + n, *from;
    enum assay_status s = ASSAY_OK;
    size_t len;
    for (size_t no = 1; s == ASSAY_OK && line(&p, end, &from, &len); no++)
        if (len)
            s = take_line(&x, d, from, len, no, e);
    if (s == ASSAY_OK)
        s = assay_entries_finish(&x, e);
    if (s != ASSAY_OK)
        assay_manifest_release(out);
    return s;
}

enum assay_status assay_manifest_bag_declaration(const char *text, size_t n, const char *name, struct assay_err *e)
{
    static const char *const versions[] = {"0.93", "0.94", "0.95", "0.96", "0.97", "1.0"};
    static const char version[] = "BagIt-Version: ", encoding[] = "Tag-File-Character-Encoding: UTF-8";
    const char *p = text, *from;
    size_t len;
    bool known = false;
    if (line(&p, text + n, &from, &len) && len > sizeof version - 1 && memcmp(from, version, sizeof version - 1) == 0)
        for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
            known |= len - (sizeof version - 1) == strlen(versions[i]) &&
                     memcmp(from + sizeof version - 1, versions[i], strlen(versions[i])) == 0;
    if (!known)
        return assay_fail(e, ASSAY_EDATA, "%s: its first line names no known version of BagIt", name);
    if (!line(&p, text + n, &from, &len) || len != sizeof encoding - 1 || memcmp(from, encoding, len) != 0)
        return assay_fail(e, ASSAY_EDATA, "%s: its second line is not \"%s\"", name, encoding);
    return ASSAY_OK;
}

/* Digits, all of [p, end); false: none, or more than fit. */
static bool number(const char *p, const char *end, uint64_t *out)
{
    *out = 0;
    if (p == end || end - p > 18)
        return false;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        *out = *out * 10 + (uint64_t)(*p - '0');
    }
    return true;
}

enum assay_status assay_manifest_bag_oxum(const char *text, size_t n, const char *name, bool *has, uint64_t *octets,
                                          uint64_t *files, struct assay_err *e)
{
    static const char label[] = "Payload-Oxum:";
    const char *p = text, *from;
    size_t len;
    *has = false;
    while (line(&p, text + n, &from, &len)) {
        if (len < sizeof label - 1 || strncasecmp(from, label, sizeof label - 1) != 0)
            continue;
        const char *v = from + sizeof label - 1, *end = from + len;
        while (v < end && (*v == ' ' || *v == '\t'))
            v++;
        while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        const char *dot = memchr(v, '.', (size_t)(end - v));
        if (*has || !dot || !number(v, dot, octets) || !number(dot + 1, end, files))
            return assay_fail(e, ASSAY_EDATA, "%s: its Payload-Oxum is not one pair OCTETS.FILES", name);
        *has = true;
    }
    return ASSAY_OK;
}
