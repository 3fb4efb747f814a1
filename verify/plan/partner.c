#include "partner.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "assay/buf.h"
#include "assay/publish.h"
#include "dataset.h"

enum likeness { UNLIKE, DATED, STEM, FOLDER }; /* the stronger one wins */

static enum likeness likeness(const char *entry, const char *name)
{
    size_t n = strlen(name);
    if (strncasecmp(entry, name, n) != 0)
        return UNLIKE;
    const char *rest = entry + n;
    if (*rest == '\0')
        return FOLDER; /* or a file without a suffix: stat tells */
    if (*rest == '.' && rest[1] && !strchr("0123456789", rest[1]))
        return STEM;
    return strchr("-_.=", *rest) && rest[1] >= '0' && rest[1] <= '9' ? DATED : UNLIKE;
}

struct best {
    enum likeness how;
    size_t n;
    char entry[256];
};

static void consider(struct best *b, const char *entry, const char *name)
{
    enum likeness how = *entry == '.' ? UNLIKE : likeness(entry, name);
    if (how == UNLIKE || how < b->how)
        return;
    b->n = how == b->how ? b->n + 1 : 1;
    b->how = how;
    snprintf(b->entry, sizeof b->entry, "%s", entry);
}

static void search(const char *dir, const char *name, struct best *b)
{
    const struct dirent *d;
    DIR *open = opendir(dir);
    while (open && (d = readdir(open)))
        consider(b, d->d_name, name);
    if (open)
        closedir(open);
}

static char *place(const char *archive, const struct best *b, size_t name_len)
{
    char *out = NULL;
    int n;
    const char *slash = archive[strlen(archive) - 1] == '/' ? "" : "/";
    if (b->how == DATED)
        n = asprintf(&out, "%s%s%.*s[0-9]*", archive, slash, (int)name_len + 1, b->entry);
    else
        n = asprintf(&out, "%s%s%s", archive, slash, b->entry);
    return n < 0 ? NULL : out;
}

enum assay_status assay_partner(const char *base_dir, const char *archive, const char *table, char **out,
                                struct assay_err *e)
{
    struct assay_buf dir = {0};
    struct best b = {0};
    struct stat st;
    const char *dot = strrchr(table, '.'), *name = table;
    if (assay_uri_is_database(archive) || assay_uri_is_command(archive)) {
        *out = strdup(archive);
        return *out ? ASSAY_OK : assay_fail_nomem(e);
    }
    if (assay_path_join(strcmp(base_dir, ".") == 0 ? "" : base_dir, archive, &dir) != ASSAY_OK)
        return assay_fail_nomem(e);
    if (*archive && stat((const char *)dir.ptr, &st) == 0 && S_ISDIR(st.st_mode)) {
        search((const char *)dir.ptr, name, &b);
        if (b.how == UNLIKE && dot && dot[1])
            search((const char *)dir.ptr, name = dot + 1, &b);
    }
    assay_buf_release(&dir);
    if (b.how == UNLIKE)
        return assay_fail(e, ASSAY_ENOTFOUND, "nothing in %.300s is named like it", archive);
    if (b.how == STEM && b.n > 1)
        return assay_fail(e, ASSAY_EUSAGE, "%zu files in %.300s have its name before their suffix", b.n, archive);
    *out = place(archive, &b, strlen(name));
    return *out ? ASSAY_OK : assay_fail_nomem(e);
}
