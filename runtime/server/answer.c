/* Every response goes through ms_answer_send, which adds what all have: the headers that browsers want
 * and the record for the log. */
#include "server/answer.h"

#include <stdlib.h>
#include <unistd.h>

#include "server/cors.h"

enum { ERROR_MAX_BYTES = 64 * 1024 };

unsigned
ms_answer_code(enum ms_status status)
{
  static const unsigned short codes[] = {
      [MS_OK] = 200,         [MS_USAGE] = 400,     [MS_INVALID] = 422,
      [MS_PARSE] = 422,      [MS_NOT_FOUND] = 404, [MS_NOT_UNIQUE] = 409,
      [MS_EXISTS] = 409,     [MS_INTEGRITY] = 409, [MS_AUTHENTICATION] = 401,
      [MS_PERMISSION] = 403, [MS_NETWORK] = 502,   [MS_TIMEOUT] = 504,
      [MS_PROTOCOL] = 400,   [MS_SERVER] = 502,    [MS_IO] = 500,
      [MS_LIMIT] = 413,      [MS_BUSY] = 503,      [MS_CLOSED] = 503,
      [MS_CANCELLED] = 503,  [MS_MEMORY] = 503,    [MS_INTERNAL] = 500,
      [MS_FULL] = 507,
  };
  size_t index = (size_t)status;
  return index < sizeof codes / sizeof codes[0] && codes[index] ? codes[index] : 500;
}

enum MHD_Result
ms_answer_send(struct ms_request *request, unsigned code, struct MHD_Response *response,
               uint64_t size_bytes, const struct ms_answer_header *headers, size_t count)
{
  if (!response) {
    return MHD_NO;
  }
  for (size_t i = 0; i < count; i++) {
    if (headers[i].value) {
      ms_mhd.add_response_header(response, headers[i].name, headers[i].value);
    }
  }
  ms_cors_add(request, response);
  enum MHD_Result result = ms_mhd.queue_response(request->connection, code, response);
  ms_mhd.destroy_response(response);
  request->code = code;
  request->answer_bytes = size_bytes;
  return result;
}

enum MHD_Result
ms_answer_buffer(struct ms_request *request, unsigned code, const char *content_type,
                 struct ms_buffer *body, const struct ms_answer_header *headers, size_t count)
{
  size_t size_bytes = body->size_bytes;
  char *data = ms_buffer_take(body);
  if (!data) {
    return MHD_NO;
  }
  struct MHD_Response *response =
      ms_mhd.create_response_from_buffer_with_free_callback(size_bytes, data, free);
  if (!response) {
    free(data);
    return MHD_NO;
  }
  ms_mhd.add_response_header(response, "Content-Type", content_type);
  return ms_answer_send(request, code, response, size_bytes, headers, count);
}

enum MHD_Result
ms_answer_static(struct ms_request *request, unsigned code, const char *content_type,
                 const char *body, size_t body_bytes, const struct ms_answer_header *headers,
                 size_t count)
{
  struct MHD_Response *response =
      ms_mhd.create_response_from_buffer(body_bytes, (void *)body, MHD_RESPMEM_PERSISTENT);
  if (response && content_type) {
    ms_mhd.add_response_header(response, "Content-Type", content_type);
  }
  return ms_answer_send(request, code, response, body_bytes, headers, count);
}

enum MHD_Result
ms_answer_file(struct ms_request *request, unsigned code, int fd, uint64_t offset,
               uint64_t size_bytes, const struct ms_answer_header *headers, size_t count)
{
  struct MHD_Response *response =
      ms_mhd.create_response_from_fd_at_offset64(size_bytes, fd, offset);
  if (!response) {
    close(fd);
  }
  return ms_answer_send(request, code, response, size_bytes, headers, count);
}

static const char *
allowed_methods(const struct ms_request *request)
{
  static const char *const texts[] = {
      [MS_METHOD_POST] = "POST, OPTIONS",
      [MS_METHOD_PUT] = "PUT, OPTIONS",
      [MS_METHOD_GET] = "GET, OPTIONS",
      [MS_METHOD_GET | MS_METHOD_HEAD] = "GET, HEAD, OPTIONS",
  };
  bool refused = request->failure_code == MHD_HTTP_METHOD_NOT_ALLOWED;
  return refused ? texts[request->route->methods] : NULL;
}

enum MHD_Result
ms_answer_failure_with(struct ms_request *request, const struct ms_answer_header *header)
{
  unsigned code =
      request->failure_code ? request->failure_code : ms_answer_code(request->error.status);
  bool lenient = request->route && request->route->lenient && !request->failure_code;
  if (lenient && !ms_request_is_strict(request)) {
    code = MHD_HTTP_OK;
  }
  struct ms_buffer body;
  ms_buffer_init(&body, ERROR_MAX_BYTES);
  ms_api_print_error(&request->error, &body);
  return ms_answer_buffer(request, code, "application/json", &body, header, header ? 1 : 0);
}

enum MHD_Result
ms_answer_failure(struct ms_request *request)
{
  struct ms_answer_header allow = {"Allow", allowed_methods(request)};
  return ms_answer_failure_with(request, &allow);
}

enum MHD_Result
ms_answer_error(struct ms_request *request, unsigned code, const struct ms_error *err)
{
  request->error = *err;
  request->failure_code = code;
  return ms_answer_failure(request);
}
