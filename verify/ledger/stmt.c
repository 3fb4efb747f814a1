#include "stmt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "key.h"
#include "text.h"

static const char magic[] = "assay/v1 ";

/* Kinds and keys: lower-case letters, digits and '-', at most 64. */
static bool is_word(const char *p, size_t n)
{
    if (n == 0 || n > 64)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9') || p[i] == '-'))
            return false;
    return true;
}

enum assay_status assay_stmt_begin(struct assay_buf *b, const char *kind)
{
    size_t before = b->len;
    if (!is_word(kind, strlen(kind)))
        return ASSAY_EUSAGE;
    enum assay_status s = assay_buf_adds(b, magic);
    if (s == ASSAY_OK)
        s = assay_buf_adds(b, kind);
    if (s == ASSAY_OK)
        s = assay_buf_addc(b, '\n');
    if (s != ASSAY_OK)
        b->len = before;
    return s;
}

/* Control characters, '%' and bytes that are not UTF-8 (file names may hold them) become %xx, lower case. */
static enum assay_status add_value(struct assay_buf *b, const char *value, size_t n)
{
    const uint8_t *p = (const uint8_t *)value;
    enum assay_status s = ASSAY_OK;
    uint32_t cp;
    for (size_t i = 0, len; i < n && s == ASSAY_OK; i += len) {
        len = assay_text_utf8(p + i, n - i, &cp);
        if (len && cp >= 0x20 && cp != 0x7f && cp != '%') {
            s = assay_buf_add(b, p + i, len);
        } else {
            len = 1;
            s = assay_buf_addf(b, "%%%02x", p[i]);
        }
    }
    return s;
}

static enum assay_status add_line(struct assay_buf *b, const char *key, const char *value, size_t n)
{
    size_t before = b->len;
    if (!is_word(key, strlen(key)))
        return ASSAY_EUSAGE;
    enum assay_status s = assay_buf_adds(b, key);
    if (s == ASSAY_OK)
        s = assay_buf_addc(b, ' ');
    if (s == ASSAY_OK)
        s = add_value(b, value, n);
    if (s == ASSAY_OK)
        s = assay_buf_addc(b, '\n');
    if (s != ASSAY_OK)
        b->len = before;
    return s;
}

enum assay_status assay_stmt_add(struct assay_buf *b, const char *key, const char *value)
{
    return add_line(b, key, value, strlen(value));
}

enum assay_status assay_stmt_addf(struct assay_buf *b, const char *key, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return ASSAY_ENOMEM;
    enum assay_status s = add_line(b, key, text, (size_t)n);
    free(text);
    return s;
}

enum assay_status assay_stmt_addhex(struct assay_buf *b, const char *key, const char *prefix, const void *bytes,
                                    size_t n)
{
    struct assay_buf v = {.max = ASSAY_MAX_LEAF};
    enum assay_status s = prefix ? assay_buf_adds(&v, prefix) : ASSAY_OK;
    if (s == ASSAY_OK)
        s = assay_buf_addhex(&v, bytes, n);
    if (s == ASSAY_OK)
        s = add_line(b, key, (const char *)v.ptr, v.len);
    assay_buf_release(&v);
    return s;
}

bool assay_stmt_line(const char **p, const char *end, struct assay_text *key, struct assay_text *value)
{
    const char *lf = *p < end ? memchr(*p, '\n', (size_t)(end - *p)) : NULL;
    const char *space = lf ? memchr(*p, ' ', (size_t)(lf - *p)) : NULL;
    if (!space || !is_word(*p, (size_t)(space - *p)))
        return false;
    *key = (struct assay_text){*p, (size_t)(space - *p)};
    *value = (struct assay_text){space + 1, (size_t)(lf - space - 1)};
    *p = lf + 1;
    return true;
}

bool assay_stmt_decode(struct assay_text v, char *out, size_t *n)
{
    size_t o = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] != '%') {
            out[o++] = v.p[i];
            continue;
        }
        char hex[3] = {0};
        uint8_t byte;
        if (v.n - i < 3)
            return false;
        memcpy(hex, v.p + i + 1, 2);
        if (assay_unhex(hex, &byte, 1))
            return false;
        /* What needs no escape must not have one: one value, one spelling. */
        if (byte == 0 || (byte >= 0x20 && byte < 0x7f && byte != '%'))
            return false;
        out[o++] = (char)byte;
        i += 2;
    }
    out[o] = '\0';
    *n = o;
    return true;
}

/* Like decode, without the output: a '%' must begin a valid escape. */
static bool value_ok(struct assay_text v)
{
    char tmp[2];
    size_t n;
    const char *end = v.p + v.n;
    for (const char *p = v.p; (p = memchr(p, '%', (size_t)(end - p))) != NULL; p += 3)
        if (end - p < 3 || !assay_stmt_decode((struct assay_text){p, 3}, tmp, &n))
            return false;
    return true;
}

enum {
    OWNER = 1 << ASSAY_ROLE_OWNER,
    SIDES = 1 << ASSAY_ROLE_SOURCE | 1 << ASSAY_ROLE_ARCHIVE,
    RECONCILE = 1 << ASSAY_ROLE_RECONCILE,
    APPROVER = 1 << ASSAY_ROLE_APPROVER
};
enum { REPEATING = 5 };
static const struct {
    struct assay_text kind;
    int roles;
    struct assay_text repeats[REPEATING]; /* keys that may stand more than once */
} signer[] = {
    {ASSAY_TEXT("plan"), OWNER, {{0}}},
    {ASSAY_TEXT("run-start"), SIDES, {{0}}},
    {ASSAY_TEXT("schema"), SIDES, {ASSAY_TEXT("uncovered")}},
    {ASSAY_TEXT("cut"), SIDES, {{0}}},
    {ASSAY_TEXT("object"), SIDES, {ASSAY_TEXT("manifest"), ASSAY_TEXT("finding"), ASSAY_TEXT("claims-unverified")}},
    {ASSAY_TEXT("object-set"), SIDES, {{0}}},
    {ASSAY_TEXT("chunk"),
     SIDES,
     {ASSAY_TEXT("col"), ASSAY_TEXT("raw"), ASSAY_TEXT("rule"), ASSAY_TEXT("without"), ASSAY_TEXT("finding")}},
    {ASSAY_TEXT("run-end"), SIDES, {{0}}},
    {ASSAY_TEXT("sample"), SIDES, {ASSAY_TEXT("constant"), ASSAY_TEXT("cells"), ASSAY_TEXT("inside")}},
    {ASSAY_TEXT("reference"), SIDES, {{0}}},
    {ASSAY_TEXT("verdict"), RECONCILE, {ASSAY_TEXT("open"), ASSAY_TEXT("kept")}},
    {ASSAY_TEXT("discrepancy"), RECONCILE, {{0}}},
    {ASSAY_TEXT("request"), RECONCILE, {ASSAY_TEXT("discrepancy")}},
    {ASSAY_TEXT("cause"), RECONCILE, {{0}}},
    {ASSAY_TEXT("coverage"), 1 << ASSAY_ROLE_SOURCE, {ASSAY_TEXT("lacks")}},
    {ASSAY_TEXT("anchor"), OWNER | SIDES | RECONCILE, {{0}}},
    {ASSAY_TEXT("erasure"), OWNER, {ASSAY_TEXT("keycommit")}},
    {ASSAY_TEXT("waiver"), APPROVER, {ASSAY_TEXT("discrepancy"), ASSAY_TEXT("column")}},
    {ASSAY_TEXT("key"), OWNER, {{0}}},
    {ASSAY_TEXT("purge-permit"), APPROVER, {ASSAY_TEXT("obstacle")}},
    {ASSAY_TEXT("purge-withdraw"), APPROVER, {{0}}},
    {ASSAY_TEXT("purge-begin"), 1 << ASSAY_ROLE_PURGER, {{0}}},
    {ASSAY_TEXT("purge-chunk"), 1 << ASSAY_ROLE_PURGER, {{0}}},
    {ASSAY_TEXT("purge-done"), 1 << ASSAY_ROLE_PURGER, {{0}}},
};

static bool may_repeat(struct assay_text kind, struct assay_text key)
{
    for (size_t i = 0; i < sizeof signer / sizeof *signer; i++)
        for (size_t k = 0; assay_text_same(kind, signer[i].kind) && k < REPEATING; k++)
            if (assay_text_same(key, signer[i].repeats[k]))
                return true;
    return false;
}

/* The keys of one statement so far, each once. Who reads the first of two lines with one key and who reads the last
 * would read two statements. */
struct keys {
    struct assay_text key[ASSAY_MAX_KEYS];
    size_t n;
    uint64_t marks; /* a bit a key: mostly it alone says that a key is new */
};

static const char *take_key(struct keys *k, struct assay_text kind, struct assay_text key)
{
    const size_t ends = 5u * (unsigned char)key.p[0] + (unsigned char)key.p[key.n - 1];
    const uint64_t mark = UINT64_C(1) << ((7u * key.n + ends) & 63);
    for (size_t i = k->marks & mark ? k->n : 0; i-- > 0;)
        if (assay_text_same(k->key[i], key))
            return may_repeat(kind, key) ? NULL : "it repeats a key that may stand only once";
    if (k->n == ASSAY_MAX_KEYS)
        return "it has too many different keys";
    k->key[k->n++] = key;
    k->marks |= mark;
    return NULL;
}

static const struct assay_text head_key[ASSAY_HEAD_FIELDS] = {
    ASSAY_TEXT("role"), ASSAY_TEXT("dataset"), ASSAY_TEXT("run"), ASSAY_TEXT("segment"), ASSAY_TEXT("chunk"),
};

const char *assay_stmt_head(const char *text, size_t len, struct assay_head *out)
{
    struct assay_text key, value;
    struct keys keys;
    const char *wrong, *end = text + len, *p = text + sizeof magic - 1;
    memset(out, 0, sizeof *out);
    keys.n = keys.marks = 0;
    if (len < sizeof magic || memcmp(text, magic, sizeof magic - 1) != 0)
        return "it does not begin with \"assay/v1 \"";
    if (!assay_text_is_note(text, len))
        return "it holds a control character or is not UTF-8";
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    if (!lf || !is_word(p, (size_t)(lf - p)))
        return "its first line is not \"assay/v1 KIND\"";
    out->kind = (struct assay_text){p, (size_t)(lf - p)};
    out->first = p = lf + 1;
    out->end = end;
    while (assay_stmt_line(&p, end, &key, &value)) {
        if (!value_ok(value))
            return "a value has a broken percent escape";
        if ((wrong = take_key(&keys, out->kind, key)) != NULL)
            return wrong;
        for (int i = 0; i < ASSAY_HEAD_FIELDS; i++)
            if (assay_text_same(key, head_key[i]))
                out->field[i] = value;
    }
    return p == end ? NULL : "a line is not \"key value\"";
}

const char *assay_stmt_kind(size_t i, unsigned *roles)
{
    if (i >= sizeof signer / sizeof *signer)
        return NULL;
    *roles = (unsigned)signer[i].roles;
    return signer[i].kind.p;
}

const char *assay_stmt_signer(const struct assay_head *h, enum assay_role *out)
{
    int roles = 0;
    for (size_t i = 0; i < sizeof signer / sizeof *signer; i++)
        if (assay_text_same(h->kind, signer[i].kind))
            roles = signer[i].roles;
    if (!roles)
        return "no role may state this kind";
    struct assay_text role = h->field[ASSAY_HEAD_ROLE];
    if ((roles & (roles - 1)) && !role.p)
        return "it does not say its role";
    for (int r = 0; r < ASSAY_ROLE_COUNT; r++) {
        if (!(roles & 1 << r) || (role.p && !assay_stmt_is(role, assay_role_name((enum assay_role)r))))
            continue;
        *out = (enum assay_role)r;
        return NULL;
    }
    return "its role may not state this kind";
}

bool assay_stmt_cites(struct assay_text key, struct assay_text value, uint8_t sha256[32])
{
    static const struct assay_text citing[] = {
        ASSAY_TEXT("plan"),       ASSAY_TEXT("text"),       ASSAY_TEXT("cut"),    ASSAY_TEXT("columns"),
        ASSAY_TEXT("set"),        ASSAY_TEXT("object-set"), ASSAY_TEXT("blocks"), ASSAY_TEXT("sketch"),
        ASSAY_TEXT("checkpoint"), ASSAY_TEXT("token"),      ASSAY_TEXT("sums"),   ASSAY_TEXT("raw-sums"),
        ASSAY_TEXT("policy"),
    };
    char hex[65];
    if (value.n != 7 + 64 || memcmp(value.p, "sha256:", 7) != 0)
        return false;
    for (size_t i = 0; i < sizeof citing / sizeof *citing; i++) {
        if (!assay_text_same(key, citing[i]))
            continue;
        memcpy(hex, value.p + 7, 64);
        hex[64] = '\0';
        return assay_unhex(hex, sha256, 32) == 0;
    }
    return false;
}

int assay_stmt_prev_own(const struct assay_head *h, uint8_t out[32])
{
    struct assay_text key, value;
    char hex[65];
    int found = 0;
    for (const char *p = h->first; assay_stmt_line(&p, h->end, &key, &value);) {
        if (!assay_stmt_is(key, "prev-own"))
            continue;
        if (found || value.n != 7 + 64 || memcmp(value.p, "sha256:", 7) != 0)
            return -1;
        memcpy(hex, value.p + 7, 64);
        hex[64] = '\0';
        if (assay_unhex(hex, out, 32))
            return -1;
        found = 1;
    }
    return found;
}

/* ---- the parsed form ---- */

/* One block of memory for all strings (decoding never lengthens) and one for the fields. */
static bool fill(struct assay_stmt *out, const struct assay_head *h)
{
    struct assay_text key, value;
    size_t n;
    char *at = out->kind + h->kind.n + 1;
    const char *p = h->first;
    memcpy(out->kind, h->kind.p, h->kind.n);
    out->kind[h->kind.n] = '\0';
    while (assay_stmt_line(&p, h->end, &key, &value)) {
        out->field[out->n].key = at;
        memcpy(at, key.p, key.n);
        at[key.n] = '\0';
        at += key.n + 1;
        out->field[out->n].value = at;
        if (!assay_stmt_decode(value, at, &n))
            return false;
        at += n + 1;
        out->n++;
    }
    return true;
}

enum assay_status assay_stmt_parse(const char *text, size_t len, struct assay_stmt *out, struct assay_err *e)
{
    struct assay_head h;
    memset(out, 0, sizeof *out);
    if (len > 2 * ASSAY_MAX_LEAF)
        return assay_fail(e, ASSAY_ELEDGER, "statement of %zu bytes, the limit is %d", len, ASSAY_MAX_LEAF);
    size_t note = assay_note_text(text, len);
    if (note)
        len = note;
    const char *wrong = assay_stmt_head(text, len, &h);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "not a statement: %s", wrong);
    size_t lines = 1;
    for (const char *p = h.first; p < h.end; p++)
        lines += *p == '\n';
    /* Every line gives two strings and loses at least a space and a LF: two NULs always fit. */
    out->kind = malloc(len + 1);
    out->field = calloc(lines, sizeof *out->field);
    if (!out->kind || !out->field) {
        assay_stmt_release(out);
        return assay_fail_nomem(e);
    }
    if (!fill(out, &h)) {
        assay_stmt_release(out);
        return assay_fail(e, ASSAY_ELEDGER, "not a statement: a value has a broken percent escape");
    }
    return ASSAY_OK;
}

const char *assay_stmt_nth(const struct assay_stmt *s, const char *key, size_t i)
{
    for (size_t f = 0; f < s->n; f++)
        if (strcmp(s->field[f].key, key) == 0 && i-- == 0)
            return s->field[f].value;
    return NULL;
}

const char *assay_stmt_get(const struct assay_stmt *s, const char *key)
{
    return assay_stmt_nth(s, key, 0);
}

bool assay_stmt_number(const struct assay_stmt *s, const char *key, uint64_t *out)
{
    const char *v = assay_stmt_get(s, key);
    if (!v || !*v || strspn(v, "0123456789") != strlen(v))
        return false;
    errno = 0;
    unsigned long long n = strtoull(v, NULL, 10);
    if (errno)
        return false;
    *out = n;
    return true;
}

void assay_stmt_release(struct assay_stmt *s)
{
    free(s->kind);
    free(s->field);
    memset(s, 0, sizeof *s);
}
