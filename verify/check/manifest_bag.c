/* A bag: its lists of digests against each other, its tag files, its Payload-Oxum. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "assay/digest.h"
#include "assay/publish.h"
#include "manifest_look.h"

static const char *chars(const struct assay_buf *b)
{
    return b->ptr ? (const char *)b->ptr : "";
}

/* ---- lists of the payload ---- */

/* RFC 8493, section 2.1.3: every list names every file of the payload. */
static enum assay_status deny_unlisted(struct looked *x, const struct assay_manifest *in, const char *list,
                                       const struct assay_manifest *other, const char *other_list)
{
    char sentence[ASSAY_MAX_PATH + 96];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < in->n && s == ASSAY_OK; i++) {
        if (assay_manifest_find(other, in->entry[i].path))
            continue;
        snprintf(sentence, sizeof sentence, "%s lists %.200s, %s does not", list, in->entry[i].path, other_list);
        s = assay_manifest_deny(x, &x->denied, x->name, "unlisted", sentence);
    }
    return s;
}

/* What one more list claims of the files of the first. */
static enum assay_status merge(struct looked *x, const struct assay_manifest *more, const struct assay_bag_digest *d)
{
    for (size_t i = 0; i < x->m.n; i++) {
        const struct assay_manifest_entry *m = assay_manifest_find(more, x->m.entry[i].path);
        if (!m || !m->has_sha512)
            continue;
        x->m.entry[i].has_sha512 = true;
        memcpy(x->m.entry[i].sha512, m->sha512, sizeof m->sha512);
    }
    for (size_t i = 0; i < more->n_unverified; i++)
        assay_manifest_leave(&x->m, more->unverified[i].what, strlen(more->unverified[i].what),
                             more->unverified[i].claims);
    enum assay_status s = deny_unlisted(x, &x->m, x->digest->list, more, d->list);
    return s == ASSAY_OK ? deny_unlisted(x, more, d->list, &x->m, x->digest->list) : s;
}

static enum assay_status load_list(struct looked *x, const struct assay_bag_digest *d, struct assay_err *e)
{
    struct assay_buf text = {0};
    struct assay_manifest list = {0};
    char name[2 * ASSAY_MAX_PATH];
    snprintf(name, sizeof name, "%s%s", x->dir, d->list);
    enum assay_status s = assay_manifest_slurp(x, name, ASSAY_MAX_BAG, &text, e);
    if (s == ASSAY_ENOTFOUND) {
        assay_err_reset(e);
        return ASSAY_OK;
    }
    if (s == ASSAY_OK)
        s = assay_manifest_bag(chars(&text), text.len, d->list, d, &list, e);
    if (s == ASSAY_OK && !x->digest) {
        x->digest = d;
        x->m = list;
    } else if (s == ASSAY_OK) {
        if ((s = merge(x, &list, d)) != ASSAY_OK)
            s = assay_fail_nomem(e);
        assay_manifest_release(&list);
    }
    assay_buf_release(&text);
    return s;
}

enum assay_status assay_manifest_load_bag(struct looked *x, struct assay_err *e)
{
    struct assay_buf text = {0};
    enum assay_status s = assay_manifest_slurp(x, x->name, ASSAY_MAX_NAME, &text, e);
    if (s == ASSAY_OK)
        s = assay_manifest_bag_declaration(chars(&text), text.len, x->base, e);
    assay_buf_release(&text);
    for (const struct assay_bag_digest *d = assay_bag_digests; d->name && s == ASSAY_OK; d++)
        s = load_list(x, d, e);
    if (s == ASSAY_OK && !x->digest)
        s = assay_fail(e, ASSAY_EDATA, "%s: the bag has no manifest-ALGORITHM.txt", x->name);
    if (x->digest)
        x->base = x->digest->list;
    return s;
}

/* ---- tag files ---- */

/* One file that a tagmanifest lists. Of digests that are not computed only that it is there. */
static enum assay_status compare_tag(struct looked *x, const struct assay_manifest_entry *t, const char *list,
                                     struct assay_err *e)
{
    struct assay_buf file = {0};
    struct assay_err why = {0};
    char name[2 * ASSAY_MAX_PATH], sentence[512] = "", a[32], b[32];
    uint8_t digest[64];
    snprintf(name, sizeof name, "%s%s", x->dir, t->path);
    enum assay_status s = assay_manifest_slurp(x, name, ASSAY_MAX_BAG, &file, &why);
    const uint8_t *claimed = t->has_sha512 ? t->sha512 : t->sha256;
    if (s == ASSAY_OK && t->has_sha512)
        assay_sha512(chars(&file), file.len, digest);
    else if (s == ASSAY_OK)
        assay_sha256(chars(&file), file.len, digest);
    if (s == ASSAY_ENOTFOUND || s == ASSAY_EDATA)
        snprintf(sentence, sizeof sentence, "%s lists %.200s, and it is gone", list, t->path);
    else if (s == ASSAY_OK && (t->has_sha256 || t->has_sha512) && memcmp(digest, claimed, t->has_sha512 ? 64 : 32) != 0)
        snprintf(sentence, sizeof sentence, "%s says SHA-%s %s of %.200s, the file has %s", list,
                 t->has_sha512 ? "512" : "256", assay_manifest_digits(a, claimed), t->path,
                 assay_manifest_digits(b, digest));
    else if (s != ASSAY_OK)
        s = assay_fail(e, s, "%s", why.msg);
    assay_buf_release(&file);
    return *sentence ? assay_manifest_deny(x, &x->denied, x->name, "tag", sentence) : s;
}

static enum assay_status compare_tags(struct looked *x, const struct assay_bag_digest *d, struct assay_err *e)
{
    struct assay_buf text = {0};
    struct assay_manifest tags = {0};
    char name[2 * ASSAY_MAX_PATH];
    snprintf(name, sizeof name, "%stag%s", x->dir, d->list);
    enum assay_status s = assay_manifest_slurp(x, name, ASSAY_MAX_BAG, &text, e);
    if (s == ASSAY_ENOTFOUND) { /* it may be left out */
        assay_err_reset(e);
        return ASSAY_OK;
    }
    if (s == ASSAY_OK)
        s = assay_manifest_bag(chars(&text), text.len, name, d, &tags, e);
    for (size_t i = 0; i < tags.n && s == ASSAY_OK; i++)
        s = compare_tag(x, &tags.entry[i], name + strlen(x->dir), e);
    for (size_t i = 0; i < tags.n_unverified; i++)
        assay_manifest_leave(&x->m, tags.unverified[i].what, strlen(tags.unverified[i].what),
                             tags.unverified[i].claims);
    assay_manifest_release(&tags);
    assay_buf_release(&text);
    return s;
}

/* Files of the list and their sizes against what bag-info.txt has of both: found without a digest. */
static enum assay_status compare_oxum(struct looked *x, struct assay_err *e)
{
    struct assay_buf text = {0}, path = {0};
    struct stat st;
    char name[2 * ASSAY_MAX_PATH], sentence[256];
    uint64_t octets = 0, files = 0, size = 0;
    bool has = false;
    snprintf(name, sizeof name, "%sbag-info.txt", x->dir);
    enum assay_status s = assay_manifest_slurp(x, name, ASSAY_MAX_BAG, &text, e);
    if (s == ASSAY_ENOTFOUND) /* it may be left out */
        assay_err_reset(e);
    else if (s == ASSAY_OK)
        s = assay_manifest_bag_oxum(chars(&text), text.len, "bag-info.txt", &has, &octets, &files, e);
    for (size_t i = 0; has && i < x->m.n; i++) {
        snprintf(name, sizeof name, "%s%s", x->dir, x->m.entry[i].path);
        assay_buf_reset(&path);
        if (assay_path_join(x->loc.base_dir, name, &path) == ASSAY_OK && lstat((const char *)path.ptr, &st) == 0)
            size += (uint64_t)st.st_size;
    }
    if (has && (files != x->m.n || octets != size)) {
        snprintf(sentence, sizeof sentence,
                 "bag-info.txt says %llu files of %llu bytes, the list has %zu files of %llu bytes",
                 (unsigned long long)files, (unsigned long long)octets, x->m.n, (unsigned long long)size);
        s = assay_manifest_deny(x, &x->denied, x->name, "oxum", sentence);
    }
    assay_buf_release(&text);
    assay_buf_release(&path);
    return s == ASSAY_ENOTFOUND ? ASSAY_OK : s;
}

enum assay_status assay_manifest_compare_bag(struct looked *x, struct assay_err *e)
{
    enum assay_status s = compare_oxum(x, e);
    for (const struct assay_bag_digest *d = assay_bag_digests; d->name && s == ASSAY_OK; d++)
        s = compare_tags(x, d, e);
    return s;
}
