/* Schema texts from a ledger: before and now, parted by a NUL. What is said of the changes must add up, whatever the
 * spellings; and a schema has not changed since itself. */
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/drift.h"

static size_t compare(const struct assay_observed_schema *a, const struct assay_observed_schema *b)
{
    struct assay_drift *list = NULL;
    size_t n = 0, added = 0, dropped = 0;
    if (assay_drift_compare(a, b, NULL, 0, &list, &n) != ASSAY_OK)
        abort();
    for (size_t i = 0; i < n; i++) {
        struct assay_buf text = {0};
        if (assay_drift_say(&list[i], &text) != ASSAY_OK)
            abort();
        assay_buf_release(&text);
        added += list[i].kind == ASSAY_DRIFT_ADDED;
        dropped += list[i].kind == ASSAY_DRIFT_DROPPED;
        if ((list[i].kind == ASSAY_DRIFT_ADDED) != !list[i].before ||
            (list[i].kind == ASSAY_DRIFT_DROPPED) != !list[i].now)
            abort();
    }
    if (a->n + added != b->n + dropped)
        abort();
    free(list);
    return n;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct assay_observed *)a)->name, ((const struct assay_observed *)b)->name);
}

/* Columns of one name are a schema that no reader makes: which of them is meant cannot be told. */
static bool has_twins(const struct assay_observed_schema *s)
{
    struct assay_observed *sorted = malloc((s->n + 1) * sizeof *sorted);
    bool twins = false;
    if (!sorted)
        abort();
    memcpy(sorted, s->col, s->n * sizeof *sorted);
    qsort(sorted, s->n, sizeof *sorted, by_name);
    for (size_t i = 1; i < s->n; i++)
        twins |= strcmp(sorted[i - 1].name, sorted[i].name) == 0;
    free(sorted);
    return twins;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size ? memchr(data, '\0', size) : NULL;
    size_t len = cut ? (size_t)(cut - data) : size;
    struct assay_observed_schema a, b;
    if (size > 1 << 16 || assay_observed_parse(data, len, &a, NULL) != ASSAY_OK)
        return 0;
    if (!has_twins(&a) && compare(&a, &a) != 0)
        abort();
    if (cut && assay_observed_parse(cut + 1, size - len - 1, &b, NULL) == ASSAY_OK) {
        compare(&a, &b);
        compare(&b, &a);
        assay_observed_release(&b);
    }
    assay_observed_release(&a);
    return 0;
}
