/* "bytes=FIRST-LAST", "bytes=FIRST-" or "bytes=-LENGTH". What cannot be read is ignored, as the
 * standard wants it: the answer is then the whole. */
#include "server/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Reads decimal digits, saturating; false when there are none. */
static bool
read_number(const char **text, uint64_t *number)
{
  const char *start = *text;
  uint64_t value = 0;
  for (; **text >= '0' && **text <= '9'; ++*text) {
    uint64_t digit = (uint64_t)(**text - '0');
    value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
  }
  *number = value;
  return *text != start;
}

struct ms_range
ms_range_parse(const char *header, uint64_t total_bytes)
{
  const struct ms_range whole = {MS_RANGE_WHOLE, 0, total_bytes};
  const struct ms_range unsatisfiable = {MS_RANGE_UNSATISFIABLE, 0, 0};
  if (!header || strncasecmp(header, "bytes=", 6) != 0) {
    return whole;
  }
  const char *text = header + 6;
  uint64_t first = 0, last = 0;
  bool has_first = read_number(&text, &first);
  if (*text++ != '-') {
    return whole;
  }
  bool has_last = read_number(&text, &last);
  if (*text != '\0' || !(has_first || has_last) || (has_first && has_last && last < first)) {
    return whole;
  }
  if (!has_first) {
    uint64_t length = last < total_bytes ? last : total_bytes;
    return length == 0 ? unsatisfiable
                       : (struct ms_range){MS_RANGE_PART, total_bytes - length, length};
  }
  if (first >= total_bytes) {
    return unsatisfiable;
  }
  uint64_t rest = total_bytes - first;
  uint64_t wanted = has_last && last - first < rest ? last - first + 1 : rest;
  return (struct ms_range){MS_RANGE_PART, first, wanted};
}
