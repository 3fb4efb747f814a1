/* The checkpoint in what somebody kept: whoever has an old report has a witness. */
#include <jansson.h>
#include <string.h>

#include "assay/checkpoint.h"
#include "assay/limits.h"

static enum assay_status none(const char *what, struct assay_err *e)
{
    return assay_fail(e, ASSAY_ELEDGER, "%s holds no checkpoint", what);
}

static enum assay_status from_json(const char *text, size_t len, struct assay_buf *out, struct assay_err *e)
{
    json_error_t why;
    json_t *doc = json_loadb(text, len, JSON_DISABLE_EOF_CHECK, &why);
    const char *note = json_string_value(json_object_get(json_object_get(doc, "ledger"), "checkpoint"));
    enum assay_status s = note && *note ? assay_buf_adds(out, note) : none("this JSON document", e);
    if (s == ASSAY_ENOMEM || s == ASSAY_ELIMIT)
        assay_fail(e, s, "no room for a checkpoint");
    json_decref(doc);
    return s;
}

static const char html_mark[] = "<h3>Newest checkpoint</h3><pre>";

/* The page writes it as text: only what HTML must escape is escaped. */
static enum assay_status from_html(const char *p, const char *end, struct assay_buf *out, struct assay_err *e)
{
    static const struct {
        const char *name;
        char is;
    } entity[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
    enum assay_status s = ASSAY_OK;
    while (s == ASSAY_OK && p < end && *p != '<') {
        size_t n = 1;
        char c = *p;
        for (size_t i = 0; *p == '&' && i < sizeof entity / sizeof *entity; i++) {
            size_t k = strlen(entity[i].name);
            if ((size_t)(end - p) >= k && memcmp(p, entity[i].name, k) == 0) {
                c = entity[i].is;
                n = k;
            }
        }
        s = assay_buf_addc(out, (uint8_t)c);
        p += n;
    }
    return s == ASSAY_OK ? s : assay_fail(e, s, "no room for a checkpoint");
}

enum assay_status assay_checkpoint_find(const char *text, size_t len, struct assay_buf *out, struct assay_err *e)
{
    static const char proof[] = "c2sp.org/tlog-proof@";
    const char *end = text + len, *p;
    if (len && text[0] == '{')
        return from_json(text, len, out, e);
    p = len ? memmem(text, len, html_mark, sizeof html_mark - 1) : NULL;
    if (p)
        return from_html(p + sizeof html_mark - 1, end, out, e);
    if (len && text[0] == '<')
        return none("this page", e);
    p = text;
    if (len > sizeof proof && memcmp(text, proof, sizeof proof - 1) == 0) {
        p = memmem(text, len, "\n\n", 2);
        if (!p)
            return none("this proof", e);
        p += 2;
    }
    if ((size_t)(end - p) > ASSAY_MAX_LEAF || p == end)
        return none("this file", e);
    enum assay_status s = assay_buf_add(out, p, (size_t)(end - p));
    return s == ASSAY_OK ? s : assay_fail(e, s, "no room for a checkpoint");
}
