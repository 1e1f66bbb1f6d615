/* Statuses and their sentences.
 *
 * A message is built aside and copied at the end, so that the old message may be one of the
 * arguments of the new one. Nothing here allocates: reporting a failure cannot fail. */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const char *const status_codes[] = {
#define MS_STATUS_CODE(name, code) code,
    MS_STATUS_TABLE(MS_STATUS_CODE)
#undef MS_STATUS_CODE
};

enum { STATUS_COUNT = sizeof status_codes / sizeof status_codes[0] };

static enum ms_status
status_of_errno(int error_number)
{
  switch (error_number) {
  case ENOENT:
    return MS_NOT_FOUND;
  case EACCES:
  case EPERM:
    return MS_PERMISSION;
  case ENOSPC:
  case EDQUOT:
    return MS_FULL;
  default:
    return MS_IO;
  }
}

/* Takes away the beginning of a character that the cut split. */
static void
drop_split_character(char *message, size_t length)
{
  size_t start = length;
  while (start > 0 && ((unsigned char)message[start - 1] & 0xC0) == 0x80) {
    start--;
  }
  if (start > 0 && (unsigned char)message[start - 1] >= 0xC0) {
    start--;
    uint32_t code_point;
    if (ms_utf8_decode(message + start, length - start, &code_point) == 0) {
      message[start] = '\0';
    }
  }
}

/* Stores the message "first", "first: second" or a cut of it. */
static void
set_message(struct ms_error *err, const char *first, const char *second)
{
  char joined[MS_ERROR_MESSAGE_MAX];
  int length = snprintf(joined, sizeof joined, second ? "%s: %s" : "%s", first, second);
  if (length >= (int)sizeof joined) {
    drop_split_character(joined, sizeof joined - 1);
  }
  memcpy(err->message, joined, strlen(joined) + 1);
}

enum ms_status
ms_fail_v(struct ms_error *err, enum ms_status status, const char *format, va_list arguments)
{
  if (!err) {
    return status;
  }
  char message[MS_ERROR_MESSAGE_MAX];
  int length = vsnprintf(message, sizeof message, format, arguments);
  if (length >= (int)sizeof message) {
    drop_split_character(message, sizeof message - 1);
  }
  err->status = status;
  set_message(err, message, NULL);
  return status;
}

enum ms_status
ms_fail(struct ms_error *err, enum ms_status status, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  ms_fail_v(err, status, format, arguments);
  va_end(arguments);
  return status;
}

enum ms_status
ms_fail_errno(struct ms_error *err, int error_number, const char *format, ...)
{
  enum ms_status status = status_of_errno(error_number);
  if (!err) {
    return status;
  }
  char what[MS_ERROR_MESSAGE_MAX];
  char reason[128];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  err->status = status;
  set_message(err, what, strerror_r(error_number, reason, sizeof reason));
  return status;
}

enum ms_status
ms_error_prefix(struct ms_error *err, const char *format, ...)
{
  if (!err) {
    return MS_INTERNAL;
  }
  char prefix[MS_ERROR_MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(prefix, sizeof prefix, format, arguments);
  va_end(arguments);
  set_message(err, prefix, err->message);
  return err->status;
}

const char *
ms_status_code(enum ms_status status)
{
  return (unsigned)status < STATUS_COUNT ? status_codes[status] : status_codes[MS_INTERNAL];
}

enum ms_status
ms_status_from_code(const char *code)
{
  for (int i = 0; i < STATUS_COUNT; i++) {
    if (strcmp(code, status_codes[i]) == 0) {
      return (enum ms_status)i;
    }
  }
  return MS_INTERNAL;
}
