/* Plans: found again by what they were made of, and never by less; bounded. */
#include "support.h"

#include "api/plans.h"

static const struct ms_query_plan *
find(struct ms_plans *plans, const struct ms_query_context *context, const char *text)
{
  struct ms_error err;
  const struct ms_query_plan *plan = NULL;
  const struct ms_plan_source source = {
      .context = context, .text = text, .text_bytes = strlen(text)};
  check_ok(ms_plans_find(plans, &source, &plan, &err), &err);
  return plan;
}

static const struct ms_query_plan *
find_get(struct ms_plans *plans, const struct ms_query_context *context, const char *type,
         const char *attribute)
{
  struct ms_error err;
  const struct ms_query_plan *plan = NULL;
  const struct ms_plan_source source = {.context = context,
                                        .type = ms_model_type(context->model, type),
                                        .attributes = &attribute,
                                        .attribute_count = 1};
  check_ok(ms_plans_find(plans, &source, &plan, &err), &err);
  return plan;
}

static void
equal_sources_share_a_plan(void **state)
{
  (void)state;
  struct ms_plans *plans = ms_plans_new();
  const struct ms_query_context context = {.model = ms_model_builtin(), .base_url = "http://a"};
  static const char text[] = "select name from Task where name is \"x\"";
  find(plans, &context, text);
  const struct ms_query_plan *plan = find(plans, &context, text);
  assert_ptr_equal(find(plans, &context, text), plan);
  assert_string_equal(plan->parameters[0].text, "x");
  find_get(plans, &context, "Task", "name");
  plan = find_get(plans, &context, "Task", "name");
  assert_ptr_equal(find_get(plans, &context, "Task", "name"), plan);
  assert_int_equal(plan->parameters[0].type, MS_PARAMETER_KEY);
  ms_plans_free(plans);
}

/* Whatever a plan depends on tells it from others. */
static void
other_sources_have_other_plans(void **state)
{
  (void)state;
  struct ms_plans *plans = ms_plans_new();
  const struct ms_query_context contexts[] = {
      {.model = ms_model_builtin(), .base_url = "http://a"},
      {.model = ms_model_builtin(), .base_url = "http://b"},
      {.model = ms_model_builtin(), .base_url = "http://a", .strict_projections = true},
      {.model = ms_model_builtin(), .base_url = "http://a", .also = "name like \"%x%\""},
  };
  enum { CONTEXTS = sizeof contexts / sizeof *contexts };
  const struct ms_query_plan *found[CONTEXTS + 2];
  for (int turn = 0; turn < 2; turn++) {
    for (size_t i = 0; i < CONTEXTS; i++)
      found[i] = find(plans, &contexts[i], "select thumbnail_url from Task");
    found[CONTEXTS] = find_get(plans, &contexts[0], "Task", "name");
    found[CONTEXTS + 1] = find_get(plans, &contexts[0], "Shot", "name");
  }
  for (size_t i = 0; i < CONTEXTS + 2; i++)
    for (size_t k = 0; k < i; k++)
      assert_ptr_not_equal(found[i], found[k]);
  assert_string_equal(found[0]->parameters[0].text, "http://a");
  assert_string_equal(found[1]->parameters[0].text, "http://b");
  ms_plans_free(plans);
}

static void
the_least_recently_used_goes_first(void **state)
{
  (void)state;
  struct ms_plans *plans = ms_plans_new();
  const struct ms_query_context context = {.model = ms_model_builtin(), .base_url = ""};
  char text[64];
  find(plans, &context, "Task");
  const struct ms_query_plan *kept = find(plans, &context, "Task");
  for (int i = 0; i < 3 * MS_PLANS_MAX; i++) {
    snprintf(text, sizeof text, "Task where name is \"%d\"", i);
    const struct ms_query_plan *plan = find(plans, &context, text);
    assert_int_equal(atoi(plan->parameters[0].text), i);
    assert_ptr_equal(find(plans, &context, "Task"), kept);
  }
  ms_plans_free(plans);
}

static void
long_and_wrong_texts_are_not_kept(void **state)
{
  (void)state;
  struct ms_error err;
  struct ms_buffer text;
  const struct ms_query_plan *plan = NULL;
  struct ms_plans *plans = ms_plans_new();
  const struct ms_query_context context = {.model = ms_model_builtin(), .base_url = ""};
  ms_buffer_init(&text, 4 * MS_PLANS_TEXT_MAX_BYTES);
  ms_buffer_append_string(&text, "Task where id in (a");
  while (text.size_bytes <= MS_PLANS_TEXT_MAX_BYTES)
    ms_buffer_append_string(&text, ",abcdefgh");
  ms_buffer_append_char(&text, ')');
  for (int i = 0; i < 3; i++)
    assert_non_null(find(plans, &context, text.data));
  for (int i = 0; i < 3; i++) {
    const struct ms_plan_source wrong = {.context = &context, .text = "Tsak", .text_bytes = 4};
    check_error(ms_plans_find(plans, &wrong, &plan, &err), &err, MS_PARSE, "Task");
    assert_null(plan);
  }
  ms_buffer_free(&text);
  ms_plans_free(plans);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_sources_share_a_plan),
      cmocka_unit_test(other_sources_have_other_plans),
      cmocka_unit_test(the_least_recently_used_goes_first),
      cmocka_unit_test(long_and_wrong_texts_are_not_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
