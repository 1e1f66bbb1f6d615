#include "support/check.h"

#include "base/buffer.h"

static void
appended_pieces_join(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  ms_buffer_init(&buffer, 1000000);
  assert_string_equal(ms_buffer_string(&buffer), "");
  ms_buffer_append(&buffer, "ab", 2);
  ms_buffer_append_string(&buffer, "cd");
  ms_buffer_append_char(&buffer, 'e');
  ms_buffer_printf(&buffer, "%d", 42);
  assert_string_equal(ms_buffer_string(&buffer), "abcde42");
  assert_int_equal(buffer.size_bytes, 7);
  ms_buffer_free(&buffer);
}

static void
growing_keeps_every_byte(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  ms_buffer_init(&buffer, 100000);
  for (int i = 0; i < 100000; i++) {
    ms_buffer_append_char(&buffer, (char)(i % 251));
  }
  assert_int_equal(buffer.status, MS_OK);
  assert_int_equal(buffer.size_bytes, 100000);
  for (int i = 0; i < 100000; i++) {
    assert_int_equal((unsigned char)buffer.data[i], i % 251);
  }
  assert_int_equal(buffer.data[100000], '\0');
  ms_buffer_free(&buffer);
}

static void
the_maximum_is_exact_and_sticks(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  struct ms_error err;
  ms_buffer_init(&buffer, 5);
  ms_buffer_append_string(&buffer, "12345");
  check_ok(ms_buffer_check(&buffer, "answer", &err), &err);
  ms_buffer_append_char(&buffer, '6');
  ms_buffer_append_string(&buffer, "");
  check_error(ms_buffer_check(&buffer, "answer", &err), &err, MS_LIMIT,
              "answer is larger than the limit of 5 bytes");
  assert_string_equal(ms_buffer_string(&buffer), "12345");
  assert_null(ms_buffer_reserve(&buffer, 0));
  ms_buffer_clear(&buffer);
  ms_buffer_printf(&buffer, "%s", "abcde");
  check_ok(ms_buffer_check(&buffer, "answer", &err), &err);
  ms_buffer_printf(&buffer, "%s", "f");
  assert_int_equal(buffer.status, MS_LIMIT);
  ms_buffer_free(&buffer);
}

static void
a_failed_append_adds_nothing(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  ms_buffer_init(&buffer, 3);
  ms_buffer_append_string(&buffer, "1234");
  ms_buffer_append_string(&buffer, "1"); /* would fit, but the failure sticks */
  assert_string_equal(ms_buffer_string(&buffer), "");
  assert_int_equal(buffer.status, MS_LIMIT);
  ms_buffer_free(&buffer);
}

static void
absurd_sizes_do_not_overflow(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  struct ms_error err;
  ms_buffer_init(&buffer, SIZE_MAX);
  ms_buffer_append_string(&buffer, "x");
  assert_null(ms_buffer_reserve(&buffer, SIZE_MAX));
  check_error(ms_buffer_check(&buffer, "answer", &err), &err, MS_LIMIT, "answer");
  ms_buffer_free(&buffer);
}

static void
reserved_room_is_filled_in_place(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  ms_buffer_init(&buffer, 10000);
  ms_buffer_append_string(&buffer, "head ");
  char *room = ms_buffer_reserve(&buffer, 5000);
  assert_non_null(room);
  memset(room, 'x', 5000);
  ms_buffer_grew(&buffer, 3);
  assert_string_equal(ms_buffer_string(&buffer), "head xxx");
  ms_buffer_free(&buffer);
}

static void
both_ends_can_be_removed(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  ms_buffer_init(&buffer, 100);
  ms_buffer_consume(&buffer, 0);
  ms_buffer_truncate(&buffer, 0);
  ms_buffer_append_string(&buffer, "0123456789");
  ms_buffer_truncate(&buffer, 8);
  ms_buffer_consume(&buffer, 3);
  assert_string_equal(ms_buffer_string(&buffer), "34567");
  ms_buffer_consume(&buffer, 5);
  assert_string_equal(ms_buffer_string(&buffer), "");
  ms_buffer_free(&buffer);
}

static void
taking_gives_the_bytes_away(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  ms_buffer_init(&buffer, 100);
  char *empty = ms_buffer_take(&buffer);
  assert_string_equal(empty, "");
  free(empty);
  ms_buffer_append_string(&buffer, "mine");
  char *text = ms_buffer_take(&buffer);
  assert_int_equal(buffer.size_bytes, 0);
  ms_buffer_append_string(&buffer, "next");
  assert_string_equal(text, "mine");
  assert_string_equal(ms_buffer_string(&buffer), "next");
  free(text);
  ms_buffer_free(&buffer);
}

static void
nul_bytes_are_bytes(void **state)
{
  (void)state;
  struct ms_buffer buffer;
  ms_buffer_init(&buffer, 100);
  ms_buffer_append(&buffer, "a\0b", 3);
  ms_buffer_append(&buffer, NULL, 0);
  assert_int_equal(buffer.size_bytes, 3);
  assert_memory_equal(buffer.data, "a\0b", 4);
  ms_buffer_free(&buffer);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appended_pieces_join),
      cmocka_unit_test(growing_keeps_every_byte),
      cmocka_unit_test(the_maximum_is_exact_and_sticks),
      cmocka_unit_test(a_failed_append_adds_nothing),
      cmocka_unit_test(absurd_sizes_do_not_overflow),
      cmocka_unit_test(reserved_room_is_filled_in_place),
      cmocka_unit_test(both_ends_can_be_removed),
      cmocka_unit_test(taking_gives_the_bytes_away),
      cmocka_unit_test(nul_bytes_are_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
