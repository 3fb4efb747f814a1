#include "yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

void assay_diag_add(struct assay_diag *d, const yaml_mark_t *at, const char *fmt, ...)
{
    char text[600];
    if (d->n == ASSAY_PLAN_MAX_ERRORS)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    struct assay_diag_line *l = &d->line[d->n];
    if (!(l->text = strdup(text))) {
        d->nomem = true;
        return;
    }
    l->line = at ? at->line + 1 : 0;
    l->column = at ? at->column + 1 : 0;
    d->n++;
}

static int by_position(const void *a, const void *b)
{
    const struct assay_diag_line *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

enum assay_status assay_diag_flush(struct assay_diag *d, struct assay_buf *out, struct assay_err *e)
{
    if (d->nomem)
        return assay_fail_nomem(e);
    qsort(d->line, d->n, sizeof d->line[0], by_position);
    for (size_t i = 0; i < d->n; i++) {
        const struct assay_diag_line *l = &d->line[i];
        char at[64] = "";
        if (l->line)
            snprintf(at, sizeof at, ":%zu:%zu", l->line, l->column);
        if (i == 0)
            assay_fail(e, ASSAY_EPLAN, "%s%s: %s", d->path, at, l->text);
        if (out && assay_buf_addf(out, "%s%s: %s\n", d->path, at, l->text) != ASSAY_OK)
            return ASSAY_ENOMEM;
    }
    return d->n ? ASSAY_EPLAN : ASSAY_OK;
}

void assay_diag_release(struct assay_diag *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->line[i].text);
    d->n = 0;
}

static void syntax_error(const yaml_parser_t *p, struct assay_diag *d)
{
    const char *problem = p->problem ? p->problem : "cannot be parsed";
    if (p->error == YAML_MEMORY_ERROR) {
        d->nomem = true;
    } else if (p->error == YAML_READER_ERROR) {
        assay_diag_add(d, &p->mark, "not YAML: %s at byte %zu", problem, p->problem_offset);
    } else if (p->context) {
        assay_diag_add(d, &p->problem_mark, "not YAML: %s %s", problem, p->context);
    } else {
        assay_diag_add(d, &p->problem_mark, "not YAML: %s", problem);
    }
}

/* What the event pass refuses; NULL: nothing. Anchors and tags have no use in a plan, and libyaml's search for an
 * anchor's double is quadratic. */
static const char *refused(const yaml_event_t *ev, size_t depth, size_t documents)
{
    const yaml_char_t *tag = NULL, *anchor = NULL;
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        return "aliases (*name) are not supported in a plan";
    case YAML_SCALAR_EVENT:
        tag = ev->data.scalar.tag;
        anchor = ev->data.scalar.anchor;
        break;
    case YAML_SEQUENCE_START_EVENT:
        tag = ev->data.sequence_start.tag;
        anchor = ev->data.sequence_start.anchor;
        break;
    case YAML_MAPPING_START_EVENT:
        tag = ev->data.mapping_start.tag;
        anchor = ev->data.mapping_start.anchor;
        break;
    case YAML_DOCUMENT_START_EVENT:
        return documents > 1 ? "a second document starts here; a plan is one document" : NULL;
    default:
        return NULL;
    }
    if (anchor)
        return "anchors (&name) are not supported in a plan";
    if (tag)
        return "tags (!name) are not supported in a plan";
    return depth > ASSAY_MAX_PLAN_DEPTH ? "nested too deeply" : NULL;
}

/* The cheap pass: limits are met before any tree is built. */
static bool event_pass(const struct assay_buf *bytes, struct assay_diag *d)
{
    yaml_parser_t p;
    size_t depth = 0, documents = 0;
    bool ok = true, done = false;
    if (!yaml_parser_initialize(&p)) {
        d->nomem = true;
        return false;
    }
    yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p, bytes->ptr, bytes->len);
    while (ok && !done) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&p, &ev)) {
            syntax_error(&p, d);
            ok = false;
            break;
        }
        if (ev.type == YAML_MAPPING_START_EVENT || ev.type == YAML_SEQUENCE_START_EVENT)
            depth++;
        if (ev.type == YAML_MAPPING_END_EVENT || ev.type == YAML_SEQUENCE_END_EVENT)
            depth--;
        documents += ev.type == YAML_DOCUMENT_START_EVENT;
        done = ev.type == YAML_STREAM_END_EVENT;
        const char *why = refused(&ev, depth, documents);
        if (why) {
            assay_diag_add(d, &ev.start_mark, "%s", why);
            ok = false;
        }
        yaml_event_delete(&ev);
    }
    if (ok && documents == 0) {
        assay_diag_add(d, NULL, "the plan is empty");
        ok = false;
    }
    yaml_parser_delete(&p);
    return ok;
}

/* %YAML and %TAG lines: of no use here, and libyaml compares each with all before it. */
static bool has_directive(const struct assay_buf *bytes, yaml_mark_t *at)
{
    *at = (yaml_mark_t){0};
    for (const uint8_t *p = bytes->ptr, *end = bytes->ptr + bytes->len; p && p < end; at->line++) {
        if (*p == '%')
            return true;
        const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));
        p = lf ? lf + 1 : NULL;
    }
    return false;
}

bool assay_yaml_parse(const struct assay_buf *bytes, yaml_document_t *doc, struct assay_diag *d)
{
    static const unsigned char nothing[1];
    struct assay_buf b = *bytes;
    yaml_parser_t p;
    yaml_mark_t at;
    if (!b.ptr)
        b.ptr = (uint8_t *)(uintptr_t)nothing; /* an empty file; never written to */
    if (has_directive(&b, &at)) {
        assay_diag_add(d, &at, "a line that starts with %% (a directive) is not supported in a plan");
        return false;
    }
    if (!event_pass(&b, d))
        return false;
    if (!yaml_parser_initialize(&p)) {
        d->nomem = true;
        return false;
    }
    yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p, b.ptr, b.len);
    bool ok = yaml_parser_load(&p, doc);
    if (!ok)
        syntax_error(&p, d);
    yaml_parser_delete(&p);
    if (ok && !yaml_document_get_root_node(doc)) {
        yaml_document_delete(doc);
        assay_diag_add(d, NULL, "the plan is empty");
        ok = false;
    }
    return ok;
}
