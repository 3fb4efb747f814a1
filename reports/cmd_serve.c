/* serve --witness: HTTP around assay/witness.h. One thread: a request is answered before the next is looked at, which
 * is what makes the witness's checking and remembering one step. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "assay/limits.h"
#include "assay/log.h"
#include "assay/note.h"
#include "assay/witness.h"
#include "cmd.h"

/* What has come of one request's body. */
struct upload {
    struct assay_buf body;
    bool too_long;
};

static enum MHD_Result reply(struct MHD_Connection *c, const struct assay_witness_answer *a)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(a->body.len, a->body.len ? a->body.ptr : NULL, MHD_RESPMEM_MUST_COPY);
    if (!r)
        return MHD_NO;
    enum MHD_Result ok = MHD_NO;
    if (MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->type) == MHD_YES)
        ok = MHD_queue_response(c, a->status, r);
    MHD_destroy_response(r);
    return ok;
}

static enum MHD_Result reply_plain(struct MHD_Connection *c, unsigned status, const char *says)
{
    struct assay_witness_answer a = {.status = status, .type = "text/plain; charset=utf-8"};
    enum MHD_Result ok = MHD_NO;
    if (assay_buf_adds(&a.body, says) == ASSAY_OK)
        ok = reply(c, &a);
    assay_buf_release(&a.body);
    return ok;
}

/* GET /<hex sha256(origin)>/checkpoint */
static enum MHD_Result get(struct assay_witness *w, struct MHD_Connection *c, const char *url)
{
    struct assay_witness_answer a = {0};
    struct assay_err e = {0};
    char hex[65];
    if (strlen(url) != 1 + 64 + strlen("/checkpoint") || strcmp(url + 65, "/checkpoint") != 0)
        return reply_plain(c, 404, "there is nothing of that name here\n");
    memcpy(hex, url + 1, 64);
    hex[64] = '\0';
    if (assay_witness_latest(w, hex, &a, &e) != ASSAY_OK)
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    enum MHD_Result ok = reply(c, &a);
    assay_buf_release(&a.body);
    return ok;
}

static enum MHD_Result add(struct assay_witness *w, struct MHD_Connection *c, const struct upload *u)
{
    struct assay_witness_answer a = {0};
    struct assay_err e = {0};
    if (u->too_long)
        return reply_plain(c, 413, "the request is too long\n");
    if (assay_witness_add(w, u->body.len ? (const char *)u->body.ptr : "", u->body.len, (uint64_t)time(NULL), &a, &e) !=
        ASSAY_OK)
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    assay_log(ASSAY_LOG_INFO, "add-checkpoint: %u", a.status);
    enum MHD_Result ok = reply(c, &a);
    assay_buf_release(&a.body);
    return ok;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *data, size_t *n, void **state)
{
    struct assay_witness *w = ctx;
    struct upload *u = *state;
    (void)version;
    if (strcmp(method, "GET") == 0)
        return get(w, c, url);
    if (strcmp(url, "/add-checkpoint") != 0)
        return u || *n == 0 ? reply_plain(c, 404, "there is nothing of that name here\n") : MHD_YES;
    if (strcmp(method, "POST") != 0)
        return reply_plain(c, 405, "add-checkpoint wants a POST\n");
    if (!u) {
        *state = u = calloc(1, sizeof *u);
        if (!u)
            return MHD_NO;
        u->body.max = ASSAY_MAX_WITNESS_BODY;
        return MHD_YES;
    }
    if (*n == 0)
        return add(w, c, u);
    u->too_long = u->too_long || assay_buf_add(&u->body, data, *n) != ASSAY_OK;
    *n = 0; /* what is too long is read and dropped, so that the client hears why */
    return MHD_YES;
}

static void done(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
    struct upload *u = *state;
    (void)ctx;
    (void)c;
    (void)why;
    if (!u)
        return;
    assay_buf_release(&u->body);
    free(u);
    *state = NULL;
}

/* ---- the server ---- */

static enum assay_status parse_listen(const char *text, struct sockaddr_in *out, struct assay_err *e)
{
    char host[64] = "127.0.0.1", *end;
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
    if (colon)
        snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    unsigned long n = strtoul(port, &end, 10);
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)n)};
    if (!*port || *end || n > 65535 || inet_pton(AF_INET, host, &out->sin_addr) != 1)
        return assay_fail(e, ASSAY_EUSAGE, "--listen \"%.80s\": expected PORT or ADDRESS:PORT, IPv4", text);
    return ASSAY_OK;
}

static struct MHD_Daemon *start(struct assay_witness *w, const struct sockaddr_in *at)
{
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL, NULL, handle, w,
                            MHD_OPTION_SOCK_ADDR, at, MHD_OPTION_CONNECTION_LIMIT, (unsigned)ASSAY_WITNESS_CONNECTIONS,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)ASSAY_WITNESS_IDLE_S,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768, MHD_OPTION_NOTIFY_COMPLETED, done, NULL,
                            MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
}

/* Until SIGINT or SIGTERM. The signals are blocked before the server's thread begins, so that it never sees them. */
static enum assay_status serve(struct assay_witness *w, const struct sockaddr_in *at, struct assay_err *e)
{
    char host[INET_ADDRSTRLEN];
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    int fd = sigprocmask(SIG_BLOCK, &stop, NULL) ? -1 : signalfd(-1, &stop, SFD_CLOEXEC);
    if (fd < 0)
        return assay_fail(e, ASSAY_EIO, "cannot wait for signals");
    struct MHD_Daemon *d = start(w, at);
    const union MHD_DaemonInfo *port = d ? MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!port) {
        close(fd);
        return assay_fail(e, ASSAY_EIO, "cannot listen on %s:%u", inet_ntop(AF_INET, &at->sin_addr, host, sizeof host),
                          ntohs(at->sin_port));
    }
    printf("http://%s:%u/ witnesses as %s\n", inet_ntop(AF_INET, &at->sin_addr, host, sizeof host),
           (unsigned)port->port, assay_witness_vkey(w));
    fflush(stdout);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, -1) < 0)
        ;
    MHD_stop_daemon(d); /* after the request that it is at */
    close(fd);
    return ASSAY_OK;
}

static enum assay_status new_key(const char *key, const char *name, struct assay_err *e)
{
    struct assay_key *k = NULL;
    enum assay_status s = assay_key_generate_witness(key, name, e);
    if (s == ASSAY_OK)
        s = assay_key_load_witness(key, &k, e);
    if (s == ASSAY_OK)
        printf("%s\n", assay_key_vkey(k));
    assay_key_free(k);
    return s;
}

static enum assay_status run(const struct assay_args *a, struct assay_err *e)
{
    const char *key = assay_arg(a, "key"), *policy = assay_arg(a, "policy"), *state = assay_arg(a, "state"),
               *listen = assay_arg(a, "listen"), *name = assay_arg(a, "new-key");
    struct assay_witness *w = NULL;
    struct sockaddr_in at;
    if (!assay_arg_flag(a, "witness"))
        return assay_fail(e, ASSAY_EUSAGE, "serve wants --witness: nothing else is served");
    if (key && name)
        return new_key(key, name, e);
    if (!key || !policy || !state)
        return assay_fail(e, ASSAY_EUSAGE, "serve --witness wants --key FILE, --policy FILE and --state DIR");
    enum assay_status s = parse_listen(listen ? listen : "8088", &at, e);
    if (s == ASSAY_OK)
        s = assay_witness_open(state, key, policy, &w, e);
    if (s == ASSAY_OK)
        s = serve(w, &at, e);
    assay_witness_close(w);
    return s;
}

int assay_cmd_serve(struct assay_args *a)
{
    struct assay_err e = {0};
    enum assay_status s = run(a, &e);
    if (s == ASSAY_OK && (fflush(stdout) || ferror(stdout)))
        s = assay_fail(&e, ASSAY_EIO, "standard output: cannot write");
    if (s != ASSAY_OK)
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    return (int)assay_err_exit(s);
}
