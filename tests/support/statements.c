#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "assay/writer.h"

#include "statements.h"

void statements_set_up(struct statements *s)
{
    ledger_fixture_make(&s->f);
    s->second = 0;
}

void statements_tear_down(struct statements *s)
{
    ledger_fixture_remove(&s->f);
}

void statements_open(struct statements *s, int side, const char *run)
{
    struct assay_err e = {0};
    s->side = side;
    s->run = run;
    if (assay_sink_ledger(s->f.db, s->f.keys, side == ASSAY_SOURCE ? ASSAY_ROLE_SOURCE : ASSAY_ROLE_ARCHIVE, &s->sink,
                          &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
}

void statements_begin(struct statements *s, int side, const char *run, const char *scope)
{
    char when[40];
    statements_open(s, side, run);
    snprintf(when, sizeof when, "2024-01-01T00:00:%02u.000000Z", s->second++);
    statements_say(s, "run-start", "scope", scope, "observed", when, (char *)NULL);
}

void statements_say(struct statements *s, const char *kind, ...)
{
    struct assay_writer w;
    struct assay_err e = {0};
    struct assay_buf blob = {0};
    char hash[65];
    uint8_t ignored[32];
    va_list ap;
    assert_int_equal(assay_plan_hash(s->set, hash, &blob, &e), ASSAY_OK);
    assert_int_equal(assay_sink_blob(s->sink, blob.ptr, blob.len, ignored, &e), ASSAY_OK);
    assert_int_equal(assay_sink_blob(s->sink, "", 0, ignored, &e), ASSAY_OK);
    assay_buf_release(&blob);
    assay_writer_begin(&w, kind);
    assay_writer_add(&w, "role", assay_side_name((enum assay_side_id)s->side));
    assay_writer_add(&w, "run", s->run);
    assay_writer_add(&w, "dataset", s->set->id);
    assay_writer_addf(&w, "plan", "sha256:%s", hash);
    va_start(ap, kind);
    for (const char *key = va_arg(ap, const char *); key; key = va_arg(ap, const char *))
        assay_writer_add(&w, key, va_arg(ap, const char *));
    va_end(ap);
    if (strcmp(kind, "run-end") == 0)
        ledger_fixture_end_run(s->sink, &w.text);
    if (assay_writer_send(&w, s->sink, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
}

void statements_commit(struct statements *s)
{
    struct assay_err e = {0};
    if (assay_sink_commit(s->sink, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assay_sink_free(s->sink);
    s->sink = NULL;
}
