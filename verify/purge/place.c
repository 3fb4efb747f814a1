#include "assay/purge_place.h"

#include <stdio.h>
#include <string.h>

#include "assay/log.h"

enum assay_status assay_purge_where(const struct assay_dataset *d, struct assay_buf *out)
{
    const struct assay_side *source = &d->side[ASSAY_SOURCE];
    enum assay_status s = assay_locator_show(source->uri, out);
    return s == ASSAY_OK ? assay_buf_addf(out, " table %s", source->table ? source->table : "") : s;
}

/* Can the two be of one database? Else nobody need be asked. */
static bool comparable(const struct assay_locator *a, const struct assay_locator *b)
{
    return a->table && b->table && (strncmp(a->uri, "sqlite:", 7) == 0) == (strncmp(b->uri, "sqlite:", 7) == 0);
}

enum assay_status assay_purge_apart(const struct assay_plan *p, const struct assay_locator *source,
                                    const struct assay_place *at, struct assay_err *e)
{
    for (size_t i = 0; i < p->n_sets; i++) {
        struct assay_locator archive = assay_plan_locator(p, &p->set[i], ASSAY_ARCHIVE);
        struct assay_place other;
        struct assay_err why = {0};
        archive.snapshot = NULL;
        if (!comparable(source, &archive))
            continue;
        const enum assay_status s = assay_reader_place(&archive, &other, &why);
        if (s == ASSAY_ENOMEM || s == ASSAY_EINTR)
            return assay_fail(e, s, "%s", why.msg);
        if (s != ASSAY_OK)
            assay_log(ASSAY_LOG_WARN, "whether the archive of %s is the table to be deleted from cannot be seen: %s",
                      p->set[i].name, why.msg);
        else if (strcmp(other.text, at->text) == 0)
            return assay_fail(e, ASSAY_EUSAGE, "the table to be deleted from is the archive of dataset %s (%s)",
                              p->set[i].name, at->text);
        else if (strncmp(other.text, at->text, other.database) == 0 &&
                 (other.shows || (other.tree && other.tree == at->tree)))
            return assay_fail(
                e, ASSAY_EUSAGE,
                "the archive of dataset %s (%s) is a view, or a partition of one table with what is to be "
                "deleted from: its rows may be those very rows",
                p->set[i].name, other.text);
    }
    return ASSAY_OK;
}

/* The place that the permit names, or, where no machine but this could know it, that of the source by the locator that
 * the permit names. */
static enum assay_status find_permitted(const struct assay_plan *p, const struct assay_dataset *d,
                                        const struct assay_permit *permit, struct assay_place *out, struct assay_err *e)
{
    struct assay_locator source = assay_plan_locator(p, d, ASSAY_SOURCE);
    struct assay_buf now = {0};
    enum assay_status s = ASSAY_OK;
    if (permit->place) {
        snprintf(out->text, sizeof out->text, "%s", permit->place);
        return ASSAY_OK;
    }
    source.snapshot = NULL;
    if (assay_purge_where(d, &now) != ASSAY_OK || !assay_buf_str(&now))
        s = assay_fail_nomem(e);
    else if (strcmp(assay_buf_str(&now), permit->where) != 0)
        s = assay_fail(e, ASSAY_EUSAGE, "dataset %s: permit %llu is for rows at %s, and the plan's source is %s",
                       d->name, (unsigned long long)permit->leaf, permit->where, assay_buf_str(&now));
    assay_buf_release(&now);
    return s == ASSAY_OK ? assay_reader_place(&source, out, e) : s;
}

enum assay_status assay_purge_right_place(const struct assay_plan *p, const struct assay_dataset *d,
                                          const struct assay_permit *permit, const struct assay_locator *source,
                                          const struct assay_place *at, struct assay_err *e)
{
    struct assay_place want = {0};
    const unsigned long long leaf = permit->leaf;
    if (!permit->where)
        return assay_fail(e, ASSAY_EUSAGE,
                          "dataset %s: permit %llu does not say where rows may be deleted: it was given "
                          "by an older assay, and a new one is needed",
                          d->name, leaf);
    enum assay_status s = find_permitted(p, d, permit, &want, e);
    if (s == ASSAY_OK && strcmp(want.text, at->text) != 0)
        s = assay_fail(e, ASSAY_EUSAGE,
                       "dataset %s: permit %llu is for rows at %s (%s), and purge: source leads to another table (%s)",
                       d->name, leaf, permit->where, want.text, at->text);
    return s == ASSAY_OK ? assay_purge_apart(p, source, at, e) : s;
}
