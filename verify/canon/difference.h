/* Between the files of the classifier; private to verify/canon/. */
#ifndef ASSAY_CANON_DIFFERENCE_H
#define ASSAY_CANON_DIFFERENCE_H

#include "assay/difference.h"
#include "assay/rule.h"
#include "assay/value.h"

/* Words that an argument n stands for. NULL past the end. */
const char *assay_difference_word(enum assay_difference_kind kind, int32_t n);

struct side_value { /* one side of a pair */
    const uint8_t *cell; /* as given */
    size_t len;
    struct assay_value v; /* the resolved value; of a defect the raw one, BAD when that is not kept */
    bool defect, known; /* known: v can be used */
    struct assay_interval interval; /* of one */
    struct assay_buf scratch; /* what v points to */
};

enum classifier_when {
    WHEN_ANY = 0,
    WHEN_NULL = 1, /* one side is NULL */
    WHEN_DEFECT = 2, /* one side does not decode */
    ON_BOTH = 4, /* also on both sides at once */
    ONLY_BOTH = 8, /* and no otherwise */
    DOCUMENTS = 16 /* both sides are a JSON object or array */
};

struct classifier_rule { /* a rule on trial */
    struct assay_difference d;
    struct assay_rule rule;
    unsigned when; /* enum classifier_when */
};

struct assay_classifier {
    enum assay_logical type;
    struct side_value side[2];
    struct assay_buf cell[2], work;
    struct middle { /* a side under the first of two rules */
        struct side_value value;
        struct assay_buf raw, cell;
    } middle[2];
    unsigned fruitless; /* pairs of rules that explained nothing, in a row */
    struct inside *inside; /* of types that have parts, else NULL */
    struct classifier_rule *rule;
    size_t n_rules;
    enum assay_status status; /* ASSAY_ENOMEM once memory ran out */
};

void assay_difference_add(struct assay_differences *out, enum assay_difference_kind kind,
                          enum assay_difference_side side, int32_t n);
/* The cell of v under a type; false: it has none. */
bool assay_difference_cell(struct assay_classifier *c, enum assay_logical type, const struct assay_value *v,
                           struct assay_buf *out);

/* Is the rule worth a trial on the two sides as they are? */
bool assay_difference_applies(const struct assay_classifier *c, const struct classifier_rule *r);
/* The value that a cell holds, into s->v; false: of none that a trial knows. */
bool assay_difference_value(enum assay_logical type, struct side_value *s);
/* Classes that explain the two sides by one step. */
void assay_difference_step(struct assay_classifier *c, struct assay_differences *out);
/* difference_pair.c: by two steps. */
void assay_difference_pairs(struct assay_classifier *c, struct assay_differences *out);
/* difference_nested.c: classes of the parts, of two trees. */
void assay_difference_inside(struct assay_classifier *c, struct assay_differences *out);
enum assay_status assay_inside_new(const struct assay_shape *shape, struct inside **out);
void assay_inside_free(struct inside *in);
bool assay_difference_nomem(struct assay_classifier *c, const char *why);

/* What `side` has became what the other side has. */
void assay_difference_of_text(struct assay_classifier *c, int side, struct assay_differences *out);
void assay_difference_of_time(struct assay_classifier *c, int side, struct assay_differences *out);
void assay_difference_of_number(struct assay_classifier *c, int side, struct assay_differences *out);

#endif
