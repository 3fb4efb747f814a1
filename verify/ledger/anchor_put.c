#include <time.h>

#include "assay/anchor.h"
#include "assay/keys.h"
#include "assay/ledger_append.h"
#include "assay/writer.h"

enum assay_status assay_anchor_sink(const char *ledger_path, const char *keys_dir, enum assay_role *role,
                                    struct assay_sink **out, struct assay_err *e)
{
    static const enum assay_role order[] = {ASSAY_ROLE_RECONCILE, ASSAY_ROLE_OWNER, ASSAY_ROLE_ARCHIVE,
                                            ASSAY_ROLE_SOURCE};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct assay_key *k = NULL;
        struct assay_err why = {0};
        enum assay_status s = assay_keys_load(keys_dir, order[i], &k, &why);
        assay_key_free(k);
        if (s == ASSAY_ENOTFOUND)
            continue;
        *role = order[i];
        return s == ASSAY_OK ? assay_sink_ledger(ledger_path, keys_dir, *role, out, e)
                             : assay_fail(e, s, "%s", why.msg);
    }
    return assay_fail(e, ASSAY_ENOTFOUND,
                      "%s: holds no private key that may state an anchor: reconcile, owner, archive or source",
                      keys_dir);
}

static void put_time(struct assay_writer *w, uint64_t when)
{
    char text[32];
    struct tm tm;
    time_t t = (time_t)when;
    if (gmtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        assay_writer_add(w, "time", text);
}

enum assay_status assay_anchor_put(struct assay_sink *sink, enum assay_role role, const struct assay_anchor *a,
                                   struct assay_err *e)
{
    struct assay_writer w;
    uint8_t note[32], token[32];
    enum assay_status s = assay_sink_blob(sink, a->note.ptr, a->note.len, note, e);
    if (s == ASSAY_OK && a->token.len)
        s = assay_sink_blob(sink, a->token.ptr, a->token.len, token, e);
    if (s == ASSAY_OK) {
        assay_writer_begin(&w, "anchor");
        assay_writer_add(&w, "role", assay_role_name(role));
        assay_writer_add(&w, "type", assay_anchor_type_name(a->type));
        assay_writer_addf(&w, "size", "%llu", (unsigned long long)a->size);
        assay_writer_hex(&w, "checkpoint", "sha256:", note, 32);
        if (a->token.len)
            assay_writer_hex(&w, "token", "sha256:", token, 32);
        put_time(&w, a->when);
        assay_writer_now(&w);
        s = assay_writer_send(&w, sink, e);
    }
    return s == ASSAY_OK ? assay_sink_commit(sink, e) : s;
}
