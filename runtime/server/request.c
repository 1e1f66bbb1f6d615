/* libmicrohttpd's callbacks, and the way of a request through its endpoint. */
#include "server/request.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/access.h"
#include "server/answer.h"
#include "server/cors.h"
#include "server/routes.h"
#include "server/target.h"

enum { HOST_MAX_BYTES = 255 };

const char *
ms_request_header(const struct ms_request *request, const char *name)
{
  return ms_mhd.lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *
ms_request_argument(const struct ms_request *request, const char *name)
{
  return ms_mhd.lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool
ms_request_is_strict(const struct ms_request *request)
{
  const char *strict = ms_request_header(request, "ftrack-strict-api");
  return strict && strcasecmp(strict, "true") == 0;
}

bool
ms_request_is_host(const char *text, size_t length)
{
  return length > 0 && length <= HOST_MAX_BYTES &&
         strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") >=
             length;
}

void
ms_request_base_url(const struct ms_request *request, struct ms_buffer *url)
{
  const char *host = ms_request_header(request, "Host");
  if (request->server->public_url) {
    ms_buffer_append_string(url, request->server->public_url);
  } else if (host && ms_request_is_host(host, strlen(host))) {
    ms_buffer_printf(url, "http://%s", host);
  } else {
    ms_buffer_append_string(url, request->server->url);
  }
}

void
ms_request_suspend(struct ms_request *request)
{
  request->suspended = true;
  ms_mhd.suspend_connection(request->connection);
}

void
ms_request_wake(struct ms_request *request)
{
  if (request->suspended) {
    request->suspended = false;
    ms_mhd.resume_connection(request->connection);
  }
}

void
ms_request_resume(struct ms_request *request)
{
  if (request->suspended) {
    ms_request_wake(request);
    ms_server_pump(request->server);
  }
}

enum ms_status
ms_request_refuse(struct ms_request *request, unsigned code, enum ms_status status,
                  const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  ms_fail_v(&request->error, status, format, arguments);
  va_end(arguments);
  request->failed = true;
  request->failure_code = code;
  return status;
}

static enum MHD_Result
count_length_header(void *count, enum MHD_ValueKind kind, const char *key, const char *value)
{
  (void)kind, (void)value;
  if (strcasecmp(key, "Content-Length") == 0) {
    ++*(unsigned *)count;
  }
  return MHD_YES;
}

/* A body must say where it ends, and in one way only: a proxy in front of us could take the other one
 * and see a second request where we see a body. */
static enum ms_status
check_framing(struct ms_request *request)
{
  unsigned lengths = 0;
  const char *length = ms_request_header(request, "Content-Length");
  bool chunked = ms_request_header(request, "Transfer-Encoding") != NULL;
  ms_mhd.get_connection_values(request->connection, MHD_HEADER_KIND, count_length_header, &lengths);
  request->expected_bytes = chunked ? UINT64_MAX : length ? strtoull(length, NULL, 10) : 0;
  if (lengths + chunked > 1) {
    return ms_request_refuse(request, MHD_HTTP_BAD_REQUEST, MS_PROTOCOL,
                             "the length of the body is given more than once");
  }
  if (lengths + chunked == 0 && ms_method_bit(request->method) & (MS_METHOD_POST | MS_METHOD_PUT)) {
    return ms_request_refuse(request, MHD_HTTP_LENGTH_REQUIRED, MS_PROTOCOL,
                             "send a Content-Length, or the body in chunks");
  }
  return MS_OK;
}

static enum ms_status
find_route(struct ms_request *request)
{
  request->route = ms_route_find(request->path);
  if (!request->route) {
    return ms_request_refuse(request, MHD_HTTP_NOT_FOUND, MS_NOT_FOUND,
                             "there is nothing at '%.200s'", request->path);
  }
  if (!(request->route->methods & ms_method_bit(request->method))) {
    return ms_request_refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, MS_USAGE,
                             "'%.200s' does not answer the method %.20s", request->path,
                             request->method);
  }
  return MS_OK;
}

/* Everything that can be decided by the headers. */
static void
begin(struct ms_request *request, const char *target)
{
  if (check_framing(request) != MS_OK || ms_target_check(request, target) != MS_OK ||
      find_route(request) != MS_OK) {
    return;
  }
  const struct ms_endpoint *endpoint = request->route->endpoint;
  enum ms_status status = ms_access_check(request, &request->error);
  if (status == MS_OK && endpoint->begin) {
    status = endpoint->begin(request, &request->error);
  }
  request->failed = status != MS_OK;
}

/* libmicrohttpd takes a short read for the end of what is there and waits for the next event. Where the
 * client's good-bye arrived together with the bytes, none comes, and a broken upload would stay until
 * its time-out. Shutting down the side that is closed already makes the kernel tell once more. */
static void
notice_good_bye(struct ms_request *request)
{
  char byte;
  const union MHD_ConnectionInfo *info =
      ms_mhd.get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (request->received_bytes < request->expected_bytes &&
      recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
    shutdown(info->connect_fd, SHUT_RD);
  }
}

/* The official JavaScript client puts "/api" behind its server's URL also where that ends with a slash. */
static const char *
skip_repeated_slashes(const char *path)
{
  while (path[0] == '/' && path[1] == '/') {
    path++;
  }
  return path;
}

static enum MHD_Result
handle_headers(struct ms_server *server, struct MHD_Connection *connection, const char *target,
               const char *method, void **state)
{
  struct ms_request *request = calloc(1, sizeof *request);
  if (!request) {
    return MHD_NO;
  }
  *state = request;
  request->server = server;
  request->connection = connection;
  request->method = method;
  request->path = skip_repeated_slashes(ms_target_path(target));
  request->started_us = ms_clock_monotonic_us();
  LIST_INSERT_HEAD(&server->requests, request, link);
  if (strcmp(method, "OPTIONS") == 0) {
    return MHD_YES; /* answered when its body, if any, is read */
  }
  begin(request, target);
  notice_good_bye(request);
  bool client_waits = ms_request_header(request, "Expect") != NULL;
  return request->failed && client_waits ? ms_answer_failure(request) : MHD_YES;
}

/* Hands the bytes to the endpoint, or throws them away. */
static void
take_body(struct ms_request *request, const char *data, size_t *size_bytes)
{
  const struct ms_endpoint *endpoint = request->route ? request->route->endpoint : NULL;
  if (!request->failed && endpoint && endpoint->receive) {
    request->failed = endpoint->receive(request, data, size_bytes, &request->error) != MS_OK;
    if (!request->failed) {
      return;
    }
  }
  request->discarded_bytes += *size_bytes;
  *size_bytes = 0;
}

static enum MHD_Result
handle_body(struct ms_request *request, const char *data, size_t *size_bytes)
{
  size_t offered_bytes = *size_bytes;
  take_body(request, data, size_bytes);
  request->received_bytes += offered_bytes - *size_bytes;
  if (!request->suspended) {
    notice_good_bye(request);
  }
  return request->discarded_bytes <= MS_SERVER_DISCARD_MAX_BYTES ? MHD_YES : MHD_NO;
}

static enum MHD_Result
handle_end(struct ms_request *request)
{
  if (request->failed) {
    return ms_answer_failure(request);
  }
  if (!request->route) {
    return ms_cors_answer_preflight(request);
  }
  return request->route->endpoint->answer(request);
}

enum MHD_Result
ms_request_handle(void *server, struct MHD_Connection *connection, const char *target,
                  const char *method, const char *version, const char *data, size_t *size_bytes,
                  void **state)
{
  (void)version;
  struct ms_request *request = *state;
  if (!request) {
    return handle_headers(server, connection, target, method, state);
  }
  return *size_bytes > 0 ? handle_body(request, data, size_bytes) : handle_end(request);
}

/* What a prefix is followed by may be a secret, as a session id is; also where a request was refused before
 * its route was looked for. */
static void
log_request(const struct ms_request *request)
{
  const struct ms_route *route = ms_route_find(request->path);
  const char *path = route && route->is_prefix ? route->path : request->path;
  double elapsed_ms = (double)(ms_clock_monotonic_us() - request->started_us) / 1000;
  if (request->code) {
    ms_log(MS_LOG_INFO, "%.20s %.200s %u, %llu bytes, %.1f ms", request->method, path,
           request->code, (unsigned long long)request->answer_bytes, elapsed_ms);
  } else {
    ms_log(MS_LOG_INFO, "%.20s %.200s broken off after %.1f ms", request->method, path, elapsed_ms);
  }
}

void
ms_request_completed(void *server, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode reason)
{
  (void)server, (void)connection, (void)reason;
  struct ms_request *request = *state;
  if (!request) {
    return;
  }
  if (ms_log_enabled(MS_LOG_INFO)) {
    log_request(request);
  }
  if (request->route && request->route->endpoint->end) {
    request->route->endpoint->end(request);
  }
  LIST_REMOVE(request, link);
  free(request);
  *state = NULL;
}
