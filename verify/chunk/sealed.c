/* Row digests and the tree of a chunk. */
#include "assay/sealed.h"

/* The low-level calls allocate nothing and fetch nothing: a digest of EVP costs more than the hashing of a row. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "assay/bytes.h"

#define PAD 64 /* bytes of a block of SHA-256 */

static const char magic[] = "assay-blocks/1\n";
#define HEAD (sizeof magic - 1 + 8)

/* ---- digests ---- */

static void pad_state(const uint8_t key[ASSAY_CHUNK_KEY_LEN], uint8_t with, uint32_t state[8])
{
    SHA256_CTX c;
    uint8_t pad[PAD];
    memset(pad, with, sizeof pad);
    for (size_t i = 0; i < ASSAY_CHUNK_KEY_LEN; i++)
        pad[i] ^= key[i];
    SHA256_Init(&c);
    SHA256_Update(&c, pad, sizeof pad);
    memcpy(state, c.h, sizeof c.h);
    OPENSSL_cleanse(pad, sizeof pad);
    OPENSSL_cleanse(&c, sizeof c);
}

/* A digest that has taken in one block. */
static void resume(SHA256_CTX *c, const uint32_t state[8])
{
    SHA256_Init(c);
    memcpy(c->h, state, sizeof c->h);
    c->Nl = PAD * 8;
}

void assay_sealed_key_init(struct assay_sealed_key *k, const uint8_t chunk_key[ASSAY_CHUNK_KEY_LEN])
{
    pad_state(chunk_key, 0x36, k->inner);
    pad_state(chunk_key, 0x5c, k->outer);
}

void assay_sealed_commit(const uint8_t chunk_key[ASSAY_CHUNK_KEY_LEN], uint8_t out[32])
{
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, "\x30", 1);
    SHA256_Update(&c, chunk_key, ASSAY_CHUNK_KEY_LEN);
    SHA256_Final(out, &c);
    OPENSSL_cleanse(&c, sizeof c);
}

void assay_sealed_no_key(const uint8_t *row, size_t n, uint8_t key[32])
{
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, row, n);
    SHA256_Final(key, &c);
}

void assay_sealed_salt(const struct assay_sealed_key *k, const uint8_t *key, size_t n, uint8_t salt[16])
{
    SHA256_CTX c;
    uint8_t h[32];
    resume(&c, k->inner);
    SHA256_Update(&c, "\x11", 1);
    SHA256_Update(&c, key, n);
    SHA256_Final(h, &c);
    resume(&c, k->outer);
    SHA256_Update(&c, h, sizeof h);
    SHA256_Final(h, &c);
    memcpy(salt, h, 16);
}

void assay_sealed_row(const uint8_t salt[16], const uint8_t *row, size_t n, uint8_t rd[32])
{
    SHA256_CTX c;
    uint8_t head[17] = {0x10};
    memcpy(head + 1, salt, 16);
    SHA256_Init(&c);
    SHA256_Update(&c, head, sizeof head);
    SHA256_Update(&c, row, n);
    SHA256_Final(rd, &c);
}

void assay_sealed_leaf(const uint8_t *key, size_t n, uint32_t occurrence, const uint8_t rd[32], uint8_t leaf[32])
{
    SHA256_CTX c;
    uint8_t head[5] = {0x00}, tail[36];
    assay_put_be32(head + 1, (uint32_t)n);
    assay_put_be32(tail, occurrence);
    memcpy(tail + 4, rd, 32);
    SHA256_Init(&c);
    SHA256_Update(&c, head, sizeof head);
    SHA256_Update(&c, key, n);
    SHA256_Update(&c, tail, sizeof tail);
    SHA256_Final(leaf, &c);
}

uint64_t assay_sealed_locator(const uint8_t rd[32], uint32_t occurrence)
{
    SHA256_CTX c;
    uint8_t in[37] = {0x20}, h[32];
    memcpy(in + 1, rd, 32);
    assay_put_be32(in + 33, occurrence);
    SHA256_Init(&c);
    SHA256_Update(&c, in, sizeof in);
    SHA256_Final(h, &c);
    uint64_t x = assay_get_be64(h);
    return x ? x : 1;
}

/* ---- the tree ---- */

/* Room for the root, then the key of the first row. */
static enum assay_status begin_block(struct assay_sealed_tree *t, const uint8_t *key, size_t n)
{
    uint8_t place[36] = {0};
    enum assay_status s = ASSAY_OK;
    t->at = t->blocks.len;
    assay_put_be32(place + 32, (uint32_t)n);
    s = assay_buf_add(&t->blocks, place, sizeof place);
    return s == ASSAY_OK ? assay_buf_add(&t->blocks, key, n) : s;
}

static void end_block(struct assay_sealed_tree *t)
{
    uint8_t root[32];
    assay_merkle_root(&t->block, root);
    memcpy(t->blocks.ptr + t->at, root, sizeof root);
    assay_merkle_add(&t->whole, root);
    t->block.size = 0;
}

static enum assay_status begin_text(struct assay_sealed_tree *t)
{
    uint8_t rows[8] = {0};
    enum assay_status s = t->blocks.len ? ASSAY_OK : assay_buf_adds(&t->blocks, magic);
    return s == ASSAY_OK && t->blocks.len < HEAD ? assay_buf_add(&t->blocks, rows, sizeof rows) : s;
}

/* Below, equal or above the row added last. */
static int order(const struct assay_sealed_tree *t, const uint8_t *key, size_t n, const uint8_t rd[32])
{
    size_t least = n < t->key.len ? n : t->key.len;
    int c = least ? memcmp(key, t->key.ptr, least) : 0;
    if (c == 0 && n != t->key.len)
        c = n < t->key.len ? -1 : 1;
    return c ? c : memcmp(rd, t->rd, 32);
}

enum assay_status assay_sealed_tree_add(struct assay_sealed_tree *t, const uint8_t *key, size_t n, const uint8_t rd[32],
                                        struct assay_err *e)
{
    uint8_t leaf[32];
    int c = t->rows ? order(t, key, n, rd) : 1;
    if (c < 0)
        return assay_fail(e, ASSAY_EUSAGE, "rows of a sealed chunk came out of order");
    if (c == 0 && t->occurrence == UINT32_MAX)
        return assay_fail(e, ASSAY_ELIMIT, "one row stands more than 4,294,967,295 times in a chunk");
    t->occurrence = c ? 0 : t->occurrence + 1;
    enum assay_status s = begin_text(t);
    if (s == ASSAY_OK && t->block.size == 0)
        s = begin_block(t, key, n);
    if (c && s == ASSAY_OK) {
        assay_buf_reset(&t->key);
        s = assay_buf_add(&t->key, key, n);
        memcpy(t->rd, rd, 32);
    }
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    assay_sealed_leaf(key, n, t->occurrence, rd, leaf);
    assay_merkle_add(&t->block, leaf);
    t->rows++;
    if (t->block.size == ASSAY_SEALED_BLOCK)
        end_block(t);
    return ASSAY_OK;
}

enum assay_status assay_sealed_tree_end(struct assay_sealed_tree *t, uint8_t root[32], struct assay_err *e)
{
    if (begin_text(t) != ASSAY_OK)
        return assay_fail_nomem(e);
    if (t->block.size)
        end_block(t);
    assay_put_be64(t->blocks.ptr + sizeof magic - 1, t->rows);
    assay_merkle_root(&t->whole, root);
    return ASSAY_OK;
}

void assay_sealed_tree_release(struct assay_sealed_tree *t)
{
    assay_buf_release(&t->key);
    assay_buf_release(&t->blocks);
    *t = (struct assay_sealed_tree){0};
}

/* ---- the text of block roots ---- */

size_t assay_sealed_blocks_count(const uint8_t *text, size_t n)
{
    if (n < HEAD || memcmp(text, magic, sizeof magic - 1) != 0)
        return 0;
    uint64_t rows = assay_get_be64(text + sizeof magic - 1);
    uint64_t blocks = rows / ASSAY_SEALED_BLOCK + (rows % ASSAY_SEALED_BLOCK != 0);
    return blocks <= (n - HEAD) / 36 ? (size_t)blocks : 0;
}

bool assay_sealed_blocks_read(const uint8_t *text, size_t n, const uint8_t root[32], struct assay_sealed_block *blocks,
                              uint64_t *rows)
{
    struct assay_merkle whole = {0};
    size_t count = assay_sealed_blocks_count(text, n), at = HEAD;
    uint8_t is[32];
    if (n < HEAD || memcmp(text, magic, sizeof magic - 1) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (n - at < 36)
            return false;
        struct assay_sealed_block b = {text + at, text + at + 36, assay_get_be32(text + at + 32)};
        at += 36;
        if (b.key_len > n - at)
            return false;
        at += b.key_len;
        assay_merkle_add(&whole, b.root);
        blocks[i] = b;
    }
    *rows = assay_get_be64(text + sizeof magic - 1);
    assay_merkle_root(&whole, is);
    return at == n && (count || *rows == 0) && memcmp(is, root, sizeof is) == 0;
}
