/* Growing by doubling, up to the maximum and one byte for the NUL.
 *
 * Every change goes through ms_buffer_reserve, which is the only place that allocates and the only
 * one that sets a failure. */
#include "base/buffer.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY_BYTES = 256 };

void
ms_buffer_init(struct ms_buffer *buffer, size_t maximum_bytes)
{
  *buffer = (struct ms_buffer){
      .maximum_bytes = maximum_bytes < SIZE_MAX ? maximum_bytes : SIZE_MAX - 1,
      .status = MS_OK,
  };
}

void
ms_buffer_free(struct ms_buffer *buffer)
{
  free(buffer->data);
  ms_buffer_init(buffer, buffer->maximum_bytes);
}

void
ms_buffer_clear(struct ms_buffer *buffer)
{
  buffer->status = MS_OK;
  ms_buffer_truncate(buffer, 0);
}

static char *
grow(struct ms_buffer *buffer, size_t size_bytes)
{
  if (size_bytes > buffer->maximum_bytes - buffer->size_bytes) {
    buffer->status = MS_LIMIT;
    return NULL;
  }
  size_t needed = buffer->size_bytes + size_bytes + 1;
  size_t capacity = buffer->capacity_bytes ? buffer->capacity_bytes : FIRST_CAPACITY_BYTES;
  while (capacity < needed && capacity <= buffer->maximum_bytes / 2) {
    capacity *= 2;
  }
  if (capacity < needed || capacity > buffer->maximum_bytes) {
    capacity = buffer->maximum_bytes + 1;
  }
  char *data = realloc(buffer->data, capacity);
  if (!data) {
    buffer->status = MS_MEMORY;
    return NULL;
  }
  buffer->data = data;
  buffer->capacity_bytes = capacity;
  return data + buffer->size_bytes;
}

char *
ms_buffer_reserve(struct ms_buffer *buffer, size_t size_bytes)
{
  if (buffer->status != MS_OK) {
    return NULL;
  }
  if (size_bytes < buffer->capacity_bytes - buffer->size_bytes) {
    return buffer->data + buffer->size_bytes;
  }
  return grow(buffer, size_bytes);
}

void
ms_buffer_grew(struct ms_buffer *buffer, size_t size_bytes)
{
  assert(size_bytes < buffer->capacity_bytes - buffer->size_bytes);
  buffer->size_bytes += size_bytes;
  buffer->data[buffer->size_bytes] = '\0';
}

void
ms_buffer_append(struct ms_buffer *buffer, const void *data, size_t size_bytes)
{
  char *room = ms_buffer_reserve(buffer, size_bytes);
  if (!room) {
    return;
  }
  if (size_bytes > 0) {
    memcpy(room, data, size_bytes);
  }
  ms_buffer_grew(buffer, size_bytes);
}

void
ms_buffer_append_string(struct ms_buffer *buffer, const char *string)
{
  ms_buffer_append(buffer, string, strlen(string));
}

void
ms_buffer_append_char(struct ms_buffer *buffer, char byte)
{
  char *room = ms_buffer_reserve(buffer, 1);
  if (room) {
    *room = byte;
    ms_buffer_grew(buffer, 1);
  }
}

/* Most texts fit into what is allocated: the second pass is for the others. */
void
ms_buffer_printf(struct ms_buffer *buffer, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  char *room = ms_buffer_reserve(buffer, 0);
  size_t room_bytes = room ? buffer->capacity_bytes - buffer->size_bytes : 0;
  int length = room ? vsnprintf(room, room_bytes, format, arguments) : -1;
  if (length >= 0 && (size_t)length >= room_bytes) {
    *room = '\0';
    room = ms_buffer_reserve(buffer, (size_t)length);
    if (room) {
      vsnprintf(room, (size_t)length + 1, format, again);
    }
  }
  if (room && length >= 0) {
    ms_buffer_grew(buffer, (size_t)length);
  }
  va_end(again);
  va_end(arguments);
}

void
ms_buffer_truncate(struct ms_buffer *buffer, size_t size_bytes)
{
  assert(size_bytes <= buffer->size_bytes);
  buffer->size_bytes = size_bytes;
  if (buffer->data) {
    buffer->data[size_bytes] = '\0';
  }
}

void
ms_buffer_consume(struct ms_buffer *buffer, size_t size_bytes)
{
  assert(size_bytes <= buffer->size_bytes);
  if (size_bytes > 0) {
    memmove(buffer->data, buffer->data + size_bytes, buffer->size_bytes - size_bytes);
    ms_buffer_truncate(buffer, buffer->size_bytes - size_bytes);
  }
}

enum ms_status
ms_buffer_check(const struct ms_buffer *buffer, const char *what, struct ms_error *err)
{
  switch (buffer->status) {
  case MS_OK:
    return MS_OK;
  case MS_LIMIT:
    return ms_fail(err, MS_LIMIT, "%s is larger than the limit of %zu bytes", what,
                   buffer->maximum_bytes);
  default:
    return ms_fail(err, buffer->status, "out of memory: %s has %zu bytes so far", what,
                   buffer->size_bytes);
  }
}

char *
ms_buffer_take(struct ms_buffer *buffer)
{
  char *data = buffer->data ? buffer->data : calloc(1, 1);
  ms_buffer_init(buffer, buffer->maximum_bytes);
  return data;
}

const char *
ms_buffer_string(const struct ms_buffer *buffer)
{
  return buffer->data ? buffer->data : "";
}
