/* Where things are in a folder of tiles; shared by tiles.c and recover.c. */
#ifndef ASSAY_LEDGER_TILES_H
#define ASSAY_LEDGER_TILES_H

#include <stdbool.h>
#include <stdint.h>

#include "assay/limits.h"

#define ASSAY_TILE 256 /* hashes of a tile, leaves of a bundle */
#define ASSAY_MAX_BUNDLE (ASSAY_TILE * (2u + ASSAY_MAX_LEAF))

/* dir/tile/KIND/x001/x234/067, with .p/WIDTH where the tile is not full (width 256). False: too long. */
bool assay_tile_path(const char *dir, const char *kind, uint64_t n, unsigned width, char out[ASSAY_MAX_PATH]);

#endif
