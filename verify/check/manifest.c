#include "manifest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/manifest.h"
#include "assay/publish.h"
#include "assay/reader.h"
#include "attest.h"

#define HASH_SHOWN 12 /* hex digits in a sentence */
#define SAID 10 /* differences that are named on the way */

struct looked {
    const struct manifest_job *j;
    struct assay_locator loc;
    char dir[ASSAY_MAX_PATH]; /* folder of the manifest as names of objects begin: "" or with a slash behind */
    char name[ASSAY_MAX_PATH]; /* of the manifest, likewise */
    const char *base; /* its last component */
    bool named; /* by the plan */
    bool bag;
    struct assay_buf text;
    struct assay_manifest m;
    struct assay_buf denied; /* of the manifest itself */
    size_t said;
};

/* ---- what it denies ---- */

static enum assay_status deny(struct looked *x, struct assay_buf *to, const char *object, const char *kind,
                              const char *sentence)
{
    if (x->said++ < SAID)
        assay_log(ASSAY_LOG_WARN, "%s: %s", object, sentence);
    else if (x->said == SAID + 1)
        assay_log(ASSAY_LOG_WARN, "... and more: assay report");
    return assay_buf_addf(to, "%s %s\n", kind, sentence);
}

/* "MANIFEST says WHAT CLAIMED, the file has FOUND" */
static enum assay_status deny_file(struct looked *x, struct assay_part_result *p, const char *kind, const char *what,
                                   const char *claimed, const char *found)
{
    char sentence[768];
    snprintf(sentence, sizeof sentence, "%.255s says %s %.128s, the file has %.128s", x->base, what, claimed, found);
    return deny(x, &p->denied, p->part->name, kind, sentence);
}

static const char *decimal(char out[24], uint64_t n)
{
    snprintf(out, 24, "%llu", (unsigned long long)n);
    return out;
}

static const char *short_hex(char out[65], const uint8_t sha256[32])
{
    assay_hex(sha256, 32, out);
    out[HASH_SHOWN] = '\0';
    return out;
}

/* ---- one file ---- */

/* A difference in length explains one of the digest: one cause, one sentence. */
static enum assay_status compare_bytes(struct looked *x, const struct assay_manifest_entry *m,
                                       struct assay_part_result *p)
{
    char a[65], b[65];
    if (!p->end.hashed)
        return ASSAY_OK;
    if (m->has_bytes && m->bytes != p->end.bytes)
        return deny_file(x, p, "bytes", "a size in bytes of", decimal(a, m->bytes), decimal(b, p->end.bytes));
    if (m->has_sha256 && memcmp(m->sha256, p->end.sha256, 32) != 0)
        return deny_file(x, p, "hash", "SHA-256", short_hex(a, m->sha256), short_hex(b, p->end.sha256));
    return ASSAY_OK;
}

/* The bounds of the window that the file's segment has under the plan. */
static enum assay_status compare_range(struct looked *x, const struct assay_manifest_entry *m,
                                       struct assay_part_result *p)
{
    struct assay_buf lo = {0}, hi = {0};
    assay_segment seg;
    bool has = false;
    if ((!m->from && !m->to) || !p->part->segment || !assay_segment_parse(x->j->router, p->part->segment, &seg))
        return ASSAY_OK;
    enum assay_status s = assay_segment_bounds(x->j->router, seg, &has, &lo, &hi);
    const char *from = has && lo.len ? assay_buf_str(&lo) : "no bound",
               *to = has && hi.len ? assay_buf_str(&hi) : "no bound";
    if (s == ASSAY_OK && (!from || !to))
        s = ASSAY_ENOMEM;
    if (s == ASSAY_OK && m->from && strcmp(m->from, from) != 0)
        s = deny_file(x, p, "range", "a range from", m->from, from);
    else if (s == ASSAY_OK && m->to && strcmp(m->to, to) != 0)
        s = deny_file(x, p, "range", "a range to", m->to, to);
    assay_buf_release(&lo);
    assay_buf_release(&hi);
    return s;
}

static enum assay_status compare_file(struct looked *x, const struct assay_manifest_entry *m,
                                      struct assay_part_result *p)
{
    char a[24], b[24];
    enum assay_status s = compare_bytes(x, m, p);
    if (s == ASSAY_OK && m->has_rows && p->status == ASSAY_OK && m->rows != p->rows)
        s = deny_file(x, p, "rows", "a number of rows of", decimal(a, m->rows), decimal(b, p->rows));
    if (s == ASSAY_OK && m->segment && p->part->segment && strcmp(m->segment, p->part->segment) != 0)
        return deny_file(x, p, "segment", "segment", m->segment, p->part->segment);
    return s == ASSAY_OK ? compare_range(x, m, p) : s;
}

/* Path of an object below the manifest's folder, or NULL. */
static const char *below(const struct looked *x, const char *object)
{
    size_t n = strlen(x->dir);
    return strncmp(object, x->dir, n) == 0 && object[n] ? object + n : NULL;
}

static enum assay_status compare_files(struct looked *x)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < x->j->n_parts && s == ASSAY_OK; i++) {
        struct assay_part_result *p = &x->j->part[i];
        const char *path = p->part && !p->skipped ? below(x, p->part->name) : NULL;
        const struct assay_manifest_entry *m = path ? assay_manifest_find(&x->m, path) : NULL;
        char sentence[320];
        if (m) {
            s = compare_file(x, m, p);
        } else if (path) {
            snprintf(sentence, sizeof sentence, "%.255s does not list the file", x->base);
            s = deny(x, &p->denied, p->part->name, "unlisted", sentence);
        }
    }
    return s;
}

/* ---- files that are gone ---- */

static int by_name(const void *name, const void *p)
{
    const struct assay_part_result *r = p;
    return strcmp(name, r->part ? r->part->name : "");
}

static enum assay_status attest_gone(struct looked *x, const char *object, struct assay_err *e)
{
    struct assay_writer w;
    char sentence[320];
    snprintf(sentence, sizeof sentence, "%.255s lists the file, and it is gone", x->base);
    if (x->said++ < SAID)
        assay_log(ASSAY_LOG_WARN, "%s: %s", object, sentence);
    assay_attest_begin(&w, x->j->c, "object", x->j->plan_hash);
    assay_writer_add(&w, "object", object);
    assay_writer_add(&w, "status", "missing");
    assay_writer_add(&w, "reason", sentence);
    assay_writer_addf(&w, "manifest", "gone %s", sentence);
    return assay_writer_send(&w, x->j->c->sink, e);
}

/* Only what the locator would take is this dataset's, and only a look at everything can miss it. */
static enum assay_status find_gone(struct looked *x, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    char object[2 * ASSAY_MAX_PATH];
    for (size_t i = 0; i < x->m.n && s == ASSAY_OK && x->j->c->n_segments == 0; i++) {
        snprintf(object, sizeof object, "%s%s", x->dir, x->m.entry[i].path);
        if (assay_files_wants(&x->loc, object) &&
            !bsearch(object, x->j->part, x->j->n_parts, sizeof *x->j->part, by_name))
            s = attest_gone(x, object, e);
    }
    return s;
}

/* ---- the schema ---- */

/* Schemas of the files of this side; each difference once, however many files claim it. */
static enum assay_status compare_schemas(struct looked *x)
{
    char sentence[512], before[512] = "";
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; x->j->schema->n && i < x->j->n_parts && s == ASSAY_OK; i++) {
        const struct assay_part_result *p = &x->j->part[i];
        const char *path = p->part && !p->skipped ? below(x, p->part->name) : NULL;
        const struct assay_manifest_entry *m = path ? assay_manifest_find(&x->m, path) : NULL;
        if (!m || m->schema == SIZE_MAX ||
            !assay_manifest_schema_differs(x->j, &x->m.schema[m->schema], sentence, sizeof sentence) ||
            strcmp(sentence, before) == 0)
            continue;
        snprintf(before, sizeof before, "%s", sentence);
        s = deny(x, &x->denied, x->name, "schema", sentence);
    }
    return s;
}

static enum assay_status compare_lineage(struct looked *x)
{
    char sentence[256];
    if (!x->m.dataset || strcmp(x->m.dataset, x->j->c->set->id) == 0)
        return ASSAY_OK;
    snprintf(sentence, sizeof sentence, "it is of dataset %.64s, the plan's is %s", x->m.dataset, x->j->c->set->id);
    return deny(x, &x->denied, x->name, "lineage", sentence);
}

/* ---- reading ---- */

/* A file of the manifest's own: no link, so that it is of that folder. */
static enum assay_status slurp(const struct looked *x, const char *name, size_t max, struct assay_buf *out,
                               struct assay_err *e)
{
    struct assay_buf path = {0};
    struct stat st;
    struct assay_err why = {0};
    enum assay_status s = assay_path_join(x->loc.base_dir, name, &path);
    if (s != ASSAY_OK)
        s = assay_fail_nomem(e);
    else if (lstat((const char *)path.ptr, &st))
        s = assay_fail(e, errno == ENOENT || errno == ENOTDIR ? ASSAY_ENOTFOUND : ASSAY_EIO, "%s: %s", name,
                       strerror(errno));
    else if (!S_ISREG(st.st_mode))
        s = assay_fail(e, ASSAY_EDATA, "%s: not a regular file", name);
    else if ((s = assay_slurp((const char *)path.ptr, max, out, &why)) != ASSAY_OK)
        s = assay_fail(e, s, "%s", why.msg);
    assay_buf_release(&path);
    return s;
}

static const char *chars(const struct assay_buf *b)
{
    return b->ptr ? (const char *)b->ptr : "";
}

/* Files about the bag itself. */
static enum assay_status compare_tags(struct looked *x, struct assay_err *e)
{
    struct assay_buf text = {0}, file = {0};
    struct assay_manifest tags = {0};
    char name[2 * ASSAY_MAX_PATH], sentence[512], a[65], b[65];
    uint8_t sha256[32];
    snprintf(name, sizeof name, "%stagmanifest-sha256.txt", x->dir);
    enum assay_status s = slurp(x, name, ASSAY_MAX_BAG, &text, e);
    if (s == ASSAY_ENOTFOUND) { /* it may be left out */
        assay_err_reset(e);
        return ASSAY_OK;
    }
    if (s == ASSAY_OK)
        s = assay_manifest_bag(chars(&text), text.len, name, &tags, e);
    for (size_t i = 0; i < tags.n && s == ASSAY_OK; i++) {
        struct assay_err why = {0};
        assay_buf_reset(&file);
        snprintf(name, sizeof name, "%s%s", x->dir, tags.entry[i].path);
        s = slurp(x, name, ASSAY_MAX_BAG, &file, &why);
        if (s == ASSAY_OK)
            assay_sha256(chars(&file), file.len, sha256);
        if (s == ASSAY_OK && memcmp(sha256, tags.entry[i].sha256, 32) != 0)
            snprintf(sentence, sizeof sentence, "tagmanifest-sha256.txt says SHA-256 %s of %.200s, the file has %s",
                     short_hex(a, tags.entry[i].sha256), tags.entry[i].path, short_hex(b, sha256));
        else if (s == ASSAY_ENOTFOUND || s == ASSAY_EDATA)
            snprintf(sentence, sizeof sentence, "tagmanifest-sha256.txt lists %.200s, and it is gone",
                     tags.entry[i].path);
        else if (s != ASSAY_OK)
            return assay_fail(e, s, "%s", why.msg);
        else
            continue;
        s = deny(x, &x->denied, x->name, "tag", sentence);
    }
    assay_manifest_release(&tags);
    assay_buf_release(&text);
    assay_buf_release(&file);
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
    enum assay_status s = slurp(x, name, ASSAY_MAX_BAG, &text, e);
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
        s = deny(x, &x->denied, x->name, "oxum", sentence);
    }
    assay_buf_release(&text);
    assay_buf_release(&path);
    return s == ASSAY_ENOTFOUND ? ASSAY_OK : s;
}

static enum assay_status load_bag(struct looked *x, struct assay_err *e)
{
    struct assay_buf list = {0};
    char name[2 * ASSAY_MAX_PATH];
    enum assay_status s = slurp(x, x->name, ASSAY_MAX_NAME, &x->text, e);
    if (s == ASSAY_OK)
        s = assay_manifest_bag_declaration(chars(&x->text), x->text.len, x->base, e);
    snprintf(name, sizeof name, "%smanifest-sha256.txt", x->dir);
    if (s == ASSAY_OK && (s = slurp(x, name, ASSAY_MAX_BAG, &list, e)) == ASSAY_ENOTFOUND) {
        assay_err_reset(e);
        s = assay_fail(e, ASSAY_EDATA, "%s: the bag has no manifest-sha256.txt, and other digests are not checked",
                       x->name);
    }
    if (s == ASSAY_OK) {
        x->base = "manifest-sha256.txt";
        s = assay_manifest_bag(chars(&list), list.len, x->base, &x->m, e);
    }
    assay_buf_release(&list);
    return s;
}

static enum assay_status load(struct looked *x, struct assay_err *e)
{
    if (x->bag)
        return load_bag(x, e);
    enum assay_status s = slurp(x, x->name, ASSAY_MAX_DATAPACKAGE, &x->text, e);
    return s == ASSAY_OK ? assay_manifest_datapackage(chars(&x->text), x->text.len, x->base, &x->m, e) : s;
}

/* ---- one manifest ---- */

/* One that merely lies there may be about other files. */
static bool applies(const struct looked *x)
{
    char object[2 * ASSAY_MAX_PATH];
    for (size_t i = 0; i < x->m.n && !x->named; i++) {
        snprintf(object, sizeof object, "%s%s", x->dir, x->m.entry[i].path);
        if (assay_files_wants(&x->loc, object))
            return true;
    }
    return x->named;
}

static enum assay_status attest_manifest(struct looked *x, struct assay_err *e)
{
    struct assay_writer w;
    uint8_t sha256[32];
    char *save = NULL;
    assay_attest_begin(&w, x->j->c, "object", x->j->plan_hash);
    assay_writer_add(&w, "object", x->name);
    assay_writer_add(&w, "status", "manifest");
    if (x->text.ptr) {
        assay_sha256(x->text.ptr, x->text.len, sha256);
        assay_writer_hex(&w, "sha256", "", sha256, 32);
        assay_writer_addf(&w, "bytes", "%zu", x->text.len);
    }
    char *lines = x->denied.len && assay_buf_str(&x->denied) ? (char *)x->denied.ptr : NULL;
    size_t said = 0;
    for (char *l = lines ? strtok_r(lines, "\n", &save) : NULL; l && said < ASSAY_MAX_FINDINGS;
         l = strtok_r(NULL, "\n", &save), said++)
        assay_writer_add(&w, "manifest", l);
    return assay_writer_send(&w, x->j->c->sink, e);
}

static enum assay_status compare(struct looked *x, struct assay_err *e)
{
    enum assay_status s = compare_files(x);
    if (s == ASSAY_OK)
        s = compare_schemas(x);
    if (s == ASSAY_OK)
        s = compare_lineage(x);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    if (x->m.unchecked)
        assay_log(ASSAY_LOG_WARN, "%s: %llu hashes or schemas are not checked: no SHA-256, or not in the file", x->name,
                  (unsigned long long)x->m.unchecked);
    s = find_gone(x, e);
    if (s == ASSAY_OK && x->bag)
        s = compare_oxum(x, e);
    return s == ASSAY_OK && x->bag ? compare_tags(x, e) : s;
}

static enum assay_status check_one(const struct manifest_job *j, const char *name, bool named, struct assay_err *e)
{
    struct looked *x = calloc(1, sizeof *x);
    struct assay_err why = {0};
    if (!x)
        return assay_fail_nomem(e);
    x->j = j;
    x->loc = assay_plan_locator(j->c->plan, j->c->set, j->c->side);
    x->named = named;
    snprintf(x->name, sizeof x->name, "%s", name);
    const char *slash = strrchr(x->name, '/');
    x->base = slash ? slash + 1 : x->name;
    snprintf(x->dir, sizeof x->dir, "%.*s", (int)(x->base - x->name), x->name);
    x->bag = strcmp(x->base, "bagit.txt") == 0;
    enum assay_status s = load(x, &why);
    bool broken = s == ASSAY_EDATA || s == ASSAY_ELIMIT, absent = s == ASSAY_ENOTFOUND;
    if (broken || (absent && named)) {
        s = deny(x, &x->denied, x->name, absent ? "absent" : "broken",
                 absent ? "the plan names this manifest, and it is not there" : why.msg);
        s = s == ASSAY_OK ? attest_manifest(x, e) : assay_fail_nomem(e);
    } else if (s == ASSAY_OK && applies(x)) {
        s = compare(x, e);
        if (s == ASSAY_OK)
            s = attest_manifest(x, e);
    } else if (s != ASSAY_OK && !absent) {
        s = assay_fail(e, s, "%s", why.msg);
    } else {
        s = ASSAY_OK;
    }
    assay_manifest_release(&x->m);
    assay_buf_release(&x->text);
    assay_buf_release(&x->denied);
    free(x);
    return s;
}

/* ---- finding it ---- */

static const char *const names[] = {"datapackage.json", "bagit.txt"};

static bool exists(const struct manifest_job *j, const char *name)
{
    struct assay_buf path = {0};
    struct stat st;
    bool is = assay_path_join(j->c->plan->base_dir, name, &path) == ASSAY_OK && lstat((const char *)path.ptr, &st) == 0;
    assay_buf_release(&path);
    return is;
}

/* Beside the files or in a folder above them, the nearest of each kind; not above the plan's folder. */
static enum assay_status check_near(const struct manifest_job *j, struct assay_err *e)
{
    char dir[ASSAY_MAX_PATH], name[ASSAY_MAX_PATH + 32];
    const char *first = j->n_parts && j->part[0].part ? j->part[0].part->name : "";
    enum assay_status s = ASSAY_OK;
    for (size_t k = 0; k < sizeof names / sizeof *names && s == ASSAY_OK; k++) {
        snprintf(dir, sizeof dir, "%s", first);
        for (bool found = false; *dir && !found;) {
            char *slash = strrchr(dir, '/');
            dir[slash ? slash - dir : 0] = '\0';
            snprintf(name, sizeof name, "%s%s%s", dir, slash ? "/" : "", names[k]);
            found = exists(j, name);
            if (found)
                s = check_one(j, name, false, e);
        }
    }
    return s;
}

enum assay_status assay_manifest_check(const struct manifest_job *j, struct assay_err *e)
{
    const char *named = j->c->set->side[j->c->side].manifest;
    char name[ASSAY_MAX_PATH + 32];
    if (!j->n_parts || !j->part[0].part || !j->part[0].part->object)
        return ASSAY_OK;
    if (!named)
        return check_near(j, e);
    if (strcmp(named, "none") == 0)
        return ASSAY_OK;
    named += strncmp(named, "./", 2) == 0 ? 2 : 0;
    size_t n = strlen(named);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) { /* a folder: what lies in it */
        snprintf(name, sizeof name, "%s%s%s", named, n && named[n - 1] == '/' ? "" : "/", names[k]);
        if (exists(j, name))
            return check_one(j, name, true, e);
    }
    return check_one(j, named, true, e);
}
