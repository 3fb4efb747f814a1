/* Notes, statements, keys and checkpoints from anywhere. What parses must come back; nothing unsigned may verify. Under
 * libFuzzer by make fuzz; elsewhere the main below runs the files named on the command line (the corpus). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/note.h"
#include "assay/publish.h"

#define LEDGER "example.com/ledger+60db519f+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define WITNESS "witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM"

/* The one text these two keys have signed. */
static const char signed_text[] = "example.com/ledger\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";

static void check_note(const char *vkey, const char *note, size_t len)
{
    struct assay_verifier *v;
    size_t text = 0;
    if (assay_verifier_parse(vkey, &v, NULL) != ASSAY_OK)
        abort();
    if (assay_note_verify(v, note, len, &text, NULL) == ASSAY_OK &&
        (text != sizeof signed_text - 1 || memcmp(note, signed_text, text) != 0))
        abort();
    assay_verifier_free(v);
}

/* Written again from its fields, a statement is the same text: there is one spelling. Bytes that are no UTF-8 could be
 * spelled together or apart; then only the values must agree. */
static void check_stmt(const char *text, size_t len)
{
    struct assay_stmt s, again;
    struct assay_buf b = {0};
    if (assay_stmt_parse(text, len, &s, NULL) != ASSAY_OK)
        return;
    if (assay_stmt_begin(&b, s.kind) != ASSAY_OK)
        abort();
    for (size_t i = 0; i < s.n; i++)
        if (assay_stmt_add(&b, s.field[i].key, s.field[i].value) != ASSAY_OK)
            abort();
    if (assay_stmt_parse((const char *)b.ptr, b.len, &again, NULL) != ASSAY_OK || again.n != s.n)
        abort();
    for (size_t i = 0; i < s.n; i++)
        if (strcmp(s.field[i].key, again.field[i].key) != 0 || strcmp(s.field[i].value, again.field[i].value) != 0)
            abort();
    assay_stmt_release(&s);
    assay_stmt_release(&again);
    assay_buf_release(&b);
}

static void check_key(const uint8_t *data, size_t size)
{
    struct assay_verifier *v;
    char line[2048];
    if (size >= sizeof line || memchr(data, 0, size))
        return;
    memcpy(line, data, size);
    line[size] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (assay_verifier_parse(line, &v, NULL) != ASSAY_OK)
        return;
    if (strcmp(assay_verifier_vkey(v), line) != 0)
        abort();
    assay_verifier_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    if (!size)
        text = "";
    check_note(LEDGER, text, size);
    check_note(WITNESS, text, size);
    check_stmt(text, size);
    check_key((const uint8_t *)text, size);
    return 0;
}
