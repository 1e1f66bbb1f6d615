/* The multi handle on the loop: libcurl says which sockets and which timer it wants to hear of, and libuv tells
 * it. Never from inside libcurl's own callbacks, which it does not allow. */
#include <stdlib.h>

#include "http/client.h"

/* A socket that libcurl wants to hear of. */
struct watch {
  uv_poll_t poll;
  struct ms_http *http;
  curl_socket_t socket;
};

static void
on_watch_closed(uv_handle_t *handle)
{
  struct watch *watch = handle->data;
  ms_http_release(watch->http);
  free(watch);
}

static void
on_socket_ready(uv_poll_t *poll, int status, int events)
{
  struct watch *watch = poll->data;
  struct ms_http *http = watch->http;
  int flags = status < 0 ? CURL_CSELECT_ERR : 0;
  flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
  flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
  int running;
  ms_curl.multi_socket_action(http->multi, watch->socket, flags, &running);
  ms_http_settle(http);
}

static struct watch *
new_watch(struct ms_http *http, curl_socket_t socket)
{
  struct watch *watch = calloc(1, sizeof *watch);
  if (!watch || uv_poll_init_socket(http->loop, &watch->poll, socket) < 0) {
    free(watch);
    return NULL;
  }
  watch->poll.data = watch;
  watch->http = http;
  watch->socket = socket;
  http->references++;
  ms_curl.multi_assign(http->multi, socket, watch);
  return watch;
}

static int
on_curl_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *assigned)
{
  (void)easy;
  struct watch *watch = assigned;
  if (what == CURL_POLL_REMOVE) {
    if (watch) {
      uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
    }
    return 0;
  }
  if (!watch && !(watch = new_watch(user, socket))) {
    return -1;
  }
  int events = what & CURL_POLL_IN ? UV_READABLE : 0;
  events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
  return uv_poll_start(&watch->poll, events, on_socket_ready) < 0 ? -1 : 0;
}

static void
on_curl_timer_due(uv_timer_t *timer)
{
  struct ms_http *http = timer->data;
  int running;
  ms_curl.multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  ms_http_settle(http);
}

static int
on_curl_timer(CURLM *multi, long timeout_ms, void *user)
{
  (void)multi;
  struct ms_http *http = user;
  if (timeout_ms < 0) {
    return uv_timer_stop(&http->curl_timer);
  }
  uv_update_time(http->loop);
  return uv_timer_start(&http->curl_timer, on_curl_timer_due, (uint64_t)timeout_ms, 0);
}

CURLM *
ms_http_new_multi(void)
{
  CURLM *multi = ms_curl.multi_init();
  if (multi) {
    ms_curl.multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)MS_HTTP_CONNECTIONS_MAX);
  }
  return multi;
}

static void
open_timer(struct ms_http *http, uv_timer_t *timer)
{
  uv_timer_init(http->loop, timer);
  timer->data = http;
  http->references++;
}

enum ms_status
ms_http_open_multi(struct ms_http *http, struct ms_error *err)
{
  if (http->closed) {
    return ms_fail(err, MS_CLOSED, "the connection has been closed");
  }
  if (http->multi) {
    return MS_OK;
  }
  enum ms_status status = ms_curl_load(err);
  if (status != MS_OK) {
    return status;
  }
  http->multi = ms_http_new_multi();
  if (!http->multi) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  ms_curl.multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
  ms_curl.multi_setopt(http->multi, CURLMOPT_SOCKETDATA, (void *)http);
  ms_curl.multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
  ms_curl.multi_setopt(http->multi, CURLMOPT_TIMERDATA, (void *)http);
  open_timer(http, &http->curl_timer);
  open_timer(http, &http->wake_timer);
  ms_loop_join(http->loop, &http->member, ms_http_on_loop_closes);
  return MS_OK;
}
