/* The network front of the tracker: libmicrohttpd on the loop.
 *
 * Routes are a table. POST /api is authenticated by user and key headers; uploads and downloads by signed,
 * expiring URLs, or by the key-in-URL form that official clients use (accepted, never logged). The event
 * hub (events/hub.h) is on the same port. Whatever a client sends, the answer is JSON and the process
 * goes on. */
#ifndef MS_SERVER_SERVER_H
#define MS_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "api/api.h"
#include "base/error.h"

struct ms_server;

struct ms_server_options {
  const char *listen;     /* "HOST:PORT", "[IPV6]:PORT", ":PORT"; port 0: the system chooses */
  const char *public_url; /* how clients reach us (behind a proxy); NULL: from the Host header */
};

/* Starts to listen; requests are served while the loop runs. MS_USAGE for a bad address, MS_BUSY for
 * one in use. `api` is borrowed and must outlive the server. From here on the process ignores SIGPIPE (a
 * reader who hangs up in the middle of a file must not end it) and may have more files open. */
enum ms_status
ms_server_open(uv_loop_t *loop, struct ms_api *api, const struct ms_server_options *options,
               struct ms_server **server, struct ms_error *err);

/* The URL to reach it at, with the real port: "http://127.0.0.1:41234". Borrowed. */
const char *
ms_server_url(const struct ms_server *server);

/* Appends a link to the Jobs page that signs this user in, once and within a day. An earlier link no longer
 * works. */
void
ms_server_print_sign_in(struct ms_server *server, const char *user_id, struct ms_buffer *url);

/* Sends an event of the server's own to everybody who subscribed to it: a JSON object with a topic. */
enum ms_status
ms_server_publish(struct ms_server *server, const char *event, size_t event_bytes,
                  struct ms_error *err);

/* Stops listening and ends open requests; waits for file work that has begun. Afterwards the API is
 * no longer used; the memory is freed when the loop runs next (ms_loop_close does). */
void
ms_server_close(struct ms_server *server);

#endif
