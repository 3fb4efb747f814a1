#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/limits.h"
#include "assay/publish.h"
#include "file.h"
#include "text.h"

enum assay_status assay_keyfile_create(const char *path, mode_t mode, const void *bytes, size_t n, struct assay_err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return assay_fail_unwritten(e, errno, path, "cannot create");
    int bad = assay_file_write(fd, bytes, n) || fsync(fd);
    int why = errno;
    if (close(fd) && !bad) {
        bad = 1;
        why = errno;
    }
    if (!bad && assay_file_sync_dir(path)) {
        bad = 1;
        why = errno;
    }
    if (!bad)
        return ASSAY_OK;
    unlink(path);
    return assay_fail_unwritten(e, why, path, "cannot write");
}

enum assay_status assay_keyfile_private(const char *path, struct assay_err *e)
{
    struct stat st;
    if (stat(path, &st))
        return assay_fail(e, errno == ENOENT ? ASSAY_ENOTFOUND : ASSAY_ESTORE, "%s: cannot open: %s", path,
                          strerror(errno));
    if (st.st_mode & 077)
        return assay_fail(e, ASSAY_ESTORE, "%s: mode %04o lets others read this key: chmod 600 it", path,
                          (unsigned)st.st_mode & 07777);
    return ASSAY_OK;
}

enum assay_status assay_keyfile_read(const char *path, size_t max, struct assay_buf *out, struct assay_err *e)
{
    enum assay_status s = assay_keyfile_private(path, e);
    if (s != ASSAY_OK)
        return s;
    /* All of the room at once: a buffer that grows leaves unwiped copies of the secret behind. */
    if (assay_buf_reserve(out, max + 65536) != ASSAY_OK)
        return assay_fail_nomem(e);
    return assay_slurp(path, max, out, e);
}

static enum assay_status in_dir(const char *dir, const char *file, char out[ASSAY_MAX_PATH], struct assay_err *e)
{
    if ((size_t)snprintf(out, ASSAY_MAX_PATH, "%s/%s", dir, file) >= ASSAY_MAX_PATH)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    return ASSAY_OK;
}

void assay_keys_name(const char *origin, enum assay_role role, char *out, size_t cap)
{
    bool log = role == ASSAY_ROLE_LEDGER;
    snprintf(out, cap, "%s%s%s", origin, log ? "" : "/", log ? "" : assay_role_name(role));
}

enum assay_status assay_keys_make(const char *dir, const char *origin, enum assay_role role, struct assay_err *e)
{
    char file[32], path[ASSAY_MAX_PATH], pub[ASSAY_MAX_PATH], name[ASSAY_MAX_NAME + 16];
    enum assay_status s;
    snprintf(file, sizeof file, "%s.key", assay_role_name(role));
    assay_keys_name(origin, role, name, sizeof name);
    if ((s = in_dir(dir, file, path, e)) != ASSAY_OK)
        return s;
    snprintf(file, sizeof file, "%s.key.pub", assay_role_name(role));
    if ((s = in_dir(dir, file, pub, e)) != ASSAY_OK)
        return s;
    if (assay_file_exists(pub))
        return ASSAY_OK; /* ours already, or the public half of somebody else's */
    return assay_file_exists(path) ? assay_key_heal_pub(path, name, e) : assay_key_generate(path, name, e);
}

enum assay_status assay_keys_init(const char *keys_dir, const char *origin, struct assay_err *e)
{
    char path[ASSAY_MAX_PATH];
    enum assay_status s = ASSAY_OK;
    if (strlen(origin) > ASSAY_MAX_NAME || !assay_text_is_name(origin, strlen(origin)))
        return assay_fail(e, ASSAY_EUSAGE, "origin \"%.80s\": must not be empty or hold white space or '+'", origin);
    if (mkdir(keys_dir, 0700) && errno != EEXIST)
        return assay_fail_unwritten(e, errno, keys_dir, "cannot create");
    for (int r = 0; r < ASSAY_ROLE_USUAL && s == ASSAY_OK; r++)
        s = assay_keys_make(keys_dir, origin, (enum assay_role)r, e);
    if (s == ASSAY_OK)
        s = in_dir(keys_dir, "dataset.key", path, e);
    if (s == ASSAY_OK && !assay_file_exists(path))
        s = assay_dataset_key_generate(path, e);
    return s;
}

enum assay_status assay_keys_load(const char *keys_dir, enum assay_role role, struct assay_key **out,
                                  struct assay_err *e)
{
    char file[32], path[ASSAY_MAX_PATH];
    snprintf(file, sizeof file, "%s.key", assay_role_name(role));
    enum assay_status s = in_dir(keys_dir, file, path, e);
    return s == ASSAY_OK ? assay_key_load(path, out, e) : s;
}

enum assay_status assay_dataset_key_generate(const char *path, struct assay_err *e)
{
    uint8_t key[32];
    char hex[66];
    enum assay_status s = assay_random(key, sizeof key, e);
    if (s != ASSAY_OK)
        return s;
    assay_hex(key, sizeof key, hex);
    hex[64] = '\n';
    s = assay_keyfile_create(path, 0600, hex, 65, e);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(hex, sizeof hex);
    return s;
}

/* Of the two files of a key, is the private one there? */
static bool is_there(const char *dir, const char *role)
{
    char file[32], path[ASSAY_MAX_PATH];
    struct assay_err ignored = {0};
    struct stat st;
    snprintf(file, sizeof file, "%s.key", role);
    return in_dir(dir, file, path, &ignored) == ASSAY_OK && lstat(path, &st) == 0;
}

enum assay_status assay_keys_sign_with(const char *dir, enum assay_role role, struct assay_key **out,
                                       struct assay_err *e)
{
    struct assay_err why = {0};
    const char *name = assay_role_name(role);
    enum assay_status s = assay_keys_load(dir, role, out, &why);
    if (s == ASSAY_ENOTFOUND && is_there(dir, name))
        return assay_fail(e, ASSAY_ESTORE,
                          "%s/%s.key.pub is missing: what the role %s signed cannot be checked (put it back; the "
                          "private key beside it is there)",
                          dir, name, name);
    if (s == ASSAY_ENOTFOUND)
        return assay_fail(
            e, ASSAY_ESTORE,
            "%s/%s.key is missing: nothing can be signed as role %s here (put it back, or `assay ledger key "
            "PLAN --role %s` makes a new role's)",
            dir, name, name, name);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", why.msg);
}

enum assay_status assay_dataset_key_load(const char *keys_dir, uint8_t out[32], struct assay_err *e)
{
    char path[ASSAY_MAX_PATH];
    struct assay_err why = {0};
    enum assay_status s = in_dir(keys_dir, "dataset.key", path, e);
    if (s != ASSAY_OK)
        return s;
    s = assay_dataset_key_read(path, out, &why);
    if (s == ASSAY_ENOTFOUND)
        return assay_fail(e, ASSAY_ESTORE,
                          "%s is missing: no digest can be made or compared without it (put it back: a copy, or "
                          "`assay ledger keyring PLAN --recover`)",
                          path);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", why.msg);
}

enum assay_status assay_dataset_key_read(const char *path, uint8_t out[32], struct assay_err *e)
{
    struct assay_buf hex = {.max = 256 + 65537};
    enum assay_status s = assay_keyfile_read(path, 256, &hex, e);
    if (s == ASSAY_OK) {
        if (hex.len && hex.ptr[hex.len - 1] == '\n')
            hex.len--;
        if (hex.len != 64 || !assay_buf_str(&hex) || assay_unhex((const char *)hex.ptr, out, 32))
            s = assay_fail(e, ASSAY_ESTORE, "%s: not 64 lower-case hex digits", path);
    }
    if (hex.ptr)
        OPENSSL_cleanse(hex.ptr, hex.cap);
    assay_buf_release(&hex);
    return s;
}
