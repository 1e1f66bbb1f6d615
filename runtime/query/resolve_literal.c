/* Values: the words of a query as parameters of the type that an attribute has. */
#include "query/resolver.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"

enum { PATTERN_MAX_BYTES = 50000 /* SQLite's own limit for the pattern of LIKE */ };

static bool
is_word(const struct ms_query_value *value, const char *word)
{
  return value->text_bytes == strlen(word) &&
         strncasecmp(value->text, word, value->text_bytes) == 0;
}

bool
ms_resolver_is_null(const struct ms_query_value *value)
{
  return !value->is_quoted && (is_word(value, "none") || is_word(value, "null"));
}

static void
set_integer(struct ms_parameter *literal, int64_t integer)
{
  *literal = (struct ms_parameter){.type = MS_PARAMETER_INTEGER, .integer = integer};
}

static void
set_text(struct ms_parameter *literal, const char *text, size_t text_bytes)
{
  *literal =
      (struct ms_parameter){.type = MS_PARAMETER_TEXT, .text = text, .text_bytes = text_bytes};
}

static bool
read_boolean(const struct ms_query_value *value, struct ms_parameter *literal)
{
  bool is_true = is_word(value, "true") || is_word(value, "1");
  if (!is_true && !is_word(value, "false") && !is_word(value, "0"))
    return false;
  set_integer(literal, is_true);
  return true;
}

/* Numbers are spelled as in JSON, whose reader is exact and knows no locale. */
static bool
read_number(const struct ms_query_value *value, struct ms_parameter *literal)
{
  struct ms_json_reader reader;
  ms_json_reader_init(&reader, value->text, value->text_bytes);
  bool is_number = ms_json_next(&reader, NULL) == MS_OK;
  if (is_number && reader.type == MS_JSON_INTEGER)
    set_integer(literal, reader.integer);
  else if (is_number && reader.type == MS_JSON_NUMBER)
    *literal = (struct ms_parameter){.type = MS_PARAMETER_NUMBER, .number = reader.number};
  else
    is_number = false;
  is_number = is_number && ms_json_next(&reader, NULL) == MS_OK && reader.type == MS_JSON_EOF;
  ms_json_reader_free(&reader);
  return is_number;
}

static bool
read_datetime(const struct ms_query_value *value, struct ms_parameter *literal)
{
  int64_t time_us;
  if (ms_time_parse(value->text, value->text_bytes, &time_us, NULL) != MS_OK)
    return false;
  set_integer(literal, time_us);
  return true;
}

enum ms_status
ms_resolver_literal(struct ms_resolver *resolver, const struct ms_attribute *attribute,
                    const struct ms_query_value *value, struct ms_parameter *literal)
{
  const char *expected;
  switch (ms_query_value_type(attribute)) {
  case MS_VALUE_BOOLEAN:
    if (read_boolean(value, literal))
      return MS_OK;
    expected = "true or false";
    break;
  case MS_VALUE_INTEGER:
  case MS_VALUE_NUMBER:
    if (read_number(value, literal))
      return MS_OK;
    expected = "a number";
    break;
  case MS_VALUE_DATETIME:
    if (read_datetime(value, literal))
      return MS_OK;
    expected = "a date (YYYY-MM-DD) or date-time (YYYY-MM-DDThh:mm:ss)";
    break;
  default:
    set_text(literal, value->text, value->text_bytes);
    return MS_OK;
  }
  int shown_bytes = value->text_bytes < MS_QUERY_NAME_SHOWN_MAX ? (int)value->text_bytes
                                                                : MS_QUERY_NAME_SHOWN_MAX;
  return ms_query_complain(resolver->source, value->position, MS_PARSE, resolver->err,
                           "'%s' is compared with %s, which '%.*s' is not.", attribute->name,
                           expected, shown_bytes, value->text);
}

bool
ms_resolver_literal_number(const struct ms_query_value *value, struct ms_parameter *literal)
{
  return read_number(value, literal) || read_boolean(value, literal);
}

enum ms_status
ms_resolver_pattern(struct ms_resolver *resolver, const struct ms_query_value *value,
                    struct ms_parameter *literal)
{
  if (value->text_bytes > PATTERN_MAX_BYTES / 2)
    return ms_query_complain(resolver->source, value->position, MS_LIMIT, resolver->err,
                             "A pattern of more than %d bytes.", PATTERN_MAX_BYTES / 2);
  enum ms_status status;
  char *pattern = ms_resolver_new(resolver, value->text_bytes * 2 + 1, &status);
  if (!pattern)
    return status;
  size_t size = 0;
  for (size_t i = 0; i < value->text_bytes; i++) {
    char next = i + 1 < value->text_bytes ? value->text[i + 1] : '\0';
    pattern[size++] = value->text[i];
    if (value->text[i] != '\\')
      continue;
    bool escapes = next == '%' || next == '_' || next == '\\';
    pattern[size++] = escapes ? next : '\\';
    i += escapes;
  }
  set_text(literal, pattern, size);
  return MS_OK;
}
