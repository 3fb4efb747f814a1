/* Locators, words of commands and what they say, without secrets. */
#include "secret.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "assay/reader.h"
#include "assay/words.h"

/* Parameters whose names contain one of these are secrets: password, sslpassword, scram_client_key, oauth_client_secret
 * ... */
static const char *const secret_words[] = {
    "password",         "passwd",        "pwd",        "secret",  "token",  "scram_client_key",
    "scram_server_key", "authorization", "credential", "api_key", "apikey", "api-key"};

struct show {
    struct assay_buf *out;
    struct assay_secrets *found; /* or NULL */
};

static enum assay_status remember(struct assay_secrets *s, const char *p, size_t n)
{
    if (n == 0)
        return ASSAY_OK;
    char **grown = realloc(s->v, (s->n + 1) * sizeof *grown);
    if (!grown)
        return ASSAY_ENOMEM;
    s->v = grown;
    if (!(grown[s->n] = strndup(p, n)))
        return ASSAY_ENOMEM;
    s->n++;
    return ASSAY_OK;
}

static enum assay_status hide(const struct show *x, const char *p, size_t n)
{
    enum assay_status s = x->found ? remember(x->found, p, n) : ASSAY_OK;
    return s == ASSAY_OK ? assay_buf_adds(x->out, "***") : s;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* libpq decodes the names of URI parameters too: pass%77ord is password. */
static bool is_secret(const char *name, size_t n)
{
    char plain[64];
    size_t w = 0;
    for (size_t i = 0; i < n && w + 1 < sizeof plain; i++) {
        int hi = name[i] == '%' && i + 2 < n ? hex_digit(name[i + 1]) : -1;
        int lo = hi >= 0 ? hex_digit(name[i + 2]) : -1;
        plain[w++] = lo >= 0 ? (char)(hi * 16 + lo) : name[i];
        i += lo >= 0 ? 2 : 0;
    }
    plain[w] = '\0';
    for (size_t i = 0; i < sizeof secret_words / sizeof *secret_words; i++)
        if (strcasestr(plain, secret_words[i]))
            return true;
    return n >= sizeof plain; /* no parameter has such a name: hide what cannot be judged */
}

/* a=b&c=d behind the '?' of a URI. */
static enum assay_status show_query(const struct show *x, const char *p)
{
    enum assay_status s = ASSAY_OK;
    while (*p && s == ASSAY_OK) {
        size_t name = strcspn(p, "=&#"), all = strcspn(p, "&#");
        bool secret = p[name] == '=' && is_secret(p, name);
        s = assay_buf_add(x->out, p, secret ? name + 1 : all);
        if (s == ASSAY_OK && secret)
            s = hide(x, p + name + 1, all - name - 1);
        p += all;
        if (*p && s == ASSAY_OK)
            s = assay_buf_addc(x->out, (uint8_t)*p++);
    }
    return s;
}

/* The '@' that ends user:password, or NULL. libpq takes the first one before any '/'; an unescaped '@', '/' or '?' in a
 * password must not leak its rest, so that the last '@' in front of the query counts as well. */
static const char *end_of_credentials(const char *authority)
{
    size_t slash = strcspn(authority, "/"), query = strcspn(authority, "?");
    const char *end = NULL;
    for (const char *p = authority; *p; p++)
        if (*p == '@' && ((size_t)(p - authority) < query || (size_t)(p - authority) < slash))
            end = p;
    return end;
}

static enum assay_status show_uri(const struct show *x, const char *uri, const char *authority)
{
    const char *at = end_of_credentials(authority), *rest = authority;
    enum assay_status s = assay_buf_add(x->out, uri, (size_t)(authority - uri));
    if (at) {
        size_t user = strcspn(authority, ":@");
        bool password = authority + user < at;
        if (s == ASSAY_OK)
            s = assay_buf_add(x->out, authority, user + password);
        if (s == ASSAY_OK && password)
            s = hide(x, authority + user + 1, (size_t)(at - authority) - user - 1);
        rest = at;
    }
    size_t plain = strcspn(rest, "?");
    plain += rest[plain] == '?';
    if (s == ASSAY_OK)
        s = assay_buf_add(x->out, rest, plain);
    return s == ASSAY_OK ? show_query(x, rest + plain) : s;
}

/* Bytes of a conninfo value: quoted with backslash escapes, or up to white space. */
static size_t value_len(const char *p)
{
    bool quoted = *p == '\'';
    size_t n = quoted;
    while (p[n] && (quoted ? p[n] != '\'' : !strchr(" \t\r\n\f\v", p[n])))
        n += p[n] == '\\' && p[n + 1] ? 2 : 1;
    return n + (quoted && p[n]);
}

/* dbname may hold a whole connection string again (expand_dbname): too deep to judge. */
static bool holds_locator(const char *p, size_t n)
{
    return memmem(p, n, "://", 3) || (*p == '\'' && memchr(p, '=', n));
}

/* name = value name='value' ... as libpq's conninfo_parse reads it. */
static enum assay_status show_conninfo(const struct show *x, const char *p)
{
    static const char space[] = " \t\r\n\f\v";
    enum assay_status s = ASSAY_OK;
    while (*p && s == ASSAY_OK) {
        const char *from = p;
        p += strspn(p, space);
        const char *name = p;
        size_t n = strcspn(p, " \t\r\n\f\v=");
        p += n;
        p += strspn(p, space);
        bool has_value = *p == '=';
        p += has_value;
        p += has_value ? strspn(p, space) : 0;
        size_t value = has_value ? value_len(p) : 0;
        bool secret = has_value && (is_secret(name, n) || holds_locator(p, value));
        bool quoted = value > 1 && *p == '\'';
        s = assay_buf_add(x->out, from, (size_t)(p - from) + (secret ? 0 : value));
        if (s == ASSAY_OK && secret)
            s = hide(x, p + quoted, value - 2 * quoted);
        p += value;
    }
    return s;
}

/* scheme:// with a scheme of RFC 3986 section 3.1; the byte behind it, or NULL. */
static const char *behind_scheme(const char *uri)
{
    size_t n = strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return n > 0 && strncmp(uri + n, "://", 3) == 0 ? uri + n + 3 : NULL;
}

/* ---- words of a command ---- */

/* The first byte of the scheme that "://" ends; a word may be --url=SCHEME://... */
static const char *scheme_of(const char *word)
{
    const char *at = strstr(word, "://"), *from = at;
    while (from && from > word && (isalnum((unsigned char)from[-1]) || strchr("+.-", from[-1])))
        from--;
    return from && from < at ? from : NULL;
}

static enum assay_status show_word(const struct show *x, const char *word, const char *before)
{
    size_t n = strlen(word), name = strcspn(word, "=:");
    const char *scheme = scheme_of(word);
    if (before && *before == '-' && !strchr(before, '=') && is_secret(before, strlen(before)))
        return hide(x, word, n);
    if (scheme) {
        enum assay_status s = assay_buf_add(x->out, word, (size_t)(scheme - word));
        return s == ASSAY_OK ? show_uri(x, scheme, strstr(scheme, "://") + 3) : s;
    }
    if (word[name] && is_secret(word, name)) { /* of "Authorization: Bearer X" all is hidden */
        name += 1 + strspn(word + name + 1, " ");
        enum assay_status s = assay_buf_add(x->out, word, name);
        return s == ASSAY_OK ? hide(x, word + name, n - name) : s;
    }
    return strchr(word, '=') ? show_conninfo(x, word) : assay_buf_adds(x->out, word);
}

enum assay_status assay_secret_word(const char *word, const char *before, struct assay_buf *out,
                                    struct assay_secrets *found)
{
    return show_word(&(struct show){out, found}, word, before);
}

static enum assay_status show_command(const char *text, struct assay_buf *out)
{
    struct assay_words w;
    struct assay_buf command = {0}, word = {0};
    enum assay_status s = assay_words_split(text, &w, NULL);
    if (s == ASSAY_EPLAN)
        return assay_buf_adds(out, "***"); /* what is no command cannot be judged */
    for (size_t i = 0; i < w.n && s == ASSAY_OK; i++) {
        assay_buf_reset(&word);
        s = assay_secret_word(w.v[i], i ? w.v[i - 1] : NULL, &word, NULL);
        const char *shown = s == ASSAY_OK ? assay_buf_str(&word) : NULL;
        s = shown ? assay_words_add(&command, shown) : ASSAY_ENOMEM;
    }
    if (s == ASSAY_OK)
        s = assay_buf_add(out, command.ptr, command.len);
    assay_words_release(&w);
    assay_buf_release(&command);
    assay_buf_release(&word);
    return s;
}

enum assay_status assay_locator_show(const char *uri, struct assay_buf *out)
{
    static const char exec[] = "exec:";
    struct show x = {out, NULL};
    size_t before = out->len;
    const char *authority = behind_scheme(uri);
    enum assay_status s;
    if (strncmp(uri, exec, sizeof exec - 1) == 0)
        s = (s = assay_buf_adds(out, exec)) == ASSAY_OK ? show_command(uri + sizeof exec - 1, out) : s;
    else
        s = authority                  ? show_uri(&x, uri, authority)
            : strchr(uri, '=') != NULL ? show_conninfo(&x, uri)
                                       : assay_buf_adds(out, uri);
    if (s != ASSAY_OK)
        out->len = before;
    return s;
}

/* ---- what a command says ---- */

enum assay_status assay_secrets_of_environment(struct assay_secrets *s)
{
    enum assay_status st = ASSAY_OK;
    for (char **v = environ; *v && st == ASSAY_OK; v++) {
        size_t n = strcspn(*v, "=");
        bool folder = n >= 3 && n <= 6 && strncmp(*v + n - 3, "PWD", 3) == 0; /* PWD, OLDPWD: no password */
        if (!folder && (*v)[n] == '=' && n < 64 && is_secret(*v, n))
            st = remember(s, *v + n + 1, strlen(*v + n + 1));
    }
    return st;
}

/* Bytes of the longest secret that stands at p, or 0. */
static size_t secret_at(const struct assay_secrets *s, const char *p)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->n; i++) {
        size_t n = strlen(s->v[i]);
        if (n > longest && strncmp(p, s->v[i], n) == 0)
            longest = n;
    }
    return longest;
}

enum assay_status assay_secrets_mask(const struct assay_secrets *s, const char *text, struct assay_buf *out)
{
    static const char space[] = " \t\r\n\f\v";
    struct assay_buf known = {0}, word = {0};
    struct show x = {out, NULL};
    enum assay_status st = ASSAY_OK;
    for (size_t n; *text && st == ASSAY_OK; text += n ? n : 1) {
        n = secret_at(s, text);
        st = n ? assay_buf_adds(&known, "***") : assay_buf_addc(&known, (uint8_t)*text);
    }
    const char *p = st == ASSAY_OK ? assay_buf_str(&known) : "";
    while (p && *p && st == ASSAY_OK) {
        size_t blank = strspn(p, space), n = strcspn(p + blank, space);
        st = assay_buf_add(out, p, blank);
        assay_buf_reset(&word);
        if (st == ASSAY_OK && n)
            st = assay_buf_add(&word, p + blank, n);
        const char *one = st == ASSAY_OK && n ? assay_buf_str(&word) : NULL;
        if (one)
            st = show_word(&x, one, NULL);
        p += blank + n;
    }
    assay_buf_release(&known);
    assay_buf_release(&word);
    return p ? st : ASSAY_ENOMEM;
}

void assay_secrets_release(struct assay_secrets *s)
{
    for (size_t i = 0; i < s->n; i++) {
        explicit_bzero(s->v[i], strlen(s->v[i]));
        free(s->v[i]);
    }
    free(s->v);
    *s = (struct assay_secrets){0};
}
