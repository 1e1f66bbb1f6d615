#include "support/check.h"

#include <errno.h>

static void
a_failure_carries_status_and_sentence(void **state)
{
  (void)state;
  struct ms_error err;
  assert_int_equal(ms_fail(&err, MS_NOT_FOUND, "no %s '%s'", "user", "ada"), MS_NOT_FOUND);
  assert_int_equal(err.status, MS_NOT_FOUND);
  assert_string_equal(err.message, "no user 'ada'");
}

static void
nobody_has_to_listen(void **state)
{
  (void)state;
  assert_int_equal(ms_fail(NULL, MS_BUSY, "x"), MS_BUSY);
  assert_int_equal(ms_fail_errno(NULL, ENOENT, "x"), MS_NOT_FOUND);
  assert_int_equal(ms_error_prefix(NULL, "x"), MS_INTERNAL);
}

static void
the_old_message_may_be_part_of_the_new(void **state)
{
  (void)state;
  struct ms_error err;
  ms_fail(&err, MS_IO, "disk full");
  ms_fail(&err, MS_SERVER, "commit: %s", err.message);
  assert_string_equal(err.message, "commit: disk full");
}

static void
errno_becomes_a_status_and_words(void **state)
{
  (void)state;
  static const struct {
    int number;
    enum ms_status status;
    const char *message;
  } rows[] = {
      {ENOENT, MS_NOT_FOUND, "open 'x': No such file or directory"},
      {EACCES, MS_PERMISSION, "open 'x': Permission denied"},
      {EPERM, MS_PERMISSION, "open 'x': Operation not permitted"},
      {ENOSPC, MS_FULL, "open 'x': No space left on device"},
      {EDQUOT, MS_FULL, "open 'x': Disk quota exceeded"},
      {EIO, MS_IO, "open 'x': Input/output error"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct ms_error err;
    assert_int_equal(ms_fail_errno(&err, rows[i].number, "open '%s'", "x"), rows[i].status);
    assert_int_equal(err.status, rows[i].status);
    assert_string_equal(err.message, rows[i].message);
  }
}

static void
a_prefix_keeps_the_status(void **state)
{
  (void)state;
  struct ms_error err;
  ms_fail(&err, MS_PERMISSION, "permission denied");
  assert_int_equal(ms_error_prefix(&err, "open %s", "database"), MS_PERMISSION);
  assert_string_equal(err.message, "open database: permission denied");
}

static void
long_messages_are_cut_between_characters(void **state)
{
  (void)state;
  char long_text[2 * MS_ERROR_MESSAGE_MAX + 1];
  for (size_t i = 0; i + 1 < sizeof long_text; i += 2) {
    memcpy(long_text + i, "\xC3\xA9", 2);
  }
  long_text[sizeof long_text - 1] = '\0';
  struct ms_error err;
  ms_fail(&err, MS_LIMIT, "%s", long_text); /* 2047 bytes fit: half a character must go */
  assert_int_equal(strlen(err.message), MS_ERROR_MESSAGE_MAX - 2);
  ms_error_prefix(&err, "123"); /* and again, with the cut elsewhere */
  assert_memory_equal(err.message, "123: \xC3\xA9", 7);
  assert_int_equal(strlen(err.message), MS_ERROR_MESSAGE_MAX - 1);
  ms_error_prefix(&err, "1");
  assert_int_equal(strlen(err.message), MS_ERROR_MESSAGE_MAX - 2);
  ms_fail_errno(&err, EIO, "%s", long_text);
  assert_in_range(strlen(err.message), MS_ERROR_MESSAGE_MAX - 4, MS_ERROR_MESSAGE_MAX - 1);
}

static void
codes_and_statuses_match(void **state)
{
  (void)state;
  for (int status = MS_OK; status <= MS_INTERNAL; status++) {
    assert_int_equal(ms_status_from_code(ms_status_code((enum ms_status)status)), status);
  }
  assert_string_equal(ms_status_code(MS_NOT_FOUND), "not_found");
  assert_int_equal(ms_status_from_code("nonsense"), MS_INTERNAL);
  assert_string_equal(ms_status_code((enum ms_status)999), "internal");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_failure_carries_status_and_sentence),
      cmocka_unit_test(nobody_has_to_listen),
      cmocka_unit_test(the_old_message_may_be_part_of_the_new),
      cmocka_unit_test(errno_becomes_a_status_and_words),
      cmocka_unit_test(a_prefix_keeps_the_status),
      cmocka_unit_test(long_messages_are_cut_between_characters),
      cmocka_unit_test(codes_and_statuses_match),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
