/* Any bytes as a data package and as the lists of a bag: no crash; what is accepted is sorted and stays in its folder.
 */
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/manifest.h"

static void check(const struct assay_manifest *m)
{
    for (size_t i = 0; i < m->n_unverified; i++)
        if (m->n_unverified > ASSAY_MANIFEST_UNVERIFIED || !m->unverified[i].claims ||
            strlen(m->unverified[i].what) >= sizeof m->unverified[i].what)
            abort();
    for (size_t i = 0; i < m->n; i++) {
        const struct assay_manifest_entry *e = &m->entry[i];
        if (*e->path == '/' || strstr(e->path, "//") || strncmp(e->path, "../", 3) == 0 || strstr(e->path, "/../") ||
            strcmp(e->path, "..") == 0 || assay_manifest_find(m, e->path) != e ||
            (e->schema != SIZE_MAX && e->schema >= m->n_schemas))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_manifest m;
    struct assay_err e = {0};
    const char *text = size ? (const char *)data : "";
    if (size > 1 << 20)
        return 0;
    enum assay_status s = assay_manifest_datapackage(text, size, "datapackage.json", &m, &e);
    if ((s == ASSAY_OK) != (e.code == ASSAY_OK) || (s != ASSAY_OK && (m.n || m.entry)))
        abort();
    check(&m);
    assay_manifest_release(&m);
    for (const struct assay_bag_digest *d = assay_bag_digests; d->name; d++) {
        assay_err_reset(&e);
        s = assay_manifest_bag(text, size, "manifest-sha256.txt", d, &m, &e);
        if ((s == ASSAY_OK) != (e.code == ASSAY_OK) || (s != ASSAY_OK && (m.n || m.entry)))
            abort();
        check(&m);
        assay_manifest_release(&m);
    }
    bool has;
    uint64_t octets, files;
    (void)assay_manifest_bag_oxum(text, size, "bag-info.txt", &has, &octets, &files, NULL);
    (void)assay_manifest_bag_declaration(text, size, "bagit.txt", NULL);
    return 0;
}
