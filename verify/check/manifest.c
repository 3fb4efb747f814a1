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
#include "manifest_look.h"

#define HASH_SHOWN 12 /* hex digits in a sentence */
#define SAID 10 /* differences that are named on the way */

/* ---- what it denies ---- */

enum assay_status assay_manifest_deny(struct looked *x, struct assay_buf *to, const char *object, const char *kind,
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
    return assay_manifest_deny(x, &p->denied, p->part->name, kind, sentence);
}

static const char *decimal(char out[32], uint64_t n)
{
    snprintf(out, 32, "%llu", (unsigned long long)n);
    return out;
}

const char *assay_manifest_digits(char out[32], const uint8_t *digest)
{
    assay_hex(digest, HASH_SHOWN / 2, out);
    return out;
}

/* ---- one file ---- */

/* A difference in length explains one of the digest: one cause, one sentence. */
static enum assay_status compare_bytes(struct looked *x, const struct assay_manifest_entry *m,
                                       struct assay_part_result *p)
{
    char a[32], b[32];
    if (!p->end.hashed)
        return ASSAY_OK;
    if (m->has_bytes && m->bytes != p->end.bytes)
        return deny_file(x, p, "bytes", "a size in bytes of", decimal(a, m->bytes), decimal(b, p->end.bytes));
    if (m->has_sha256 && memcmp(m->sha256, p->end.sha256, 32) != 0)
        return deny_file(x, p, "hash", "SHA-256", assay_manifest_digits(a, m->sha256),
                         assay_manifest_digits(b, p->end.sha256));
    if (m->has_sha512 && p->has_sha512 && memcmp(m->sha512, p->sha512, 64) != 0)
        return deny_file(x, p, "hash", "SHA-512", assay_manifest_digits(a, m->sha512),
                         assay_manifest_digits(b, p->sha512));
    if (m->has_sha512 && !p->has_sha512) /* the manifest was written while its files were read */
        assay_manifest_leave(&x->m, "sha512", 6, 1);
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
    char a[32], b[32];
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
            s = assay_manifest_deny(x, &p->denied, p->part->name, "unlisted", sentence);
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
        s = assay_manifest_deny(x, &x->denied, x->name, "schema", sentence);
    }
    return s;
}

static enum assay_status compare_lineage(struct looked *x)
{
    char sentence[256];
    if (!x->m.dataset || strcmp(x->m.dataset, x->j->c->set->id) == 0)
        return ASSAY_OK;
    snprintf(sentence, sizeof sentence, "it is of dataset %.64s, the plan's is %s", x->m.dataset, x->j->c->set->id);
    return assay_manifest_deny(x, &x->denied, x->name, "lineage", sentence);
}

/* ---- reading ---- */

static enum assay_status keep_paper(struct looked *x, const char *name, const struct assay_buf *text,
                                    struct assay_err *e)
{
    for (size_t i = 0; i < x->n_papers; i++)
        if (strcmp(x->paper[i].name, name) == 0)
            return ASSAY_OK;
    if (x->n_papers == ASSAY_MAX_PAPERS) {
        assay_log(ASSAY_LOG_WARN, "%s: more than %d tag files: a scrub will not look at the others", x->name,
                  ASSAY_MAX_PAPERS);
        return ASSAY_OK;
    }
    struct paper *grown = realloc(x->paper, (x->n_papers + 1) * sizeof *grown);
    if (!grown)
        return assay_fail_nomem(e);
    x->paper = grown;
    struct paper *p = &grown[x->n_papers];
    *p = (struct paper){.name = strdup(name), .bytes = text->len};
    if (!p->name)
        return assay_fail_nomem(e);
    x->n_papers++;
    assay_sha256(text->ptr ? (const char *)text->ptr : "", text->len, p->sha256);
    return ASSAY_OK;
}

enum assay_status assay_manifest_file(const char *base_dir, const char *name, size_t max, struct assay_buf *out,
                                      struct assay_err *e)
{
    struct assay_buf path = {0};
    struct stat st;
    struct assay_err why = {0};
    enum assay_status s = assay_path_join(base_dir, name, &path);
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

enum assay_status assay_manifest_slurp(struct looked *x, const char *name, size_t max, struct assay_buf *out,
                                       struct assay_err *e)
{
    enum assay_status s = assay_manifest_file(x->loc.base_dir, name, max, out, e);
    return s == ASSAY_OK ? keep_paper(x, name, out, e) : s;
}

static enum assay_status load(struct looked *x, struct assay_err *e)
{
    struct assay_buf text = {0};
    if (x->bag)
        return assay_manifest_load_bag(x, e);
    enum assay_status s = assay_manifest_slurp(x, x->name, ASSAY_MAX_DATAPACKAGE, &text, e);
    if (s == ASSAY_OK)
        s = assay_manifest_datapackage(text.ptr ? (const char *)text.ptr : "", text.len, x->base, &x->m, e);
    assay_buf_release(&text);
    return s;
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

/* The manifest, and each other file that it consists of: what a scrub will look for. */
static void begin_paper(const struct looked *x, const struct paper *p, struct assay_writer *w)
{
    assay_attest_begin(w, x->j->c, "object", x->j->plan_hash);
    assay_writer_add(w, "object", p ? p->name : x->name);
    assay_writer_add(w, "status", "manifest");
    if (!p)
        return;
    assay_writer_hex(w, "sha256", "", p->sha256, 32);
    assay_writer_addf(w, "bytes", "%llu", (unsigned long long)p->bytes);
}

static enum assay_status attest_manifest(struct looked *x, struct assay_err *e)
{
    struct assay_writer w;
    char *save = NULL;
    const struct paper *own = x->n_papers && strcmp(x->paper[0].name, x->name) == 0 ? &x->paper[0] : NULL;
    begin_paper(x, own, &w);
    for (size_t i = 0; i < x->m.n_unverified; i++)
        assay_writer_addf(&w, "claims-unverified", "%llu %s", (unsigned long long)x->m.unverified[i].claims,
                          x->m.unverified[i].what);
    char *lines = x->denied.len && assay_buf_str(&x->denied) ? (char *)x->denied.ptr : NULL;
    size_t said = 0;
    for (char *l = lines ? strtok_r(lines, "\n", &save) : NULL; l && said < ASSAY_MAX_FINDINGS;
         l = strtok_r(NULL, "\n", &save), said++)
        assay_writer_add(&w, "manifest", l);
    enum assay_status s = assay_writer_send(&w, x->j->c->sink, e);
    for (size_t i = own ? 1 : 0; i < x->n_papers && s == ASSAY_OK; i++) {
        begin_paper(x, &x->paper[i], &w);
        s = assay_writer_send(&w, x->j->c->sink, e);
    }
    return s;
}

/* A claim that nothing was compared with is no claim that holds. */
static void say_unverified(const struct looked *x)
{
    for (size_t i = 0; i < x->m.n_unverified; i++) {
        const struct assay_manifest_unverified *u = &x->m.unverified[i];
        const bool weak = strcmp(u->what, "md5") == 0 || strcmp(u->what, "sha1") == 0;
        assay_log(ASSAY_LOG_WARN, "%s: unverified: %llu claims: %s%s", x->name, (unsigned long long)u->claims, u->what,
                  weak ? ", a weak digest, which proves nothing" : ", which is not compared");
    }
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
    s = find_gone(x, e);
    if (s == ASSAY_OK && x->bag)
        s = assay_manifest_compare_bag(x, e);
    if (s == ASSAY_OK)
        say_unverified(x);
    return s;
}

static struct looked *look(const struct manifest_job *j, const char *name, bool named)
{
    struct looked *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->j = j;
    x->loc = assay_plan_locator(j->c->plan, j->c->set, j->c->side);
    x->named = named;
    snprintf(x->name, sizeof x->name, "%s", name);
    const char *slash = strrchr(x->name, '/');
    x->base = slash ? slash + 1 : x->name;
    snprintf(x->dir, sizeof x->dir, "%.*s", (int)(x->base - x->name), x->name);
    x->bag = strcmp(x->base, "bagit.txt") == 0;
    return x;
}

static void looked_free(struct looked *x)
{
    for (size_t i = 0; i < x->n_papers; i++)
        free(x->paper[i].name);
    free(x->paper);
    assay_manifest_release(&x->m);
    assay_buf_release(&x->denied);
    free(x);
}

static enum assay_status check_one(const struct manifest_job *j, const char *name, bool named, struct assay_err *e)
{
    struct looked *x = look(j, name, named);
    struct assay_err why = {0};
    if (!x)
        return assay_fail_nomem(e);
    enum assay_status s = load(x, &why);
    bool broken = s == ASSAY_EDATA || s == ASSAY_ELIMIT, absent = s == ASSAY_ENOTFOUND;
    if (broken || (absent && named)) {
        s = assay_manifest_deny(x, &x->denied, x->name, absent ? "absent" : "broken",
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
    looked_free(x);
    return s;
}

/* Does it claim a SHA-512? What it is worth otherwise shows when the files were read. */
static enum assay_status ask_one(const struct manifest_job *j, const char *name, bool named, struct assay_err *e)
{
    struct looked *x = look(j, name, named);
    struct assay_err ignored = {0};
    if (!x)
        return assay_fail_nomem(e);
    x->said = SAID + 1; /* it is said when the files were read */
    const bool read = load(x, &ignored) == ASSAY_OK;
    for (size_t i = 0; read && i < x->m.n; i++)
        *j->sha512 |= x->m.entry[i].has_sha512;
    looked_free(x);
    return ASSAY_OK;
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

typedef enum assay_status manifest_fn(const struct manifest_job *j, const char *name, bool named, struct assay_err *e);

/* Beside the files or in a folder above them, the nearest of each kind; not above the plan's folder. */
static enum assay_status find_near(const struct manifest_job *j, const char *first, manifest_fn *fn,
                                   struct assay_err *e)
{
    char dir[ASSAY_MAX_PATH], name[ASSAY_MAX_PATH + 32];
    enum assay_status s = ASSAY_OK;
    for (size_t k = 0; k < sizeof names / sizeof *names && s == ASSAY_OK; k++) {
        snprintf(dir, sizeof dir, "%s", first);
        for (bool found = false; *dir && !found;) {
            char *slash = strrchr(dir, '/');
            dir[slash ? slash - dir : 0] = '\0';
            snprintf(name, sizeof name, "%s%s%s", dir, slash ? "/" : "", names[k]);
            found = exists(j, name);
            if (found)
                s = fn(j, name, false, e);
        }
    }
    return s;
}

static enum assay_status find(const struct manifest_job *j, const struct assay_part *first, manifest_fn *fn,
                              struct assay_err *e)
{
    const char *named = j->c->set->side[j->c->side].manifest;
    char name[ASSAY_MAX_PATH + 32];
    if (!first || !first->object)
        return ASSAY_OK;
    if (!named)
        return find_near(j, first->name, fn, e);
    if (strcmp(named, "none") == 0)
        return ASSAY_OK;
    named += strncmp(named, "./", 2) == 0 ? 2 : 0;
    size_t n = strlen(named);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) { /* a folder: what lies in it */
        snprintf(name, sizeof name, "%s%s%s", named, n && named[n - 1] == '/' ? "" : "/", names[k]);
        if (exists(j, name))
            return fn(j, name, true, e);
    }
    return fn(j, named, true, e);
}

enum assay_status assay_manifest_check(const struct manifest_job *j, struct assay_err *e)
{
    return find(j, j->n_parts ? j->part[0].part : NULL, check_one, e);
}

enum assay_status assay_manifest_wants_sha512(const struct assay_check *c, const struct assay_part *part, size_t n,
                                              bool *want, struct assay_err *e)
{
    const struct manifest_job j = {.c = c, .sha512 = want};
    *want = false;
    return find(&j, n ? part : NULL, ask_one, e);
}
