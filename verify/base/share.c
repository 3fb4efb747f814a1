#include "assay/share.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/limits.h"

static enum assay_status ended(enum assay_status s, struct assay_buf *out, struct assay_err *e)
{
    return s == ASSAY_OK && assay_buf_str(out) ? ASSAY_OK : assay_fail_nomem(e);
}

enum assay_status assay_share_folder(const char *name, const char *variable, struct assay_buf *out, struct assay_err *e)
{
    static const char *const below[] = {"share/assay", "../share/assay"};
    const char *own = getenv(variable);
    char exe[ASSAY_MAX_PATH];
    assay_buf_reset(out);
    if (own && *own)
        return ended(assay_buf_adds(out, own), out, e);
    const ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    char *slash = NULL;
    if (n > 0) {
        exe[n] = '\0';
        slash = strrchr(exe, '/');
    }
    for (size_t i = 0; slash && i < sizeof below / sizeof *below; i++) {
        assay_buf_reset(out);
        enum assay_status s = assay_buf_addf(out, "%.*s/%s/%s", (int)(slash - exe), exe, below[i], name);
        if ((s = ended(s, out, e)) != ASSAY_OK)
            return s;
        if (access((const char *)out->ptr, R_OK) == 0)
            return ASSAY_OK;
    }
    return assay_fail(e, ASSAY_ENOTFOUND, "no %s are installed; %s names their folder", name, variable);
}
