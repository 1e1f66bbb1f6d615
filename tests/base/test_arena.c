#include "support/check.h"

#include "base/arena.h"

static void
objects_are_zeroed_aligned_and_apart(void **state)
{
  (void)state;
  struct ms_arena arena;
  ms_arena_init(&arena, 1 << 20);
  unsigned char *objects[1000];
  for (size_t i = 0; i < COUNT(objects); i++) {
    size_t size = i % 37 + 1;
    objects[i] = ms_arena_alloc(&arena, size);
    assert_non_null(objects[i]);
    assert_int_equal((uintptr_t)objects[i] % _Alignof(max_align_t), 0);
    for (size_t j = 0; j < size; j++) {
      assert_int_equal(objects[i][j], 0);
    }
    memset(objects[i], (int)(i % 256), size);
  }
  for (size_t i = 0; i < COUNT(objects); i++) {
    for (size_t j = 0; j < i % 37 + 1; j++) {
      assert_int_equal(objects[i][j], i % 256);
    }
  }
  ms_arena_free(&arena);
}

static void
the_maximum_leaves_earlier_objects_valid(void **state)
{
  (void)state;
  struct ms_arena arena;
  ms_arena_init(&arena, 64);
  char *first = ms_arena_strdup(&arena, "kept");
  assert_non_null(first);
  assert_null(ms_arena_alloc(&arena, 64));
  assert_null(ms_arena_alloc(&arena, SIZE_MAX));
  assert_null(ms_arena_strndup(&arena, "x", SIZE_MAX));
  assert_non_null(ms_arena_alloc(&arena, 48)); /* exactly what is left */
  assert_null(ms_arena_alloc(&arena, 1));
  assert_null(ms_arena_printf(&arena, "%d", 1));
  assert_string_equal(first, "kept");
  assert_int_equal(arena.used_bytes, 64);
  ms_arena_free(&arena);
  assert_non_null(ms_arena_alloc(&arena, 64));
  ms_arena_free(&arena);
}

static void
an_array_whose_size_overflows_is_refused(void **state)
{
  (void)state;
  struct ms_arena arena;
  ms_arena_init(&arena, SIZE_MAX);
  assert_null(MS_ARENA_ARRAY(&arena, uint64_t, SIZE_MAX / 8 + 2));
  uint64_t *numbers = MS_ARENA_ARRAY(&arena, uint64_t, 100);
  assert_non_null(numbers);
  assert_int_equal(numbers[99], 0);
  ms_arena_free(&arena);
}

static void
objects_larger_than_a_block_fit(void **state)
{
  (void)state;
  struct ms_arena arena;
  ms_arena_init(&arena, 10 << 20);
  char *small = ms_arena_strdup(&arena, "small");
  char *large = ms_arena_alloc(&arena, 5 << 20);
  assert_non_null(large);
  memset(large, 'x', 5 << 20);
  assert_string_equal(small, "small");
  ms_arena_free(&arena);
}

static void
text_is_copied_with_its_nul(void **state)
{
  (void)state;
  struct ms_arena arena;
  ms_arena_init(&arena, 1 << 20);
  assert_string_equal(ms_arena_strndup(&arena, "shot_010", 4), "shot");
  assert_string_equal(ms_arena_strndup(&arena, NULL, 0), "");
  assert_string_equal(ms_arena_printf(&arena, "%s-%03d", "sh", 7), "sh-007");
  assert_ptr_not_equal(ms_arena_alloc(&arena, 0), ms_arena_alloc(&arena, 0));
  ms_arena_free(&arena);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(objects_are_zeroed_aligned_and_apart),
      cmocka_unit_test(the_maximum_leaves_earlier_objects_valid),
      cmocka_unit_test(an_array_whose_size_overflows_is_refused),
      cmocka_unit_test(objects_larger_than_a_block_fit),
      cmocka_unit_test(text_is_copied_with_its_nul),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
