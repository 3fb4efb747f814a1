/* The codecs of stored objects: one table, one step function each, none of which lets an unclean end pass. Private to
 * verify/reader. */
#ifndef ASSAY_STREAM_CODEC_H
#define ASSAY_STREAM_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "stream.h"

#define ASSAY_CODEC_HEAD 10 /* bytes that has_magic and looks_like want to see */

/* One call of a library. */
struct assay_codec_step {
    const uint8_t *in;
    uint8_t *out;
    size_t n_in, n_out;
    bool again; /* the call before came to the end of a member: another one begins here */
    size_t taken, given;
    bool end; /* the end of a member; what it checks was right */
    const char *why; /* the library's complaint, static; NULL: it has none */
};

struct assay_codec_ops {
    const char *name, *suffix;
    size_t magic_len;
    uint8_t magic[6];
    uint8_t block[6]; /* bzip2: what stands behind magic and a digit, for its magic could be three letters of a text */
    bool skippable; /* may begin with a skippable frame, 0x184D2A50 to 5F (RFC 8878, section 3.1.2) */
    void *(*open)(void); /* NULL: out of memory */
    /* No progress with ASSAY_OK: more input is wanted. ASSAY_EDATA, ASSAY_ELIMIT, ASSAY_ENOMEM. */
    enum assay_status (*step)(void *state, struct assay_codec_step *x);
    void (*close)(void *state); /* NULL is a no-op */
};

/* By enum assay_codec; the plain one has no functions. */
extern const struct assay_codec_ops assay_codecs[ASSAY_CODEC_COUNT];

/* Could an object of the codec begin with these bytes, of which there are fewer only where the object ends? */
bool assay_codec_begins(const struct assay_codec_ops *c, const uint8_t *p, size_t n);
/* Is it beyond doubt that they are the beginning of one? */
bool assay_codec_certain(const struct assay_codec_ops *c, const uint8_t *p, size_t n);

#endif
