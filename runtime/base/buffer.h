/* A growing byte buffer that is born with its maximum.
 *
 * Appending never needs a check: the first failure (maximum reached, out of memory) sticks, later
 * appends do nothing, and ms_buffer_check tells at the end. The bytes are always followed by a NUL
 * that is not counted, once anything was appended. */
#ifndef MS_BASE_BUFFER_H
#define MS_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

struct ms_buffer {
  char *data;            /* owned; NULL while empty */
  size_t size_bytes;     /* without the NUL */
  size_t capacity_bytes; /* allocated */
  size_t maximum_bytes;  /* never grows beyond this */
  enum ms_status status; /* MS_OK, MS_LIMIT or MS_MEMORY; sticks */
};

/* An empty buffer that may hold up to `maximum_bytes`. Allocates nothing. */
void
ms_buffer_init(struct ms_buffer *buffer, size_t maximum_bytes);

/* Frees the bytes; the buffer is empty and usable again with the same maximum. */
void
ms_buffer_free(struct ms_buffer *buffer);

/* Forgets the bytes and a failure, keeps the memory. */
void
ms_buffer_clear(struct ms_buffer *buffer);

void
ms_buffer_append(struct ms_buffer *buffer, const void *data, size_t size_bytes);

void
ms_buffer_append_string(struct ms_buffer *buffer, const char *string);

void
ms_buffer_append_char(struct ms_buffer *buffer, char byte);

void
ms_buffer_printf(struct ms_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for at least `size_bytes` more bytes behind the present ones, or NULL (the failure sticks).
 * After writing n of them, call ms_buffer_grew with n. */
char *
ms_buffer_reserve(struct ms_buffer *buffer, size_t size_bytes);

void
ms_buffer_grew(struct ms_buffer *buffer, size_t size_bytes);

/* Shortens to `size_bytes`. */
void
ms_buffer_truncate(struct ms_buffer *buffer, size_t size_bytes);

/* Removes the first `size_bytes`. */
void
ms_buffer_consume(struct ms_buffer *buffer, size_t size_bytes);

/* MS_OK, or the failure that stuck; `what` names the content in the message ("query answer"). */
enum ms_status
ms_buffer_check(const struct ms_buffer *buffer, const char *what, struct ms_error *err);

/* Gives the NUL-terminated bytes away (owned by the caller, free with free()) and empties the
 * buffer. An empty buffer gives "". NULL only when out of memory. */
char *
ms_buffer_take(struct ms_buffer *buffer);

/* The bytes as a C string, "" while empty. Borrowed until the next change. */
const char *
ms_buffer_string(const struct ms_buffer *buffer);

#endif
