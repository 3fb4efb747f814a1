/* C2SP signed notes and their keys: published notes verify, every damage is named, our own signatures are the expected
 * ones. */
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
#include "assay/keys.h"
#include "assay/note.h"
#include "assay/publish.h"

#define FOO "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define SUM "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
#define LEDGER "example.com/ledger+60db519f+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define WITNESS "witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM"
#define TESSERA "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"

static char dir[] = "/tmp/assay-note-XXXXXX";

static int enter(void **state)
{
    (void)state;
    return !mkdtemp(dir);
}

static int leave(void **state)
{
    (void)state;
    return temp_dir_remove(dir);
}

static struct assay_buf slurp(const char *path)
{
    struct assay_buf b = {0};
    struct assay_err e = {0};
    if (assay_slurp(path, 1u << 22, &b, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_non_null(assay_buf_str(&b));
    return b;
}

static struct assay_verifier *verifier(const char *vkey)
{
    struct assay_verifier *v;
    struct assay_err e = {0};
    if (assay_verifier_parse(vkey, &v, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return v;
}

/* "" when the note verifies, else the sentence. */
static const char *judge(const char *vkey, const void *note, size_t len, size_t *text)
{
    static struct assay_err e;
    struct assay_verifier *v = verifier(vkey);
    assay_err_reset(&e);
    enum assay_status s = assay_note_verify(v, note, len, text, &e);
    assert_int_equal(s, s == ASSAY_OK ? ASSAY_OK : ASSAY_ELEDGER);
    assay_verifier_free(v);
    return e.msg;
}

static void test_published_notes(void **state)
{
    static const struct {
        const char *file, *vkey;
        size_t text;
    } notes[] = {
        {"golang-foo.note", FOO, 28},
        {"golang-sum.note", SUM, 75},
        {"ledger-8.note", LEDGER, 66},
        {"ledger-8.note", WITNESS, 66},
    };
    (void)state;
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        char path[128];
        size_t text;
        snprintf(path, sizeof path, "tests/vectors/note/%s", notes[i].file);
        struct assay_buf b = slurp(path);
        assert_string_equal(judge(notes[i].vkey, b.ptr, b.len, &text), "");
        assert_int_equal(text, notes[i].text);
        /* No byte of the text can change without notice. */
        for (size_t at = 0; at < text; at++) {
            b.ptr[at] ^= 2;
            assert_string_not_equal(judge(notes[i].vkey, b.ptr, b.len, &text), "");
            b.ptr[at] ^= 2;
        }
        /* Nor one of the signatures: always a verdict, never trouble (judge checks the status). */
        size_t unused = 0;
        for (size_t at = text; at < b.len; at++) {
            b.ptr[at] ^= 1;
            judge(notes[i].vkey, b.ptr, b.len, &unused);
            b.ptr[at] ^= 1;
        }
        assay_buf_release(&b);
    }
}

static void test_published_checkpoints(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++) {
        char path[128];
        size_t text;
        snprintf(path, sizeof path, "tests/vectors/tessera/checkpoint.%d", i);
        struct assay_buf b = slurp(path);
        assert_string_equal(judge(TESSERA, b.ptr, b.len, &text), "");
        assay_buf_release(&b);
    }
}

static void test_published_keys(void **state)
{
    (void)state;
    struct assay_buf b = slurp("tests/vectors/note/vkeys");
    int n = 0;
    for (char *line = strtok((char *)b.ptr, "\n"); line; line = strtok(NULL, "\n"), n++) {
        struct assay_verifier *v = verifier(line);
        assert_string_equal(assay_verifier_vkey(v), line);
        assay_verifier_free(v);
    }
    assert_int_equal(n, 6);
    assay_buf_release(&b);
}

static void test_wrong_keys(void **state)
{
    static const struct {
        const char *vkey, *says;
    } keys[] = {
        {"", "no valid key name before the first '+'"},
        {"nothing", "no valid key name before the first '+'"},
        {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "no valid key name before the first '+'"},
        {"a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "no valid key name before the first '+'"},
        {"example.com/foo+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "no key id of 8 hex digits"},
        {"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "no key id of 8 hex digits"},
        {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         "its key id is not that of its name and key"},
        {"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         "its key id is not that of its name and key"},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
         "its key is not base64 of at most 33 bytes"},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k ",
         "its key is not base64 of at most 33 bytes"},
        {"example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a key type other than Ed25519"},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv",
         "an Ed25519 key that is not 32 bytes long"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct assay_verifier *v = NULL;
        struct assay_err e = {0};
        assert_int_equal(assay_verifier_parse(keys[i].vkey, &v, &e), ASSAY_ELEDGER);
        assert_null(v);
        if (!strstr(e.msg, keys[i].says))
            fail_msg("\"%s\": expected \"%s\", got \"%s\"", keys[i].vkey, keys[i].says, e.msg);
    }
}

#define GOOD                                                                                                           \
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
#define TEXT "This is an example message.\n"

static void test_grammar(void **state)
{
    static const struct {
        const char *note, *says;
    } notes[] = {
        {TEXT "\n" GOOD, ""},
        {TEXT "\n— other.example/k AAAAAAA=\n" GOOD, ""}, /* an unknown signer is ignored */
        {TEXT "\n— example.com/foo AAAAAAAA\n" GOOD, ""}, /* the name alone is no match: the key id is unknown */
        {TEXT "\n" GOOD GOOD, ""},
        {TEXT "\n— other.example/k AAAAAAA=\n", "no signature by " FOO},
        {TEXT "\n— example.com/foo "
              "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaAM=\n",
         "the signature by " FOO " does not verify"},
        {TEXT "\n" GOOD "— example.com/foo Uw2QOgAA\n", "the signature by " FOO " does not verify"},
        {"", "not a signed note: no empty line parts text and signatures"},
        {TEXT GOOD, "not a signed note: no empty line parts text and signatures"},
        {TEXT "\n", "not a signed note: it has no signature line"},
        {"\n\n" GOOD, "not a signed note: no empty line parts text and signatures"},
        {"\n" GOOD, "not a signed note: no empty line parts text and signatures"},
        {TEXT "\n- example.com/foo AAAAAAA=\n",
         "not a signed note: a signature line does not begin with an em dash and a space"},
        {TEXT "\n" GOOD "trailing\n", "not a signed note: a signature line does not begin with an em dash and a space"},
        {TEXT "\n— AAAAAAA=\n", "not a signed note: a signature line has no valid key name"},
        {TEXT "\n— a+b AAAAAAA=\n", "not a signed note: a signature line has no valid key name"},
        {TEXT "\n— a\u00a0b AAAAAAA=\n", "not a signed note: a signature line has no valid key name"},
        {TEXT "\n— a AAAA\n", "not a signed note: a signature line does not hold a signature in base64"},
        {TEXT "\n— a AAAAAAB=\n", "not a signed note: a signature line does not hold a signature in base64"},
        {TEXT "\n— a AAAAAA==\n", "not a signed note: a signature line does not hold a signature in base64"},
        {TEXT "\n— a AAAA AAA=\n", "not a signed note: a signature line does not hold a signature in base64"},
        {TEXT "\n— a AAAAAAA=", "not a signed note: its last signature line does not end in a line feed"},
        {"a\tb\n\n" GOOD, "not a signed note: it holds a control character or is not UTF-8"},
        {"a\rb\n\n" GOOD, "not a signed note: it holds a control character or is not UTF-8"},
        {"\xff\n\n" GOOD, "not a signed note: it holds a control character or is not UTF-8"},
        {"\xc0\x8a\n\n" GOOD, "not a signed note: it holds a control character or is not UTF-8"},
        {"\xed\xa0\x80\n\n" GOOD, "not a signed note: it holds a control character or is not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        size_t text;
        const char *says = judge(FOO, notes[i].note, strlen(notes[i].note), &text);
        if (strcmp(says, notes[i].says) != 0)
            fail_msg("note %zu: expected \"%s\", got \"%s\"", i, notes[i].says, says);
    }
    size_t text;
    assert_string_equal(judge(FOO, "a\0b\n\n" GOOD, 5 + sizeof GOOD - 1, &text),
                        "not a signed note: it holds a control character or is not UTF-8");
}

/* The last empty line parts text and signatures: a text may hold empty lines and look like signatures. */
static void test_split_at_the_last(void **state)
{
    static const char text[] = "one\n\n— example.com/foo AAAAAAA=\n\nthree\n\n";
    struct assay_key *k;
    struct assay_buf note = {0};
    struct assay_err e = {0};
    char path[64];
    size_t n = 0;
    (void)state;
    snprintf(path, sizeof path, "%s/split.key", dir);
    assert_int_equal(assay_key_generate(path, "example.com/split", &e), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &k, &e), ASSAY_OK);
    assert_int_equal(assay_note_sign(k, text, sizeof text - 1, &note, &e), ASSAY_OK);
    assert_string_equal(judge(assay_key_vkey(k), note.ptr, note.len, &n), "");
    assert_int_equal(n, sizeof text - 1);
    assay_buf_release(&note);
    assay_key_free(k);
}

static void test_many_signatures(void **state)
{
    struct assay_buf b = {0};
    size_t text;
    (void)state;
    assay_buf_adds(&b, TEXT "\n");
    for (int i = 0; i < 99; i++)
        assay_buf_addf(&b, "— k%d.example/w AAAAAAA=\n", i);
    assay_buf_adds(&b, GOOD);
    assert_string_equal(judge(FOO, b.ptr, b.len, &text), "");
    assay_buf_adds(&b, "— k100.example/w AAAAAAA=\n");
    assert_string_equal(judge(FOO, b.ptr, b.len, &text), "not a signed note: it has more than 100 signature lines");
    assay_buf_reset(&b);
    assert_int_equal(assay_buf_reserve(&b, 1u << 21), ASSAY_OK);
    memset(b.ptr, 'a', 1u << 21);
    b.len = 1u << 21;
    assert_string_equal(judge(FOO, b.ptr, b.len, &text), "not a signed note: it is over 1 MiB");
    assay_buf_release(&b);
}

/* RFC 8032 section 7.1 TEST 1 as PKCS#8: our signature of the published text is the published one. */
static void test_sign_deterministic(void **state)
{
    (void)state;
    /* seed 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60 */
    static const char seed[] =
        "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    char path[64], pub[80], command[256];
    struct assay_err e = {0};
    struct assay_key *k;
    struct assay_buf note = {0}, want = slurp("tests/vectors/note/ledger-8.note");
    snprintf(path, sizeof path, "%s/rfc8032.key", dir);
    snprintf(pub, sizeof pub, "%s.pub", path);
    snprintf(command, sizeof command, "umask 077; echo %s | xxd -r -p | openssl pkey -inform DER -out %s", seed, path);
    assert_int_equal(system(command), 0);
    assert_int_equal(assay_publish(pub, 0644, LEDGER "\n", sizeof LEDGER, &e), ASSAY_OK);
    if (assay_key_load(path, &k, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_int_equal(assay_note_sign(k, (char *)want.ptr, 66, &note, &e), ASSAY_OK);
    assert_int_equal(note.len, 66 + 1 + 4 + 18 + 1 + 92 + 1);
    assert_memory_equal(note.ptr, want.ptr, note.len);
    assay_key_free(k);
    assay_buf_release(&note);
    assay_buf_release(&want);
}

static void test_sign_refuses(void **state)
{
    static const char *const texts[] = {"", "\n", "no line feed", "a\tb\n", "a\x7f\xff\n"};
    struct assay_key *k;
    struct assay_buf note = {0};
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "%s/refuse.key", dir);
    assert_int_equal(assay_key_generate(path, "r", NULL), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &k, NULL), ASSAY_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct assay_err e = {0};
        assert_int_equal(assay_note_sign(k, texts[i], strlen(texts[i]), &note, &e), ASSAY_EDATA);
        assert_int_equal(note.len, 0);
    }
    assay_buf_release(&note);
    assay_key_free(k);
}

/* ---- files ---- */

static void test_key_files(void **state)
{
    struct assay_err e = {0};
    struct assay_key *k;
    struct stat st;
    char path[64], pub[80];
    (void)state;
    snprintf(path, sizeof path, "%s/one.key", dir);
    snprintf(pub, sizeof pub, "%s.pub", path);
    assert_int_equal(assay_key_generate(path, "has space", &e), ASSAY_EUSAGE);
    assay_err_reset(&e);
    assert_int_equal(assay_key_generate(path, "has+plus", &e), ASSAY_EUSAGE);
    assert_int_equal(access(path, F_OK), -1);
    assay_err_reset(&e);
    assert_int_equal(assay_key_generate(path, "example.com/one", &e), ASSAY_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct assay_buf before = slurp(path);
    assert_int_equal(assay_key_generate(path, "example.com/one", &e), ASSAY_EIO); /* never overwritten */
    struct assay_buf after = slurp(path);
    assert_memory_equal(before.ptr, after.ptr, before.len);
    assay_buf_release(&before);
    assay_buf_release(&after);

    assay_err_reset(&e);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(assay_key_load(path, &k, &e), ASSAY_ESTORE);
    assert_non_null(strstr(e.msg, "mode 0640 lets others read this key: chmod 600 it"));
    assert_int_equal(chmod(path, 0600), 0);

    assay_err_reset(&e);
    assert_int_equal(assay_publish(pub, 0644, LEDGER "\n", sizeof LEDGER, NULL), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &k, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "is not the public key of"));

    /* What OpenSSL's store opens instead: here a file elsewhere. */
    char line[128], elsewhere[80], vkey[128];
    assay_err_reset(&e);
    snprintf(elsewhere, sizeof elsewhere, "%s/token.key", dir);
    assert_int_equal(assay_key_generate(elsewhere, "example.com/token", &e), ASSAY_OK);
    assert_int_equal(assay_key_load(elsewhere, &k, &e), ASSAY_OK);
    snprintf(vkey, sizeof vkey, "%s\n", assay_key_vkey(k));
    assay_key_free(k);
    assert_int_equal(assay_publish(pub, 0644, vkey, strlen(vkey), NULL), ASSAY_OK);
    snprintf(line, sizeof line, "store file:%s\n", elsewhere);
    assert_int_equal(assay_publish(path, 0600, line, strlen(line), NULL), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &k, &e), ASSAY_OK);
    struct assay_buf note = {0};
    size_t text_len;
    struct assay_verifier *v;
    assert_int_equal(assay_note_sign(k, "by a token\n", 11, &note, &e), ASSAY_OK);
    assay_key_free(k);
    assert_int_equal(assay_verifier_parse(vkey, &v, &e), ASSAY_OK);
    assert_int_equal(assay_note_verify(v, (char *)note.ptr, note.len, &text_len, &e), ASSAY_OK);
    assay_verifier_free(v);
    assay_buf_release(&note);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(assay_key_load(path, &k, &e), ASSAY_ESTORE);
    assay_err_reset(&e);
    assert_int_equal(assay_publish(path, 0600, "store pkcs11:token=none\n", 24, NULL), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &k, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "no provider that OpenSSL has loaded opens \"pkcs11:\" URIs"));
    assert_null(strstr(e.msg, "token=none"));

    assay_err_reset(&e);
    assert_int_equal(assay_publish(path, 0600, "rubbish\n", 8, NULL), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &k, &e), ASSAY_ESTORE);
    assert_non_null(strstr(e.msg, "not an unencrypted Ed25519 private key in PEM"));
    assay_err_reset(&e);
    assert_int_equal(assay_key_load("/nonexistent/k", &k, &e), ASSAY_ENOTFOUND);
}

static void refused(enum assay_status s, const char *path, const char *uri, const char *why)
{
    struct assay_err e = {0};
    assert_int_equal(assay_key_refer(path, "example.com/r", uri, &e), s);
    assert_non_null(strstr(e.msg, why));
    assert_null(strstr(e.msg, "4711"));
}

static void test_key_refer(void **state)
{
    struct assay_err e = {0};
    struct assay_key *k;
    struct stat st;
    char path[64], pub[80], key[2][80], uri[2][128], text[160];
    (void)state;
    snprintf(path, sizeof path, "%s/refer.key", dir);
    snprintf(pub, sizeof pub, "%s.pub", path);
    for (int i = 0; i < 2; i++) {
        snprintf(key[i], sizeof key[i], "%s/held-%d.key", dir, i);
        snprintf(uri[i], sizeof uri[i], "file:%.79s", key[i]);
        assert_int_equal(assay_key_generate(key[i], "example.com/r", &e), ASSAY_OK);
    }
    refused(ASSAY_EUSAGE, path, "pkcs11:token=t?pin-value=4711", "--store: everybody can read a PIN on a command line");
    refused(ASSAY_EUSAGE, path, "pkcs11:token=t?PIN-VALUE=4711", "--store: everybody can read a PIN on a command line");
    refused(ASSAY_EUSAGE, path, "", "--store: one line");
    refused(ASSAY_EUSAGE, path, "file:4711\nstore file:x", "--store: one line");
    refused(ASSAY_EUSAGE, path, "file:4711", "--store: OpenSSL's store finds no private key under its URI");
    refused(ASSAY_EUSAGE, path, "pkcs11:object=4711", "--store: no provider that OpenSSL has loaded opens");
    refused(ASSAY_EUSAGE, path, "pkcs11:object=4711;type=cert", "--store: its URI asks for something else than");
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(pub, F_OK), -1);

    assert_int_equal(assay_key_refer(path, "example.com/r", uri[0], &e), ASSAY_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(text, sizeof text, "store %s\n", uri[0]);
    struct assay_buf b = slurp(path);
    assert_int_equal(b.len, strlen(text));
    assert_memory_equal(b.ptr, text, b.len);
    assay_buf_release(&b);
    assert_int_equal(assay_key_load(path, &k, &e), ASSAY_OK);
    assay_key_free(k);
    /* The same again; half of it, after a stop; another key. */
    assert_int_equal(assay_key_refer(path, "example.com/r", uri[0], &e), ASSAY_OK);
    assert_int_equal(unlink(pub), 0);
    assert_int_equal(assay_key_refer(path, "example.com/r", uri[0], &e), ASSAY_OK);
    assert_int_equal(unlink(path), 0);
    refused(ASSAY_EUSAGE, path, uri[1], "refer.key.pub is there already, of another key");
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(assay_key_refer(path, "example.com/r", uri[0], &e), ASSAY_OK);
    refused(ASSAY_EUSAGE, path, uri[1], "refer.key.pub is there already, of another key");
    assert_int_equal(unlink(pub), 0);
    refused(ASSAY_EUSAGE, path, uri[1], "refer.key is there already, and not this URI");
    assert_int_equal(access(pub, F_OK), -1);
}

static void test_keys_directory(void **state)
{
    struct assay_err e = {0};
    struct stat st;
    struct assay_key *k;
    char keys[64], path[128];
    uint8_t one[32], two[32];
    (void)state;
    snprintf(keys, sizeof keys, "%s/keys", dir);
    assert_int_equal(assay_keys_init(keys, "two words", &e), ASSAY_EUSAGE);
    assay_err_reset(&e);
    assert_int_equal(assay_keys_init(keys, "assay.local/test", &e), ASSAY_OK);
    assert_int_equal(stat(keys, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    for (int r = 0; r < ASSAY_ROLE_USUAL; r++) {
        char name[64];
        assert_int_equal(assay_keys_load(keys, (enum assay_role)r, &k, &e), ASSAY_OK);
        snprintf(name, sizeof name, r == ASSAY_ROLE_LEDGER ? "assay.local/test+" : "assay.local/test/%s+",
                 assay_role_name((enum assay_role)r));
        assert_memory_equal(assay_key_vkey(k), name, strlen(name));
        assay_key_free(k);
    }
    assert_int_equal(assay_dataset_key_load(keys, one, &e), ASSAY_OK);

    /* A second init changes nothing but what is missing; a lone public half is somebody else's. */
    snprintf(path, sizeof path, "%s/archive.key", keys);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/source.key.pub", keys);
    struct assay_buf pub = slurp(path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(assay_keys_init(keys, "assay.local/test", &e), ASSAY_OK);
    assert_int_equal(assay_dataset_key_load(keys, two, &e), ASSAY_OK);
    assert_memory_equal(one, two, 32);
    struct assay_buf again = slurp(path);
    assert_string_equal((char *)pub.ptr, (char *)again.ptr);
    assert_int_equal(assay_keys_load(keys, ASSAY_ROLE_ARCHIVE, &k, &e), ASSAY_ENOTFOUND);
    assay_buf_release(&pub);
    assay_buf_release(&again);

    snprintf(path, sizeof path, "%s/dataset.key", keys);
    assay_err_reset(&e);
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(assay_dataset_key_load(keys, two, &e), ASSAY_ESTORE);
    assay_err_reset(&e);
    assert_int_equal(assay_publish(path, 0600, "abc\n", 4, NULL), ASSAY_OK);
    assert_int_equal(assay_dataset_key_load(keys, two, &e), ASSAY_ESTORE);
    assert_non_null(strstr(e.msg, "not 64 lower-case hex digits"));
}

static void test_roles(void **state)
{
    (void)state;
    for (int r = 0; r < ASSAY_ROLE_COUNT; r++)
        assert_int_equal(assay_role_by_name(assay_role_name((enum assay_role)r)), r);
    assert_int_equal(assay_role_by_name("witness"), -1);
    assert_int_equal(assay_role_by_name(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_notes), cmocka_unit_test(test_published_checkpoints),
        cmocka_unit_test(test_published_keys),  cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_grammar),         cmocka_unit_test(test_split_at_the_last),
        cmocka_unit_test(test_many_signatures), cmocka_unit_test(test_sign_deterministic),
        cmocka_unit_test(test_sign_refuses),    cmocka_unit_test(test_key_files),
        cmocka_unit_test(test_key_refer),       cmocka_unit_test(test_keys_directory),
        cmocka_unit_test(test_roles),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
