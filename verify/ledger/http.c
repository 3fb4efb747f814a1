#include "assay/http.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "assay/limits.h"

struct sink {
    struct assay_buf *body;
    enum assay_status status;
};

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
    struct sink *k = ctx;
    k->status = assay_buf_add(k->body, bytes, size * n);
    return k->status == ASSAY_OK ? size * n : 0;
}

static bool set_up(CURL *c, const char *url, struct curl_slist *headers, const void *bytes, size_t n, struct sink *k)
{
    return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)ASSAY_HTTP_CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)ASSAY_HTTP_TOTAL_MS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "assay/" ASSAY_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDS, bytes) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, k) == CURLE_OK;
}

static struct curl_slist *headers_of(const char *type)
{
    char line[160];
    snprintf(line, sizeof line, "Content-Type: %.120s", type);
    struct curl_slist *one = curl_slist_append(NULL, line);
    /* No "Expect: 100-continue": small servers wait for what never comes. */
    struct curl_slist *two = one ? curl_slist_append(one, "Expect:") : NULL;
    if (!two)
        curl_slist_free_all(one);
    return two;
}

/* A URL may carry a password: what is shown ends before it. */
static enum assay_status failed(const char *url, CURLcode rc, const char *why, struct assay_err *e)
{
    const char *host = strstr(url, "://"), *at = host ? strchr(host, '@') : NULL;
    return assay_fail(e, ASSAY_ESOURCE, "%.*s%s: no answer: %s", host ? (int)(host + 3 - url) : 0, url,
                      at     ? at + 1
                      : host ? host + 3
                             : url,
                      *why ? why : curl_easy_strerror(rc));
}

enum assay_status assay_http_post(const char *url, const char *type, const void *bytes, size_t n,
                                  struct assay_http_answer *out, struct assay_err *e)
{
    struct sink k = {.body = &out->body};
    char why[CURL_ERROR_SIZE] = "";
    const char *got = NULL;
    enum assay_status s = ASSAY_OK;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return assay_fail_nomem(e);
    CURL *c = curl_easy_init();
    struct curl_slist *headers = headers_of(type);
    assay_buf_reset(&out->body);
    out->status = 0;
    out->type[0] = '\0';
    if (!c || !headers || !set_up(c, url, headers, bytes, n, &k)) {
        s = assay_fail_nomem(e);
    } else {
        curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
        CURLcode rc = curl_easy_perform(c);
        if (k.status != ASSAY_OK)
            s = assay_fail(e, k.status, "%s: the answer is longer than %zu bytes", url, out->body.max);
        else if (rc != CURLE_OK)
            s = failed(url, rc, why, e);
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
        if (curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &got) == CURLE_OK && got)
            snprintf(out->type, sizeof out->type, "%s", got);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(c);
    curl_global_cleanup();
    return s;
}
