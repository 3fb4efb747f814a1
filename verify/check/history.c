#include "history.h"

#include <stdint.h>
#include <string.h>

#include "assay/reader.h"
#include "assay/rule.h"

static bool may_be_absent(const struct assay_plan_column *c, enum assay_side_id side)
{
    for (size_t i = 0; i < c->n_rules[side]; i++)
        if (strcmp(assay_rule_name(&c->rule[side][i]), "absent") == 0)
            return true;
    return false;
}

bool assay_history_excuses(const struct assay_plan_column *c, enum assay_side_id side)
{
    return c->since || (side == ASSAY_ARCHIVE && c->n_former) || may_be_absent(c, side);
}

bool assay_history_matters(const struct assay_dataset *d, enum assay_side_id side)
{
    for (size_t i = 0; i < d->n_cols; i++)
        if (assay_history_excuses(&d->col[i], side))
            return true;
    return false;
}

/* When the object is. */
struct moment {
    const struct assay_lane *lane;
    bool known;
    assay_segment segment;
};

static bool is_before(const struct moment *m, const char *segment)
{
    assay_segment at;
    return m->known && m->segment != ASSAY_SEG_NULL && assay_lane_part_segment(m->lane, segment, &at) &&
           m->segment < at;
}

/* Its name in this object: by the segment that the object claims, else whichever is there. */
static const char *name_in(const struct assay_plan_column *c, enum assay_side_id side, const struct moment *m,
                           const struct assay_schema *s)
{
    const char *now = c->native[side];
    if (side != ASSAY_ARCHIVE || (!m->known && assay_schema_find(s, now) != SIZE_MAX))
        return now;
    for (size_t i = 0; i < c->n_former; i++)
        if (m->known ? is_before(m, c->former[i].until) : assay_schema_find(s, c->former[i].name) != SIZE_MAX)
            return c->former[i].name;
    return now;
}

enum assay_status assay_history_columns(struct assay_reader *r, size_t part, const struct assay_part *p,
                                        const struct assay_lane *lane, const struct assay_dataset *d,
                                        enum assay_side_id side, struct part_columns *out)
{
    struct moment m = {.lane = lane};
    struct assay_schema s = {0};
    struct assay_err ignored = {0};
    m.known = p->segment && assay_lane_part_segment(lane, p->segment, &m.segment);
    bool seen = r->ops->object_schema && r->ops->object_schema(r, part, &s, &ignored) == ASSAY_OK;
    out->n = 0;
    out->any_lacks = false;
    for (size_t i = 0; i < d->n_cols; i++) {
        const struct assay_plan_column *c = &d->col[i];
        out->lacks[i] = false;
        if (!c->native[side])
            continue;
        const char *name = seen ? name_in(c, side, &m, &s) : c->native[side];
        bool there = !seen || assay_schema_find(&s, name) != SIZE_MAX;
        bool foreseen = m.known && c->since ? is_before(&m, c->since) : c->since || may_be_absent(c, side);
        bool unread = m.known && c->since && is_before(&m, c->since); /* whatever stands there is another column */
        if (seen && (unread || (!there && foreseen)))
            out->any_lacks = out->lacks[i] = true;
        else {
            out->type[out->n] = c->type;
            out->name[out->n++] = name;
        }
    }
    assay_schema_release(&s);
    return ignored.code == ASSAY_ENOMEM ? ASSAY_ENOMEM : ASSAY_OK;
}
