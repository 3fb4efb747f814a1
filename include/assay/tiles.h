/* A ledger as files (C2SP tlog-tiles), and a ledger made again from them. docs/ledger-format.md has the layout. */
#ifndef ASSAY_TILES_H
#define ASSAY_TILES_H

#include <stdbool.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/ledger.h"

struct assay_tiles_stats {
    uint64_t leaves, files; /* in the tree; written now */
};
/* Bring dir (made when missing) to the newest checkpoint: full tiles are written once, the checkpoint last. blobs: with
 * what the leaves cite. ASSAY_ELEDGER when dir holds a ledger that is not the beginning of this one. */
enum assay_status assay_tiles_publish(struct assay_ledger *l, const char *dir, bool blobs,
                                      struct assay_tiles_stats *out, struct assay_err *e);
/* Make a ledger at `path`, where none is, of the tiles in dir: every leaf, checkpoint and blob byte for byte. The
 * checkpoint must be signed by the ledger's key of keys_dir, every hash must hold, and a checkpoint published beside
 * path must not be ahead of the tiles. Nothing stays behind on failure. */
enum assay_status assay_tiles_recover(const char *dir, const char *path, const char *keys_dir,
                                      struct assay_tiles_stats *out, struct assay_err *e);

#endif
