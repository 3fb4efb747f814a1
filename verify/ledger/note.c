#include <string.h>

#include "assay/base64.h"
#include "assay/bytes.h"
#include "assay/limits.h"
#include "key.h"
#include "text.h"

/* C2SP signed-note. Signature lines: EM DASH, space, name, space, base64(key id, 4 bytes || signature). */
#define MAX_NOTE (1u << 20)
#define MAX_LINES 100
#define MAX_RAW 8192 /* key id and signature; an ML-DSA-44 one has 2424 bytes */
static const char dash[] = "\xe2\x80\x94 ";

size_t assay_note_text(const char *note, size_t len)
{
    for (size_t i = len; i >= 2; i--)
        if (note[i - 1] == '\n' && note[i - 2] == '\n')
            return i - 1;
    return 0;
}

struct line {
    const char *name;
    size_t name_len;
    uint8_t raw[MAX_RAW];
    size_t n;
};

/* Parse the signature line at *p, which ends at a LF before `end`; NULL when good, else what is wrong. */
static const char *parse_line(const char **p, const char *end, struct line *out)
{
    const char *lf = memchr(*p, '\n', (size_t)(end - *p));
    if (!lf)
        return "its last signature line does not end in a line feed";
    if ((size_t)(lf - *p) < sizeof dash - 1 || memcmp(*p, dash, sizeof dash - 1) != 0)
        return "a signature line does not begin with an em dash and a space";
    out->name = *p + sizeof dash - 1;
    const char *space = memchr(out->name, ' ', (size_t)(lf - out->name));
    if (!space || !assay_text_is_name(out->name, (size_t)(space - out->name)))
        return "a signature line has no valid key name";
    out->name_len = (size_t)(space - out->name);
    if (assay_b64_decode(space + 1, (size_t)(lf - space - 1), out->raw, sizeof out->raw, &out->n) || out->n < 5)
        return "a signature line does not hold a signature in base64";
    *p = lf + 1;
    return NULL;
}

static bool is_of(const struct line *l, const struct assay_verifier *v)
{
    return l->name_len == v->name_len && memcmp(l->name, v->name, l->name_len) == 0 && memcmp(l->raw, v->id, 4) == 0;
}

/* C2SP tlog-cosignature: what an Ed25519 witness signs. */
static enum assay_status cosigned_text(uint64_t when, const char *text, size_t len, struct assay_buf *out)
{
    enum assay_status s = assay_buf_addf(out, "cosignature/v1\ntime %llu\n", (unsigned long long)when);
    return s == ASSAY_OK ? assay_buf_add(out, text, len) : s;
}

static int check_cosignature(const struct assay_verifier *v, const struct line *l, const char *text, size_t text_len)
{
    struct assay_buf m = {.max = MAX_NOTE + 64};
    int ok = -1;
    if (l->n != 4 + 8 + 64 || assay_get_be64(l->raw + 4) > INT64_MAX)
        return 0;
    if (cosigned_text(assay_get_be64(l->raw + 4), text, text_len, &m) == ASSAY_OK)
        ok = assay_verifier_check(v, l->raw + 12, m.ptr, m.len);
    assay_buf_release(&m);
    return ok;
}

static int check_line(const struct assay_verifier *v, const struct line *l, const char *text, size_t text_len)
{
    if (v->type == ASSAY_KEY_COSIGNATURE)
        return check_cosignature(v, l, text, text_len);
    return l->n == 4 + 64 ? assay_verifier_check(v, l->raw + 4, text, text_len) : 0;
}

enum assay_note_check assay_note_check(const struct assay_verifier *v, const char *note, size_t len, size_t *text_len,
                                       const char **why)
{
    uint64_t when;
    return assay_note_check_at(v, note, len, text_len, &when, why);
}

enum assay_note_check assay_note_check_at(const struct assay_verifier *v, const char *note, size_t len,
                                          size_t *text_len, uint64_t *when, const char **why)
{
    struct line l;
    *when = 0;
    *why = "it is over 1 MiB";
    if (len > MAX_NOTE)
        return ASSAY_NOTE_GRAMMAR;
    *why = "it holds a control character or is not UTF-8";
    if (!assay_text_is_note(note, len))
        return ASSAY_NOTE_GRAMMAR;
    *why = "no empty line parts text and signatures";
    size_t text = assay_note_text(note, len);
    if (text < 2)
        return ASSAY_NOTE_GRAMMAR;
    const char *p = note + text + 1, *end = note + len;
    *why = "it has no signature line";
    if (p == end)
        return ASSAY_NOTE_GRAMMAR;
    int known = 0, lines = 0;
    while (p < end) {
        *why = "it has more than 100 signature lines";
        if (++lines > MAX_LINES || (*why = parse_line(&p, end, &l)) != NULL)
            return ASSAY_NOTE_GRAMMAR;
        if (!is_of(&l, v))
            continue; /* an unknown signer is ignored */
        int ok = check_line(v, &l, note, text);
        if (ok != 1)
            return ok < 0 ? ASSAY_NOTE_TROUBLE : ASSAY_NOTE_BAD;
        known++;
        if (v->type == ASSAY_KEY_COSIGNATURE && assay_get_be64(l.raw + 4) > *when)
            *when = assay_get_be64(l.raw + 4);
    }
    *text_len = text;
    return known ? ASSAY_NOTE_GOOD : ASSAY_NOTE_MISSING;
}

enum assay_status assay_note_verify(const struct assay_verifier *v, const char *note, size_t len, size_t *text_len,
                                    struct assay_err *e)
{
    const char *why;
    switch (assay_note_check(v, note, len, text_len, &why)) {
    case ASSAY_NOTE_GOOD:
        return ASSAY_OK;
    case ASSAY_NOTE_GRAMMAR:
        return assay_fail(e, ASSAY_ELEDGER, "not a signed note: %s", why);
    case ASSAY_NOTE_MISSING:
        return assay_fail(e, ASSAY_ELEDGER, "no signature by %s", v->vkey);
    case ASSAY_NOTE_BAD:
        return assay_fail(e, ASSAY_ELEDGER, "the signature by %s does not verify", v->vkey);
    default:
        return assay_fail(e, ASSAY_ENOMEM, "the signature by %s could not be checked: out of memory", v->vkey);
    }
}

enum assay_status assay_note_copy_lines(const struct assay_verifier *v, const char *note, size_t len,
                                        struct assay_buf *out)
{
    struct line l;
    enum assay_status s = ASSAY_OK;
    const char *p = note + assay_note_text(note, len) + 1, *end = note + len, *from = p;
    while (s == ASSAY_OK && p < end && !parse_line(&p, end, &l)) {
        if (is_of(&l, v))
            s = assay_buf_add(out, from, (size_t)(p - from));
        from = p;
    }
    return s;
}

enum assay_status assay_note_sign(const struct assay_key *k, const char *text, size_t len, struct assay_buf *out,
                                  struct assay_err *e)
{
    uint8_t raw[68];
    char b64[93];
    size_t before = out->len;
    if (k->pub->type != ASSAY_KEY_ED25519)
        return assay_fail(e, ASSAY_EUSAGE, "%s is a witness's key: it signs no statements", k->pub->name);
    if (len > MAX_NOTE / 2)
        return assay_fail(e, ASSAY_ELIMIT, "a note's text of %zu bytes, the limit is %u", len, MAX_NOTE / 2);
    if (len < 2 || text[len - 1] != '\n' || !assay_text_is_note(text, len))
        return assay_fail(e, ASSAY_EDATA,
                          "a note's text must be UTF-8 that ends in a line feed, without control characters");
    memcpy(raw, k->pub->id, 4);
    enum assay_status s = assay_key_sign(k, text, len, raw + 4, e);
    if (s != ASSAY_OK)
        return s;
    assay_b64_encode(raw, sizeof raw, b64);
    s = assay_buf_add(out, text, len);
    if (s == ASSAY_OK)
        s = assay_buf_addf(out, "\n%s%s %s\n", dash, k->pub->name, b64);
    if (s != ASSAY_OK) {
        out->len = before;
        return assay_fail(e, s, "no room for a signed note of %zu bytes of text", len);
    }
    return ASSAY_OK;
}

enum assay_status assay_note_cosign(const struct assay_key *k, uint64_t when, const char *text, size_t len,
                                    struct assay_buf *out, struct assay_err *e)
{
    uint8_t raw[76];
    char b64[105];
    struct assay_buf m = {.max = MAX_NOTE + 64};
    if (k->pub->type != ASSAY_KEY_COSIGNATURE)
        return assay_fail(e, ASSAY_EUSAGE, "%s is not a witness's key", k->pub->name);
    memcpy(raw, k->pub->id, 4);
    assay_put_be64(raw + 4, when);
    enum assay_status s = cosigned_text(when, text, len, &m);
    if (s != ASSAY_OK)
        assay_fail(e, s, "no room for a text of %zu bytes", len);
    if (s == ASSAY_OK)
        s = assay_key_sign(k, m.ptr, m.len, raw + 12, e);
    assay_buf_release(&m);
    if (s != ASSAY_OK)
        return s;
    assay_b64_encode(raw, sizeof raw, b64);
    s = assay_buf_addf(out, "%s%s %s\n", dash, k->pub->name, b64);
    return s == ASSAY_OK ? s : assay_fail(e, s, "no room for a cosignature");
}

enum assay_status assay_note_countersign(const struct assay_key *k, struct assay_buf *note, struct assay_err *e)
{
    const char *why;
    size_t text;
    struct assay_buf again = {.max = MAX_NOTE};
    if (assay_note_check(k->pub, (const char *)note->ptr, note->len, &text, &why) == ASSAY_NOTE_GOOD)
        return ASSAY_OK;
    text = assay_note_text((const char *)note->ptr, note->len);
    enum assay_status s = text ? assay_note_sign(k, (const char *)note->ptr, text, &again, e)
                               : assay_fail(e, ASSAY_EDATA, "not a signed note");
    if (s == ASSAY_OK && (s = assay_buf_add(note, again.ptr + text + 1, again.len - text - 1)) != ASSAY_OK)
        s = assay_fail(e, s, "no room for a second signature");
    assay_buf_release(&again);
    return s;
}
