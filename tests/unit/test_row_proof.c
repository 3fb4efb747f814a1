/* Proofs of rows in trees of every small size: what is there is proved, every gap is proved empty, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/row_proof.h"
#include "assay/sealed.h"

#define MOST 40

static struct assay_err e;

/* Rows of the keys 2, 4, 6 ...; as many copies of each as asked for. */
struct rows {
    uint8_t leaf[MOST][32];
    uint16_t key[MOST];
    uint32_t occurrence[MOST];
    size_t n;
    struct assay_row_claim claim;
};

static void digest(uint16_t key, uint8_t rd[32])
{
    memset(rd, key, 32);
}

static void make(struct rows *r, size_t keys, uint32_t copies)
{
    *r = (struct rows){.claim.bounds_told = true};
    for (size_t i = 0; i < keys; i++)
        for (uint32_t k = 0; k < copies; k++) {
            uint8_t key[2], rd[32];
            r->key[r->n] = (uint16_t)(2 * i + 2);
            r->occurrence[r->n] = k;
            assay_put_be16(key, r->key[r->n]);
            digest(r->key[r->n], rd);
            assay_sealed_leaf(key, sizeof key, k, rd, r->leaf[r->n++]);
        }
    r->claim.rows = r->n;
    assay_merkle_root_of((const uint8_t(*)[32])r->leaf, r->n, r->claim.root);
}

static void add(const struct rows *r, struct assay_row_part *p, size_t at)
{
    uint8_t key[2], copy[MOST][32];
    const uint64_t index = at;
    struct assay_row_leaf *l = assay_row_part_add(p);
    assert_non_null(l);
    memcpy(copy, r->leaf, sizeof copy);
    assay_put_be16(key, r->key[at]);
    assert_int_equal(assay_buf_add(&l->key, key, sizeof key), ASSAY_OK);
    digest(r->key[at], l->rd);
    l->index = index;
    l->occurrence = r->occurrence[at];
    assay_merkle_prove_many(copy, r->n, &index, &l->path, 1);
}

static struct assay_row_part *begin(struct assay_row_proof *p, bool included, uint16_t key)
{
    uint8_t text[2];
    *p = (struct assay_row_proof){.included = included};
    assay_put_be16(text, key);
    assert_int_equal(assay_buf_add(&p->key, text, sizeof text), ASSAY_OK);
    struct assay_row_part *part = assay_row_proof_add(p);
    assert_non_null(part);
    return part;
}

static enum assay_status check(const struct rows *r, struct assay_row_proof *p)
{
    assay_err_reset(&e);
    return assay_row_part_check(p, &p->part[0], &r->claim, &e);
}

static void what_is_there(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MOST / 2; n++) {
        struct rows r;
        make(&r, n, 2);
        for (size_t i = 0; i < n; i++) {
            struct assay_row_proof p;
            struct assay_row_part *part = begin(&p, true, (uint16_t)(2 * i + 2));
            add(&r, part, 2 * i);
            add(&r, part, 2 * i + 1);
            assert_int_equal(check(&r, &p), ASSAY_OK);
            part->leaf[1].occurrence++;
            assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
            part->leaf[1].index = part->leaf[0].index; /* the first one twice */
            part->leaf[1].occurrence = part->leaf[0].occurrence;
            part->leaf[1].path = part->leaf[0].path;
            assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
            assay_row_proof_release(&p);
            part = begin(&p, true, (uint16_t)(2 * i + 1)); /* of another key */
            add(&r, part, 2 * i);
            assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
            assay_row_proof_release(&p);
        }
        assay_row_claim_release(&r.claim);
    }
}

/* Every gap, with the neighbours that it has; and what must not pass for one. */
static void what_is_not_there(void **state)
{
    (void)state;
    for (size_t n = 0; n <= MOST; n++) {
        struct rows r;
        make(&r, n, 1);
        for (size_t gap = 0; gap <= n; gap++) {
            struct assay_row_proof p;
            struct assay_row_part *part = begin(&p, false, (uint16_t)(2 * gap + 1));
            if (gap > 0)
                add(&r, part, gap - 1);
            if (gap < n)
                add(&r, part, gap);
            assert_int_equal(check(&r, &p), ASSAY_OK);
            if (part->n == 2) { /* one neighbour alone, in the middle */
                part->n = 1;
                assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
                part->n = 2;
            }
            p.key.ptr[1]++; /* the key of a row, or beyond it */
            assert_int_equal(check(&r, &p), gap < n ? ASSAY_ELEDGER : ASSAY_OK);
            assay_row_proof_release(&p);
        }
        for (size_t i = 0; i + 2 < n; i++) { /* not neighbours */
            struct assay_row_proof p;
            struct assay_row_part *part = begin(&p, false, (uint16_t)(2 * i + 3));
            add(&r, part, i);
            add(&r, part, i + 2);
            assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
            assay_row_proof_release(&p);
        }
        assay_row_claim_release(&r.claim);
    }
}

static void bounds_and_rows(void **state)
{
    (void)state;
    struct rows r;
    struct assay_row_proof p;
    make(&r, 4, 1);
    struct assay_row_part *part = begin(&p, false, 9);
    add(&r, part, 3);
    assert_int_equal(check(&r, &p), ASSAY_OK);
    assert_int_equal(assay_buf_add(&r.claim.hi, "\0\11", 2), ASSAY_OK);
    assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "does not belong to the chunk"));
    r.claim.hi.ptr[1] = 10;
    assert_int_equal(check(&r, &p), ASSAY_OK);
    assert_int_equal(assay_buf_add(&r.claim.lo, "\0\12", 2), ASSAY_OK);
    assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
    r.claim.lo.len = 0;
    r.claim.rows = 0; /* whatever the root is */
    assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
    part->n = 0;
    assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
    part->n = 1;
    assay_row_proof_release(&p);
    assay_row_claim_release(&r.claim);
}

static void revealed_rows(void **state)
{
    (void)state;
    static const uint8_t row[] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 0};
    struct rows r = {.n = 1, .claim = {.rows = 1, .form = {1, 2, 3, 4, 5, 6, 7, 8}}};
    struct assay_row_proof p;
    struct assay_row_part *part = begin(&p, true, 7);
    struct assay_row_leaf *l = assay_row_part_add(part);
    assert_non_null(l);
    assert_int_equal(assay_buf_add(&l->key, p.key.ptr, p.key.len), ASSAY_OK);
    assert_int_equal(assay_buf_add(&l->row, row, sizeof row), ASSAY_OK);
    memset(l->salt, 9, sizeof l->salt);
    assay_sealed_row(l->salt, row, sizeof row, l->rd);
    assay_sealed_leaf(l->key.ptr, l->key.len, 0, l->rd, r.claim.root);
    l->revealed = true;
    assert_int_equal(check(&r, &p), ASSAY_OK);
    l->row.ptr[10] ^= 1;
    assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
    l->row.ptr[10] ^= 1;
    l->salt[0] ^= 1;
    assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
    l->salt[0] ^= 1;
    r.claim.form[7] ^= 1; /* other columns than the statement's */
    assert_int_equal(check(&r, &p), ASSAY_ELEDGER);
    assay_row_proof_release(&p);
}

static void written_and_read(void **state)
{
    (void)state;
    struct rows r;
    struct assay_row_proof p, q;
    struct assay_buf text = {0}, again = {0};
    make(&r, 9, 1);
    struct assay_row_part *part = begin(&p, false, 5);
    assert_int_equal(assay_buf_adds(&part->statement[0], "one\n\npart\n"), ASSAY_OK);
    assert_int_equal(assay_buf_adds(&part->statement[1], "two"), ASSAY_OK);
    add(&r, part, 1);
    add(&r, part, 2);
    part->leaf[0].revealed = true;
    assert_int_equal(assay_buf_adds(&part->leaf[0].row, "row bytes"), ASSAY_OK);
    assert_int_equal(assay_row_proof_write(&p, &text, &e), ASSAY_OK);
    assert_true(assay_row_proof_is((char *)text.ptr, text.len));
    assert_int_equal(assay_row_proof_parse((char *)text.ptr, text.len, &q, &e), ASSAY_OK);
    assert_int_equal(assay_row_proof_write(&q, &again, &e), ASSAY_OK);
    assert_int_equal(again.len, text.len);
    assert_memory_equal(again.ptr, text.ptr, text.len);
    assay_row_proof_release(&q);
    for (size_t cut = 0; cut < text.len; cut++) { /* no beginning of it is one */
        assay_err_reset(&e);
        assert_int_equal(assay_row_proof_parse((char *)text.ptr, cut, &q, &e), ASSAY_ELEDGER);
        assay_row_proof_release(&q);
    }
    assay_row_proof_release(&p);
    assay_buf_release(&text);
    assay_buf_release(&again);
    assay_row_claim_release(&r.claim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there), cmocka_unit_test(what_is_not_there), cmocka_unit_test(bounds_and_rows),
        cmocka_unit_test(revealed_rows), cmocka_unit_test(written_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
