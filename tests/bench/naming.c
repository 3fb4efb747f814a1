/* naming ROWS CAPACITY RUNS: how long it takes to name CAPACITY damaged rows of a chunk of ROWS rows out of its sketch.
 * Prints a line a run: milliseconds of decoding alone, and of all that follows the archive's last row, with the rebuilt
 * root. For make bench. */
#include <stdio.h>
#include <stdlib.h>

#include "assay/bytes.h"
#include "assay/clock.h"
#include "assay/naming.h"
#include "assay/sealed.h"
#include "assay/sketch.h"

#define KEY 8

struct chunk {
    struct assay_sketch *sketch;
    struct assay_sealed_tree tree;
    struct assay_buf text;
    struct assay_naming_source left;
};

static struct assay_err err;

static void must(enum assay_status s)
{
    if (s == ASSAY_OK)
        return;
    fprintf(stderr, "naming: %s\n", err.msg);
    exit(1);
}

/* Row i; damaged rows have another value. */
static void row_of(const struct assay_sealed_key *k, uint64_t i, bool damaged, uint8_t key[KEY], uint8_t rd[32])
{
    uint8_t salt[16], value[8];
    assay_put_be64(key, i);
    assay_put_be64(value, damaged ? ~i : i);
    assay_sealed_salt(k, key, KEY, salt);
    assay_sealed_row(salt, value, sizeof value, rd);
}

static void add(struct assay_sketch *s, const uint8_t key[KEY], const uint8_t rd[32])
{
    const uint32_t words = assay_sealed_words(KEY);
    uint64_t payload[ASSAY_MAX_SKETCH_WORDS];
    assay_sealed_payload(key, KEY, 0, rd, words, payload);
    assay_sketch_add(s, assay_sealed_locator(rd, 0), payload);
}

static bool is_damaged(uint64_t i, uint64_t rows, uint32_t n)
{
    return i % (rows / n) == rows / n / 2;
}

static double decode_ms(const struct chunk *c, uint32_t capacity, uint64_t rows, const struct assay_sealed_key *k)
{
    const uint32_t words = assay_sealed_words(KEY);
    struct assay_sketch *archive;
    struct assay_sketch_element *element = calloc(capacity, sizeof *element);
    uint64_t *payload = calloc((size_t)capacity * words, sizeof *payload);
    uint8_t key[KEY], rd[32];
    size_t n = 0;
    if (!element || !payload)
        must(ASSAY_ENOMEM);
    must(assay_sketch_new(capacity, words, &archive, &err));
    for (uint64_t i = 0; i < rows; i++)
        if (!is_damaged(i, rows, capacity)) {
            row_of(k, i, false, key, rd);
            add(archive, key, rd);
        }
    assay_sketch_merge(archive, c->sketch);
    const int64_t began = assay_clock_ns();
    const bool ok = assay_sketch_decode(archive, element, payload, &n);
    const double ms = (double)(assay_clock_ns() - began) / 1e6;
    if (!ok || n != capacity) {
        fprintf(stderr, "naming: the sketch did not decode\n");
        exit(1);
    }
    assay_sketch_free(archive);
    free(element);
    free(payload);
    return ms;
}

static double naming_ms(const struct chunk *c, uint32_t capacity, uint64_t rows, const struct assay_sealed_key *k)
{
    struct assay_naming *n;
    struct assay_naming_result r;
    uint8_t key[KEY], rd[32];
    must(assay_naming_new(&c->left, 256u << 20, &n, &err));
    for (uint64_t i = 0; i < rows; i++)
        if (!is_damaged(i, rows, capacity)) {
            row_of(k, i, false, key, rd);
            must(assay_naming_add(n, key, KEY, rd, &err));
        }
    const int64_t began = assay_clock_ns();
    must(assay_naming_end(n, &r, &err));
    const double ms = (double)(assay_clock_ns() - began) / 1e6;
    if (!r.named || r.n_rows != capacity) {
        fprintf(stderr, "naming: %zu rows named of %u\n", r.n_rows, capacity);
        exit(1);
    }
    assay_naming_free(n);
    return ms;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const uint64_t rows = strtoull(argv[1], NULL, 10);
    const uint32_t capacity = (uint32_t)strtoul(argv[2], NULL, 10), words = assay_sealed_words(KEY);
    const uint8_t secret[ASSAY_CHUNK_KEY_LEN] = {1};
    struct assay_sealed_key k;
    struct chunk c = {0};
    uint8_t key[KEY], rd[32];
    assay_sealed_key_init(&k, secret);
    must(assay_sketch_new(capacity, words, &c.sketch, &err));
    for (uint64_t i = 0; i < rows; i++) {
        row_of(&k, i, false, key, rd);
        must(assay_sealed_tree_add(&c.tree, key, KEY, rd, &err));
        add(c.sketch, key, rd);
    }
    must(assay_sealed_tree_end(&c.tree, c.left.root, &err));
    must(assay_sealed_sketch_put(c.sketch, capacity, words, &c.text));
    c.left.sketch = c.text.ptr;
    c.left.sketch_len = c.text.len;
    c.left.blocks = c.tree.blocks.ptr;
    c.left.blocks_len = c.tree.blocks.len;
    for (long i = strtol(argv[3], NULL, 10); i > 0; i--) {
        const double decoding = decode_ms(&c, capacity, rows, &k);
        printf("%.3f %.3f\n", decoding, naming_ms(&c, capacity, rows, &k));
    }
    assay_sketch_free(c.sketch);
    assay_sealed_tree_release(&c.tree);
    assay_buf_release(&c.text);
    return 0;
}
