/* assay diff --source-gone: rows by name, out of what the ledger keeps of the source. */
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "assay/canon.h"
#include "assay/digest.h"
#include "assay/gone.h"
#include "assay/log.h"
#include "cmd.h"

struct printer {
    const struct assay_dataset *set;
    uint64_t shown, limit, left_out; /* limit 0: all */
    bool json;
    bool mask;
    uint8_t mask_key[ASSAY_SECRET_LEN]; /* that of assay diff: one key has one name */
};

/* Readable, masked, or without a key the row's SHA-256. Control characters are shown as \xNN. */
static enum assay_status show_key(const struct printer *p, const struct assay_gone_chunk *c, const uint8_t *key,
                                  size_t n, struct assay_buf *out)
{
    struct assay_buf raw = {0};
    enum assay_status s;
    if (p->mask) {
        uint8_t h[32];
        s = assay_buf_add(&raw, p->mask_key, sizeof p->mask_key);
        if (s == ASSAY_OK && (s = assay_buf_add(&raw, key, n)) == ASSAY_OK) {
            assay_sha256(raw.ptr, raw.len, h);
            OPENSSL_cleanse(raw.ptr, raw.len);
            s = assay_buf_adds(out, "#");
        }
        s = s == ASSAY_OK ? assay_buf_addhex(out, h, 6) : s;
    } else if (c->n_key == 0) {
        s = assay_buf_adds(out, "sha256:");
        s = s == ASSAY_OK ? assay_buf_addhex(out, key, n) : s;
    } else {
        s = assay_key_show(c->key_type, c->n_key, key, n, &raw);
        for (size_t i = 0; i < raw.len && s == ASSAY_OK; i++)
            s = !p->json && (raw.ptr[i] < 0x20 || raw.ptr[i] == 0x7f) ? assay_buf_addf(out, "\\x%02x", raw.ptr[i])
                                                                      : assay_buf_addc(out, raw.ptr[i]);
    }
    assay_buf_release(&raw);
    return s == ASSAY_OK && !assay_buf_str(out) ? ASSAY_ENOMEM : s;
}

static json_t *line(const struct printer *p, const struct assay_gone_chunk *c, const char *kind)
{
    return json_pack("{s:s,s:o,s:s,s:s}", "kind", kind, "dataset", json_string_nocheck(p->set->name), "segment",
                     c->segment, "chunk", c->chunk);
}

static void put_json(json_t *o)
{
    if (o)
        json_dumpf(o, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    putchar('\n');
    json_decref(o);
}

static enum assay_status print_row(struct printer *p, const struct assay_gone_chunk *c, const struct assay_named *row)
{
    static const char sign[] = {[ASSAY_NAMED_LOST] = '-',
                                [ASSAY_NAMED_INVENTED] = '+',
                                [ASSAY_NAMED_DOUBLED] = '*',
                                [ASSAY_NAMED_CORRUPTED] = '~'};
    struct assay_buf key = {0};
    if (p->limit && p->shown >= p->limit) {
        p->left_out++;
        return ASSAY_OK;
    }
    enum assay_status s = show_key(p, c, row->key, row->key_len, &key);
    if (s == ASSAY_OK && p->json) {
        json_t *o = line(p, c, assay_named_kind_name(row->kind));
        json_object_set_new(o, "key", json_string_nocheck(assay_buf_str(&key)));
        put_json(o);
    } else if (s == ASSAY_OK) {
        printf("  %c %-9s %s\n", sign[row->kind], assay_named_kind_name(row->kind), assay_buf_str(&key));
    }
    p->shown++;
    assay_buf_release(&key);
    return s;
}

static enum assay_status print_range(const struct printer *p, const struct assay_gone_chunk *c,
                                     const struct assay_damaged *d)
{
    struct assay_buf lo = {0}, hi = {0};
    enum assay_status s = d->lo ? show_key(p, c, d->lo, d->lo_len, &lo) : ASSAY_OK;
    if (s == ASSAY_OK && d->hi)
        s = show_key(p, c, d->hi, d->hi_len, &hi);
    if (s == ASSAY_OK && p->json) {
        json_t *o = line(p, c, "bulk");
        json_object_set_new(o, "from", d->lo ? json_string_nocheck(assay_buf_str(&lo)) : json_null());
        json_object_set_new(o, "below", d->hi ? json_string_nocheck(assay_buf_str(&hi)) : json_null());
        json_object_set_new(
            o, "rows", json_pack("{s:I,s:I}", "source", (json_int_t)d->rows[0], "archive", (json_int_t)d->rows[1]));
        put_json(o);
    } else if (s == ASSAY_OK) {
        printf("  ! damaged   keys");
        if (d->lo)
            printf(" from %s on", assay_buf_str(&lo));
        if (d->hi)
            printf("%s below %s", d->lo ? "," : "", assay_buf_str(&hi));
        printf("%s: the source had %llu rows there, the archive has %llu\n",
               d->lo || d->hi ? "" : " of the whole chunk", (unsigned long long)d->rows[0],
               (unsigned long long)d->rows[1]);
    }
    assay_buf_release(&lo);
    assay_buf_release(&hi);
    return s;
}

static enum assay_status print_found(struct printer *p, const struct assay_gone_chunk *c)
{
    const struct assay_naming_result *r = c->is;
    const struct assay_damaged whole = {.rows = {c->rows[0], c->rows[1]}};
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < r->n_rows && s == ASSAY_OK; i++)
        s = print_row(p, c, &r->row[i]);
    for (size_t i = 0; i < r->n_ranges && s == ASSAY_OK; i++)
        s = print_range(p, c, &r->range[i]);
    return s == ASSAY_OK && !r->named && !r->n_ranges ? print_range(p, c, &whole) : s;
}

static enum assay_status print_chunk(void *ctx, const struct assay_gone_chunk *c, struct assay_err *e)
{
    struct printer *p = ctx;
    enum assay_status s = ASSAY_OK;
    if (!p->json)
        printf("%s, segment %s, chunk %.12s\n", p->set->name, c->segment, c->chunk);
    if (c->is) {
        s = print_found(p, c);
    } else if (p->json) {
        json_t *o = line(p, c, "unverified");
        json_object_set_new(o, "why", json_string_nocheck(c->why));
        put_json(o);
    } else {
        printf("  ? unverified %s\n", c->why);
    }
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    return ferror(stdout) ? assay_fail(e, ASSAY_EIO, "standard output cannot be written") : ASSAY_OK;
}

static void sum_up(const struct printer *p, const struct assay_gone_result *r)
{
    FILE *f = p->json ? stderr : stdout;
    if (p->left_out)
        fprintf(f, "  ... and %llu more: --limit %llu was reached\n", (unsigned long long)p->left_out,
                (unsigned long long)p->limit);
    fprintf(f, "%s: ", p->set->name);
    for (int k = 0; k < ASSAY_NAMED_KINDS; k++)
        fprintf(f, "%s%llu %s", k ? ", " : "", (unsigned long long)r->rows[k],
                assay_named_kind_name((enum assay_named_kind)k));
    fprintf(
        f,
        "; %llu chunks equal the source, %llu rebuilt to its root by name, %llu damaged beyond that, %llu unverified",
        (unsigned long long)r->equal, (unsigned long long)r->named, (unsigned long long)r->bulk,
        (unsigned long long)r->unverified);
    if (r->broken_parts)
        fprintf(f, "; %u files or parts could not be read whole: rows that look lost may be there", r->broken_parts);
    fputc('\n', f);
}

int assay_diff_gone(struct assay_args *a, const struct assay_session *s, const struct assay_dataset *d,
                    const uint8_t dataset_key[32])
{
    struct assay_err e = {0};
    struct assay_gone_result r;
    char info[64];
    struct printer p = {.set = d,
                        .limit = (uint64_t)assay_arg_number(a, "limit", 100),
                        .json = assay_arg_flag(a, "json"),
                        .mask = assay_arg_flag(a, "mask-keys")};
    struct assay_gone_job j = {.plan = s->plan,
                               .set = d,
                               .keys_dir = s->keys_dir,
                               .dataset_key = dataset_key,
                               .segments = s->segments,
                               .n_segments = s->n_segments,
                               .run = assay_arg(a, "run"),
                               .memory = (size_t)assay_arg_number(a, "memory", 0) << 20,
                               .spill_max = (uint64_t)assay_arg_number(a, "spill-max", 0) << 20,
                               .each = print_chunk,
                               .ctx = &p};
    snprintf(info, sizeof info, "assay/mask/1%s", d->id);
    enum assay_status st = assay_session_ledger(s, &j.ledger, &e);
    if (st == ASSAY_OK)
        st = assay_hkdf(dataset_key, info, p.mask_key, sizeof p.mask_key);
    if (st == ASSAY_OK)
        st = assay_gone(&j, &r, &e);
    assay_progress(NULL);
    assay_ledger_close(j.ledger);
    OPENSSL_cleanse(p.mask_key, sizeof p.mask_key);
    if (st != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.code == ASSAY_OK ? "out of memory" : e.msg);
        return (int)assay_err_exit(st);
    }
    sum_up(&p, &r);
    return r.named || r.bulk || r.broken_parts ? ASSAY_EXIT_DISCREPANCY
           : r.unverified || !r.equal          ? ASSAY_EXIT_UNVERIFIED
                                               : ASSAY_EXIT_OK;
}
