/* What the parts of the bundle share while it is made. */
#ifndef ASSAY_REPORT_EVIDENCE_PRIVATE_H
#define ASSAY_REPORT_EVIDENCE_PRIVATE_H

#include <stdbool.h>

#include "assay/merkle.h"
#include "assay/note.h"
#include "evidence.h"

/* A set of SHA-256 hashes. All-zero is empty. */
struct assay_hash_set {
    uint8_t (*slot)[32];
    bool *used;
    size_t n, cap;
};
/* *added: it was not there before. */
enum assay_status assay_hash_set_add(struct assay_hash_set *h, const uint8_t hash[32], bool *added);
void assay_hash_set_release(struct assay_hash_set *h);

/* An archived file, as a leaf says. */
struct assay_evidence_object {
    char *name;
    char sha256[65], dataset[37];
    uint64_t leaf;
};

struct assay_evidence {
    struct assay_ledger *l;
    const struct assay_evidence_scope *scope;
    struct assay_bundle *out;
    struct assay_err *e;
    enum assay_status status; /* of a callback: what stopped the walk */
    char *checkpoint; /* the note */
    char origin[1025], root[45];
    uint64_t size; /* leaves of the checkpoint; later ones are not looked at */
    uint8_t (*hash)[32]; /* of all leaves */
    uint64_t n_hashes;
    size_t n_leaves, cap_leaves; /* in the bundle */
    uint64_t *leaf; /* their indexes */
    char **id; /* of the datasets asked for */
    size_t n_ids;
    uint8_t (*chosen)[32]; /* tags of the sampled chunks, sorted */
    size_t n_chosen;
    struct assay_hash_set blobs; /* looked up already */
    struct assay_evidence_object *object;
    size_t n_objects, cap_objects;
    uint64_t grown; /* leaves of the largest tree that consistency/ has */
};

/* ---- evidence_select.c ---- */
/* Which datasets and which chunks: fills id and chosen. */
enum assay_status assay_evidence_choose(struct assay_evidence *v);
bool assay_evidence_wants(const struct assay_evidence *v, const struct assay_stmt *s);
/* Does it take only a part of the leaves? */
bool assay_evidence_partial(const struct assay_evidence *v);

/* ---- evidence_anchors.c ---- */
/* With a policy: has a checkpoint that covers everything the quorum? Writes nothing. ASSAY_ESOURCE when not. */
enum assay_status assay_evidence_cosigned(struct assay_evidence *v);
/* consistency/, tokens/ */
enum assay_status assay_evidence_anchors(struct assay_evidence *v);

/* ---- evidence_files.c ---- */
/* policy, kinds, keys/. */
enum assay_status assay_evidence_keys(struct assay_evidence *v);
/* objects.sha256 */
enum assay_status assay_evidence_objects(struct assay_evidence *v);
enum assay_status assay_evidence_proofs(struct assay_evidence *v);
/* The scripts, METHOD.txt and VERIFY.txt. */
enum assay_status assay_evidence_parts(struct assay_evidence *v);
enum assay_status assay_evidence_report(struct assay_evidence *v);

#endif
