/* The event hub's two doors: the handshake of socket.io 0.9, which needs credentials, and the upgrade to
 * a WebSocket, which needs the session id that the handshake gave out. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/websocket_key.h"
#include "events/hub.h"
#include "server/answer.h"
#include "server/event_journal.h"
#include "server/routes.h"

enum { HANDSHAKE_MAX_BYTES = 256 };

/* ---- /socket.io/1/ ---- */

static enum MHD_Result
answer_handshake(struct ms_request *request)
{
  struct ms_buffer text;
  struct ms_error err;
  ms_buffer_init(&text, HANDSHAKE_MAX_BYTES);
  enum ms_status status =
      ms_hub_admit(request->server->hub, request->user_id, request->username, &text, &err);
  if (status != MS_OK) {
    ms_buffer_free(&text);
    return ms_answer_error(request, 0, &err);
  }
  static const struct ms_answer_header header = {"Cache-Control", "no-store"};
  return ms_answer_buffer(request, MHD_HTTP_OK, "text/plain", &text, &header, 1);
}

/* ---- /socket.io/1/websocket/SESSION ---- */

/* Whether a header is a list of words with this one in it, whatever its case. */
static bool
has_word(const char *header, const char *word)
{
  size_t word_length = strlen(word);
  while (header && *header) {
    header += strspn(header, ", \t");
    size_t length = strcspn(header, ", \t");
    if (length == word_length && strncasecmp(header, word, length) == 0) {
      return true;
    }
    header += length;
  }
  return false;
}

static enum ms_status
check_upgrade(struct ms_request *request)
{
  const char *key = ms_request_header(request, "Sec-WebSocket-Key");
  const char *version = ms_request_header(request, "Sec-WebSocket-Version");
  if (!has_word(ms_request_header(request, "Upgrade"), "websocket") ||
      !has_word(ms_request_header(request, "Connection"), "upgrade")) {
    return ms_request_refuse(request, MHD_HTTP_UPGRADE_REQUIRED, MS_USAGE,
                             "here is a WebSocket: ask for an upgrade to it");
  }
  if (!key || strlen(key) != MS_WEBSOCKET_KEY_SIZE - 1 || !version || strcmp(version, "13") != 0) {
    return ms_request_refuse(request, MHD_HTTP_BAD_REQUEST, MS_PROTOCOL,
                             "a WebSocket wants Sec-WebSocket-Version 13 and a Sec-WebSocket-Key");
  }
  return MS_OK;
}

static enum ms_status
begin_socket(struct ms_request *request, struct ms_error *err)
{
  const char *session_id = request->path + strlen(request->route->path);
  enum ms_status status = check_upgrade(request);
  if (status != MS_OK) {
    return status;
  }
  status = ms_hub_check_session(request->server->hub, session_id, err);
  if (status == MS_OK && !(request->state = strdup(session_id))) {
    status = ms_fail(err, MS_MEMORY, "out of memory");
  }
  return status;
}

/* What it takes to give a socket back to libmicrohttpd. */
struct upgraded {
  struct ms_server *server;
  struct MHD_UpgradeResponseHandle *handle;
};

static void
release(void *handle)
{
  struct upgraded *upgraded = handle;
  ms_mhd.upgrade_action(upgraded->handle, MHD_UPGRADE_ACTION_CLOSE);
  ms_server_pump(upgraded->server);
  free(upgraded);
}

static void
on_upgraded(void *user, struct MHD_Connection *connection, void *state, const char *received,
            size_t received_bytes, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
  (void)user, (void)connection;
  struct ms_request *request = state;
  struct ms_server *server = request->server;
  struct ms_error err;
  struct upgraded *upgraded = malloc(sizeof *upgraded);
  if (!upgraded) {
    ms_mhd.upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
    return;
  }
  *upgraded = (struct upgraded){server, handle};
  const struct ms_hub_socket socket = {.fd = fd,
                                       .received = received,
                                       .received_bytes = received_bytes,
                                       .release = release,
                                       .handle = upgraded};
  if (ms_hub_connect(server->hub, request->state, &socket, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "event hub: %s", err.message);
    release(upgraded);
    return;
  }
  ms_event_journal_wake(server->journal);
}

static enum MHD_Result
answer_socket(struct ms_request *request)
{
  char accept[MS_WEBSOCKET_ACCEPT_SIZE];
  ms_websocket_accept(ms_request_header(request, "Sec-WebSocket-Key"), accept);
  const struct ms_answer_header headers[] = {
      {"Upgrade", "websocket"},
      {"Sec-WebSocket-Accept", accept},
  };
  struct MHD_Response *response = ms_mhd.create_response_for_upgrade(on_upgraded, NULL);
  return ms_answer_send(request, MHD_HTTP_SWITCHING_PROTOCOLS, response, 0, headers,
                        sizeof headers / sizeof headers[0]);
}

static void
end_socket(struct ms_request *request)
{
  free(request->state);
}

const struct ms_endpoint ms_endpoint_handshake = {.answer = answer_handshake};
const struct ms_endpoint ms_endpoint_socket = {
    .begin = begin_socket, .answer = answer_socket, .end = end_socket};
