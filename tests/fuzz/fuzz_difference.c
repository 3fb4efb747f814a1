/* Names of classes read back, and pairs of arbitrary cells classed: what is said must have a name that reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/difference.h"

/* One well-formed cell, or a defect, at the front of the bytes. */
static size_t cell_len(const uint8_t *p, size_t n)
{
    if (n >= 5 && p[0] == '!') {
        const size_t len = 5 + (size_t)assay_get_be32(p + 1);
        return len <= n ? len : 0;
    }
    return assay_cell_len(p, n);
}

static void say(const struct assay_differences *set)
{
    for (size_t i = 0; i < set->n; i++) {
        struct assay_buf text = {0};
        struct assay_difference_name name;
        char rule[320], says[512];
        if (assay_difference_text(&set->d[i], "a b,c@d%", &text) != ASSAY_OK ||
            !assay_difference_parse((const char *)text.ptr, text.len, &name) || name.side != set->d[i].side)
            abort();
        assay_difference_rule(&name, rule, sizeof rule);
        assay_difference_says(&name, says, sizeof says);
        assay_buf_release(&text);
    }
}

static struct assay_shape *shape_of(unsigned nth)
{
    static const char *const shapes[] = {
        "list<text>",           "list<list<integer>>", "struct<a: text, b: list<decimal>>",
        "map<text, timestamp>", "list<json>",          "struct<a: struct<b: float64>>"};
    struct assay_shape *s = NULL;
    const char *why;
    return assay_shape_parse(shapes[nth % (sizeof shapes / sizeof *shapes)], &s, &why) ? s : NULL;
}

/* First byte: the type, or a shape; then two cells, or a name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct assay_difference_name name;
    struct assay_classifier *c;
    struct assay_differences set;
    if (n == 0)
        return 0;
    (void)assay_difference_parse((const char *)data + 1, n - 1, &name);
    const size_t a = cell_len(data + 1, n - 1), b = a ? cell_len(data + 1 + a, n - 1 - a) : 0;
    struct assay_shape *shape = data[0] & 128 ? shape_of(data[0] & 127) : NULL;
    const enum assay_logical type = shape ? shape->type : (enum assay_logical)(1 + data[0] % (ASSAY_L_JSON));
    if (!b || assay_classifier_new(type, shape, &c) != ASSAY_OK) {
        assay_shape_free(shape);
        return 0;
    }
    /* the lane makes cells of their own exact length: reading behind them must show */
    uint8_t *x = malloc(a), *y = malloc(b);
    if (x && y) {
        memcpy(x, data + 1, a);
        memcpy(y, data + 1 + a, b);
        if (assay_classify(c, x, a, y, b, &set) == ASSAY_OK)
            say(&set);
    }
    free(x);
    free(y);
    assay_classifier_free(c);
    assay_shape_free(shape);
    return 0;
}
