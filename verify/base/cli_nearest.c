/* Nearest name: optimal string alignment distance, so that a swapped pair of letters costs one. */
#include <string.h>

#include "assay/cli.h"

#define WORD_MAX 64u
#define DISTANCE_MAX 3u

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned row[3][WORD_MAX + 1];
    for (unsigned j = 0; j <= m; j++)
        row[1][j] = j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *two_up = row[(i + 2) % 3], *up = row[i % 3], *cur = row[(i + 1) % 3];
        cur[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            cur[j] = least(up[j] + 1, cur[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && two_up[j - 2] + 1 < cur[j])
                cur[j] = two_up[j - 2] + 1;
        }
    }
    return row[(n + 1) % 3][m];
}

const char *assay_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned best_d = DISTANCE_MAX + 1;
    size_t len = strlen(word);
    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t m = strlen(names[i]);
        if (m > WORD_MAX)
            continue;
        unsigned d = distance(word, len, names[i], m);
        /* More than half of a word would suggest "at" for "note". */
        if (d < best_d && d * 2 <= (len > m ? len : m)) {
            best_d = d;
            best = names[i];
        }
    }
    return best;
}
