/* "assay-spool/1" LF, then batches: entries "note LEN" LF bytes LF and "blob LEN" LF bytes LF, closed by
 * "end ENTRIES SHA256" LF, the digest of the batch's bytes before that line. A batch without its end is not taken in.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/publish.h"
#include "file.h"
#include "sink.h"
#include "store.h"

static const char magic[] = "assay-spool/1\n";

struct assay_spool {
    char *path;
    int fd; /* -1 before the first batch */
    off_t good; /* bytes of complete batches */
    bool begun; /* the first line is out */
};

enum assay_status assay_spool_create(const char *path, struct assay_spool **out, struct assay_err *e)
{
    bool to_stdout = strcmp(path, "-") == 0;
    if (!to_stdout && assay_file_exists(path))
        return assay_fail(e, ASSAY_EIO,
                          "%s: exists already; take it into the ledger (assay ledger append), "
                          "then remove it",
                          path);
    if (strlen(path) > ASSAY_MAX_PATH - 64)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH - 64);
    struct assay_spool *s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(path))) {
        free(s);
        return assay_fail_nomem(e);
    }
    s->fd = to_stdout ? STDOUT_FILENO : -1;
    *out = s;
    return ASSAY_OK;
}

void assay_spool_close(struct assay_spool *s)
{
    if (!s)
        return;
    if (s->fd > STDOUT_FILENO)
        close(s->fd);
    free(s->path);
    free(s);
}

/* Write one piece and hash it. */
static int put(int fd, struct assay_sha256 *h, const void *p, size_t n, off_t *total)
{
    assay_sha256_update(h, p, n);
    *total += (off_t)n;
    return assay_file_write(fd, p, n);
}

static int put_batch(struct assay_spool *s, int fd, struct assay_sha256 *h, const struct assay_ledger_item *item,
                     size_t n, off_t *total)
{
    char line[128], hex[65];
    uint8_t digest[32];
    if (!s->begun) {
        *total += (off_t)(sizeof magic - 1);
        if (assay_file_write(fd, magic, sizeof magic - 1))
            return -1;
    }
    for (size_t i = 0; i < n; i++) {
        int len = snprintf(line, sizeof line, "%s %zu\n", item[i].blob ? "blob" : "note", item[i].len);
        if (put(fd, h, line, (size_t)len, total) || put(fd, h, item[i].bytes, item[i].len, total) ||
            put(fd, h, "\n", 1, total))
            return -1;
    }
    assay_sha256_final(h, digest);
    assay_hex(digest, 32, hex);
    int len = snprintf(line, sizeof line, "end %zu %s\n", n, hex);
    *total += len;
    return assay_file_write(fd, line, (size_t)len);
}

static enum assay_status first_batch(struct assay_spool *s, struct assay_sha256 *h,
                                     const struct assay_ledger_item *item, size_t n, struct assay_err *e)
{
    char tmp[ASSAY_MAX_PATH];
    off_t total = 0;
    int fd = assay_create_beside(s->path, 0600, tmp);
    if (fd < 0)
        return assay_fail_unwritten(e, errno, s->path, "cannot create a file beside it");
    /* link, not rename: a spool that is not taken in yet must not be replaced. */
    int bad = put_batch(s, fd, h, item, n, &total) || fsync(fd) || link(tmp, s->path);
    int why = errno;
    unlink(tmp);
    if (!bad && assay_file_sync_dir(s->path)) {
        bad = 1;
        why = errno;
        unlink(s->path);
    }
    if (bad) {
        close(fd);
        return assay_fail_unwritten(e, why, s->path, "cannot write");
    }
    s->fd = fd;
    s->good = total;
    s->begun = true;
    return ASSAY_OK;
}

static enum assay_status later_batch(struct assay_spool *s, struct assay_sha256 *h,
                                     const struct assay_ledger_item *item, size_t n, struct assay_err *e)
{
    off_t total = s->good;
    bool file = s->fd != STDOUT_FILENO;
    int bad = put_batch(s, s->fd, h, item, n, &total) || (file && fsync(s->fd));
    if (!bad) {
        s->begun = true;
        s->good = total;
        return ASSAY_OK;
    }
    enum assay_status st = assay_fail_unwritten(e, errno, file ? s->path : "standard output", "cannot write");
    if (file && (ftruncate(s->fd, s->good) || lseek(s->fd, s->good, SEEK_SET) < 0))
        return st; /* the batch has no end line, so that nobody takes it in */
    return st;
}

enum assay_status assay_spool_write(struct assay_spool *s, const struct assay_ledger_item *item, size_t n,
                                    struct assay_err *e)
{
    struct assay_sha256 *h = assay_sha256_new();
    if (!h)
        return assay_fail_nomem(e);
    enum assay_status st = s->fd < 0 ? first_batch(s, h, item, n, e) : later_batch(s, h, item, n, e);
    assay_sha256_free(h);
    return st;
}

/* ---- taking a spool in ---- */

#define MAX_BATCH (1024u << 20) /* bytes of one batch; the sink writes at most ASSAY_MAX_BLOB + 64 MiB */

struct take {
    FILE *f;
    const char *path;
    struct assay_sha256 *h;
    struct assay_ledger_item *item;
    size_t n, cap, bytes;
    uint64_t batches;
};

static void drop_batch(struct take *t)
{
    for (size_t i = 0; i < t->n; i++)
        free((void *)(uintptr_t)t->item[i].bytes);
    t->n = t->bytes = 0;
}

static enum assay_status truncated(const struct take *t, struct assay_err *e)
{
    if (ferror(t->f))
        return assay_fail(e, ASSAY_EIO, "spool %s: cannot read: %s", t->path, strerror(errno));
    return assay_fail(e, ASSAY_EDATA, "spool %s: ends inside batch %llu; the batches before it are in the ledger",
                      t->path, (unsigned long long)t->batches + 1);
}

static enum assay_status take_entry(struct take *t, bool blob, size_t len, struct assay_err *e)
{
    if (len > (blob ? ASSAY_MAX_BLOB : ASSAY_MAX_LEAF) || len > MAX_BATCH - t->bytes)
        return assay_fail(e, ASSAY_ELIMIT, "spool %s: a %s of %zu bytes is over the limit", t->path,
                          blob ? "blob" : "note", len);
    if (t->n == t->cap) {
        size_t cap = t->cap * 2 + 64;
        struct assay_ledger_item *p = realloc(t->item, cap * sizeof *p);
        if (!p)
            return assay_fail_nomem(e);
        t->item = p;
        t->cap = cap;
    }
    uint8_t *bytes = malloc(len + 1);
    if (!bytes)
        return assay_fail_nomem(e);
    if (fread(bytes, 1, len + 1, t->f) != len + 1 || bytes[len] != '\n') {
        free(bytes);
        return feof(t->f) || ferror(t->f)
                   ? truncated(t, e)
                   : assay_fail(e, ASSAY_EDATA, "spool %s: an entry of batch %llu is longer than it says", t->path,
                                (unsigned long long)t->batches + 1);
    }
    assay_sha256_update(t->h, bytes, len + 1);
    t->item[t->n++] = (struct assay_ledger_item){bytes, len, blob};
    t->bytes += len;
    return ASSAY_OK;
}

static enum assay_status take_batch(struct take *t, const char *end, struct assay_ledger *l, uint64_t *n,
                                    struct assay_err *e)
{
    char want[128], hex[65];
    uint8_t digest[32];
    assay_sha256_final(t->h, digest);
    assay_hex(digest, 32, hex);
    snprintf(want, sizeof want, "end %zu %s\n", t->n, hex);
    if (strcmp(want, end) != 0)
        return assay_fail(e, ASSAY_EDATA, "spool %s: the end line of batch %llu does not fit its bytes", t->path,
                          (unsigned long long)t->batches + 1);
    uint64_t before = l->tree.size;
    enum assay_status s = assay_ledger_append(l, t->item, t->n, e);
    *n += l->tree.size - before;
    t->batches++;
    drop_batch(t);
    return s;
}

/* "note 123\n": the length without leading zeros, or -1. */
static long long entry_length(const char *digits)
{
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 10 || strcmp(digits + n, "\n") != 0 || (digits[0] == '0' && n > 1))
        return -1;
    return strtoll(digits, NULL, 10);
}

static enum assay_status take_line(struct take *t, const char *line, struct assay_ledger *l, uint64_t *n,
                                   struct assay_err *e)
{
    bool blob = strncmp(line, "blob ", 5) == 0;
    long long len = blob || strncmp(line, "note ", 5) == 0 ? entry_length(line + 5) : -1;
    if (!strchr(line, '\n') && feof(t->f))
        return truncated(t, e);
    if (strncmp(line, "end ", 4) == 0)
        return take_batch(t, line, l, n, e);
    if (len < 0)
        return assay_fail(e, ASSAY_EDATA, "spool %s: batch %llu has a line that is neither note, blob nor end", t->path,
                          (unsigned long long)t->batches + 1);
    assay_sha256_update(t->h, line, strlen(line));
    return take_entry(t, blob, (size_t)len, e);
}

static enum assay_status take_all(struct take *t, struct assay_ledger *l, uint64_t *n, struct assay_err *e)
{
    char line[128];
    enum assay_status s = ASSAY_OK;
    if (!fgets(line, sizeof line, t->f) || strcmp(line, magic) != 0)
        return assay_fail(e, ASSAY_EDATA, "spool %s: does not begin with \"assay-spool/1\"", t->path);
    while (s == ASSAY_OK && fgets(line, sizeof line, t->f))
        s = take_line(t, line, l, n, e);
    if (s == ASSAY_OK && (t->n || !t->batches || ferror(t->f)))
        s = truncated(t, e);
    return s;
}

enum assay_status assay_ledger_take_spool(struct assay_ledger *l, const char *path, uint64_t *n, struct assay_err *e)
{
    bool in = strcmp(path, "-") == 0;
    struct take t = {.path = in ? "standard input" : path, .h = assay_sha256_new()};
    *n = 0;
    t.f = in ? stdin : fopen(path, "rbe");
    enum assay_status s;
    if (!t.h)
        s = assay_fail_nomem(e);
    else if (!t.f)
        s = assay_fail(e, errno == ENOENT ? ASSAY_ENOTFOUND : ASSAY_EIO, "spool %s: cannot open: %s", path,
                       strerror(errno));
    else
        s = take_all(&t, l, n, e);
    drop_batch(&t);
    free(t.item);
    if (t.f && !in)
        fclose(t.f);
    assay_sha256_free(t.h);
    return s;
}
