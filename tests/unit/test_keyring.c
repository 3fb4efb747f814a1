/* The keyring: keys come back, erased ones stay erased, files of others and of other keys are refused, and every byte
 * of the file counts. Ciphers by their published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/temp_dir.h"
#include "assay/blob.h"
#include "assay/cipher.h"
#include "assay/digest.h"
#include "assay/keyring.h"
#include "assay/keys.h"
#include "assay/publish.h"

#define SET "0b1c6f0e-5a0e-4c0c-9d5e-2d1b7a1f5f4e"
#define OTHER "11111111-5a0e-4c0c-9d5e-2d1b7a1f5f4e"

static char dir[] = "/tmp/assay-keyring-XXXXXX";
static char ring[64], dataset_key[64];

static int enter(void **state)
{
    (void)state;
    return !mkdtemp(dir) || snprintf(ring, sizeof ring, "%s/keyring", dir) < 0 ||
           snprintf(dataset_key, sizeof dataset_key, "%s/dataset.key", dir) < 0;
}

static int leave(void **state)
{
    (void)state;
    return temp_dir_remove(dir);
}

/* Every test begins with an empty folder and one dataset key. */
static int begin(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s/*", dir);
    return system(command) || assay_dataset_key_generate(dataset_key, NULL) != ASSAY_OK;
}

static struct assay_keyring *opened(void)
{
    struct assay_keyring *k = NULL;
    struct assay_err e = {0};
    if (assay_keyring_open(ring, dir, &k, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return k;
}

static enum assay_status key_of(struct assay_keyring *k, const char *segment, uint32_t ordinal, bool create,
                                uint8_t out[32])
{
    struct assay_err e = {0};
    enum assay_status s = assay_keyring_chunk_key(k, SET, segment, ordinal, create, out, &e);
    assert_int_equal(s, e.code);
    return s;
}

static void slurped(const char *path, struct assay_buf *b)
{
    b->len = 0;
    assert_int_equal(assay_slurp(path, 1u << 20, b, NULL), ASSAY_OK);
}

/* Without syncing: some tests write a file for every byte of it. */
static void put(mode_t mode, const void *bytes, size_t n)
{
    unlink(ring);
    FILE *f = fopen(ring, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(ring, mode), 0);
}

/* ---- ciphers ---- */

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = strlen(hex) / 2;
    assert_int_equal(assay_unhex(hex, out, n), 0);
    return n;
}

/* RFC 3394, 4.6: 256 bits of key data with a 256-bit key. */
static void test_key_wrap(void **state)
{
    uint8_t kek[32], key[32], want[40], got[40], back[32];
    (void)state;
    unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", kek);
    unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f", key);
    unhex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21", want);
    assert_int_equal(assay_wrap(kek, key, got), ASSAY_OK);
    assert_memory_equal(got, want, 40);
    assert_int_equal(assay_unwrap(kek, got, back), ASSAY_OK);
    assert_memory_equal(back, key, 32);
    for (size_t i = 0; i < sizeof got; i++) {
        got[i] ^= 1;
        assert_int_equal(assay_unwrap(kek, got, back), ASSAY_EDATA);
        got[i] ^= 1;
    }
}

/* RFC 5297, appendix A: with one and with three elements of associated data. */
static void test_siv(void **state)
{
    static const struct {
        const char *key, *ad[3], *plain, *iv, *sealed;
    } cases[] = {
        {"fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         {"101112131415161718191a1b1c1d1e1f2021222324252627"},
         "112233445566778899aabbccddee",
         "85632d07c6e8f37f950acd320a2ecc93",
         "40c02b9690c4dc04daef7f6afe5c"},
        {"7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
         {"00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100", "102030405060708090a0",
          "09f911029d74e35bd84156c5635688c0"},
         "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
         "7bdb6e3b432667eb06f4d14bff2fbd0f",
         "cb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d"},
    };
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint8_t key[64], part[3][64], plain[64], iv[16], sealed[64], got_iv[16], got[64], back[64];
        struct assay_ad ad[3];
        size_t n_ad = 0, key_len = unhex(cases[c].key, key), n = unhex(cases[c].plain, plain);
        for (; n_ad < 3 && cases[c].ad[n_ad]; n_ad++)
            ad[n_ad] = (struct assay_ad){part[n_ad], unhex(cases[c].ad[n_ad], part[n_ad])};
        unhex(cases[c].iv, iv);
        unhex(cases[c].sealed, sealed);
        assert_int_equal(assay_siv_seal(key, key_len, ad, n_ad, plain, n, got_iv, got), ASSAY_OK);
        assert_memory_equal(got_iv, iv, 16);
        assert_memory_equal(got, sealed, n);
        assert_int_equal(assay_siv_open(key, key_len, ad, n_ad, iv, sealed, n, back), ASSAY_OK);
        assert_memory_equal(back, plain, n);
        sealed[n - 1] ^= 1;
        assert_int_equal(assay_siv_open(key, key_len, ad, n_ad, iv, sealed, n, back), ASSAY_EDATA);
        sealed[n - 1] ^= 1;
        part[0][0] ^= 1;
        assert_int_equal(assay_siv_open(key, key_len, ad, n_ad, iv, sealed, n, back), ASSAY_EDATA);
    }
}

static void test_blob(void **state)
{
    uint8_t key[32] = {1}, other[32] = {2}, id[16], want[16];
    struct assay_blob_about about = {"cut", SET, "2001-01", UINT32_MAX}, elsewhere = about;
    struct assay_buf sealed = {0}, again = {0}, plain = {0};
    (void)state;
    assert_int_equal(assay_blob_seal(key, &about, "bounds", 6, &sealed, NULL), ASSAY_OK);
    assert_int_equal(assay_blob_seal(key, &about, "bounds", 6, &again, NULL), ASSAY_OK);
    assert_int_equal(sealed.len, again.len);
    assert_memory_equal(sealed.ptr, again.ptr, sealed.len);
    assert_true(assay_blob_sealed(sealed.ptr, sealed.len, id));
    assay_dataset_key_id(key, want);
    assert_memory_equal(id, want, 16);
    assert_null(memmem(sealed.ptr, sealed.len, "bounds", 6));
    assert_int_equal(assay_blob_open(key, &about, sealed.ptr, sealed.len, &plain, NULL), ASSAY_OK);
    assert_int_equal(plain.len, 6);
    assert_memory_equal(plain.ptr, "bounds", 6);
    assert_int_equal(assay_blob_open(other, &about, sealed.ptr, sealed.len, &plain, NULL), ASSAY_ENOTFOUND);
    elsewhere.segment = "2001-02";
    assert_int_equal(assay_blob_open(key, &elsewhere, sealed.ptr, sealed.len, &plain, NULL), ASSAY_EDATA);
    elsewhere = about;
    elsewhere.ordinal = 0;
    assert_int_equal(assay_blob_open(key, &elsewhere, sealed.ptr, sealed.len, &plain, NULL), ASSAY_EDATA);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.ptr[i] ^= 0x40;
        assert_int_not_equal(assay_blob_open(key, &about, sealed.ptr, sealed.len, &plain, NULL), ASSAY_OK);
        sealed.ptr[i] ^= 0x40;
    }
    assert_int_equal(assay_blob_seal(key, &about, "", 0, &again, NULL), ASSAY_ELIMIT);
    assert_int_equal(plain.len, 6);
    assay_buf_release(&sealed);
    assay_buf_release(&again);
    assay_buf_release(&plain);
}

static void test_bound_tags(void **state)
{
    uint8_t key[32] = {1}, a[16], b[16];
    (void)state;
    assert_int_equal(assay_bound_tag(key, SET, "2001", "\1\2", 2, a), ASSAY_OK);
    assert_int_equal(assay_bound_tag(key, SET, "2001", "\1\2", 2, b), ASSAY_OK);
    assert_memory_equal(a, b, 16);
    assert_int_equal(assay_bound_tag(key, SET, "2002", "\1\2", 2, b), ASSAY_OK);
    assert_memory_not_equal(a, b, 16);
    assert_int_equal(assay_bound_tag(key, OTHER, "2001", "\1\2", 2, b), ASSAY_OK);
    assert_memory_not_equal(a, b, 16);
}

/* ---- keys ---- */

static void test_keys_come_back(void **state)
{
    uint8_t one[3][32], two[32];
    struct stat st;
    (void)state;
    struct assay_keyring *k = opened();
    assert_int_equal(key_of(k, "2001-01", 0, false, two), ASSAY_ENOTFOUND);
    /* Not in the order of the file, which is sorted. */
    assert_int_equal(key_of(k, "2001-02", 1, true, one[0]), ASSAY_OK);
    assert_int_equal(key_of(k, "2001-02", 0, true, one[1]), ASSAY_OK);
    assert_int_equal(key_of(k, "-inf and more", 4000000000u, true, one[2]), ASSAY_OK);
    assert_memory_not_equal(one[0], one[1], 32);
    assert_int_equal(key_of(k, "2001-02", 1, true, two), ASSAY_OK);
    assert_memory_equal(one[0], two, 32);
    assert_int_equal(assay_keyring_save(k, NULL), ASSAY_OK);
    assay_keyring_close(k);

    assert_int_equal(stat(ring, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    k = opened();
    assert_int_equal(key_of(k, "2001-02", 1, false, two), ASSAY_OK);
    assert_memory_equal(one[0], two, 32);
    assert_int_equal(key_of(k, "2001-02", 0, false, two), ASSAY_OK);
    assert_memory_equal(one[1], two, 32);
    assert_int_equal(key_of(k, "-inf and more", 4000000000u, false, two), ASSAY_OK);
    assert_memory_equal(one[2], two, 32);
    assert_int_equal(key_of(k, "2001-01", 0, false, two), ASSAY_ENOTFOUND);
    assert_int_equal(key_of(k, "a\nb", 0, true, two), ASSAY_ELIMIT);
    assert_int_equal(key_of(k, "", 0, true, two), ASSAY_ELIMIT);
    assay_keyring_close(k);
}

static void test_nothing_new_writes_nothing(void **state)
{
    (void)state;
    struct assay_keyring *k = opened();
    assert_int_equal(assay_keyring_save(k, NULL), ASSAY_OK);
    assert_int_equal(access(ring, F_OK), -1);
    assay_keyring_close(k);
}

static void test_two_at_once(void **state)
{
    uint8_t a[32], b[32];
    struct assay_err e = {0};
    (void)state;
    struct assay_keyring *one = opened(), *two = opened();
    assert_int_equal(key_of(one, "s", 0, true, a), ASSAY_OK);
    assert_int_equal(key_of(two, "s", 1, true, b), ASSAY_OK);
    assert_int_equal(assay_keyring_save(one, NULL), ASSAY_OK);
    assert_int_equal(assay_keyring_save(two, NULL), ASSAY_OK); /* what both made is there */
    assert_int_equal(key_of(two, "s", 0, false, b), ASSAY_OK);
    assert_memory_equal(a, b, 32);
    /* The same chunk: the first one wins. */
    assert_int_equal(key_of(one, "s", 2, true, a), ASSAY_OK);
    assert_int_equal(key_of(two, "s", 2, true, b), ASSAY_OK);
    assert_int_equal(assay_keyring_save(one, NULL), ASSAY_OK);
    assert_int_equal(assay_keyring_save(two, &e), ASSAY_ELOCKED);
    assert_non_null(strstr(e.msg, "another process has made a key for chunk 2 of segment s"));
    assay_keyring_close(one);
    assay_keyring_close(two);
    one = opened();
    assert_int_equal(key_of(one, "s", 2, false, b), ASSAY_OK);
    assert_memory_equal(a, b, 32);
    assay_keyring_close(one);
}

static void test_erase(void **state)
{
    uint8_t key[32];
    uint64_t n;
    struct assay_err e = {0};
    struct assay_buf before = {0}, after = {0};
    (void)state;
    struct assay_keyring *k = opened(), *late = opened(), *reader = opened();
    assert_int_equal(key_of(late, "s", 0, true, key), ASSAY_OK);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(key_of(k, "s", i, true, key), ASSAY_OK);
    assert_int_equal(key_of(k, "t", 0, true, key), ASSAY_OK);
    assert_int_equal(key_of(reader, "t", 0, false, key), ASSAY_ENOTFOUND);
    assert_int_equal(assay_keyring_save(k, NULL), ASSAY_OK);
    assert_int_equal(key_of(reader, "t", 0, false, key), ASSAY_OK); /* saved since it was opened */
    assay_keyring_close(reader);
    slurped(ring, &before);

    assert_int_equal(assay_keyring_erase(k, SET, "s", 1, &n, NULL), ASSAY_OK);
    assert_int_equal(n, 1);
    assert_int_equal(key_of(k, "s", 1, false, key), ASSAY_EERASED);
    assert_int_equal(key_of(k, "s", 1, true, key), ASSAY_EERASED);
    assert_int_equal(key_of(k, "s", 2, false, key), ASSAY_OK);
    slurped(ring, &after);
    /* The wrapped key itself is gone from the file. */
    const char *line = strstr(assay_buf_str(&before), "chunk " SET " 1 ");
    assert_non_null(line);
    char wrapped[81] = "";
    memcpy(wrapped, line + strlen("chunk " SET " 1 "), 80);
    assert_null(strstr(assay_buf_str(&after), wrapped));

    assert_int_equal(assay_keyring_erase(k, SET, "s", ASSAY_EVERY_CHUNK, &n, NULL), ASSAY_OK);
    assert_int_equal(n, 2);
    assert_int_equal(assay_keyring_erase(k, SET, "s", 0, &n, NULL), ASSAY_OK);
    assert_int_equal(n, 0);
    assert_int_equal(key_of(k, "t", 0, false, key), ASSAY_OK);
    /* A run that began before the erasure does not bring a key back. */
    assert_int_equal(assay_keyring_save(late, &e), ASSAY_EERASED);
    assay_keyring_close(late);
    /* Nor one before the first key was made. */
    assert_int_equal(assay_keyring_erase(k, SET, "u", 7, &n, NULL), ASSAY_OK);
    assert_int_equal(n, 1);
    assay_keyring_close(k);
    k = opened();
    assert_int_equal(key_of(k, "u", 7, true, key), ASSAY_EERASED);
    assert_int_equal(key_of(k, "s", 0, true, key), ASSAY_EERASED);
    assay_keyring_close(k);
    assay_buf_release(&before);
    assay_buf_release(&after);
}

/* A backup of an earlier epoch is cleaned without its key. */
static void test_erase_copy(void **state)
{
    uint8_t key[32], commit[32], in[33] = {0x30};
    char copy[64], command[160];
    struct assay_buf commits = {0};
    struct assay_err e = {0};
    uint64_t n;
    (void)state;
    struct assay_keyring *k = opened();
    assert_int_equal(key_of(k, "s", 0, true, key), ASSAY_OK);
    memcpy(in + 1, key, 32);
    assert_int_equal(key_of(k, "s", 1, true, key), ASSAY_OK);
    assert_int_equal(assay_keyring_save(k, NULL), ASSAY_OK);
    snprintf(copy, sizeof copy, "%s/copy", dir);
    snprintf(command, sizeof command, "cp -p %s %s", ring, copy);
    assert_int_equal(system(command), 0);
    assert_int_equal(assay_keyring_commits(k, SET, "s", 0, &commits, NULL), ASSAY_OK);
    assert_int_equal(commits.len, 32);
    assay_sha256(in, sizeof in, commit);
    assert_memory_equal(commits.ptr, commit, 32);
    assert_int_equal(assay_keyring_commits(k, SET, "s", ASSAY_EVERY_CHUNK, &commits, NULL), ASSAY_OK);
    assert_int_equal(commits.len, 96);
    assert_int_equal(assay_keyring_commits(k, SET, "t", 0, &commits, NULL), ASSAY_OK);
    assert_int_equal(commits.len, 96);
    assert_int_equal(assay_keyring_rotate(k, NULL), ASSAY_OK);
    assert_int_equal(assay_keyring_erase_copy(copy, SET, "s", 1, &n, NULL), ASSAY_OK);
    assert_int_equal(n, 1);
    assert_int_equal(assay_keyring_erase_copy(copy, SET, "s", ASSAY_EVERY_CHUNK, &n, NULL), ASSAY_OK);
    assert_int_equal(n, 1);
    assert_int_equal(assay_keyring_erase_copy("/nowhere/keyring", SET, "s", 1, &n, &e), ASSAY_EIO);
    snprintf(copy, sizeof copy, "%s/none", dir);
    assay_err_reset(&e);
    assert_int_equal(assay_keyring_erase_copy(copy, SET, "s", 1, &n, &e), ASSAY_ENOTFOUND);
    assert_int_equal(access(copy, F_OK), -1);
    assay_keyring_close(k);
    assay_buf_release(&commits);
}

/* ---- files that are not ours, or not whole ---- */

static void refused(enum assay_status want, const char *says)
{
    struct assay_keyring *k = NULL;
    struct assay_err e = {0};
    enum assay_status s = assay_keyring_open(ring, dir, &k, &e);
    if (s != want || !strstr(e.msg, says))
        fail_msg("status %d (wanted %d): %s", (int)s, (int)want, e.msg);
}

static void test_refused(void **state)
{
    uint8_t key[32];
    struct assay_buf good = {0};
    (void)state;
    struct assay_keyring *k = opened();
    assert_int_equal(key_of(k, "s", 0, true, key), ASSAY_OK);
    assert_int_equal(assay_keyring_save(k, NULL), ASSAY_OK);
    assay_keyring_close(k);
    slurped(ring, &good);
    /* Any byte, and any end. */
    for (size_t i = 0; i < good.len; i++) {
        good.ptr[i] ^= 1;
        put(0600, good.ptr, good.len);
        refused(ASSAY_EDATA, "keyring");
        good.ptr[i] ^= 1;
        put(0600, good.ptr, i);
        refused(ASSAY_EDATA, "not a whole keyring");
    }
    put(0640, good.ptr, good.len);
    refused(ASSAY_ESTORE, "lets others read this key");
    put(0600, good.ptr, good.len);
    assert_int_equal(unlink(dataset_key), 0);
    refused(ASSAY_ENOTFOUND, "dataset.key");
    assert_int_equal(assay_dataset_key_generate(dataset_key, NULL), ASSAY_OK);
    refused(ASSAY_ESTORE, "belongs to another dataset key");
    assay_buf_release(&good);
}

/* A good checksum over lines that are not in form, not in order, or twice there. */
static void test_lines(void **state)
{
    static const char *const bad[] = {
        "",
        "epoch 0 %s\n",
        "epoch 01 %s\n",
        "epoch 1 %s \n",
        "epoch 1 %s\nepoch 1 %s\n",
        "epoch 2 %s\n", /* without the past */
        "epoch 1001 %s\n",
        "epoch 1 %s\nrecipient \n",
        "epoch 1 %s\nrecipient 0\n",
        "epoch 1 %s\nnonsense\n",
        "epoch 1 %s\nerased " SET " 0\n",
        "epoch 1 %s\nerased " SET " 0 \n",
        "epoch 1 %s\nerased " SET " 4294967295 s\n",
        "epoch 1 %s\nerased " SET " 1 s\nerased " SET " 1 s\n",
        "epoch 1 %s\nerased " SET " 2 s\nerased " SET " 1 s\n",
        "epoch 1 %s\nerased " SET " 1 t\nerased " SET " 1 s\n",
        "epoch 1 %s\nerased 0B1c6f0e-5a0e-4c0c-9d5e-2d1b7a1f5f4e 1 s\n",
        "epoch 1 %s\nchunk " SET " 1 00 s\n",
        "epoch 1 %s\nerased " SET " 1 s\nrecipient 00\n",
    };
    uint8_t key[32], id[16], hash[32];
    char id_hex[33], hash_hex[65], body[1024];
    struct assay_buf b = {0};
    (void)state;
    assert_int_equal(assay_dataset_key_load(dir, key, NULL), ASSAY_OK);
    assay_dataset_key_id(key, id);
    assay_hex(id, 16, id_hex);
    for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
        bool good = i == sizeof bad / sizeof *bad;
        const char *p = good ? "epoch 1 %s\nerased " SET " 1 s\n" : bad[i];
        assay_buf_reset(&b);
        assert_int_equal(assay_buf_adds(&b, "assay-keyring/1\n"), ASSAY_OK);
        for (const char *at; (at = strstr(p, "%s")); p = at + 2) {
            snprintf(body, sizeof body, "%.*s%s", (int)(at - p), p, id_hex);
            assert_int_equal(assay_buf_adds(&b, body), ASSAY_OK);
        }
        assert_int_equal(assay_buf_adds(&b, p), ASSAY_OK);
        assay_sha256(b.ptr, b.len, hash);
        assay_hex(hash, 32, hash_hex);
        assert_int_equal(assay_buf_addf(&b, "end %s\n", hash_hex), ASSAY_OK);
        put(0600, b.ptr, b.len);
        if (good)
            assay_keyring_close(opened());
        else
            refused(ASSAY_EDATA, "keyring");
    }
    assay_buf_release(&b);
}

/* Wrapped keys that change places do not open there. */
static void test_swapped(void **state)
{
    uint8_t key[32], hash[32];
    char hex[65];
    struct assay_buf b = {0};
    (void)state;
    struct assay_keyring *k = opened();
    assert_int_equal(key_of(k, "s", 0, true, key), ASSAY_OK);
    assert_int_equal(key_of(k, "s", 1, true, key), ASSAY_OK);
    assert_int_equal(assay_keyring_save(k, NULL), ASSAY_OK);
    assay_keyring_close(k);
    slurped(ring, &b);
    char *one = strstr((char *)assay_buf_str(&b), SET " 0 "), *two = strstr((char *)b.ptr, SET " 1 ");
    assert_non_null(one);
    assert_non_null(two);
    one[37] = '1';
    two[37] = '0';
    /* The order of the file: lines whole. */
    char line[256] = "", *first = one - 6, *second = two - 6;
    size_t n = (size_t)(second - first);
    memcpy(line, first, n);
    memmove(first, second, n);
    memcpy(first + n, line, n);
    assay_sha256(b.ptr, b.len - 69, hash);
    assay_hex(hash, 32, hex);
    memcpy(b.ptr + b.len - 65, hex, 64);
    put(0600, b.ptr, b.len);
    k = opened();
    assert_int_equal(key_of(k, "s", 0, false, key), ASSAY_EDATA);
    struct assay_keyring_facts facts;
    assert_int_equal(assay_keyring_check(k, &facts, NULL), ASSAY_EDATA);
    assay_keyring_close(k);
    assay_buf_release(&b);
}

/* ---- epochs ---- */

static void test_rotate(void **state)
{
    uint8_t before[32], after[32], old[32], id[16], epoch_key[32];
    struct assay_keyring_facts facts;
    uint64_t n;
    (void)state;
    assert_int_equal(assay_dataset_key_load(dir, old, NULL), ASSAY_OK);
    struct assay_keyring *k = opened();
    assert_int_equal(key_of(k, "s", 0, true, before), ASSAY_OK);
    assert_int_equal(assay_keyring_erase(k, SET, "s", 1, &n, NULL), ASSAY_OK);
    assert_int_equal(assay_keyring_rotate(k, NULL), ASSAY_OK);
    assert_int_equal(assay_keyring_rotate(k, NULL), ASSAY_OK);
    assert_int_equal(key_of(k, "s", 0, false, after), ASSAY_OK);
    assert_memory_equal(before, after, 32);
    assay_keyring_close(k);

    k = opened();
    assert_int_equal(key_of(k, "s", 0, false, after), ASSAY_OK);
    assert_memory_equal(before, after, 32);
    assert_int_equal(key_of(k, "s", 1, true, after), ASSAY_EERASED);
    assert_int_equal(assay_keyring_check(k, &facts, NULL), ASSAY_OK);
    assert_int_equal(facts.epoch, 3);
    assert_int_equal(facts.past, 2);
    assert_int_equal(facts.keys, 1);
    assert_int_equal(facts.erased, 1);
    assert_false(facts.escrowed);
    assay_dataset_key_id(old, id);
    assert_int_equal(assay_keyring_epoch_key(k, id, epoch_key, NULL), ASSAY_OK);
    assert_memory_equal(epoch_key, old, 32);
    id[0] ^= 1;
    assert_int_equal(assay_keyring_epoch_key(k, id, epoch_key, NULL), ASSAY_ENOTFOUND);
    assay_keyring_close(k);
}

/* A crash between the keyring and dataset.key: the next to open goes on. */
static void test_rotate_stopped(void **state)
{
    uint8_t before[32], after[32];
    char next[64], kept[64];
    struct assay_err e = {0};
    (void)state;
    snprintf(next, sizeof next, "%s/dataset.key.next", dir);
    snprintf(kept, sizeof kept, "%s/old", dir);
    struct assay_keyring *k = opened(), *late = opened();
    assert_int_equal(key_of(k, "s", 0, true, before), ASSAY_OK);
    assert_int_equal(assay_keyring_save(k, NULL), ASSAY_OK);
    assert_int_equal(link(dataset_key, kept), 0);
    assert_int_equal(assay_keyring_rotate(k, NULL), ASSAY_OK);
    assay_keyring_close(k);
    assert_int_equal(rename(dataset_key, next), 0);
    assert_int_equal(rename(kept, dataset_key), 0);
    k = opened();
    assert_int_equal(key_of(k, "s", 0, false, after), ASSAY_OK);
    assert_memory_equal(before, after, 32);
    assay_keyring_close(k);
    assert_int_equal(access(next, F_OK), -1);
    /* Who still holds the key before it is told so. */
    assert_int_equal(key_of(late, "s", 5, true, after), ASSAY_OK);
    assert_int_equal(assay_keyring_save(late, &e), ASSAY_ELOCKED);
    assert_non_null(strstr(e.msg, "rotated meanwhile"));
    assay_keyring_close(late);
}

/* ---- escrow ---- */

static void openssl(const char *format, ...)
{
    char command[1024];
    va_list ap;
    va_start(ap, format);
    int n = snprintf(command, sizeof command, "(cd %s && ", dir);
    n += vsnprintf(command + n, sizeof command - (size_t)n, format, ap);
    va_end(ap);
    snprintf(command + n, sizeof command - (size_t)n, ") >/dev/null 2>&1");
    if (system(command) != 0)
        fail_msg("%s", command);
}

static void make_recipients(void)
{
    openssl("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.pem "
            "-days 30 -subj '/CN=Keeper A'");
    openssl("openssl req -x509 -newkey rsa:2048 -nodes -keyout b.key -out b.pem -days 30 -subj '/CN=Keeper B'");
    openssl("chmod 600 a.key b.key");
}

static void test_escrow(void **state)
{
    char a[64], b[64], escrow[80], private_key[64];
    const char *both[] = {a, b}, *twice[] = {a, a};
    struct assay_keyring_facts facts;
    struct assay_buf name = {0}, lost = {0}, back = {0};
    struct assay_err e = {0};
    (void)state;
    make_recipients();
    snprintf(a, sizeof a, "%s/a.pem", dir);
    snprintf(b, sizeof b, "%s/b.pem", dir);
    snprintf(escrow, sizeof escrow, "%s.escrow-2.pem", ring);
    struct assay_keyring *k = opened();
    assert_int_equal(assay_keyring_escrow(k, both, 1, &e), ASSAY_EUSAGE);
    assay_err_reset(&e);
    assert_int_equal(assay_keyring_escrow(k, twice, 2, &e), ASSAY_EUSAGE);
    assert_non_null(strstr(e.msg, "the same key"));
    assert_int_equal(assay_keyring_escrow(k, both, 2, NULL), ASSAY_OK);
    assert_int_equal(assay_keyring_rotate(k, NULL), ASSAY_OK); /* the new epoch goes to the same two */
    assert_int_equal(assay_keyring_check(k, &facts, NULL), ASSAY_OK);
    assert_true(facts.escrowed);
    assert_int_equal(facts.recipients, 2);
    assert_int_equal(assay_keyring_recipient(k, 1, &name), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&name), "CN=Keeper B sha256:"));
    assert_int_equal(assay_keyring_recipient(k, 2, &name), ASSAY_ENOTFOUND);
    slurped(dataset_key, &lost);

    /* With openssl alone, by either of them. */
    openssl("openssl cms -decrypt -inform PEM -in keyring.escrow-2.pem -inkey a.key -recip a.pem -out by-a");
    openssl("openssl cms -decrypt -inform PEM -in keyring.escrow-2.pem -inkey b.key -out by-b");
    openssl("cmp by-a dataset.key && cmp by-b dataset.key");
    /* And by assay. */
    assert_int_equal(unlink(dataset_key), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(private_key, sizeof private_key, "%s/%c.key", dir, "ab"[i]);
        assert_int_equal(assay_escrow_recover(escrow, private_key, dir, NULL), ASSAY_OK);
        slurped(dataset_key, &back);
        assert_int_equal(back.len, lost.len);
        assert_memory_equal(back.ptr, lost.ptr, lost.len);
        if (i == 0)
            assert_int_equal(unlink(dataset_key), 0);
    }
    assert_int_equal(assay_escrow_recover(escrow, private_key, dir, NULL), ASSAY_EIO); /* never overwritten */
    assert_int_equal(unlink(dataset_key), 0);
    openssl("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out c.key && chmod 600 c.key");
    snprintf(private_key, sizeof private_key, "%s/c.key", dir);
    assert_int_equal(assay_escrow_recover(escrow, private_key, dir, NULL), ASSAY_EDATA);
    assert_int_equal(access(dataset_key, F_OK), -1);
    /* An escrow for others than the recipients does not count. */
    openssl("openssl req -x509 -new -key c.key -out c.pem -days 30 -subj '/CN=C'");
    openssl("openssl cms -encrypt -outform PEM -aes-256-gcm -in by-a -out keyring.escrow-2.pem a.pem c.pem");
    assert_int_equal(assay_keyring_check(k, &facts, NULL), ASSAY_OK);
    assert_false(facts.escrowed);
    openssl("rm keyring.escrow-2.pem");
    assert_int_equal(assay_keyring_check(k, &facts, NULL), ASSAY_OK);
    assert_false(facts.escrowed);
    assay_keyring_close(k);
    assay_buf_release(&name);
    assay_buf_release(&lost);
    assay_buf_release(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_wrap),
        cmocka_unit_test(test_siv),
        cmocka_unit_test(test_blob),
        cmocka_unit_test(test_bound_tags),
        cmocka_unit_test_setup(test_keys_come_back, begin),
        cmocka_unit_test_setup(test_nothing_new_writes_nothing, begin),
        cmocka_unit_test_setup(test_two_at_once, begin),
        cmocka_unit_test_setup(test_erase, begin),
        cmocka_unit_test_setup(test_erase_copy, begin),
        cmocka_unit_test_setup(test_refused, begin),
        cmocka_unit_test_setup(test_lines, begin),
        cmocka_unit_test_setup(test_swapped, begin),
        cmocka_unit_test_setup(test_rotate, begin),
        cmocka_unit_test_setup(test_rotate_stopped, begin),
        cmocka_unit_test_setup(test_escrow, begin),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
