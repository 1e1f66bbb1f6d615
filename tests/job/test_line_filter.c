/* What a terminal would show, as lines, whatever the chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "job/line_filter.h"

enum { LINE_MAX_BYTES = 16 };

static void
append_line(void *user, const char *line, size_t size)
{
  ms_buffer_append(user, line, size);
  ms_buffer_append_char(user, '|');
}

static void
filtered(const char *input, size_t chunk, struct ms_buffer *out)
{
  struct ms_line_filter filter;
  ms_line_filter_init(&filter, LINE_MAX_BYTES, append_line, out);
  size_t size = strlen(input);
  for (size_t i = 0; i < size; i += chunk)
    ms_line_filter_add(&filter, input + i, size - i < chunk ? size - i : chunk);
  ms_line_filter_end(&filter);
  ms_line_filter_free(&filter);
}

static void
lines_are_plain(void **state)
{
  static const struct {
    const char *input, *lines;
  } cases[] = {
      {"", ""},
      {"one\ntwo", "one|two|"},
      {"a\n\nb\n", "a||b|"},
      {"\x1b[31mred\x1b[0m\n", "red|"},
      {"\x1b]0;title\x07text\n", "text|"},
      {"\x1b]8;;http://x\x1b\\link\n", "link|"},
      {"\x1b(Bascii\n", "ascii|"},
      {"10%\r20%\r30%\n", "30%|"},
      {"windows\r\nlines\r\n", "windows|lines|"},
      {"tab\there\x07\n", "tab\there|"},
      {"0123456789abcdefXYZ\n", "0123456789abcdef|XYZ|"},
      {"\xc3\xa9t\xc3\xa9\n", "\xc3\xa9t\xc3\xa9|"},
      {"cut \x1b[3", "cut |"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (size_t chunk = 1; chunk < 8; chunk++) {
      struct ms_buffer out;
      ms_buffer_init(&out, 1024);
      filtered(cases[i].input, chunk, &out);
      assert_string_equal(ms_buffer_string(&out), cases[i].lines);
      ms_buffer_free(&out);
    }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(lines_are_plain)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
