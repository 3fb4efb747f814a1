/* A zip of stored members (PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16). Nothing is compressed: what deflate
 * makes of the same bytes differs from one version of a library to the next. */
#include <string.h>
#include <zlib.h>

#include "bundle.h"

#define MAX_MEMBERS 65534 /* more would need zip64 */
#define VERSION 20 /* needed to extract: 2.0 */
#define MADE_BY (3 << 8 | VERSION) /* Unix, for the mode bits */
#define DATE 0x0021 /* 1980-01-01, the first day there is */
#define UTF8 0x0800

static enum assay_status put(struct assay_buf *out, unsigned bytes, uint64_t value)
{
    enum assay_status s = ASSAY_OK;
    for (unsigned i = 0; i < bytes && s == ASSAY_OK; i++)
        s = assay_buf_addc(out, (uint8_t)(value >> 8 * i));
    return s;
}

struct field {
    unsigned bytes;
    uint64_t value;
};
static enum assay_status put_all(struct assay_buf *out, const struct field *f, size_t n)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        s = put(out, f[i].bytes, f[i].value);
    return s;
}
#define PUT(out, ...)                                                                                                  \
    put_all(out, (const struct field[]){__VA_ARGS__},                                                                  \
            sizeof((const struct field[]){__VA_ARGS__}) / sizeof(struct field))

static uint32_t crc_of(const struct assay_bundle_file *f)
{
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), f->bytes, f->len);
}

static enum assay_status local(struct assay_buf *out, const struct assay_bundle_file *f)
{
    const size_t name = strlen(f->name);
    enum assay_status s = PUT(out, {4, 0x04034b50}, {2, VERSION}, {2, UTF8}, {2, 0}, {2, 0}, {2, DATE}, {4, crc_of(f)},
                              {4, f->len}, {4, f->len}, {2, name}, {2, 0});
    if (s == ASSAY_OK)
        s = assay_buf_add(out, f->name, name);
    return s == ASSAY_OK ? assay_buf_add(out, f->bytes, f->len) : s;
}

static enum assay_status central(struct assay_buf *out, const struct assay_bundle_file *f, uint64_t offset)
{
    const size_t name = strlen(f->name);
    const uint64_t mode = name > 3 && strcmp(f->name + name - 3, ".sh") == 0 ? 0100755 : 0100644;
    enum assay_status s =
        PUT(out, {4, 0x02014b50}, {2, MADE_BY}, {2, VERSION}, {2, UTF8}, {2, 0}, {2, 0}, {2, DATE}, {4, crc_of(f)},
            {4, f->len}, {4, f->len}, {2, name}, {2, 0}, {2, 0}, {2, 0}, {2, 0}, {4, mode << 16}, {4, offset});
    return s == ASSAY_OK ? assay_buf_add(out, f->name, name) : s;
}

enum assay_status assay_bundle_zip(const struct assay_bundle *b, struct assay_buf *out, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    const size_t start = out->len;
    if (b->n > MAX_MEMBERS)
        return assay_fail(e, ASSAY_ELIMIT, "%zu files do not fit into a zip, which has at most %d: write a folder",
                          b->n, MAX_MEMBERS);
    for (size_t i = 0; i < b->n && s == ASSAY_OK; i++)
        s = local(out, &b->file[i]);
    const size_t directory = out->len;
    uint64_t offset = 0;
    for (size_t i = 0; i < b->n && s == ASSAY_OK; i++) {
        s = central(out, &b->file[i], offset);
        offset += 30 + strlen(b->file[i].name) + b->file[i].len;
    }
    if (s == ASSAY_OK)
        s = PUT(out, {4, 0x06054b50}, {2, 0}, {2, 0}, {2, b->n}, {2, b->n}, {4, out->len - directory},
                {4, directory - start}, {2, 0});
    return s == ASSAY_OK ? s : assay_fail(e, s, "no room for a zip of %zu bytes", b->bytes);
}
