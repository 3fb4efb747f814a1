#include "recognise.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/limits.h"
#include "assay/publish.h"

/* What the first bytes of a CSV file say about its quotes. */
struct quotes {
    size_t fields, quoted, needless, spaces; /* spaces: quoted for a space alone */
    bool bare_space; /* a space in a field without quotes */
};

struct evidence {
    const struct assay_survey *source, *archive;
    struct assay_marks marks;
    struct quotes quotes;
};

/* ---- text ---- */

/* Whole lines only: the head may end anywhere. */
static size_t whole_lines(const struct assay_buf *head)
{
    size_t n = head->ptr ? head->len : 0;
    while (n && head->ptr[n - 1] != '\n')
        n--;
    return n;
}

static void count_field(struct quotes *q, const uint8_t *p, size_t n, bool quoted, char delimiter)
{
    const bool space = memchr(p, ' ', n) != NULL;
    bool needs = false;
    for (size_t i = 0; i < n; i++)
        needs = needs || p[i] == '"' || p[i] == '\n' || p[i] == '\r' || p[i] == (uint8_t)delimiter;
    q->fields++;
    q->quoted += quoted;
    q->needless += quoted && n && !needs;
    q->spaces += quoted && space && !needs;
    q->bare_space = q->bare_space || (!quoted && space);
}

static struct quotes look_at_quotes(const struct assay_buf *head, char delimiter)
{
    struct quotes q = {0};
    const size_t n = whole_lines(head);
    for (size_t i = 0; i < n; i++) {
        const bool quoted = head->ptr[i] == '"';
        size_t from = i += quoted;
        if (quoted) {
            for (; i < n && !(head->ptr[i] == '"' && head->ptr[i + 1] != '"'); i++)
                i += head->ptr[i] == '"';
            if (i + 1 >= n)
                return q;
        } else {
            while (i < n && head->ptr[i] != (uint8_t)delimiter && head->ptr[i] != '\n' && head->ptr[i] != '\r')
                i++;
        }
        count_field(&q, head->ptr + from, i - from, quoted, delimiter);
        i += quoted;
        i += i < n && head->ptr[i] == '\r';
    }
    return q;
}

/* As many tabs in every line, and at least one escape: nothing else writes \N. */
static bool is_copy(const struct assay_buf *head)
{
    const uint8_t *p = head->ptr;
    size_t tabs = 0, first = SIZE_MAX;
    bool escapes = false;
    for (size_t i = 0, n = whole_lines(head); p && i < n; i++) {
        if (p[i] == '\\') {
            escapes = escapes || strchr("Nbfnrtv\\", p[i + 1]) != NULL;
            i++;
        } else if (p[i] == '\t') {
            tabs++;
        } else if (p[i] == '\n') {
            if (first != SIZE_MAX && tabs != first)
                return false;
            first = tabs;
            tabs = 0;
        }
    }
    return escapes && first != SIZE_MAX && first > 0;
}

static bool ends_lines(const struct assay_buf *head, const char *how)
{
    const uint8_t *lf = head->len ? memchr(head->ptr, '\n', head->len) : NULL;
    const bool cr = lf && lf > head->ptr && lf[-1] == '\r';
    return lf && cr == (strcmp(how, "crlf") == 0);
}

static bool quotes_so(const struct quotes *q, const char *how)
{
    if (strcmp(how, "all") == 0)
        return q->fields > 0 && q->quoted == q->fields;
    if (strcmp(how, "spaces") == 0)
        return q->spaces > 0 && !q->bare_space && q->quoted < q->fields;
    return q->fields > 0 && q->needless == 0;
}

/* ---- values ---- */

static bool is_textual(const struct assay_value *v)
{
    return v->kind == ASSAY_K_TEXT || v->kind == ASSAY_K_LEXEME;
}

static bool is_listed(const struct assay_value *v, const struct assay_profile_list *words)
{
    for (size_t i = 0; i < words->n; i++)
        if (v->len == strlen(words->v[i]) && memcmp(v->p, words->v[i], v->len) == 0)
            return true;
    return false;
}

/* 9 is any digit, a last * anything, the rest stands for itself. */
static bool has_pattern(const struct assay_value *v, const char *pattern)
{
    uint32_t i = 0;
    for (; *pattern && *pattern != '*'; pattern++, i++)
        if (i == v->len || (*pattern == '9' ? v->p[i] < '0' || v->p[i] > '9' : v->p[i] != (uint8_t)*pattern))
            return false;
    return *pattern == '*' || i == v->len;
}

/* A column all of whose sampled values are so; SIZE_MAX: none. */
static size_t column_of(const struct assay_survey *s, const struct assay_profile_list *words, const char *pattern)
{
    for (size_t c = 0; c < s->schema.n; c++) {
        size_t n = 0;
        for (; n < s->col[c].n; n++) {
            const struct assay_value *v = &s->col[c].v[n];
            if (!is_textual(v) || (words ? !is_listed(v, words) : !has_pattern(v, pattern)))
                break;
        }
        if (n > 0 && n == s->col[c].n)
            return c;
    }
    return SIZE_MAX;
}

static bool lost_empties(const struct evidence *ev)
{
    bool lost = false;
    for (size_t i = 0; i < ev->source->schema.n; i++) {
        const size_t at = assay_schema_find(&ev->archive->schema, ev->source->schema.col[i].name);
        if (at == SIZE_MAX)
            continue;
        if (ev->archive->col[at].quoted_empty)
            return false;
        for (size_t k = 0; k < ev->source->col[i].n && !lost; k++)
            lost = is_textual(&ev->source->col[i].v[k]) && ev->source->col[i].v[k].len == 0 &&
                   ev->archive->col[at].nulls > 0;
    }
    return lost;
}

/* ---- files ---- */

/* The line of the metadata that begins with `kind` and matches the glob; its rest goes to out. */
static bool find_made(const struct assay_buf *made, const char *kind, const char *glob, char out[128])
{
    const size_t skip = strlen(kind);
    for (size_t from = 0; from < made->len;) {
        const uint8_t *p = made->ptr + from, *lf = memchr(p, '\n', made->len - from);
        const size_t n = lf ? (size_t)(lf - p) : made->len - from;
        from += n + 1;
        if (n <= skip || memcmp(p, kind, skip) != 0)
            continue;
        snprintf(out, 128, "%.*s", (int)(n - skip), (const char *)p + skip);
        if (fnmatch(glob, out, 0) == 0)
            return true;
    }
    return false;
}

static bool named_so(const struct assay_survey *s, const char *glob)
{
    size_t n = 0;
    for (; n < s->n_parts; n++) {
        const char *slash = strrchr(s->part[n].name, '/');
        if (fnmatch(glob, slash ? slash + 1 : s->part[n].name, 0) != 0)
            return false;
    }
    return n > 0;
}

static bool is_beside(const struct assay_survey *s, const char *name)
{
    struct assay_buf path = {.max = ASSAY_MAX_PATH};
    const char *slash = s->n_parts ? strrchr(s->part[0].name, '/') : NULL;
    const int folder = slash ? (int)(slash - s->part[0].name) + 1 : 0;
    char rel[ASSAY_MAX_PATH];
    const int n = s->n_parts ? snprintf(rel, sizeof rel, "%.*s%s", folder, s->part[0].name, name) : -1;
    const bool is = n > 0 && n < (int)sizeof rel && assay_path_join(s->loc.base_dir, rel, &path) == ASSAY_OK &&
                    access((const char *)path.ptr, F_OK) == 0;
    assay_buf_release(&path);
    return is;
}

static bool has_column(const struct assay_schema *s, const char *glob)
{
    for (size_t i = 0; i < s->n; i++)
        if (fnmatch(glob, s->col[i].name, 0) == 0)
            return true;
    return false;
}

/* ---- one profile ---- */

struct telling {
    struct assay_buf why;
    size_t n; /* marks that hold */
    bool all;
};

static void tell(struct telling *t, bool holds, size_t weight, const char *what, const char *which)
{
    t->all = t->all && holds;
    if (!t->all)
        return;
    t->n += weight;
    (void)assay_buf_addf(&t->why, "%s%s%.100s", t->why.len ? "; " : "", what,
                         which); /* a reason cut short is no harm */
}

static void tell_list(struct telling *t, const struct evidence *ev, const struct assay_profile_mark *m)
{
    char found[128];
    for (size_t i = 0; i < m->metadata.n; i++)
        tell(t, find_made(&ev->marks.made, "metadata ", m->metadata.v[i], found), 2, "metadata ", found);
    for (size_t i = 0; i < m->columns.n; i++)
        tell(t, has_column(&ev->archive->schema, m->columns.v[i]), 2, "a column ", m->columns.v[i]);
    if (m->words.n) {
        const size_t c = column_of(ev->archive, &m->words, "");
        snprintf(found, sizeof found, "%.40s%s%.40s", m->words.v[0], m->words.n > 1 ? " and " : "",
                 m->words.n > 1 ? m->words.v[1] : "");
        tell(t, c != SIZE_MAX, 1, "values such as ", found);
    }
}

static void tell_mark(struct telling *t, const struct evidence *ev, const struct assay_profile_mark *m)
{
    char found[128] = "";
    if (m->created_by)
        tell(t, find_made(&ev->marks.made, "created_by ", m->created_by, found), 3, "created by ", found);
    if (m->files)
        tell(t, named_so(ev->archive, m->files), 2, "files ", m->files);
    if (m->beside)
        tell(t, is_beside(ev->archive, m->beside), 2, "beside them ", m->beside);
    if (m->line_end)
        tell(t, ends_lines(&ev->marks.head, m->line_end), 0, "lines end in ", m->line_end);
    if (m->quoting)
        tell(t, quotes_so(&ev->quotes, m->quoting), 1, "quotes: ", m->quoting);
    if (m->copy)
        tell(t, is_copy(&ev->marks.head), 3, "tabs and backslash escapes", "");
    if (m->pattern)
        tell(t, column_of(ev->archive, NULL, m->pattern) != SIZE_MAX, 1, "values as ", m->pattern);
    tell_list(t, ev, m);
    if (m->empties)
        tell(t, lost_empties(ev), 1, "empty texts are gone", "");
}

/* CSV and COPY text have no suffix of their own that tells them apart. */
static bool is_of_format(const char *format, const struct assay_survey *archive)
{
    static const char *const natives[] = {"csv", "copy"};
    bool text = false;
    for (size_t i = 0; i < 2; i++)
        text = text || strcmp(format, natives[i]) == 0;
    return text ? archive->untyped : !archive->untyped;
}

static size_t weigh(const struct assay_profile *p, const struct evidence *ev, char why[400])
{
    size_t best = 0;
    for (size_t i = 0; i < p->n_marks && is_of_format(p->format, ev->archive); i++) {
        struct telling t = {.all = true};
        tell_mark(&t, ev, &p->mark[i]);
        if (t.all && t.n > best && assay_buf_str(&t.why)) {
            best = t.n;
            snprintf(why, 400, "%s", (const char *)t.why.ptr);
        }
        assay_buf_release(&t.why);
    }
    return best;
}

/* Binary formats are told apart by the reader that opened them. */
static bool is_same_format(const struct assay_profile *p, const struct assay_survey *archive)
{
    const char *name = archive->n_parts ? archive->part[0].name : "";
    static const struct suffix {
        const char *suffix, *format;
    } suffixes[] = {{".parquet", "parquet"},
                    {".parq", "parquet"},
                    {".avro", "avro"},
                    {".ndjson", "ndjson"},
                    {".json", "ndjson"}}; /* .jsonl, too */
    if (archive->untyped)
        return true;
    if (archive->loc.format)
        return strcmp(archive->loc.format, p->format) == 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (strstr(name, suffixes[i].suffix))
            return strcmp(suffixes[i].format, p->format) == 0;
    return false;
}

static enum assay_status weigh_all(const struct evidence *ev, char **names, size_t n, struct assay_recognised *out,
                                   struct assay_err *e)
{
    size_t best = 0;
    char why[400], rival[80] = "";
    for (size_t i = 0; i < n; i++) {
        struct assay_profile *p = NULL;
        enum assay_status s = assay_profile_load(names[i], ".", &p, e);
        if (s != ASSAY_OK)
            return s;
        const size_t score = is_same_format(p, ev->archive) ? weigh(p, ev, why) : 0;
        if (score > best) {
            assay_profile_free(out->profile);
            out->profile = p;
            p = NULL;
            best = score;
            rival[0] = '\0';
            snprintf(out->why, sizeof out->why, "%s", why);
        } else if (score && score == best) {
            snprintf(rival, sizeof rival, "%.60s", p->name);
        }
        assay_profile_free(p);
    }
    if (rival[0]) {
        snprintf(out->why, sizeof out->why, "could be %.60s or %.60s; say which with --profile", out->profile->name,
                 rival);
        assay_profile_free(out->profile);
        out->profile = NULL;
    }
    return ASSAY_OK;
}

enum assay_status assay_recognise(const struct assay_survey *source, const struct assay_survey *archive,
                                  struct assay_recognised *out, struct assay_err *e)
{
    struct evidence ev = {.source = source, .archive = archive};
    struct assay_err why = {0};
    char **names = NULL;
    size_t n = 0;
    *out = (struct assay_recognised){.why = "none of the known marks"};
    enum assay_status s = assay_profile_names(&names, &n, &why);
    if (s == ASSAY_ENOTFOUND) {
        snprintf(out->why, sizeof out->why, "%.300s", why.msg);
        return ASSAY_OK;
    }
    if (s != ASSAY_OK)
        return assay_fail(e, s, "%s", why.msg);
    if (archive->n_parts && archive->reader->ops->marks)
        s = archive->reader->ops->marks(archive->reader, 0, &ev.marks, e);
    if (s == ASSAY_OK) {
        ev.quotes = look_at_quotes(&ev.marks.head, archive->loc.csv.delimiter);
        s = weigh_all(&ev, names, n, out, e);
    }
    assay_marks_release(&ev.marks);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return s;
}
