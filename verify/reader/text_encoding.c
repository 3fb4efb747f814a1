/* Names of the encodings of text files. Apart from what decodes them, so that a plan can be read without it. */
#include <string.h>

#include "assay/reader.h"

const char *const assay_text_encodings[ASSAY_TEXT_ENCODINGS] = {"utf-8", "utf-16", "utf-16le", "utf-16be", "shift_jis",
                                                                "cp932", "euc-jp", "euc-kr",   "cp949",    "gbk"};

bool assay_text_encoding_parse(const char *name, enum assay_text_encoding *out)
{
    size_t i = 0;
    while (i < ASSAY_TEXT_ENCODINGS && strcmp(assay_text_encodings[i], name) != 0)
        i++;
    *out = i < ASSAY_TEXT_ENCODINGS ? (enum assay_text_encoding)i : ASSAY_TEXT_UTF8;
    return i < ASSAY_TEXT_ENCODINGS;
}
