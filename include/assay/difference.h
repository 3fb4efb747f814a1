/* Why two values of one column differ, without saying either: the classes of a difference. Pure.
 *
 * A class is written KIND[:ARG]@SIDE, with /inside behind it when it is about a part of a list, struct, map or
 * document. SIDE is the one on which the rule would have to stand (the one that has more to lose: the finer time stamp,
 * the untrimmed text), or "both". ARG is a unit, a count, an offset, or a word of the fixed lists of difference_kind.c;
 * never a value of the data. Two classes with & between explain a difference together, applied in that order. */
#ifndef ASSAY_DIFFERENCE_H
#define ASSAY_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/type.h"

enum assay_difference_kind { /* those that take least from a value come first: of two that explain as much it wins */
                             ASSAY_DK_NULL_EMPTY,
                             ASSAY_DK_ABSENT,
                             ASSAY_DK_FIELDS,
                             ASSAY_DK_MEMBERS,
                             ASSAY_DK_SENTINEL, /* n: which, see assay_difference_word */
                             ASSAY_DK_RTRIM,
                             ASSAY_DK_TRIM,
                             ASSAY_DK_NEWLINE,
                             ASSAY_DK_BOUNDS,
                             ASSAY_DK_NFC,
                             ASSAY_DK_CASE,
                             ASSAY_DK_JSON,
                             ASSAY_DK_JSON_STRING,
                             ASSAY_DK_ENCODING, /* n: which character set */
                             ASSAY_DK_MOJIBAKE, /* likewise */
                             ASSAY_DK_REPLACED,
                             ASSAY_DK_BOOLEAN_WORDS, /* n: which pair of words */
                             ASSAY_DK_BOOLEAN_TEXT,
                             ASSAY_DK_NUMBER_TEXT,
                             ASSAY_DK_TIME_TEXT,
                             ASSAY_DK_TEXT_CUT, /* n: characters left */
                             ASSAY_DK_TIME_CUT, /* n: which unit */
                             ASSAY_DK_TIME_ROUNDED,
                             ASSAY_DK_TIME_ZONE, /* n: offset in seconds, of naive text */
                             ASSAY_DK_TIME_SHIFT, /* n: seconds that the archive is ahead */
                             ASSAY_DK_DAY_SHIFT, /* n: days that the archive is ahead */
                             ASSAY_DK_DAY_MONTH,
                             ASSAY_DK_INTERVAL,
                             ASSAY_DK_EPOCH, /* n: which unit */
                             ASSAY_DK_ZERO_SIGN,
                             ASSAY_DK_FLOAT32,
                             ASSAY_DK_FLOAT_DIGITS, /* n: significant digits */
                             ASSAY_DK_TYPED_DOUBLE, /* n: digits after the point */
                             ASSAY_DK_THROUGH_DOUBLE,
                             ASSAY_DK_DECIMAL_ROUNDED, /* n: digits after the point */
                             ASSAY_DK_DECIMAL_CUT, /* likewise */
                             ASSAY_DK_DECIMAL_POINT, /* n: places that it moved to the right */
                             ASSAY_DK_NULLED,
                             ASSAY_DK_FILLED,
                             ASSAY_DK_COLUMN, /* n: index of the other side's column that has this value */
                             ASSAY_DK_UNDECODABLE,
                             ASSAY_DK_COUNT
};

enum assay_difference_side { ASSAY_DS_SOURCE, ASSAY_DS_ARCHIVE, ASSAY_DS_BOTH };

struct assay_difference {
    uint8_t kind, side;
    bool inside; /* about a part of a nested value */
    bool with_next; /* explains only together with the one behind it */
    int32_t n;
};

#define ASSAY_MAX_DIFFERENCES 16 /* classes that one pair of values is said to have */
struct assay_differences {
    size_t n;
    struct assay_difference d[ASSAY_MAX_DIFFERENCES];
};

/* Reads pairs of one column. Not thread-safe. */
struct assay_classifier;
/* shape: of a list, struct or map, else NULL; must outlive the classifier. */
enum assay_status assay_classifier_new(enum assay_logical type, const struct assay_shape *shape,
                                       struct assay_classifier **out);
void assay_classifier_free(struct assay_classifier *c);
/* All classes that explain why the source's cell became the archive's, in the order of preference; where none does,
 * pairs of classes of which the one does to the value what is left of the other; none: nothing known does. The cells
 * are different, canonical, of that column's type, or defects: '!', u32 length, and the reason, then perhaps NUL, kind
 * and text of the raw value (verify/chunk/lane_cells.c). */
enum assay_status assay_classify(struct assay_classifier *c, const uint8_t *source, size_t n_source,
                                 const uint8_t *archive, size_t n_archive, struct assay_differences *out);

/* Where in nested values parts differed, and how often: names of fields with . between, [] an element, {} a value of a
 * map; no name out of a value. NULL past the last one. */
const char *assay_classifier_path(const struct assay_classifier *c, size_t i, uint64_t *count);
/* Forget these. */
void assay_classifier_forget(struct assay_classifier *c);

/* KIND[:ARG]@SIDE[/inside], appended; column: name of the other column, of kind COLUMN only. In ARG, all but letters,
 * digits and . + - / _ ( ) < > # are %XX, so that no blank, comma or @ stands in a class. */
enum assay_status assay_difference_text(const struct assay_difference *d, const char *column, struct assay_buf *out);

/* A class read back from its text. */
struct assay_difference_name {
    const struct assay_difference_row *row;
    char arg[256]; /* decoded; "" without one */
    enum assay_difference_side side;
    bool inside;
};
/* Text as it may stand in an ARG, with [] and {} too; appended. */
enum assay_status assay_difference_escape(const char *s, struct assay_buf *out);
bool assay_difference_parse(const char *text, size_t n, struct assay_difference_name *out);

/* What is known of a kind; one row of a table. */
struct assay_difference_row {
    const char *name; /* as in the text: "time-cut" */
    const char *says; /* evidence, "%s" for the argument */
    const char *rule; /* as the plan spells it, "%s" for the argument; NULL: no rule, export again */
    const char *hint;
    enum { ASSAY_DW_BOTH, ASSAY_DW_OTHER, ASSAY_DW_SAME } where; /* says speaks of: both; not SIDE; SIDE */
};
/* Evidence of a class, with its argument and its side: "in the archive, time stamps were cut to the ms". */
void assay_difference_says(const struct assay_difference_name *name, char *out, size_t n);
/* Rule of a class, e.g. "truncate: ms"; "" when there is none: for units that no rule has (the day), and inside nested
 * values, where no rule reaches. */
void assay_difference_rule(const struct assay_difference_name *name, char *out, size_t n);

#endif
