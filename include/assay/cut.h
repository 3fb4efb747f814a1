/* Cuts: the chunk boundaries of one segment, made once and then frozen. Pure. */
#ifndef ASSAY_CUT_H
#define ASSAY_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/bytes.h"
#include "assay/err.h"
#include "assay/segment.h"

enum assay_cut_method { ASSAY_CUT_SINGLE, ASSAY_CUT_RANGE, ASSAY_CUT_HASH };
const char *assay_cut_method_name(enum assay_cut_method m); /* "single", "range", "hash" */

struct assay_bound { /* key bytes */
    const uint8_t *p;
    uint32_t len;
};

struct assay_cut {
    assay_segment segment;
    char *name; /* of the segment; owned */
    enum assay_cut_method method;
    uint32_t chunks; /* >= 1; a power of two for ASSAY_CUT_HASH */
    struct assay_bound *bound; /* ASSAY_CUT_RANGE: chunks - 1, strictly rising; chunk i is [bound[i-1], bound[i]) */
    uint8_t *bytes; /* what the bounds point into; owned, as is bound */
    uint8_t hash[32]; /* SHA-256 of the blob: of the text form, or of that sealed */
};

/* All bounds copied; they must rise strictly (ASSAY_EUSAGE). n_bounds is chunks - 1 for RANGE and ignored else. */
enum assay_status assay_cut_make(const char *dataset_id, assay_segment segment, const char *name,
                                 enum assay_cut_method method, uint32_t chunks, const struct assay_bound *bound,
                                 struct assay_cut *out, struct assay_err *e);
void assay_cut_release(struct assay_cut *c);

/* Text form, the blob that a cut leaf cites: "assay-cut/1\ndataset UUID\nsegment NAME\nmethod M\nchunks N\n", then one
 * bound in hex a line. Appends. */
enum assay_status assay_cut_text(const struct assay_cut *c, const char *dataset_id, struct assay_buf *out);
/* The reverse. ASSAY_ELEDGER when it is malformed or belongs to another dataset or segment. */
enum assay_status assay_cut_parse(const char *text, size_t len, const char *dataset_id, assay_segment segment,
                                  const char *name, struct assay_cut *out, struct assay_err *e);

struct assay_blob_keys;
/* The blob that a cut leaf cites, opened in place where it is sealed; any other stays as it is.
 * ASSAY_ENOTFOUND: the dataset key that it was sealed under is not at hand (keys NULL: none is). */
enum assay_status assay_cut_unseal(const char *dataset_id, const char *segment, const struct assay_blob_keys *keys,
                                   struct assay_buf *blob, struct assay_err *e);

/* Which chunk a key belongs to. hash64: the high half of the key's hash (of the row's, without a key), for HASH. */
uint32_t assay_cut_find(const struct assay_cut *c, const uint8_t *key, size_t len, uint64_t hash64);
/* The first 8 key bytes as a number, zero-padded: unequal heads sort as the keys do. */
static inline uint64_t assay_key_head(const uint8_t *key, size_t len)
{
    uint8_t head[8] = {0};
    if (len >= sizeof head)
        return assay_get_be64(key);
    memcpy(head, key, len);
    return assay_get_be64(head);
}
/* Keys with a head strictly between the two belong to that chunk. Nothing lies between those of a cut by hash. */
void assay_cut_heads(const struct assay_cut *c, uint32_t ordinal, uint64_t *above, uint64_t *below);
/* SHA-256(cut hash | u32 ordinal)[:16] */
void assay_cut_chunk_id(const struct assay_cut *c, uint32_t ordinal, uint8_t id[16]);

/* The cuts of one dataset, sorted by segment. */
struct assay_cutset {
    struct assay_cut *cut;
    size_t n;
};
/* Takes over *c on success. One cut a segment: a second one is ASSAY_EUSAGE. */
enum assay_status assay_cutset_add(struct assay_cutset *s, struct assay_cut *c, struct assay_err *e);
const struct assay_cut *assay_cutset_find(const struct assay_cutset *s,
                                          assay_segment segment); /* NULL when there is none */
void assay_cutset_release(struct assay_cutset *s);

#endif
