/* Failures as the protocol's error object. */
#include <string.h>

#include "api/api.h"
#include "base/json.h"

/* The names that clients know, by status. */
static const struct {
  enum ms_status status;
  const char *exception;
} exceptions[] = {
    {MS_PARSE, "ParseError"},
    {MS_INVALID, "ValidationError"},
    {MS_USAGE, "ValidationError"},
    {MS_NOT_FOUND, "ValidationError"},
    {MS_EXISTS, "DuplicateEntryError"},
    {MS_INTEGRITY, "IntegrityError"},
    {MS_AUTHENTICATION, "InvalidCredentialsError"},
    {MS_PERMISSION, "PermissionError"},
    {MS_LIMIT, "LimitError"},
};

static const char other_exception[] = "ServerError";

static const char *
exception_of(enum ms_status status)
{
  for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
    if (exceptions[i].status == status)
      return exceptions[i].exception;
  return other_exception;
}

/* The Python client formats the text: braces would make it fail. */
static void
replace_braces(char *text)
{
  for (; *text; text++)
    if (*text == '{')
      *text = '(';
    else if (*text == '}')
      *text = ')';
}

void
ms_api_print_error(const struct ms_error *err, struct ms_buffer *answer)
{
  char content[MS_ERROR_MESSAGE_MAX];
  struct ms_json_writer writer;
  memcpy(content, err->message, sizeof content);
  content[sizeof content - 1] = '\0';
  replace_braces(content);
  ms_json_writer_init(&writer, answer);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "exception", exception_of(err->status));
  ms_json_member_string(&writer, "content", content);
  ms_json_member_string(&writer, "error_code", ms_status_code(err->status));
  ms_json_end_object(&writer);
}
