/* Manifests beside an archive: what a Frictionless data package or a BagIt bag claims of files. Parsing only: pure, no
 * files. Nothing in them is believed; verify/check holds them against what was read. */
#ifndef ASSAY_MANIFEST_H
#define ASSAY_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"

struct assay_manifest_field {
    char *name, *type; /* type NULL: not given */
};

struct assay_manifest_schema {
    struct assay_manifest_field *field; /* owned */
    size_t n;
};

/* What is claimed of one file. */
struct assay_manifest_entry {
    char *path; /* below the manifest's folder: relative, no "." or "..", one '/' between components; owned */
    bool has_sha256, has_sha512, has_bytes, has_rows;
    uint8_t sha256[32], sha512[64];
    uint64_t bytes, rows;
    char *segment, *from, *to; /* assay's own words, or NULL; owned */
    size_t schema; /* index of its schema, SIZE_MAX: none */
};

/* Claims that nothing was compared with: digests that are not computed, by the name of their algorithm, and
 * "schema elsewhere". */
struct assay_manifest_unverified {
    char what[24];
    uint64_t claims;
};
#define ASSAY_MANIFEST_UNVERIFIED 8 /* kinds; the last one is "other digests" */

struct assay_manifest {
    struct assay_manifest_entry *entry; /* owned; sorted by path, no path twice */
    size_t n;
    struct assay_manifest_schema *schema; /* owned */
    size_t n_schemas;
    char *dataset, *exporter; /* of its lineage, or NULL; owned */
    struct assay_manifest_unverified unverified[ASSAY_MANIFEST_UNVERIFIED];
    size_t n_unverified;
};

/* The digests that lists of a bag have in their names, "manifest-NAME.txt"; ends with a NULL name. */
struct assay_bag_digest {
    const char *name; /* "sha256" */
    size_t digits; /* hex digits of one */
    const char *list; /* "manifest-sha256.txt" */
};
extern const struct assay_bag_digest assay_bag_digests[];

/* datapackage.json (Frictionless Data Package 1 and 2): resources with path, hash, bytes, stats, schema, and
 * assay:rows, assay:segment, assay:from, assay:to; assay:lineage of the package. Inline data and remote resources claim
 * nothing of files. name is for messages. ASSAY_EDATA: no JSON, no data package, a path that leads out of the folder or
 * stands twice, a claim of a wrong type. ASSAY_ELIMIT. On failure out is empty. */
enum assay_status assay_manifest_datapackage(const char *text, size_t n, const char *name, struct assay_manifest *out,
                                             struct assay_err *e);
/* manifest-ALGORITHM.txt or tagmanifest-ALGORITHM.txt of a bag (RFC 8493, section 2.1.3): "HEX  PATH" a line. Of other
 * digests than SHA-256 and SHA-512 the paths are taken, and the claims counted as unverified. */
enum assay_status assay_manifest_bag(const char *text, size_t n, const char *name, const struct assay_bag_digest *d,
                                     struct assay_manifest *out, struct assay_err *e);
/* bagit.txt: version 0.93 to 1.0 and UTF-8, or ASSAY_EDATA. */
enum assay_status assay_manifest_bag_declaration(const char *text, size_t n, const char *name, struct assay_err *e);
/* Payload-Oxum of bag-info.txt, OCTETS.FILES; *has false without one. ASSAY_EDATA when it is neither. */
enum assay_status assay_manifest_bag_oxum(const char *text, size_t n, const char *name, bool *has, uint64_t *octets,
                                          uint64_t *files, struct assay_err *e);
const struct assay_manifest_entry *assay_manifest_find(const struct assay_manifest *m, const char *path);
/* Count claims that are not compared: of `what`, n bytes of it. */
void assay_manifest_leave(struct assay_manifest *m, const char *what, size_t n, uint64_t claims);
void assay_manifest_release(struct assay_manifest *m);

#endif
