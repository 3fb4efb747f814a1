/* A data package of what one run read of an archive: https://datapackage.org/standard/data-package/, with members
 * "assay:..." beside the standard's own. */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/publish.h"
#include "assay/reader.h"
#include "manifest.h"

struct writing {
    const struct manifest_job *j;
    const char *path;
    char dir[PATH_MAX]; /* of the manifest, resolved */
    size_t n_dir;
    json_t *root;
};

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

/* ---- what is not whole is not vouched for ---- */

static enum assay_status check_part(const struct assay_part_result *p, struct assay_err *e)
{
    const char *why = p->status != ASSAY_OK       ? "could not be read"
                      : !p->end.hashed            ? "has no digest"
                      : p->unplaced || p->defects ? "has rows that do not decode"
                      : p->misplaced              ? "has rows that belong elsewhere"
                                                  : NULL;
    return why ? assay_fail(e, ASSAY_EDATA, "no manifest was written: %s %s", p->part->name, why) : ASSAY_OK;
}

/* ---- paths ---- */

static enum assay_status find_dir(struct writing *w, struct assay_err *e)
{
    char dir[ASSAY_MAX_PATH];
    const char *slash = strrchr(w->path, '/');
    size_t n = slash ? (size_t)(slash - w->path) + (slash == w->path) : 1;
    if (n >= sizeof dir)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    memcpy(dir, slash ? w->path : ".", n);
    dir[n] = '\0';
    if (!realpath(dir, w->dir))
        return assay_fail(e, ASSAY_ENOTFOUND, "%s: there is no folder for this manifest", w->path);
    w->n_dir = strlen(w->dir);
    return ASSAY_OK;
}

/* The object's path below the manifest's folder. */
static enum assay_status relative(const struct writing *w, const char *object, char out[PATH_MAX], struct assay_err *e)
{
    struct assay_buf path = {0};
    char real[PATH_MAX];
    enum assay_status s = assay_path_join(w->j->c->plan->base_dir, object, &path);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    const char *found = realpath((const char *)path.ptr, real);
    assay_buf_release(&path);
    if (!found)
        return assay_fail(e, ASSAY_ECHANGED, "no manifest was written: %s is gone since it was read", object);
    size_t n = w->n_dir == 1 ? 0 : w->n_dir; /* of the root folder */
    if (strncmp(real, w->dir, n) != 0 || real[n] != '/')
        return assay_fail(e, ASSAY_EUSAGE, "no manifest was written: %s is not below its folder %.300s", object,
                          w->dir);
    snprintf(out, PATH_MAX, "%s", real + n + 1);
    return ASSAY_OK;
}

/* ---- schema ---- */

static const char *frictionless(enum assay_logical type)
{
    static const char *const names[ASSAY_L_COUNT] = {
        [ASSAY_L_NONE] = "any",
        [ASSAY_L_BOOLEAN] = "boolean",
        [ASSAY_L_INTEGER] = "integer",
        [ASSAY_L_DECIMAL] = "number",
        [ASSAY_L_FLOAT32] = "number",
        [ASSAY_L_FLOAT64] = "number",
        [ASSAY_L_TEXT] = "string",
        [ASSAY_L_BYTES] = "string",
        [ASSAY_L_DATE] = "date",
        [ASSAY_L_TIME] = "time",
        [ASSAY_L_TIMETZ] = "string",
        [ASSAY_L_TIMESTAMP] = "datetime",
        [ASSAY_L_TIMESTAMPTZ] = "datetime",
        [ASSAY_L_INTERVAL] = "string",
        [ASSAY_L_UUID] = "string",
        [ASSAY_L_JSON] = "any",
        [ASSAY_L_LIST] = "array",
        [ASSAY_L_STRUCT] = "object",
        [ASSAY_L_MAP] = "object",
    };
    return names[type] ? names[type] : "any";
}

static const struct assay_plan_column *covered(const struct writing *w, const char *native)
{
    const struct assay_check *c = w->j->c;
    for (size_t i = 0; i < c->set->n_cols; i++)
        if (c->set->col[i].native[c->side] && strcmp(c->set->col[i].native[c->side], native) == 0)
            return &c->set->col[i];
    return NULL;
}

static json_t *field(const struct writing *w, const struct assay_column *seen)
{
    const struct assay_plan_column *c = covered(w, seen->name);
    const struct assay_type *t = c ? assay_type_of(c->type) : NULL;
    if (!c) /* nobody read it: its type is not vouched for */
        return json_pack("{s:s, s:s, s:b}", "name", seen->name, "type", "any", "assay:covered", 0);
    return json_pack("{s:s, s:s, s:s, s:s}", "name", seen->name, "type", frictionless(c->type), "assay:type",
                     t ? t->name : "", "assay:name", c->name);
}

static json_t *schema(const struct writing *w)
{
    const struct assay_schema *seen = w->j->schema;
    const struct assay_check *c = w->j->c;
    json_t *fields = json_array(), *key = json_array();
    int bad = !fields || !key;
    for (size_t i = 0; i < seen->n && !bad; i++)
        bad = json_array_append_new(fields, field(w, &seen->col[i]));
    for (uint16_t pos = 1; pos <= c->set->n_key && !bad; pos++)
        for (size_t i = 0; i < c->set->n_cols && !bad; i++)
            if (c->set->col[i].key_pos == pos && c->set->col[i].native[c->side])
                bad = json_array_append_new(key, json_string(c->set->col[i].native[c->side]));
    if (bad) {
        json_decref(fields);
        json_decref(key);
        return NULL;
    }
    return json_pack("{s:o, s:o}", "fields", fields, "primaryKey", key);
}

/* ---- resources ---- */

/* Small letters, digits, dots, dashes and underscores; the number makes it the only one. */
static void plain_name(const char *path, size_t i, char out[128])
{
    size_t n = 0;
    for (const char *p = path; *p && n < 100; p++)
        out[n++] = (char)(*p >= 'A' && *p <= 'Z'                                          ? *p | 0x20
                          : strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", *p) != NULL ? *p
                                                                                          : '-');
    snprintf(out + n, 128 - n, "-%zu", i + 1);
}

/* "2001-01-01" and so on: the bounds of the file's segment. */
static int put_range(const struct writing *w, const char *segment, json_t *r)
{
    struct assay_buf lo = {0}, hi = {0};
    assay_segment seg;
    bool has = false;
    int bad = json_object_set_new(r, "assay:segment", json_string(segment));
    if (!bad && assay_segment_parse(w->j->router, segment, &seg))
        bad = assay_segment_bounds(w->j->router, seg, &has, &lo, &hi) != ASSAY_OK;
    if (!bad && has && lo.len)
        bad = json_object_set_new(r, "assay:from", json_string(assay_buf_str(&lo)));
    if (!bad && has && hi.len)
        bad = json_object_set_new(r, "assay:to", json_string(assay_buf_str(&hi)));
    assay_buf_release(&lo);
    assay_buf_release(&hi);
    return bad;
}

static enum assay_status resource(const struct writing *w, const struct assay_part_result *p, size_t i, json_t *list,
                                  json_t *shape, struct assay_err *e)
{
    char path[PATH_MAX], name[128], hash[80] = "sha256:";
    enum assay_status s = check_part(p, e);
    if (s == ASSAY_OK)
        s = relative(w, p->part->name, path, e);
    if (s != ASSAY_OK)
        return s;
    plain_name(path, i, name);
    assay_hex(p->end.sha256, 32, hash + strlen(hash));
    json_t *r = json_pack("{s:s, s:s, s:s, s:I, s:I, s:O}", "name", name, "path", path, "hash", hash, "bytes",
                          (json_int_t)p->end.bytes, "assay:rows", (json_int_t)p->rows, "schema", shape);
    if (!r) /* json_pack refuses what is no UTF-8 */
        return assay_fail(e, ASSAY_EDATA, "no manifest was written: the name of %s is no UTF-8", p->part->name);
    if ((p->part->segment && put_range(w, p->part->segment, r)) || json_array_append(list, r))
        s = assay_fail_nomem(e);
    json_decref(r);
    return s;
}

/* ---- lineage ---- */

static json_t *transformations(const struct assay_dataset *d)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < d->n_cols; i++)
        for (int side = 0; side < 2; side++)
            for (size_t k = 0; k < d->col[i].n_rules[side]; k++) {
                const struct assay_rule *rule = &d->col[i].rule[side][k];
                json_t *one = json_pack("{s:s, s:s, s:s, s:o}", "column", d->col[i].name, "side",
                                        assay_side_name((enum assay_side_id)side), "rule", assay_rule_name(rule),
                                        "argument", text_or_null(rule->text));
                if (json_array_append_new(list, one)) {
                    json_decref(list);
                    return NULL;
                }
            }
    return list;
}

static json_t *lineage(const struct writing *w)
{
    const struct assay_check *c = w->j->c;
    struct assay_buf shown = {0};
    char plan[80];
    snprintf(plan, sizeof plan, "sha256:%s", w->j->plan_hash);
    json_t *out = NULL;
    const struct assay_side *source = &c->set->side[ASSAY_SOURCE];
    if (assay_locator_show(source->uri, &shown) == ASSAY_OK && assay_buf_str(&shown))
        out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o}", "dataset", c->set->id, "origin",
                        c->plan->origin, "plan", plan, "run", c->run, "source", (const char *)shown.ptr, "table",
                        text_or_null(source->table), "exporter", text_or_null(c->exporter), "version", ASSAY_VERSION,
                        "transformations", transformations(c->set));
    assay_buf_release(&shown);
    return out;
}

/* ---- the whole ---- */

static enum assay_status build(struct writing *w, struct assay_err *e)
{
    char name[128], now[32];
    struct tm tm;
    time_t t = time(NULL);
    json_t *list = json_array(), *shape = schema(w);
    enum assay_status s = list && shape && gmtime_r(&t, &tm) ? ASSAY_OK : assay_fail_nomem(e);
    for (size_t i = 0; i < w->j->n_parts && s == ASSAY_OK; i++)
        s = resource(w, &w->j->part[i], i, list, shape, e);
    plain_name(w->j->c->set->name, 0, name);
    name[strlen(name) - 2] = '\0';
    if (s == ASSAY_OK) {
        strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &tm);
        w->root = json_pack("{s:s, s:s, s:s, s:s, s:o, s:O}", "$schema",
                            "https://datapackage.org/profiles/2.0/datapackage.json", "name", name, "title",
                            w->j->c->set->name, "created", now, "assay:lineage", lineage(w), "resources", list);
        s = w->root ? ASSAY_OK : assay_fail_nomem(e);
    }
    json_decref(list);
    json_decref(shape);
    return s;
}

enum assay_status assay_manifest_write(const struct manifest_job *j, const char *path, struct assay_err *e)
{
    struct writing w = {.j = j, .path = path};
    char *text = NULL;
    if (!j->n_parts || !j->part[0].part || !j->part[0].part->object || j->c->n_segments)
        return assay_fail(e, ASSAY_EUSAGE, "no manifest was written: it is about all files of a side, and there are %s",
                          j->c->n_segments ? "segments left out" : "none");
    enum assay_status s = find_dir(&w, e);
    if (s == ASSAY_OK)
        s = build(&w, e);
    if (s == ASSAY_OK && !(text = json_dumps(w.root, JSON_INDENT(1))))
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK && strlen(text) > ASSAY_MAX_DATAPACKAGE)
        s = assay_fail(e, ASSAY_ELIMIT, "no manifest was written: it would have more than %u bytes",
                       ASSAY_MAX_DATAPACKAGE);
    if (s == ASSAY_OK)
        s = assay_publish(path, 0644, text, strlen(text), e);
    json_decref(w.root);
    free(text);
    return s;
}
