/* The daemon on the loop: its epoll set is one descriptor that libuv polls, its time-outs one timer.
 *
 * The connection memory is small because libmicrohttpd clears all of it for every request: 32 KB serve
 * 134,000 requests a second where 128 KB serve 80,000. Headers larger than that are refused by the
 * library with status 431. */
#include "server/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "page/sign_in.h"
#include "server/encoder.h"
#include "server/durable.h"
#include "server/event_journal.h"
#include "server/feed.h"
#include "server/listen.h"
#include "server/log_keeper.h"
#include "server/offload.h"
#include "server/orphans.h"
#include "server/request.h"
#include "server/retry.h"
#include "server/share.h"
#include "server/thumbnail_queue.h"

enum {
  DESCRIPTORS_WANTED = 8192,
  DESCRIPTORS_SPARE = 100, /* for what is no connection */
  CONNECTIONS_MAX = 4000,
  CONNECTION_MEMORY_BYTES = 32768,
  CONNECTION_TIMEOUT_S = 30, /* no byte in either direction */
  RUNS_MAX = 16              /* turns of the daemon before the loop gets its turn */
};

void
ms_server_unreference(struct ms_server *server)
{
  if (--server->references > 0) {
    return;
  }
  uv_cond_destroy(&server->finished);
  uv_mutex_destroy(&server->lock);
  free(server->url);
  free(server->public_url);
  free(server);
}

static void
on_handle_closed(uv_handle_t *handle)
{
  ms_server_unreference(handle->data);
}

static void
on_timer(uv_timer_t *timer)
{
  ms_server_pump(timer->data);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
  (void)status, (void)events;
  ms_server_pump(poll->data);
}

void
ms_server_pump(struct ms_server *server)
{
  if (server->pumping || server->closing) {
    server->pump_again = true;
    return;
  }
  server->pumping = true;
  MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
  bool has_timeout;
  int runs = 0;
  do {
    server->pump_again = false;
    ms_mhd.run(server->daemon);
    ms_durable_commit(server->durable);
    ms_log_keeper_look(server->log_keeper);
    has_timeout = ms_mhd.get_timeout(server->daemon, &timeout_ms) == MHD_YES;
  } while (++runs < RUNS_MAX && (server->pump_again || (has_timeout && timeout_ms == 0)));
  server->pumping = false;
  if (has_timeout || server->pump_again) {
    uv_timer_start(&server->timer, on_timer, server->pump_again ? 0 : timeout_ms, 0);
  } else {
    uv_timer_stop(&server->timer);
  }
}

/* As many as there are descriptors for, after asking for more: a connection that downloads has a file
 * open, too. */
static unsigned
connection_limit(void)
{
  struct rlimit limit = {0};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < DESCRIPTORS_WANTED) {
    struct rlimit wanted = limit;
    wanted.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    limit = setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted : limit;
  }
  rlim_t usable = limit.rlim_cur > DESCRIPTORS_SPARE ? (limit.rlim_cur - DESCRIPTORS_SPARE) / 2 : 1;
  return usable < CONNECTIONS_MAX ? (unsigned)usable : CONNECTIONS_MAX;
}

/* The daemon with the listening socket, which it takes. */
static enum ms_status
start_daemon(struct ms_server *server, int fd, struct ms_error *err)
{
  server->daemon = ms_mhd.start_daemon(
      MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0, NULL, NULL,
      ms_request_handle, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
      ms_request_completed, server, MHD_OPTION_CONNECTION_LIMIT, connection_limit(),
      MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
      MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
  if (!server->daemon) {
    close(fd);
    return ms_fail_errno(err, errno, "cannot start the HTTP server");
  }
  return MS_OK;
}

static enum ms_status
watch_daemon(struct ms_server *server, struct ms_error *err)
{
  const union MHD_DaemonInfo *info =
      ms_mhd.get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  uv_timer_init(server->loop, &server->timer);
  server->timer.data = server;
  server->references++;
  int failure = uv_poll_init(server->loop, &server->poll, info->epoll_fd);
  if (failure < 0) {
    uv_close((uv_handle_t *)&server->timer, on_handle_closed);
    return ms_fail(err, MS_IO, "cannot watch the HTTP server: %s", uv_strerror(failure));
  }
  server->poll.data = server;
  server->references++;
  uv_poll_start(&server->poll, UV_READABLE, on_readable);
  return MS_OK;
}

static char *
copy_public_url(const char *url)
{
  size_t length = strlen(url);
  while (length > 0 && url[length - 1] == '/') {
    length--;
  }
  return strndup(url, length);
}

static void
on_change(void *context, const char *event, size_t event_bytes)
{
  struct ms_server *server = context;
  struct ms_error err;
  ms_feed_hurry(server->feed);
  if (ms_server_publish(server, event, event_bytes, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "event hub: %s", err.message);
  }
}

enum ms_status
ms_server_open(uv_loop_t *loop, struct ms_api *api, const struct ms_server_options *options,
               struct ms_server **result, struct ms_error *err)
{
  enum ms_status status = ms_mhd_load(err);
  if (status != MS_OK) {
    return status;
  }
  struct ms_server *server = calloc(1, sizeof *server);
  if (!server) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  server->references = 1;
  server->loop = loop;
  server->api = api;
  LIST_INIT(&server->requests);
  LIST_INIT(&server->offloads);
  LIST_INIT(&server->retries);
  uv_mutex_init(&server->lock);
  uv_cond_init(&server->finished);
  signal(SIGPIPE, SIG_IGN);

  int fd;
  if (options->public_url && !(server->public_url = copy_public_url(options->public_url))) {
    status = ms_fail(err, MS_MEMORY, "out of memory");
    goto failed;
  }
  status = ms_listen(options->listen, &fd, &server->url, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = start_daemon(server, fd, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_hub_open(loop, &server->hub, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_page_open(api, &server->page, err);
  if (status != MS_OK) {
    goto failed;
  }
  ms_page_set_previews(server->page, ms_thumbnail_is_possible);
  status = ms_feed_open(server, &server->feed, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_event_journal_open(server, &server->journal, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_durable_open(server, &server->durable, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_log_keeper_open(server, &server->log_keeper, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_encoder_open(server, &server->encoder, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_share_open(server, &server->share, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_thumbnail_queue_open(server, &server->thumbnails, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = ms_orphans_open(server, &server->orphans, err);
  if (status != MS_OK) {
    goto failed;
  }
  status = watch_daemon(server, err);
  if (status != MS_OK) {
    goto failed;
  }
  ms_api_listen(api, on_change, server);
  ms_log(MS_LOG_INFO, "listening at %s", server->url);
  *result = server;
  return MS_OK;
failed:
  ms_orphans_close(server->orphans);
  ms_thumbnail_queue_close(server->thumbnails);
  ms_share_close(server->share);
  ms_log_keeper_close(server->log_keeper);
  ms_durable_close(server->durable);
  ms_encoder_close(server->encoder);
  ms_event_journal_close(server->journal);
  if (server->hub) {
    ms_hub_close(server->hub);
  }
  if (server->feed) {
    ms_feed_close(server->feed);
  }
  ms_page_close(server->page);
  if (server->daemon) {
    ms_mhd.stop_daemon(server->daemon);
  }
  ms_server_unreference(server);
  return status;
}

const char *
ms_server_url(const struct ms_server *server)
{
  return server->url;
}

void
ms_server_print_sign_in(struct ms_server *server, const char *user_id, struct ms_buffer *url)
{
  char token[MS_SIGN_IN_TOKEN_SIZE];
  ms_sign_in_make_link(server->page, user_id, token);
  ms_buffer_printf(url, "%s/?token=%s", server->public_url ? server->public_url : server->url,
                   token);
}

enum ms_status
ms_server_publish(struct ms_server *server, const char *event, size_t event_bytes,
                  struct ms_error *err)
{
  return ms_hub_publish(server->hub, event, event_bytes, err);
}

void
ms_server_close(struct ms_server *server)
{
  server->closing = true;
  ms_api_listen(server->api, NULL, NULL);
  uv_close((uv_handle_t *)&server->poll, on_handle_closed);
  uv_close((uv_handle_t *)&server->timer, on_handle_closed);
  ms_orphans_close(server->orphans);
  ms_event_journal_close(server->journal);
  ms_hub_close(server->hub);
  ms_feed_close(server->feed);
  ms_retries_close(server);
  ms_offload_drain(server);
  ms_encoder_close(server->encoder);
  struct ms_request *request;
  LIST_FOREACH(request, &server->requests, link)
  {
    ms_request_resume(request); /* a daemon with suspended connections must not be stopped */
  }
  ms_mhd.stop_daemon(server->daemon);
  server->daemon = NULL;
  ms_thumbnail_queue_close(server->thumbnails);
  ms_share_close(server->share);
  ms_log_keeper_close(server->log_keeper);
  ms_durable_close(server->durable);
  ms_page_close(server->page);
  ms_server_unreference(server);
}
