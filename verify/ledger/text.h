/* The characters that notes and statements may hold. Pure. */
#ifndef ASSAY_LEDGER_TEXT_H
#define ASSAY_LEDGER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed UTF-8 sequence at p (n > 0 bytes there), its code point in *cp; 0 when there is none. */
size_t assay_text_utf8(const uint8_t *p, size_t n, uint32_t *cp);
/* UTF-8 without control characters below 0x20, LF excepted (C2SP signed-note). */
bool assay_text_is_note(const char *p, size_t n);
/* A key name: not empty, UTF-8, no white space, no '+' (C2SP signed-note). */
bool assay_text_is_name(const char *p, size_t n);

#endif
