#include "assay/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/limits.h"
#include "assay/log.h"
#include "assay/publish.h"

static int choose_sets(struct assay_args *a, struct assay_session *s)
{
    const char *const *name, *known[ASSAY_MAX_DATASETS];
    size_t n = assay_arg_list(a, "dataset", &name);
    s->set = calloc(s->plan->n_sets + n + 1, sizeof *s->set);
    if (!s->set)
        return ASSAY_EXIT_UNVERIFIED;
    for (size_t i = 0; n == 0 && i < s->plan->n_sets; i++)
        s->set[s->n_sets++] = &s->plan->set[i];
    for (size_t i = 0; i < n; i++) {
        const struct assay_dataset *d = assay_plan_find(s->plan, name[i]);
        if (!d) {
            for (size_t k = 0; k < s->plan->n_sets; k++)
                known[k] = s->plan->set[k].name;
            const char *near = assay_nearest(name[i], known, s->plan->n_sets);
            assay_log(ASSAY_LOG_ERROR, "%s: there is no dataset \"%s\"%s%s%s", s->plan->path, name[i],
                      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
            return ASSAY_EXIT_USAGE;
        }
        s->set[s->n_sets++] = d;
    }
    return ASSAY_EXIT_OK;
}

/* "DATASET=ID", or "ID" for every chosen dataset. A name may hold '=' and so may a path: the plan's names decide. */
static struct assay_dataset *named_set(const struct assay_session *s, const char *text, const char **id)
{
    *id = text;
    for (size_t i = 0; i < s->plan->n_sets; i++) {
        size_t n = strlen(s->plan->set[i].name);
        if (strncmp(text, s->plan->set[i].name, n) == 0 && text[n] == '=') {
            *id = text + n + 1;
            return &s->plan->set[i];
        }
    }
    return NULL;
}

/* A snapshot belongs to one database: a bare id cannot be meant for two. */
static bool one_source(const struct assay_session *s)
{
    for (size_t i = 1; i < s->n_sets; i++) {
        const struct assay_dataset *a = s->set[i - 1], *b = s->set[i];
        if (a && b && strcmp(a->side[ASSAY_SOURCE].uri, b->side[ASSAY_SOURCE].uri) != 0)
            return false;
    }
    return true;
}

static int use_snapshot(struct assay_dataset *d, const char *id)
{
    struct assay_side *side = &d->side[ASSAY_SOURCE];
    if (!side->table) {
        assay_log(ASSAY_LOG_ERROR, "--snapshot: the source of dataset %s is files, which have none", d->name);
        return ASSAY_EXIT_USAGE;
    }
    char *copy = *id ? strdup(id) : NULL;
    if (!copy) {
        assay_log(ASSAY_LOG_ERROR, *id ? "out of memory" : "--snapshot: the id is empty");
        return *id ? ASSAY_EXIT_UNVERIFIED : ASSAY_EXIT_USAGE;
    }
    free(side->snapshot);
    side->snapshot = copy;
    return ASSAY_EXIT_OK;
}

static int use_snapshots(struct assay_args *a, struct assay_session *s)
{
    const char *const *text, *id;
    size_t n = assay_arg_list(a, "snapshot", &text);
    int code = ASSAY_EXIT_OK;
    for (size_t i = 0; i < n && code == ASSAY_EXIT_OK; i++) {
        struct assay_dataset *d = named_set(s, text[i], &id);
        if (d) {
            code = use_snapshot(d, id);
        } else if (!one_source(s)) {
            assay_log(ASSAY_LOG_ERROR, "--snapshot %s: the datasets have different sources: say which, DATASET=ID", id);
            code = ASSAY_EXIT_USAGE;
        }
        for (size_t k = 0; !d && k < s->plan->n_sets && code == ASSAY_EXIT_OK; k++)
            for (size_t j = 0; j < s->n_sets && code == ASSAY_EXIT_OK; j++)
                if (s->set[j] == &s->plan->set[k])
                    code = use_snapshot(&s->plan->set[k], id);
    }
    return code;
}

static char *joined(const struct assay_plan *p, const char *path)
{
    struct assay_buf b = {0};
    if (assay_path_join(assay_ledger_is_remote(path) ? "" : p->base_dir, path, &b) == ASSAY_OK)
        return (char *)b.ptr;
    assay_buf_release(&b);
    return NULL;
}

int assay_session_open(struct assay_args *a, struct assay_session *s)
{
    struct assay_err e = {0};
    struct assay_buf errors = {0};
    const char *const *operand;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *s = (struct assay_session){0};
    assay_arg_operands(a, &operand);
    enum assay_status st = assay_plan_load(operand[0], &s->plan, &errors, &e);
    if (st != ASSAY_OK) {
        assay_log_lines(ASSAY_LOG_ERROR, errors.len ? assay_buf_str(&errors) : e.msg);
        assay_buf_release(&errors);
        return ASSAY_EXIT_USAGE; /* nothing ran */
    }
    assay_buf_release(&errors);
    int code = choose_sets(a, s);
    if (code == ASSAY_EXIT_OK)
        code = use_snapshots(a, s);
    if (code != ASSAY_EXIT_OK)
        return code;
    s->ledger_path = joined(s->plan, s->plan->ledger);
    s->keys_dir = joined(s->plan, s->plan->keys);
    if (!s->ledger_path || !s->keys_dir)
        return ASSAY_EXIT_UNVERIFIED;
    s->n_segments = assay_arg_list(a, "segment", &s->segments);
    long long jobs = assay_arg_number(a, "jobs", cores < 1 ? 1 : cores);
    s->jobs = jobs < 1 ? 1 : jobs > 64 ? 64 : (unsigned)jobs;
    return ASSAY_EXIT_OK;
}

enum assay_status assay_session_ledger(const struct assay_session *s, struct assay_ledger **out, struct assay_err *e)
{
    return assay_ledger_open(s->ledger_path, s->keys_dir, out, e);
}

void assay_session_close(struct assay_session *s)
{
    assay_plan_free(s->plan);
    free(s->set);
    free(s->ledger_path);
    free(s->keys_dir);
}
