/* `assay check PLAN -- EXPORTER`: a sibling holds the sources still; the exporter learns of it from its environment. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/buf.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "front.h"

#define EXIT_SIGNAL 128

static bool take_line(struct assay_front_export *x, char *line)
{
    char *snapshot = strchr(line, '\t'), *copy = snapshot ? strchr(snapshot + 1, '\t') : NULL;
    struct assay_front_held *grown = realloc(x->held, (x->n + 1) * sizeof *grown);
    if (!copy || !grown || x->n >= ASSAY_MAX_DATASETS) {
        x->held = grown ? grown : x->held;
        return false;
    }
    x->held = grown;
    *snapshot = *copy = '\0';
    grown[x->n] = (struct assay_front_held){strdup(line), strdup(snapshot + 1), strdup(copy + 1)};
    x->n++;
    return grown[x->n - 1].set && grown[x->n - 1].snapshot && grown[x->n - 1].copy;
}

/* Lines up to the empty one. A holder that fails has said why, and ends without it. */
static bool take_lines(struct assay_front_export *x)
{
    int fd = dup(x->holder.from);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    char *line = NULL;
    size_t cap = 0;
    bool whole = false, good = f != NULL;
    for (ssize_t n; good && !whole && (n = getline(&line, &cap, f)) > 0;) {
        good = line[n - 1] == '\n';
        line[n - 1] = '\0';
        whole = good && n == 1;
        if (good && !whole)
            good = take_line(x, line);
    }
    if (f)
        fclose(f);
    else if (fd >= 0)
        close(fd);
    free(line);
    return whole;
}

int assay_front_hold(char *const *words, struct assay_front_export *out)
{
    struct assay_err e = {0};
    char path[PATH_MAX];
    *out = (struct assay_front_export){0};
    if (assay_program_find("assay", words[0], path, sizeof path, &e) != ASSAY_OK ||
        assay_partner_start(path, words, &out->holder, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        return ASSAY_EXIT_UNVERIFIED;
    }
    if (take_lines(out))
        return ASSAY_EXIT_OK;
    int code = assay_partner_end(&out->holder);
    if (code >= EXIT_SIGNAL && !assay_interrupted())
        assay_log(ASSAY_LOG_ERROR, "%s hold was ended by signal %d", words[0], code - EXIT_SIGNAL);
    if (assay_interrupted())
        return EXIT_SIGNAL + assay_interrupt_signal();
    if (code != ASSAY_EXIT_USAGE)
        assay_log(ASSAY_LOG_ERROR, "the source could not be held still: the exporter was not run");
    return code == ASSAY_EXIT_USAGE ? code : ASSAY_EXIT_UNVERIFIED;
}

/* ---- the environment ---- */

/* "ASSAY_SNAPSHOT_" and the name of the dataset in capitals, other characters as '_'. NULL: out of memory. */
static char *variable(const char *lead, const char *set)
{
    char *name = NULL;
    if (asprintf(&name, "%s_%s", lead, set) < 0)
        return NULL;
    for (char *p = name + strlen(lead); *p; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    return name;
}

static const char *const lead_of[2] = {"ASSAY_SNAPSHOT", "ASSAY_SQLITE"};

/* What the exporter is told: for PostgreSQL the snapshot, for SQLite the copy. "" is nothing. */
static const char *value_of(const struct assay_front_held *h, int which)
{
    return which ? h->copy : h->copy[0] ? "" : h->snapshot;
}

/* No variable of an outer run may pass for one of this. */
static void clear_variables(const struct assay_front_export *x)
{
    for (int which = 0; which < 2; which++) {
        unsetenv(lead_of[which]);
        for (size_t i = 0; i < x->n; i++) {
            char *name = variable(lead_of[which], x->held[i].set);
            if (name)
                unsetenv(name);
            free(name);
        }
    }
    unsetenv("ASSAY_PLAN");
    unsetenv("ASSAY_RUN");
}

static bool put_variable(const char *lead, const char *set, const char *value)
{
    char *name = variable(lead, set);
    const char *there = name ? getenv(name) : NULL;
    bool clash = there && strcmp(there, value) != 0;
    if (clash)
        assay_log(ASSAY_LOG_ERROR,
                  "%s would have two values: two datasets have names that differ only in case or punctuation", name);
    bool ok = name && !clash && setenv(name, value, 1) == 0;
    free(name);
    return ok;
}

/* Of each dataset, and under the plain name where all agree. */
static bool put_variables(const struct assay_front_export *x, int which)
{
    const char *only = NULL;
    bool agree = true, ok = true;
    for (size_t i = 0; i < x->n && ok; i++) {
        const char *value = value_of(&x->held[i], which);
        if (!*value)
            continue;
        ok = put_variable(lead_of[which], x->held[i].set, value);
        agree = agree && (!only || strcmp(only, value) == 0);
        only = value;
    }
    return ok && (!only || !agree || setenv(lead_of[which], only, 1) == 0);
}

int assay_front_export(const struct assay_front_export *x, char *const *argv, const char *plan, const char *run)
{
    struct assay_err e = {0};
    int code = ASSAY_EXIT_OK;
    clear_variables(x);
    if (!put_variables(x, 0) || !put_variables(x, 1) || setenv("ASSAY_PLAN", plan, 1) || setenv("ASSAY_RUN", run, 1)) {
        clear_variables(x);
        return ASSAY_EXIT_USAGE;
    }
    assay_log(ASSAY_LOG_INFO, "running %s", argv[0]);
    enum assay_status s = assay_program_run(argv[0], argv, ASSAY_CHILD_TO_STDERR, &code, &e);
    clear_variables(x);
    if (assay_interrupted()) {
        assay_log(ASSAY_LOG_WARN, "interrupted while the exporter ran; nothing was verified");
        return EXIT_SIGNAL + assay_interrupt_signal();
    }
    if (s != ASSAY_OK)
        assay_log(ASSAY_LOG_ERROR, "%s; nothing was verified", e.msg);
    else if (code >= EXIT_SIGNAL)
        assay_log(ASSAY_LOG_ERROR, "the exporter %s was ended by signal %d; nothing was verified", argv[0],
                  code - EXIT_SIGNAL);
    else if (code)
        assay_log(ASSAY_LOG_ERROR, "the exporter %s ended with exit status %d; nothing was verified", argv[0], code);
    return s == ASSAY_OK && code == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_UNVERIFIED;
}

void assay_front_release(struct assay_front_export *x)
{
    (void)assay_partner_end(&x->holder);
    for (size_t i = 0; i < x->n; i++) {
        free(x->held[i].set);
        free(x->held[i].snapshot);
        free(x->held[i].copy);
    }
    free(x->held);
    *x = (struct assay_front_export){0};
}
