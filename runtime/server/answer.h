/* Answers: what every response has in common. Errors are JSON, always. */
#ifndef MS_SERVER_ANSWER_H
#define MS_SERVER_ANSWER_H

#include "server/request.h"

struct ms_answer_header {
  const char *name;
  const char *value; /* NULL: left out */
};

/* The HTTP status that goes with a failure. */
unsigned
ms_answer_code(enum ms_status status);

/* Answers with the bytes of `body`, which is taken (left empty). `headers` may be NULL. */
enum MHD_Result
ms_answer_buffer(struct ms_request *request, unsigned code, const char *content_type,
                 struct ms_buffer *body, const struct ms_answer_header *headers, size_t count);

/* Answers with static text. */
enum MHD_Result
ms_answer_static(struct ms_request *request, unsigned code, const char *content_type,
                 const char *body, size_t body_bytes, const struct ms_answer_header *headers,
                 size_t count);

/* Answers with `size_bytes` bytes of the file from `offset`. `fd` is taken. */
enum MHD_Result
ms_answer_file(struct ms_request *request, unsigned code, int fd, uint64_t offset,
               uint64_t size_bytes, const struct ms_answer_header *headers, size_t count);

/* Answers with the error object of request->error. The HTTP status is request->failure_code or, where
 * there is none, the error's own, which a lenient route hides behind 200. */
enum MHD_Result
ms_answer_failure(struct ms_request *request);

/* The same with one more header. */
enum MHD_Result
ms_answer_failure_with(struct ms_request *request, const struct ms_answer_header *header);

/* Sets request->error and answers with it. */
enum MHD_Result
ms_answer_error(struct ms_request *request, unsigned code, const struct ms_error *err);

/* Sends any response, which is taken (NULL: out of memory, the connection is cut). */
enum MHD_Result
ms_answer_send(struct ms_request *request, unsigned code, struct MHD_Response *response,
               uint64_t size_bytes, const struct ms_answer_header *headers, size_t count);

#endif
