#include "support/check.h"

#include "base/nearest.h"

static void
distances_count_edits(void **state)
{
  (void)state;
  static const struct {
    const char *a;
    const char *b;
    size_t distance;
  } rows[] = {
      {"", "", 0},
      {"", "abc", 3},
      {"status", "status", 0},
      {"Status", "sTATUS", 0},
      {"statsu", "status", 1}, /* two neighbours swapped */
      {"sttus", "status", 1},
      {"staatus", "status", 1},
      {"stadus", "status", 1},
      {"kitten", "sitting", 3},
      {"ca", "abc", 3}, /* optimal string alignment: a swapped pair is not edited again */
      {"Z", "[", 1},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_int_equal(ms_word_distance(rows[i].a, rows[i].b), rows[i].distance);
    assert_int_equal(ms_word_distance(rows[i].b, rows[i].a), rows[i].distance);
  }
}

static void
long_words_are_infinitely_far(void **state)
{
  (void)state;
  char longest[MS_NEAREST_WORD_MAX + 1];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  char longer[MS_NEAREST_WORD_MAX + 2];
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  assert_int_equal(ms_word_distance(longest, longest), 0);
  assert_int_equal(ms_word_distance(longest, ""), MS_NEAREST_WORD_MAX);
  assert_int_equal(ms_word_distance(longest, longer), SIZE_MAX);
  assert_int_equal(ms_word_distance(longer, longer), SIZE_MAX);
  struct ms_nearest nearest = {.word = longer};
  ms_nearest_offer(&nearest, longer);
  assert_null(nearest.best);
}

static const char *
nearest_of(const char *word, const char *const *candidates, size_t count)
{
  struct ms_nearest nearest = {.word = word};
  for (size_t i = 0; i < count; i++) {
    ms_nearest_offer(&nearest, candidates[i]);
  }
  return nearest.best;
}

static void
the_nearest_candidate_wins(void **state)
{
  (void)state;
  static const char *const names[] = {"name", "username", "description", "status", "id"};
  assert_string_equal(nearest_of("usrname", names, COUNT(names)), "username");
  assert_string_equal(nearest_of("descritpion", names, COUNT(names)), "description");
  assert_string_equal(nearest_of("NAME", names, COUNT(names)), "name");
  assert_string_equal(nearest_of("nmae", names, COUNT(names)), "name");
  assert_null(nearest_of("colour", names, COUNT(names)));
  assert_null(nearest_of("nnnm", names, COUNT(names)));
  assert_null(nearest_of("x", names, COUNT(names)));
  assert_null(nearest_of("", names, COUNT(names)));
}

static void
of_equally_near_words_the_first_wins(void **state)
{
  (void)state;
  static const char *const names[] = {"cast", "cart"};
  assert_string_equal(nearest_of("cat", names, COUNT(names)), "cast");
  static const char *const letters[] = {"y"};
  assert_null(nearest_of("x", letters, 1)); /* everything changed: nothing is near */
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(distances_count_edits),
      cmocka_unit_test(long_words_are_infinitely_far),
      cmocka_unit_test(the_nearest_candidate_wins),
      cmocka_unit_test(of_equally_near_words_the_first_wins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
