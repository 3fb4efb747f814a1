/* From a file locator to its objects: components of the path are walked one by one, base_dir is never a pattern. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assay/limits.h"
#include "files.h"

#define MAX_COMPONENT 1024 /* of a locator; names have 255 bytes, patterns may be longer */

struct walk {
    const struct assay_locator *loc;
    struct assay_file_list *out;
    struct assay_err *e;
    char path[ASSAY_MAX_PATH]; /* for one system call at a time: not on the stack, which is deep enough */
    char name[ASSAY_MAX_PATH]; /* of the entry in hand, as it will be shown */
    size_t len;
    size_t seg_from, seg_len; /* what {segment} took, within name; seg_len 0: nothing yet */
    bool wild; /* some component so far was a pattern: its matches may come to nothing */
};

/* What a directory entry is, links resolved once. */
struct entry {
    struct stat st;
    bool link;
};

static enum assay_status visit(struct walk *w, const char *pattern, int depth);

enum assay_status assay_files_path(const struct assay_locator *loc, const char *name, char *out, size_t cap,
                                   struct assay_err *e)
{
    const char *base = loc->base_dir && *loc->base_dir ? loc->base_dir : ".";
    int n = *name == '/' ? snprintf(out, cap, "%s", name) : snprintf(out, cap, "%s/%s", base, name);
    if (n < 0 || (size_t)n >= cap)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes below %.200s", ASSAY_MAX_PATH, name);
    return ASSAY_OK;
}

/* The entry in hand as w->path. */
static enum assay_status full_path(struct walk *w)
{
    return assay_files_path(w->loc, w->len ? w->name : ".", w->path, sizeof w->path, w->e);
}

/* Append one component to the name in hand; the caller sets len back. */
static enum assay_status descend(struct walk *w, const char *component, size_t n)
{
    bool slash = w->len > 0 && w->name[w->len - 1] != '/';
    if (w->len + slash + n >= sizeof w->name)
        return assay_fail(w->e, ASSAY_ELIMIT, "path of more than %d bytes below %.200s", ASSAY_MAX_PATH, w->name);
    if (slash)
        w->name[w->len++] = '/';
    memcpy(w->name + w->len, component, n);
    w->len += n;
    w->name[w->len] = '\0';
    return ASSAY_OK;
}

static void ascend(struct walk *w, size_t len)
{
    w->len = len;
    w->name[len] = '\0';
}

static enum assay_status fail_errno(struct walk *w, const char *doing)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return assay_fail(w->e, ASSAY_ENOTFOUND, "%s: no such file or directory", w->len ? w->name : ".");
    return assay_fail(w->e, ASSAY_EIO, "%s: cannot %s: %s", w->len ? w->name : ".", doing, strerror(errno));
}

static enum assay_status look(struct walk *w, struct entry *out)
{
    enum assay_status s = full_path(w);
    if (s != ASSAY_OK)
        return s;
    if (lstat(w->path, &out->st))
        return fail_errno(w, "stat");
    out->link = S_ISLNK(out->st.st_mode);
    if (out->link && stat(w->path, &out->st))
        return assay_fail(w->e, ASSAY_ENOTFOUND, "%s: the target of this symbolic link cannot be reached: %s", w->name,
                          strerror(errno));
    return ASSAY_OK;
}

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISCHR(mode)  ? "a character device"
           : S_ISBLK(mode)  ? "a block device"
                            : "a special file";
}

static struct assay_file *append(struct assay_file_list *l, struct assay_err *e)
{
    if (l->n == ASSAY_MAX_OBJECTS) {
        assay_fail(e, ASSAY_ELIMIT, "more than %d files", ASSAY_MAX_OBJECTS);
        return NULL;
    }
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct assay_file *v = realloc(l->v, cap * sizeof *v);
        if (!v) {
            assay_fail_nomem(e);
            return NULL;
        }
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n] = (struct assay_file){0};
    return &l->v[l->n++];
}

/* A pattern that takes all files of a folder means the data. */
static bool is_manifest(const char *name)
{
    const char *slash = strrchr(name, '/');
    return strcmp(slash ? slash + 1 : name, "datapackage.json") == 0;
}

/* One regular file. Listed by a directory, only those of a known format count. */
static enum assay_status take(struct walk *w, const struct entry *in, bool listed)
{
    const struct assay_format_ops *format;
    enum assay_status s = assay_file_format(w->loc, w->name, false, &format, w->e);
    if (s != ASSAY_OK || (listed && !format) || (w->wild && is_manifest(w->name)))
        return s;
    if (!S_ISREG(in->st.st_mode))
        return assay_fail(w->e, ASSAY_EIO, "%s: %s%s, expected a regular file", w->name,
                          in->link ? "a symbolic link to " : "", kind_of(in->st.st_mode));
    if ((s = assay_file_format(w->loc, w->name, true, &format, w->e)) != ASSAY_OK || (s = full_path(w)) != ASSAY_OK)
        return s;
    struct assay_file *f = append(w->out, w->e);
    if (!f)
        return w->out->n == ASSAY_MAX_OBJECTS ? ASSAY_ELIMIT : ASSAY_ENOMEM;
    f->format = format;
    f->part.object = true;
    f->part.bytes = (uint64_t)in->st.st_size;
    f->part.name = strdup(w->name);
    f->part.segment = w->seg_len ? strndup(w->name + w->seg_from, w->seg_len) : NULL;
    if (!f->part.name || (w->seg_len && !f->part.segment))
        return assay_fail_nomem(w->e);
    if (in->link && !(f->real = realpath(w->path, NULL)))
        return fail_errno(w, "resolve");
    return ASSAY_OK;
}

static enum assay_status refuse_linked_dir(struct walk *w)
{
    return assay_fail(w->e, ASSAY_EIO, "%s: a symbolic link to a directory, which is not followed", w->name);
}

/* Whatever the whole locator came down to. */
static enum assay_status arrive(struct walk *w, bool listed, int depth)
{
    struct entry in;
    enum assay_status s = look(w, &in);
    if (s != ASSAY_OK)
        return s;
    if (!S_ISDIR(in.st.st_mode))
        return take(w, &in, listed);
    return in.link && (listed || w->wild) ? refuse_linked_dir(w) : visit(w, NULL, depth + 1);
}

/* One entry that a pattern component matched, with more components behind it. */
static enum assay_status pass(struct walk *w, const char *rest, int depth)
{
    struct entry in;
    enum assay_status s = look(w, &in);
    if (s != ASSAY_OK)
        return s;
    if (!S_ISDIR(in.st.st_mode))
        return ASSAY_OK;
    return in.link ? refuse_linked_dir(w) : visit(w, rest, depth + 1);
}

/* Hidden and bookkeeping entries (.crc, _SUCCESS, _temporary) as Hive and Spark have them, unless asked for by name. */
static bool skipped(const char *entry, const char *component)
{
    return (*entry == '.' || *entry == '_') && (!component || *component != *entry);
}

/* An entry of the directory in hand: component is what it must match, NULL for any; rest what follows, NULL for
 * nothing. */
static enum assay_status step(struct walk *w, const char *entry, const char *component, const char *rest, int depth)
{
    size_t from = 0, n = 0, before = w->len;
    if (skipped(entry, component) || (component && !assay_match_component(component, entry, &from, &n)))
        return ASSAY_OK;
    enum assay_status s = descend(w, entry, strlen(entry));
    if (n) {
        w->seg_from = w->len - strlen(entry) + from;
        w->seg_len = n;
    }
    if (s == ASSAY_OK)
        s = rest ? pass(w, rest, depth) : arrive(w, !component, depth);
    if (n)
        w->seg_len = 0;
    ascend(w, before);
    return s;
}

static enum assay_status each_entry(struct walk *w, const char *component, const char *rest, int depth)
{
    enum assay_status s = full_path(w);
    if (s != ASSAY_OK)
        return s;
    DIR *dir = opendir(w->path);
    if (!dir)
        return fail_errno(w, "list");
    const struct dirent *d;
    while (s == ASSAY_OK && (errno = 0, d = readdir(dir)))
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            s = step(w, d->d_name, component, rest, depth);
    if (s == ASSAY_OK && errno)
        s = fail_errno(w, "list");
    closedir(dir);
    return s;
}

static bool exists(struct walk *w)
{
    struct stat st;
    return assay_files_path(w->loc, w->name, w->path, sizeof w->path, NULL) == ASSAY_OK && lstat(w->path, &st) == 0;
}

/* A component without wildcards, or with brackets that stand in the name itself. *done false: it is a pattern after
 * all. */
static enum assay_status literal(struct walk *w, const char *component, const char *rest, int depth, bool *done)
{
    size_t before = w->len;
    bool pattern = assay_match_is_pattern(component);
    bool star = strpbrk(component, "*?") || strstr(component, "{segment}");
    *done = !star;
    if (star)
        return ASSAY_OK;
    enum assay_status s = descend(w, component, strlen(component));
    bool there = s == ASSAY_OK && exists(w);
    if (s == ASSAY_OK && pattern && !there)
        *done = false;
    else if (s == ASSAY_OK && (there || !w->wild))
        s = rest ? visit(w, rest, depth + 1) : arrive(w, false, depth);
    ascend(w, before);
    return s;
}

/* Match the rest of the locator below the directory in hand; NULL: take all of it. */
static enum assay_status visit(struct walk *w, const char *pattern, int depth)
{
    if (depth > ASSAY_FILES_MAX_DEPTH)
        return assay_fail(w->e, ASSAY_ELIMIT, "%.200s: more than %d nested directories", w->name,
                          ASSAY_FILES_MAX_DEPTH);
    if (!pattern)
        return each_entry(w, NULL, NULL, depth);
    char component[MAX_COMPONENT];
    size_t n = strcspn(pattern, "/");
    if (n >= sizeof component)
        return assay_fail(w->e, ASSAY_ELIMIT, "%.200s...: path component of more than %d bytes", pattern,
                          MAX_COMPONENT - 1);
    memcpy(component, pattern, n);
    component[n] = '\0';
    const char *rest = pattern + n + strspn(pattern + n, "/");
    rest = *rest ? rest : NULL;
    if (n == 0 || strcmp(component, ".") == 0)
        return rest ? visit(w, rest, depth) : visit(w, NULL, depth);
    bool done, was_wild = w->wild;
    enum assay_status s = literal(w, component, rest, depth, &done);
    if (s != ASSAY_OK || done)
        return s;
    w->wild = true;
    s = each_entry(w, component, rest, depth);
    w->wild = was_wild;
    return s;
}

static int by_name(const void *a, const void *b)
{
    const struct assay_file *x = a, *y = b;
    return strcmp(x->part.name, y->part.name);
}

void assay_files_release(struct assay_file_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->v[i].part.name);
        free(l->v[i].part.segment);
        free(l->v[i].real);
        free(l->v[i].claim);
        assay_hive_release(&l->v[i].hive);
    }
    free(l->v);
    *l = (struct assay_file_list){0};
}

/* An absolute locator below base_dir is shown like a relative one. */
static const char *below_base(const struct assay_locator *loc)
{
    const char *base = loc->base_dir;
    size_t n = base ? strlen(base) : 0;
    while (n > 1 && base[n - 1] == '/')
        n--;
    bool below = n > 1 && *base == '/' && strncmp(loc->uri, base, n) == 0 && loc->uri[n] == '/';
    const char *rest = below ? loc->uri + n + strspn(loc->uri + n, "/") : NULL;
    return rest && *rest ? rest : loc->uri;
}

/* Nothing hidden on the way down, and a format: what each_entry would come to. */
static bool would_list(const struct assay_locator *loc, const char *name)
{
    const struct assay_format_ops *format = NULL;
    for (const char *p = name; *p; p += strspn(p, "/")) {
        if (skipped(p, NULL))
            return false;
        p += strcspn(p, "/");
    }
    return *name && assay_file_format(loc, name, false, &format, NULL) == ASSAY_OK && format;
}

/* The next component into out; the rest behind it. NULL: it is too long. */
static const char *component_of(const char *p, char out[MAX_COMPONENT])
{
    size_t n = strcspn(p, "/");
    if (n >= MAX_COMPONENT)
        return NULL;
    memcpy(out, p, n);
    out[n] = '\0';
    return p + n + strspn(p + n, "/");
}

bool assay_files_wants(const struct assay_locator *loc, const char *name)
{
    const char *pattern = below_base(loc);
    char want[MAX_COMPONENT], have[MAX_COMPONENT];
    size_t from, len;
    if ((*pattern == '/') != (*name == '/'))
        return false;
    pattern += strspn(pattern, "/");
    name += strspn(name, "/");
    while (*pattern && *name) {
        if (!(pattern = component_of(pattern, want)))
            return false;
        if (strcmp(want, ".") == 0)
            continue;
        if (!(name = component_of(name, have)) || skipped(have, want) ||
            !assay_match_component(want, have, &from, &len))
            return false;
        if (!*pattern && !*name)
            return true;
    }
    return !*pattern && would_list(loc, name);
}

enum assay_status assay_files_find(const struct assay_locator *loc, struct assay_file_list *out, struct assay_err *e)
{
    *out = (struct assay_file_list){0};
    const char *pattern = below_base(loc);
    const char *segment = strstr(pattern, "{segment}");
    if (strlen(pattern) >= ASSAY_MAX_PATH)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    if (segment && strstr(segment + 1, "{segment}"))
        return assay_fail(e, ASSAY_EPLAN, "%s: more than one {segment}", pattern);
    const struct assay_format_ops *format;
    enum assay_status s = assay_file_format(loc, "", false, &format, e);
    if (s != ASSAY_OK)
        return s;
    struct walk *w = calloc(1, sizeof *w);
    if (!w)
        return assay_fail_nomem(e);
    *w = (struct walk){.loc = loc, .out = out, .e = e};
    s = *pattern == '/' ? descend(w, "/", 1) : ASSAY_OK;
    if (s == ASSAY_OK)
        s = visit(w, pattern + strspn(pattern, "/"), 0);
    free(w);
    if (s != ASSAY_OK)
        assay_files_release(out);
    else if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_name);
    return s;
}
