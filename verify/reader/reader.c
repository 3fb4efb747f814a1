/* The table of readers, and locators as they may be shown. */
#include "assay/reader.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "assay/buf.h"

/* The first that accepts a locator opens it. */
static const struct assay_reader_ops *const readers[] = {&assay_pg_reader, &assay_sqlite_reader, &assay_files_reader};

enum assay_status assay_reader_open(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e)
{
    if (!loc->uri || !*loc->uri)
        return assay_fail(e, ASSAY_EUSAGE, "empty locator: expected postgresql://..., sqlite:PATH or a path");
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i]->accepts(loc))
            return readers[i]->open(loc, out, e);
    struct assay_buf shown = {0};
    const char *text = assay_locator_show(loc->uri, &shown) == ASSAY_OK ? assay_buf_str(&shown) : NULL;
    enum assay_status s =
        assay_fail(e, ASSAY_EUSAGE, "no reader for %s: expected postgresql://..., sqlite:PATH or a path",
                   text ? text : "the locator");
    assay_buf_release(&shown);
    return s;
}

/* ---- showing ---- */

/* Parameters whose names contain one of these are secrets: password, sslpassword, scram_client_key, oauth_client_secret
 * ... */
static const char *const secret_words[] = {"password",         "passwd",          "pwd", "secret", "token",
                                           "scram_client_key", "scram_server_key"};

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
static enum assay_status show_query(const char *p, struct assay_buf *out)
{
    enum assay_status s = ASSAY_OK;
    while (*p && s == ASSAY_OK) {
        size_t name = strcspn(p, "=&#"), all = strcspn(p, "&#");
        bool hide = p[name] == '=' && is_secret(p, name);
        s = assay_buf_add(out, p, hide ? name + 1 : all);
        if (s == ASSAY_OK && hide)
            s = assay_buf_adds(out, "***");
        p += all;
        if (*p && s == ASSAY_OK)
            s = assay_buf_addc(out, (uint8_t)*p++);
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

static enum assay_status show_uri(const char *uri, const char *authority, struct assay_buf *out)
{
    const char *at = end_of_credentials(authority), *rest = authority;
    enum assay_status s = assay_buf_add(out, uri, (size_t)(authority - uri));
    if (at) {
        size_t user = strcspn(authority, ":@");
        bool password = authority + user < at;
        if (s == ASSAY_OK)
            s = assay_buf_add(out, authority, user);
        if (s == ASSAY_OK && password)
            s = assay_buf_adds(out, ":***");
        rest = at;
    }
    size_t plain = strcspn(rest, "?");
    plain += rest[plain] == '?';
    if (s == ASSAY_OK)
        s = assay_buf_add(out, rest, plain);
    return s == ASSAY_OK ? show_query(rest + plain, out) : s;
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
static enum assay_status show_conninfo(const char *p, struct assay_buf *out)
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
        bool hide = has_value && (is_secret(name, n) || holds_locator(p, value));
        s = assay_buf_add(out, from, (size_t)(p - from) + (hide ? 0 : value));
        if (s == ASSAY_OK && hide)
            s = assay_buf_adds(out, "***");
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

enum assay_status assay_locator_show(const char *uri, struct assay_buf *out)
{
    size_t before = out->len;
    const char *authority = behind_scheme(uri);
    enum assay_status s = authority                  ? show_uri(uri, authority, out)
                          : strchr(uri, '=') != NULL ? show_conninfo(uri, out)
                                                     : assay_buf_adds(out, uri);
    if (s != ASSAY_OK)
        out->len = before;
    return s;
}
