/* The witness: every answer of C2SP tlog-witness, that it never forgets, and that no order of requests rolls it back.
 */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/temp_dir.h"
#include "assay/checkpoint.h"
#include "assay/merkle.h"
#include "assay/note.h"
#include "assay/proof.h"
#include "assay/publish.h"
#include "assay/witness.h"

#define ORIGIN "example.com/log"
enum { N = 20 };
static char dir[] = "/tmp/assay-witness-XXXXXX", state_dir[64], key_path[64], policy_path[64];
static struct assay_key *log_key, *other_key;
static uint8_t leaf[2][N][32]; /* two histories */

static const char *in(const char *name, char out[64])
{
    snprintf(out, 64, "%s/%s", dir, name);
    return out;
}

static int enter(void **state)
{
    (void)state;
    char path[64], text[512];
    if (!mkdtemp(dir) || assay_key_generate(in("log.key", path), ORIGIN, NULL) != ASSAY_OK ||
        assay_key_load(path, &log_key, NULL) != ASSAY_OK ||
        assay_key_generate(in("other.key", path), ORIGIN, NULL) != ASSAY_OK ||
        assay_key_load(path, &other_key, NULL) != ASSAY_OK ||
        assay_key_generate_witness(in("w.key", key_path), "w.example/w", NULL) != ASSAY_OK)
        return -1;
    in("state", state_dir);
    int n = snprintf(text, sizeof text, "log %s\nquorum none\n", assay_key_vkey(log_key));
    for (int h = 0; h < 2; h++)
        for (int i = 0; i < N; i++) {
            uint8_t body[2] = {(uint8_t)i, (uint8_t)(i < 5 ? 0 : h)}; /* they part after five leaves */
            assay_merkle_leaf(body, 2, leaf[h][i]);
        }
    return assay_publish(in("policy", policy_path), 0600, text, (size_t)n, NULL) != ASSAY_OK;
}

static int leave(void **state)
{
    (void)state;
    assay_key_free(log_key);
    assay_key_free(other_key);
    return temp_dir_remove(dir);
}

static int fresh(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", state_dir);
    return system(command);
}

static struct assay_witness *witness(void)
{
    struct assay_witness *w;
    struct assay_err e = {0};
    if (assay_witness_open(state_dir, key_path, policy_path, &w, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return w;
}

static enum assay_status range_of(void *ctx, uint64_t first, uint64_t n, uint8_t out[32], struct assay_err *e)
{
    (void)e;
    assay_merkle_root_of((const uint8_t(*)[32])ctx + first, n, out);
    return ASSAY_OK;
}

/* The note of history h at this size. */
static void head(const struct assay_key *key, const char *origin, int h, uint64_t size, struct assay_buf *out)
{
    uint8_t root[32];
    char b64[50];
    struct assay_buf text = {0};
    assay_merkle_root_of((const uint8_t(*)[32])leaf[h], size, root);
    struct assay_merkle_proof one = {.n = 1};
    struct assay_buf line = {0};
    memcpy(one.hash[0], root, 32);
    assay_proof_lines(&one, &line, NULL);
    snprintf(b64, sizeof b64, "%.45s", assay_buf_str(&line));
    assay_buf_addf(&text, "%s\n%llu\n%s", origin, (unsigned long long)size, b64);
    assert_int_equal(assay_note_sign(key, (char *)text.ptr, text.len, out, NULL), ASSAY_OK);
    assay_buf_release(&text);
    assay_buf_release(&line);
}

struct ask {
    int history;
    uint64_t old, size;
};

static void request(struct ask a, struct assay_buf *out)
{
    struct assay_merkle_proof proof = {0};
    assay_buf_addf(out, "old %llu\n", (unsigned long long)a.old);
    if (a.old <= a.size)
        assay_merkle_prove_consistency(a.old, a.size, range_of, leaf[a.history], &proof, NULL);
    assay_proof_lines(&proof, out, NULL);
    assay_buf_addc(out, '\n');
    head(log_key, ORIGIN, a.history, a.size, out);
}

static unsigned send(struct assay_witness *w, const char *body, size_t n, const char *want_body)
{
    struct assay_witness_answer a = {0};
    assay_witness_add(w, body, n, 1000, &a, NULL);
    if (want_body)
        assert_string_equal(assay_buf_str(&a.body), want_body);
    if (a.status == 409)
        assert_string_equal(a.type, "text/x.tlog.size");
    unsigned status = a.status;
    assay_buf_release(&a.body);
    return status;
}

static unsigned add(struct assay_witness *w, struct ask a, const char *want_body)
{
    struct assay_buf b = {0};
    request(a, &b);
    unsigned status = send(w, (char *)b.ptr, b.len, want_body);
    assay_buf_release(&b);
    return status;
}

static void test_answers(void **state)
{
    (void)state;
    struct assay_witness *w = witness();
    assert_int_equal(add(w, (struct ask){0, 3, 7}, "0\n"), 409); /* never seen: its size is zero */
    assert_int_equal(add(w, (struct ask){0, 0, 3}, NULL), 200);
    assert_int_equal(add(w, (struct ask){0, 0, 7}, "3\n"), 409);
    assert_int_equal(add(w, (struct ask){0, 3, 7}, NULL), 200);
    assert_int_equal(add(w, (struct ask){0, 3, 7}, "7\n"), 409);
    assert_int_equal(add(w, (struct ask){0, 7, 7}, NULL), 200); /* the same again, at another time */
    assert_int_equal(add(w, (struct ask){1, 7, 7}, "7\n"), 409); /* the same size, another root */
    assert_int_equal(add(w, (struct ask){1, 7, 9}, NULL), 422); /* another history */
    assert_int_equal(add(w, (struct ask){0, 7, 5}, NULL), 400); /* backwards */
    assert_int_equal(add(w, (struct ask){0, 5, 7}, "7\n"), 409);
    assert_int_equal(add(w, (struct ask){0, 7, 20}, NULL), 200);
    assay_witness_close(w);
    w = witness(); /* it remembers */
    assert_int_equal(add(w, (struct ask){0, 7, 20}, "20\n"), 409);
    assay_witness_close(w);
}

static void test_empty_tree(void **state)
{
    (void)state;
    struct assay_witness *w = witness();
    struct assay_buf b = {0};
    assert_int_equal(add(w, (struct ask){0, 0, 0}, NULL), 200);
    assert_int_equal(add(w, (struct ask){0, 0, 1}, NULL), 200);
    /* Size zero has one root: SHA-256(""). */
    assay_buf_adds(&b, "old 0\n\n");
    static const char text[] = ORIGIN "\n0\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n";
    assert_int_equal(assay_note_sign(log_key, text, sizeof text - 1, &b, NULL), ASSAY_OK);
    assay_witness_close(w);
    fresh(NULL);
    w = witness();
    assert_int_equal(send(w, (char *)b.ptr, b.len, "0\n"), 409);
    assay_buf_release(&b);
    assay_witness_close(w);
}

static void test_refused(void **state)
{
    (void)state;
    struct assay_witness *w = witness();
    static const char *const bodies[] = {
        "",
        "\n",
        "old\n\n",
        "old 0\n",
        "old 00\n\nx\n",
        "old -1\n\nx\n",
        "old 0\n\n",
        "old 0\nnot base64\n\n",
        "new 0\n\n" ORIGIN "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n",
        "old 0\n\n" ORIGIN "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "old 0\n\n" ORIGIN "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nno signature\n",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(send(w, bodies[i], strlen(bodies[i]), NULL), 400);
    struct assay_buf b = {0};
    assay_buf_adds(&b, "old 0\n\n");
    head(other_key, ORIGIN, 0, 3, &b); /* the right name, another key */
    assert_int_equal(send(w, (char *)b.ptr, b.len, NULL), 403);
    b.len = 7;
    head(log_key, ORIGIN "s", 0, 3, &b);
    assert_int_equal(send(w, (char *)b.ptr, b.len, NULL), 404);
    b.len = 0;
    request((struct ask){0, 0, 3}, &b);
    unsigned char *letter = &b.ptr[b.len - 10]; /* in the signature, which differs from run to run: still base64 */
    *letter = *letter == 'A' ? 'B' : 'A';
    assert_int_equal(send(w, (char *)b.ptr, b.len, NULL), 403);
    b.len = 0;
    assay_buf_adds(&b, "old 0\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n");
    head(log_key, ORIGIN, 0, 3, &b); /* from nothing there is nothing to prove */
    assert_int_equal(send(w, (char *)b.ptr, b.len, NULL), 422);
    b.len = 0;
    assay_buf_adds(&b, "old 0\n");
    for (int i = 0; i < 64; i++)
        assay_buf_adds(&b, "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n");
    assay_buf_addc(&b, '\n');
    head(log_key, ORIGIN, 0, 3, &b);
    assert_int_equal(send(w, (char *)b.ptr, b.len, NULL), 400);
    assay_buf_release(&b);
    char *big = malloc(70000);
    assert_non_null(big);
    memset(big, 'a', 70000);
    assert_int_equal(send(w, big, 70000, NULL), 413);
    free(big);
    /* No byte of a good request may change and still be cosigned, but in what nobody has signed or counts. */
    assert_int_equal(add(w, (struct ask){0, 0, 3}, NULL), 200);
    struct assay_buf good = {0};
    request((struct ask){0, 3, 11}, &good);
    size_t text = (size_t)(strstr(assay_buf_str(&good), "\n\n") - (char *)good.ptr);
    for (size_t i = 0; i < text; i++) {
        good.ptr[i] ^= 1;
        unsigned status = send(w, (char *)good.ptr, good.len, NULL);
        if (status == 200)
            fail_msg("byte %zu does not count", i);
        good.ptr[i] ^= 1;
    }
    assert_int_equal(send(w, (char *)good.ptr, good.len, NULL), 200);
    assay_buf_release(&good);
    assay_witness_close(w);
}

/* Any order of requests, honest and not: what is cosigned is one history that only grows. */
static void test_model(void **state)
{
    (void)state;
    struct assay_witness *w = witness();
    uint64_t size = 0;
    int history = 0;
    uint32_t x = 12345;
    for (int i = 0; i < 600; i++) {
        x = x * 1664525u + 1013904223u;
        struct ask a = {(int)(x >> 29 & 1), x >> 8 & 3 ? size : x >> 12 & 15, x >> 17 & 15};
        bool same = a.history == history || size <= 5;
        unsigned want = a.old > a.size ? 400 : a.old != size ? 409 : same ? 200 : a.size == size ? 409 : 422;
        assert_int_equal(add(w, a, NULL), want);
        if (want == 200) {
            history = a.size > 5 ? a.history : history;
            size = a.size;
        }
        if (i % 100 == 99) {
            assay_witness_close(w);
            w = witness();
        }
        if (size == 15) { /* begin again */
            assay_witness_close(w);
            fresh(NULL);
            w = witness();
            size = 0;
            history = 0;
        }
    }
    assay_witness_close(w);
}

static void test_state(void **state)
{
    (void)state;
    struct assay_witness *w = witness(), *second;
    struct assay_witness_answer a = {0};
    struct assay_err e = {0};
    char hex[65], path[200];
    assert_int_equal(assay_witness_open(state_dir, key_path, policy_path, &second, &e), ASSAY_ELOCKED);
    assert_int_equal(add(w, (struct ask){0, 0, 3}, NULL), 200);
    FILE *f = popen("printf " ORIGIN " | sha256sum | cut -c1-64", "r");
    assert_non_null(f);
    assert_non_null(fgets(hex, sizeof hex, f));
    pclose(f);
    assert_int_equal(assay_witness_latest(w, hex, &a, NULL), ASSAY_OK);
    assert_int_equal(a.status, 200);
    struct assay_verifier *v;
    size_t text;
    assert_int_equal(assay_verifier_parse(assay_witness_vkey(w), &v, NULL), ASSAY_OK);
    assert_int_equal(assay_note_verify(v, (char *)a.body.ptr, a.body.len, &text, NULL), ASSAY_OK);
    assay_verifier_free(v);
    assay_witness_latest(w, "..", &a, NULL);
    assert_int_equal(a.status, 404);
    memset(path, 'a', 64);
    path[64] = '\0';
    assay_witness_latest(w, path, &a, NULL);
    assert_int_equal(a.status, 404);
    assay_buf_release(&a.body);
    /* A broken memory is no empty one. */
    snprintf(path, sizeof path, "%s/%s", state_dir, hex);
    assert_int_equal(assay_publish(path, 0600, "rubbish\n", 8, NULL), ASSAY_OK);
    assert_int_equal(add(w, (struct ask){0, 0, 7}, NULL), 500);
    assay_witness_close(w);
    assay_err_reset(&e);
    char none[64];
    assert_int_equal(assay_publish(in("none", none), 0600, "quorum none\n", 12, NULL), ASSAY_OK);
    assert_int_equal(assay_witness_open(state_dir, key_path, none, &w, &e), ASSAY_EUSAGE);
    assay_err_reset(&e);
    char logs[64];
    assert_int_equal(assay_witness_open(state_dir, in("log.key", logs), policy_path, &w, &e), ASSAY_ELEDGER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_answers, fresh), cmocka_unit_test_setup(test_empty_tree, fresh),
        cmocka_unit_test_setup(test_refused, fresh), cmocka_unit_test_setup(test_model, fresh),
        cmocka_unit_test_setup(test_state, fresh),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
