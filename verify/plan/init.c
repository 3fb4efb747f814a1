/* `assay init`: which tables meet which files, and what is written where. */
#include "assay/init.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/keys.h"
#include "assay/ledger_append.h"
#include "assay/limits.h"
#include "assay/publish.h"
#include "assay/reader_tables.h"
#include "dataset.h"
#include "partner.h"
#include "recognise.h"
#include "survey.h"

#define MAX_PLAN ASSAY_MAX_PLAN_BYTES

struct init {
    const struct assay_init *o;
    char *base; /* directory of the plan; "." when it is the working directory */
    char *uri[2]; /* relative to base, or absolute */
    struct assay_buf written[2]; /* locators as the plan has them; the archive's may change per dataset */
    bool secret[2]; /* the locator goes into a file of its own */
    struct assay_buf plan;
    size_t drafted;
    struct assay_buf *said;
};

static const char *or_else(const char *s, const char *fallback)
{
    return s ? s : fallback;
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static bool to_stdout(const struct init *in)
{
    return strcmp(or_else(in->o->output, "plan.yaml"), "-") == 0;
}

/* A relative path of the command line, as seen from the plan's directory. */
static char *rebase(const struct init *in, const char *uri)
{
    static const char sqlite[] = "sqlite:";
    bool lite = strncmp(uri, sqlite, sizeof sqlite - 1) == 0;
    const char *path = lite ? uri + sizeof sqlite - 1 : uri;
    char *cwd = NULL, *out = NULL;
    if (strcmp(in->base, ".") == 0 || *path == '/' || assay_uri_is_command(uri) ||
        (!lite && assay_uri_is_database(uri)) || strstr(uri, "://"))
        return strdup(uri);
    if ((cwd = getcwd(NULL, 0)) && asprintf(&out, "%s%s/%s", lite ? sqlite : "", cwd, path) < 0)
        out = NULL;
    free(cwd);
    return out;
}

/* Does the locator hold a password? Then its shown form differs. */
static enum assay_status find_secret(struct init *in, int side, struct assay_err *e)
{
    struct assay_buf shown = {0};
    enum assay_status s = assay_locator_show(in->uri[side], &shown);
    const char *text = s == ASSAY_OK ? assay_buf_str(&shown) : NULL;
    in->secret[side] = text && strcmp(text, in->uri[side]) != 0;
    assay_buf_release(&shown);
    return text ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status write_locator(struct init *in, int side, const char *uri, struct assay_err *e)
{
    const char *name = assay_side_name((enum assay_side_id)side);
    struct assay_buf *out = &in->written[side];
    enum assay_status s;
    assay_buf_reset(out);
    if (!in->secret[side])
        s = assay_draft_scalar(uri, true, out);
    else if (to_stdout(in))
        s = assay_buf_addf(out, "\"${env:ASSAY_%s}\"", side == ASSAY_SOURCE ? "SOURCE" : "ARCHIVE");
    else
        s = assay_buf_addf(out, "\"${file:%s/%s.uri}\"", or_else(in->o->keys, "keys"), name);
    return s == ASSAY_OK && assay_buf_str(out) ? ASSAY_OK : assay_fail_nomem(e);
}

/* ---- one dataset ---- */

static enum assay_status parse_every(const char *text, enum assay_every *out, struct assay_err *e)
{
    static const char *const names[] = {[ASSAY_EVERY_HOUR] = "hour", "day", "month", "year"};
    *out = ASSAY_EVERY_NONE;
    for (int i = ASSAY_EVERY_HOUR; text && i <= ASSAY_EVERY_YEAR; i++)
        if (strcmp(names[i], text) == 0)
            *out = (enum assay_every)i;
    if (text && *out == ASSAY_EVERY_NONE)
        return assay_fail(e, ASSAY_EUSAGE,
                          "--every: expected hour, day, month or year, found \"%.40s\"; write other windows "
                          "into the plan",
                          text);
    return ASSAY_OK;
}

struct meeting {
    struct assay_survey side[2];
    struct assay_pairing pair;
    struct assay_choice *choice;
    struct assay_period period;
    bool by_position;
    struct assay_recognised exporter;
    struct assay_csv_dialect dialect; /* of the profile: owns its null_text */
};

static void meeting_release(struct meeting *m)
{
    assay_survey_close(&m->side[ASSAY_SOURCE]);
    assay_survey_close(&m->side[ASSAY_ARCHIVE]);
    free(m->pair.archive_of);
    free(m->choice);
    free(m->period.pattern);
    assay_profile_free(m->exporter.profile);
    free((char *)(uintptr_t)m->dialect.null_text);
}

/* Read the archive again as the profile says. Delimiter and header of a CSV file are what was found in it. */
static enum assay_status use_profile(struct assay_locator *loc, struct meeting *m, struct assay_err *e)
{
    const struct assay_profile *p = m->exporter.profile;
    const struct assay_csv_dialect found = loc->csv;
    if (strcmp(p->format, "csv") != 0 && strcmp(p->format, "copy") != 0)
        return ASSAY_OK;
    if (!assay_profile_dialect(p, &m->dialect))
        return assay_fail_nomem(e);
    loc->csv = m->dialect;
    if (m->dialect.copy) {
        loc->format = p->format;
        m->by_position = !m->dialect.header;
    } else {
        loc->csv.delimiter = found.delimiter;
        loc->csv.header = found.header;
    }
    assay_survey_close(&m->side[ASSAY_ARCHIVE]);
    return assay_survey_open(loc, &m->side[ASSAY_ARCHIVE], e);
}

static enum assay_status look_at_archive(const struct init *in, struct assay_locator *loc, struct meeting *m,
                                         struct assay_err *e)
{
    const struct assay_survey *source = &m->side[ASSAY_SOURCE];
    struct assay_survey *archive = &m->side[ASSAY_ARCHIVE];
    const char *want = assay_uri_is_database(loc->uri) ? NULL : in->o->profile;
    const bool detect = want && strcmp(want, "auto") == 0;
    struct assay_err first = {0};
    enum assay_status s = ASSAY_OK;
    if (want && !detect) {
        s = assay_profile_load(want, in->base, &m->exporter.profile, e);
        if (s == ASSAY_OK && !loc->format)
            loc->format = m->exporter.profile->format;
        if (s == ASSAY_OK && strcmp(loc->format, "copy") == 0)
            return use_profile(loc, m, e);
    }
    if (s == ASSAY_OK)
        s = assay_match_dialect(source, loc, archive, &m->by_position, detect ? &first : e);
    if (s == ASSAY_EDATA && detect && !loc->format) { /* no suffix that is known: text, if anything */
        loc->format = "csv";
        s = assay_match_dialect(source, loc, archive, &m->by_position, e);
    } else if (s != ASSAY_OK && detect) {
        return assay_fail(e, s, "%s", first.msg);
    }
    if (s == ASSAY_OK && detect)
        s = assay_recognise(source, archive, &m->exporter, e);
    return s == ASSAY_OK && m->exporter.profile ? use_profile(loc, m, e) : s;
}

static enum assay_status look(const struct init *in, struct assay_locator loc[2], struct meeting *m,
                              struct assay_err *e)
{
    enum assay_every every;
    enum assay_status s = parse_every(in->o->every, &every, e);
    if (s == ASSAY_OK)
        s = assay_survey_open(&loc[ASSAY_SOURCE], &m->side[ASSAY_SOURCE], e);
    const struct assay_survey *source = &m->side[ASSAY_SOURCE], *archive = &m->side[ASSAY_ARCHIVE];
    if (s == ASSAY_OK)
        s = look_at_archive(in, &loc[ASSAY_ARCHIVE], m, e);
    if (s == ASSAY_OK)
        s = assay_match(&source->schema, &archive->schema, m->by_position, &m->pair, e);
    if (s == ASSAY_OK && m->pair.n == 0)
        return assay_fail(e, ASSAY_EUSAGE, "%.300s: none of its %zu columns is named like one of the source",
                          archive->loc.uri, archive->schema.n);
    if (s == ASSAY_OK && !(m->choice = calloc(source->schema.n + 1, sizeof *m->choice)))
        s = assay_fail_nomem(e);
    for (size_t i = 0; s == ASSAY_OK && i < source->schema.n; i++)
        if (m->pair.archive_of[i] != SIZE_MAX)
            assay_choose(source, i, archive, m->pair.archive_of[i], &m->choice[i]);
    if (s == ASSAY_OK)
        s = assay_find_period(source, archive, &m->pair, m->choice, in->o->window, every, &m->period, e);
    return s;
}

static enum assay_status draft(struct init *in, const char *name, const char *table, const char *archive,
                               struct assay_err *e)
{
    struct assay_locator loc[2] = {{.uri = in->uri[ASSAY_SOURCE], .table = table, .base_dir = in->base},
                                   {.uri = archive, .format = in->o->format, .base_dir = in->base}};
    struct meeting m = {.period = {.column = SIZE_MAX}};
    if (!assay_uri_is_database(in->uri[ASSAY_SOURCE]))
        loc[ASSAY_SOURCE].table = NULL;
    if (assay_uri_is_command(in->uri[ASSAY_SOURCE])) { /* the other side has a suffix, most likely */
        loc[ASSAY_SOURCE].format = or_else(in->o->format, "ndjson");
        loc[ASSAY_ARCHIVE].format = NULL;
    }
    if (assay_uri_is_command(archive))
        loc[ASSAY_ARCHIVE].format = or_else(in->o->format, "ndjson");
    if (assay_uri_is_database(archive)) {
        loc[ASSAY_ARCHIVE].table = table;
        loc[ASSAY_ARCHIVE].format = NULL;
    }
    loc[0].csv = loc[1].csv = assay_csv_default();
    enum assay_status s = look(in, loc, &m, e);
    const char *place = m.period.pattern ? m.period.pattern : archive;
    if (s == ASSAY_OK)
        s = write_locator(in, ASSAY_SOURCE, in->uri[ASSAY_SOURCE], e);
    if (s == ASSAY_OK)
        s = write_locator(in, ASSAY_ARCHIVE, place, e);
    struct assay_draft d = {
        .name = name,
        .locator = {(const char *)in->written[0].ptr, (const char *)in->written[1].ptr},
        .side = {&m.side[0], &m.side[1]},
        .pair = &m.pair,
        .choice = m.choice,
        .period = &m.period,
        .key = in->o->key,
        .by_position = m.by_position,
        .profile = m.exporter.profile,
        .profile_name = in->o->profile,
        .profile_why = m.exporter.why,
    };
    size_t before = in->plan.len;
    if (s == ASSAY_OK && (s = assay_draft_dataset(&d, &in->plan, e)) == ASSAY_OK) {
        in->drafted++;
        assay_buf_addf(in->said, "dataset %s: %zu columns compared, %zu objects seen%s\n", name, m.pair.n,
                       m.side[ASSAY_ARCHIVE].n_parts, m.period.column == SIZE_MAX ? "" : ", a window proposed");
        if (m.exporter.profile)
            assay_buf_addf(in->said, "dataset %s: exporter profile %s%s%s\n", name, m.exporter.profile->name,
                           m.exporter.why[0] ? ": " : "", m.exporter.why);
        else if (in->o->profile)
            assay_buf_addf(in->said, "dataset %s: no exporter profile recognised: %s\n", name, m.exporter.why);
    } else
        in->plan.len = before;
    meeting_release(&m);
    return s;
}

/* ---- which datasets ---- */

/* "public.flights" -> "flights"; a file's or folder's stem. */
static void plain_name(const char *from, bool is_path, char out[256])
{
    from += assay_uri_is_command(from) ? strlen("exec:") : 0;
    const char *p = strrchr(from, is_path ? '/' : '.');
    snprintf(out, 256, "%s", p && p[1] ? p + 1 : from);
    if (is_path)
        out[strcspn(out, ".{*?[ ")] = '\0';
    for (size_t n = strlen(out); n && strchr("-_=", out[n - 1]); n--)
        out[n - 1] = '\0';
    if (!out[0])
        snprintf(out, 256, "data");
}

static enum assay_status without_tables(struct init *in, struct assay_err *e)
{
    char name[256];
    if (in->o->n_tables && !assay_uri_is_database(in->uri[ASSAY_ARCHIVE]))
        return assay_fail(e, ASSAY_EUSAGE, "--table: neither side is a database");
    const char *table = in->o->n_tables ? in->o->tables[0] : NULL;
    if (!table && assay_uri_is_database(in->uri[ASSAY_ARCHIVE]))
        return assay_fail(e, ASSAY_EUSAGE, "the archive is a database: name its table with --table");
    plain_name(in->uri[ASSAY_SOURCE], true, name);
    return draft(in, or_else(in->o->name, table ? table : name), table, in->uri[ASSAY_ARCHIVE], e);
}

static void skip(struct init *in, const char *table, const char *why)
{
    assay_buf_addf(&in->plan, "  # table %.200s is not here: ", table);
    for (const char *p = why; *p; p++)
        assay_buf_addc(&in->plan, (unsigned char)*p < 0x20 ? ' ' : (uint8_t)*p);
    assay_buf_adds(&in->plan, "\n");
    assay_buf_addf(in->said, "not in the plan: table %.200s: %s\n", table, why);
}

/* With one table the archive as a whole is its archive unless a part of it is named after the table. */
static enum assay_status one_table(struct init *in, const char *table, bool only, struct assay_err *e)
{
    char name[256];
    char *partner = NULL;
    struct assay_err why = {0};
    enum assay_status s = assay_partner(in->base, in->uri[ASSAY_ARCHIVE], table, &partner, &why);
    if (s == ASSAY_ENOTFOUND && only) {
        assay_err_reset(&why);
        partner = strdup(in->uri[ASSAY_ARCHIVE]);
        s = partner ? ASSAY_OK : assay_fail_nomem(&why);
    }
    plain_name(table, false, name);
    if (s == ASSAY_OK)
        s = draft(in, or_else(only ? in->o->name : NULL, name), table, partner, &why);
    free(partner);
    if (s == ASSAY_OK)
        return s;
    if (only || s == ASSAY_ENOMEM || s == ASSAY_EINTR)
        return assay_fail(e, s, "%s", why.msg);
    skip(in, table, why.msg);
    return ASSAY_OK;
}

static enum assay_status each_table(struct init *in, struct assay_err *e)
{
    struct assay_locator loc = {.uri = in->uri[ASSAY_SOURCE], .base_dir = in->base};
    const char *const *table = in->o->tables;
    char **found = NULL;
    size_t n = in->o->n_tables, n_found = 0;
    enum assay_status s = ASSAY_OK;
    if (n == 0) {
        s = assay_reader_tables(&loc, &found, &n_found, e);
        table = (const char *const *)found;
        n = n_found;
    }
    if (s == ASSAY_OK && n == 0)
        s = assay_fail(e, ASSAY_ENOTFOUND, "the source holds no table that may be read");
    for (size_t i = 0; s == ASSAY_OK && i < n; i++)
        s = one_table(in, table[i], n == 1, e);
    if (s == ASSAY_OK && in->drafted == 0)
        s = assay_fail(e, ASSAY_EUSAGE,
                       "none of the %zu tables has a file or folder of its name in the archive; say which with --table",
                       n);
    assay_reader_tables_free(found, n_found);
    return s;
}

/* ---- writing ---- */

static enum assay_status head(struct init *in, const char *origin, struct assay_err *e)
{
    struct assay_buf *b = &in->plan;
    enum assay_status s = assay_buf_adds(b, "# Written by assay init from a sample of both sides. It works as it is; "
                                            "read it once all the same: what is not\n"
                                            "# compared, and every rule, is named here.\n"
                                            "assay: 1\norigin: ");
    if (s == ASSAY_OK)
        s = assay_draft_scalar(origin, true, b);
    if (s == ASSAY_OK)
        s = assay_buf_adds(b, "\nledger: ");
    if (s == ASSAY_OK)
        s = assay_draft_scalar(or_else(in->o->ledger, "ledger.db"), true, b);
    if (s == ASSAY_OK)
        s = assay_buf_adds(b, "\nkeys: ");
    if (s == ASSAY_OK)
        s = assay_draft_scalar(or_else(in->o->keys, "keys"), true, b);
    if (s == ASSAY_OK)
        s = assay_buf_adds(b, "\ndatasets:\n");
    return s == ASSAY_OK ? s : assay_fail_nomem(e);
}

static char *default_origin(const struct init *in)
{
    char *dir = realpath(in->base, NULL), *out = NULL;
    const char *last = dir ? strrchr(dir, '/') : NULL;
    char name[64];
    snprintf(name, sizeof name, "%s", last && last[1] ? last + 1 : "ledger");
    for (char *p = name; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p))
            *p = '-';
    if (asprintf(&out, "assay.local/%s", name) < 0)
        out = NULL;
    free(dir);
    return out;
}

static enum assay_status below(const struct init *in, const char *path, struct assay_buf *out, struct assay_err *e)
{
    assay_buf_reset(out);
    bool as_it_is = strcmp(in->base, ".") == 0 || assay_ledger_is_remote(path);
    enum assay_status s = assay_path_join(as_it_is ? "" : in->base, path, out);
    return s == ASSAY_OK ? s : assay_fail_nomem(e);
}

static enum assay_status keep_secret(const struct init *in, int side, struct assay_err *e)
{
    struct assay_buf path = {0}, rel = {0};
    if (!in->secret[side])
        return ASSAY_OK;
    const char *name = assay_side_name((enum assay_side_id)side);
    enum assay_status s = assay_buf_addf(&rel, "%s/%s.uri", or_else(in->o->keys, "keys"), name);
    s = s == ASSAY_OK ? below(in, (const char *)rel.ptr, &path, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK && exists((const char *)path.ptr) && !in->o->force)
        s = assay_fail(e, ASSAY_EUSAGE, "%s exists; --force replaces it", (const char *)path.ptr);
    if (s == ASSAY_OK)
        s = assay_publish((const char *)path.ptr, 0600, in->uri[side], strlen(in->uri[side]), e);
    if (s == ASSAY_OK)
        assay_buf_addf(in->said, "wrote %s: the locator of the %s with its password\n", (const char *)path.ptr, name);
    assay_buf_release(&path);
    assay_buf_release(&rel);
    return s;
}

static enum assay_status has_ledger(const char *location, bool *has, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_err why = {0};
    *has = exists(location);
    if (!assay_ledger_is_remote(location))
        return ASSAY_OK;
    enum assay_status s = assay_ledger_open(location, NULL, &l, &why);
    assay_ledger_close(l);
    *has = s == ASSAY_OK;
    return s == ASSAY_OK || s == ASSAY_ENOTFOUND ? ASSAY_OK : assay_fail(e, s, "%s", why.msg);
}

static enum assay_status make_ledger(const struct init *in, const char *origin, struct assay_err *e)
{
    struct assay_buf path = {0};
    enum assay_status s = below(in, or_else(in->o->keys, "keys"), &path, e);
    bool had = s == ASSAY_OK && exists((const char *)path.ptr);
    if (s == ASSAY_OK && (s = assay_keys_init((const char *)path.ptr, origin, e)) == ASSAY_OK)
        assay_buf_addf(in->said, "%s %s/: signing keys of every role and the dataset key\n", had ? "kept" : "made",
                       (const char *)path.ptr);
    if (s == ASSAY_OK)
        s = below(in, or_else(in->o->ledger, "ledger.db"), &path, e);
    if (s == ASSAY_OK)
        s = has_ledger((const char *)path.ptr, &had, e);
    if (s == ASSAY_OK && had) {
        assay_buf_addf(in->said, "kept %s\n", (const char *)path.ptr);
    } else if (s == ASSAY_OK && (s = assay_ledger_create((const char *)path.ptr, origin, e)) == ASSAY_OK)
        assay_buf_addf(in->said, "made %s: the ledger of %s\n", (const char *)path.ptr, origin);
    assay_buf_release(&path);
    return s;
}

/* What was written must load: a plan that init cannot read back is a defect of init, said as such. */
static enum assay_status read_back(const char *path, struct assay_err *e)
{
    struct assay_plan *p = NULL;
    struct assay_err why = {0};
    enum assay_status s = assay_plan_load(path, &p, NULL, &why);
    assay_plan_free(p);
    return s == ASSAY_OK ? s : assay_fail(e, s, "the plan was written but needs a hand: %s", why.msg);
}

static enum assay_status write_all(struct init *in, const char *origin, struct assay_err *e)
{
    const char *output = or_else(in->o->output, "plan.yaml");
    enum assay_status s = ASSAY_OK;
    if (!to_stdout(in))
        s = make_ledger(in, origin, e);
    for (int i = 0; s == ASSAY_OK && !to_stdout(in) && i < 2; i++)
        s = keep_secret(in, i, e);
    if (s == ASSAY_OK)
        s = assay_publish(output, 0644, in->plan.ptr, in->plan.len, e);
    if (s == ASSAY_OK && !to_stdout(in)) {
        assay_buf_addf(in->said, "wrote %s: %zu dataset%s\n", output, in->drafted, in->drafted == 1 ? "" : "s");
        s = read_back(output, e);
    }
    return s;
}

static enum assay_status prepare(struct init *in, struct assay_err *e)
{
    const char *output = or_else(in->o->output, "plan.yaml"), *slash = strrchr(output, '/');
    if (!to_stdout(in) && exists(output) && !in->o->force)
        return assay_fail(e, ASSAY_EUSAGE, "%s exists; --force replaces it", output);
    in->base = slash ? strndup(output, slash == output ? 1 : (size_t)(slash - output)) : strdup(".");
    if (!in->base)
        return assay_fail_nomem(e);
    if (!exists(in->base))
        return assay_fail(e, ASSAY_EUSAGE, "%s: no such directory", in->base);
    in->uri[0] = rebase(in, in->o->source);
    in->uri[1] = rebase(in, in->o->archive);
    if (!in->uri[0] || !in->uri[1])
        return assay_fail_nomem(e);
    enum assay_status s = find_secret(in, ASSAY_SOURCE, e);
    return s == ASSAY_OK ? find_secret(in, ASSAY_ARCHIVE, e) : s;
}

enum assay_status assay_init(const struct assay_init *o, struct assay_buf *said, struct assay_err *e)
{
    struct init in = {.o = o, .plan = {.max = MAX_PLAN}, .said = said};
    enum assay_status s = prepare(&in, e);
    char *origin = s == ASSAY_OK ? o->origin ? strdup(o->origin) : default_origin(&in) : NULL;
    if (s == ASSAY_OK)
        s = origin ? head(&in, origin, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = assay_uri_is_database(in.uri[ASSAY_SOURCE]) ? each_table(&in, e) : without_tables(&in, e);
    if (s == ASSAY_OK)
        s = write_all(&in, origin, e);
    free(origin);
    free(in.base);
    for (int i = 0; i < 2; i++) {
        free(in.uri[i]);
        assay_buf_release(&in.written[i]);
    }
    assay_buf_release(&in.plan);
    return s;
}
