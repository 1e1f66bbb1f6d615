/* Where parts go, and the receipts for them. */
#include "support.h"

#include "api/part.h"

static const struct ms_part part_2_of_3 = {
    .component_id = "abc",
    .upload_id = "0c0ffee0-0000-4000-8000-000000000001",
    .number = 2,
    .count = 3,
    .total_bytes = 25,
};

static void
is_printed_and_read(void **state)
{
  (void)state;
  char text[MS_PART_TEXT_SIZE];
  struct ms_part part;
  struct ms_error err;
  ms_part_print(&part_2_of_3, text);
  assert_string_equal(text, "abc/0c0ffee0-0000-4000-8000-000000000001/2/3/25");
  assert_int_equal(ms_part_parse(text, &part, &err), MS_OK);
  assert_memory_equal(&part, &part_2_of_3, sizeof part);
  static const char *const wrong[] = {
      "",           "abc", "abc/0/1/1", "abc//1/1/1", "abc/0/0/3/9", "abc/0/4/3/9", "abc/0/1/3/9x",
      "abc/0/x/3/9"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(ms_part_parse(wrong[i], &part, &err), MS_INVALID);
  }
}

static void
goes_where_its_size_says(void **state)
{
  (void)state;
  static const struct {
    int64_t number, count, total, size; /* given */
    int64_t offset, segment;            /* wanted; -1: refused */
  } cases[] = {
      {1, 3, 25, 10, 0, 10}, {2, 3, 25, 10, 10, 10}, {3, 3, 25, 5, 20, 10}, {3, 3, 30, 10, 20, 10},
      {1, 1, 25, 25, 0, 25}, {3, 3, 25, 6, -1, 0},   {3, 3, 25, 25, -1, 0}, {1, 3, 25, 13, -1, 0},
      {1, 3, 25, 8, -1, 0},  {1, 3, 25, 0, -1, 0},   {1, 3, 25, 26, -1, 0}, {1, 1, 25, 24, -1, 0},
      {3, 3, 25, 11, -1, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ms_part part = {
        .number = cases[i].number, .count = cases[i].count, .total_bytes = cases[i].total};
    struct ms_error err;
    int64_t offset = -1, segment = 0;
    enum ms_status status = ms_part_place(&part, cases[i].size, &offset, &segment, &err);
    assert_int_equal(status == MS_OK, cases[i].offset >= 0);
    assert_int_equal(status == MS_OK ? offset : -1, cases[i].offset);
    assert_int_equal(status == MS_OK ? segment : 0, cases[i].segment);
  }
}

static void
a_receipt_is_for_its_part_alone(void **state)
{
  struct tracker *tracker = *state;
  char tag[MS_PART_TAG_SIZE], quoted[MS_PART_TAG_SIZE + 2];
  uint8_t digest[MS_MD5_BYTES], read[MS_MD5_BYTES];
  int64_t segment = 0;
  ms_md5("part", 4, digest);
  ms_part_tag(tracker->api, &part_2_of_3, 10, digest, tag);
  snprintf(quoted, sizeof quoted, "\"%s\"", tag);
  check_ok(ms_part_check_tag(tracker->api, &part_2_of_3, quoted, &segment, read, &tracker->err),
           &tracker->err);
  assert_int_equal(segment, 10);
  assert_memory_equal(read, digest, sizeof read);

  struct ms_part other = part_2_of_3;
  other.number = 3;
  check_error(ms_part_check_tag(tracker->api, &other, tag, &segment, read, &tracker->err),
              &tracker->err, MS_INVALID, "part 3");
  tag[4] ^= 1; /* another digest */
  check_error(ms_part_check_tag(tracker->api, &part_2_of_3, tag, &segment, read, &tracker->err),
              &tracker->err, MS_INVALID, "e_tag");
  check_error(ms_part_check_tag(tracker->api, &part_2_of_3, "", &segment, read, &tracker->err),
              &tracker->err, MS_INVALID, "e_tag");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_printed_and_read),
      cmocka_unit_test(goes_where_its_size_says),
      cmocka_unit_test_setup_teardown(a_receipt_is_for_its_part_alone, open_tracker, close_tracker),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
