/* Head comments as help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "host/help.h"

static void
test_head_comments(void **state)
{
  static const struct {
    const char *script, *help;
  } cases[] = {
      {"--- Greet.\n---\n---   more\nlocal x", "Greet.\n\n  more\n"},
      {"-- Greet.\nprint()\n-- not this", "Greet.\n"},
      {"#!/usr/bin/env moonshift\n-- Greet.\n", "Greet.\n"},
      {"--- Greet.\n---@diagnostic disable\n--- More.", "Greet.\nMore.\n"},
      {"-- no newline", "no newline\n"},
      {"--", "\n"},
      {"", ""},
      {"#!x", ""},
      {"\n-- late", ""},
      {"local x -- no\n", ""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ms_buffer help;
    ms_buffer_init(&help, MS_HELP_MAX_BYTES);
    ms_help_of_script(cases[i].script, strlen(cases[i].script), &help);
    assert_string_equal(ms_buffer_string(&help), cases[i].help);
    ms_buffer_free(&help);
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_head_comments)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
