#include "assay/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "assay/clock.h"

#define LINE_MAX_BYTES 2048
#define PROGRESS_EVERY_MS 100
#define INTERRUPT_TWICE_MS 500

/* The one place of the suite with process-wide state. */
static struct {
    pthread_mutex_t lock;
    const char *program;
    int verbosity;
    const char *color; /* "auto", "always", "never" */
    int64_t progress_ms; /* when the progress line was last drawn; 0: none is on the screen */
} state = {PTHREAD_MUTEX_INITIALIZER, "assay", 0, "auto", 0};

static volatile sig_atomic_t interrupted_by;
static volatile int64_t interrupted_ms;

void assay_log_init(const char *program, int verbosity)
{
    pthread_mutex_lock(&state.lock);
    state.program = program;
    state.verbosity = verbosity;
    pthread_mutex_unlock(&state.lock);
}

void assay_color_mode(const char *mode)
{
    state.color = mode && strcmp(mode, "always") == 0  ? "always"
                  : mode && strcmp(mode, "never") == 0 ? "never"
                                                       : "auto";
}

static bool is_set(const char *name)
{
    const char *v = getenv(name);
    return v && *v;
}

bool assay_color_on(int fd)
{
    if (strcmp(state.color, "auto") != 0)
        return strcmp(state.color, "always") == 0;
    if (is_set("NO_COLOR"))
        return false;
    const char *force = getenv("CLICOLOR_FORCE");
    if (force && *force && strcmp(force, "0") != 0)
        return true;
    const char *term = getenv("TERM");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool assay_locale_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *locale = getenv(names[i]);
        if (!locale || !*locale)
            continue;
        const char *dot = strchr(locale, '.');
        return dot && (strncasecmp(dot, ".utf-8", 6) == 0 || strncasecmp(dot, ".utf8", 5) == 0);
    }
    return false;
}

/* Messages name files and tables, whose names are hostile: no escape sequence may reach the terminal. */
static void defuse(char *line)
{
    for (unsigned char *p = (unsigned char *)line; *p; p++) {
        if (*p < 0x20 || *p == 0x7f)
            *p = '?';
        else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) /* U+0080..U+009F */
            p[0] = p[1] = '?';
    }
}

static void clear_progress(void)
{
    if (!state.progress_ms)
        return;
    fputs("\r\033[K", stderr);
    state.progress_ms = 0;
}

void assay_log(enum assay_level l, const char *fmt, ...)
{
    static const struct {
        const char *word, *on;
        int verbosity;
    } level[] = {
        [ASSAY_LOG_ERROR] = {"error: ", "\033[1;31m", -1},
        [ASSAY_LOG_WARN] = {"warning: ", "\033[1;33m", 0},
        [ASSAY_LOG_INFO] = {"", "", 1},
        [ASSAY_LOG_DEBUG] = {"debug: ", "\033[2m", 2},
    };
    if (l > ASSAY_LOG_DEBUG || state.verbosity < level[l].verbosity)
        return;
    char line[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    defuse(line);
    bool color = *level[l].on && assay_color_on(STDERR_FILENO);
    pthread_mutex_lock(&state.lock);
    clear_progress();
    fprintf(stderr, "%s: %s%s%s%s\n", state.program, color ? level[l].on : "", level[l].word, color ? "\033[0m" : "",
            line);
    fflush(stderr);
    pthread_mutex_unlock(&state.lock);
}

void assay_log_lines(enum assay_level l, const char *text)
{
    for (size_t n; text && *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        assay_log(l, "%.*s", (int)n, text);
    }
}

void assay_progress(const char *fmt, ...)
{
    if (state.verbosity < 0 || !isatty(STDERR_FILENO))
        return;
    pthread_mutex_lock(&state.lock);
    int64_t now = assay_clock_ms();
    if (!fmt) {
        clear_progress();
    } else if (now - state.progress_ms >= PROGRESS_EVERY_MS) {
        char line[160]; /* longer ones would wrap and could not be taken back */
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(line, sizeof line, fmt, ap);
        va_end(ap);
        defuse(line);
        fprintf(stderr, "\r\033[K%.78s", line);
        state.progress_ms = now;
    }
    fflush(stderr);
    pthread_mutex_unlock(&state.lock);
}

/* A terminal, a supervisor and the front door may each deliver the same request: only a later one counts as the second.
 */
static void on_signal(int sig)
{
    int64_t now = assay_clock_ms();
    if (interrupted_by && now - interrupted_ms >= INTERRUPT_TWICE_MS)
        _exit(128 + sig);
    if (!interrupted_by) {
        interrupted_ms = now;
        interrupted_by = sig;
    }
}

static void on_large_file(int sig)
{
    (void)sig;
}

void assay_interrupt_install(void)
{
    /* SA_RESTART: a read cut short by the signal must not look like a damaged file. */
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&sa.sa_mask);
    sigaddset(&sa.sa_mask, SIGINT);
    sigaddset(&sa.sa_mask, SIGTERM);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    /* Under `ulimit -f` a file that would become too large is an error like a full disk. Not ignored but caught, since
     * programs that we run must find it as it was. */
    sa.sa_handler = on_large_file;
    sigaction(SIGXFSZ, &sa, NULL);
}

bool assay_interrupted(void)
{
    return interrupted_by != 0;
}

int assay_interrupt_signal(void)
{
    return (int)interrupted_by;
}
