/* Links work once; sessions work until they end. */
#include "support.h"

#include "base/clock.h"
#include "page/internal.h"

static enum ms_status
check(struct fixture *fixture, const char *cookies, char user_id[64])
{
  return ms_sign_in_check(fixture->page, cookies, user_id, &fixture->error);
}

/* The Cookie header that a browser makes of a Set-Cookie value. */
static char *
cookie_of(const struct ms_buffer *set_cookie)
{
  const char *text = ms_buffer_string(set_cookie);
  return strndup(text, strcspn(text, ";"));
}

static void
test_link(void **state)
{
  struct fixture *fixture = *state;
  char token[MS_SIGN_IN_TOKEN_SIZE], later[MS_SIGN_IN_TOKEN_SIZE], user_id[64];
  assert_int_equal(ms_sign_in_redeem(fixture->page, "", user_id, &fixture->error),
                   MS_AUTHENTICATION); /* before there is a link */
  ms_sign_in_make_link(fixture->page, fixture->user_id, token);
  ms_sign_in_make_link(fixture->page, fixture->user_id, later);
  assert_string_not_equal(token, later);
  assert_int_equal(ms_sign_in_redeem(fixture->page, token, user_id, &fixture->error),
                   MS_AUTHENTICATION);
  must(fixture, ms_sign_in_redeem(fixture->page, later, user_id, &fixture->error));
  assert_string_equal(user_id, fixture->user_id);
  assert_int_equal(ms_sign_in_redeem(fixture->page, later, user_id, &fixture->error),
                   MS_AUTHENTICATION);
}

static void
test_session(void **state)
{
  struct fixture *fixture = *state;
  char user_id[64], others[256];
  must(fixture,
       ms_sign_in_begin(fixture->page, fixture->user_id, true, &fixture->answer, &fixture->error));
  assert_contains(fixture, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=1209600; Secure");
  char *cookie = cookie_of(&fixture->answer);
  must(fixture, check(fixture, cookie, user_id));
  assert_string_equal(user_id, fixture->user_id);
  snprintf(others, sizeof others, "theme=dark; %s; x=y", cookie);
  must(fixture, check(fixture, others, user_id));
  ms_buffer_clear(&fixture->answer);
  must(fixture, ms_sign_in_end(fixture->page, cookie, &fixture->answer, &fixture->error));
  assert_contains(fixture, "Max-Age=0");
  assert_int_equal(check(fixture, cookie, user_id), MS_AUTHENTICATION);
  free(cookie);
}

static void
test_wrong_cookies(void **state)
{
  struct fixture *fixture = *state;
  char user_id[64];
  must(fixture,
       ms_sign_in_begin(fixture->page, fixture->user_id, false, &fixture->answer, &fixture->error));
  assert_lacks(fixture, "Secure");
  char *cookie = cookie_of(&fixture->answer);
  assert_int_equal(check(fixture, NULL, user_id), MS_AUTHENTICATION);
  assert_int_equal(check(fixture, "", user_id), MS_AUTHENTICATION);
  assert_int_equal(check(fixture, ";;; ;", user_id), MS_AUTHENTICATION);
  assert_int_equal(check(fixture, cookie + 1, user_id), MS_AUTHENTICATION);
  cookie[strlen(cookie) - 1] ^= 1;
  assert_int_equal(check(fixture, cookie, user_id), MS_AUTHENTICATION);
  cookie[strlen(cookie) - 1] = '\0';
  assert_int_equal(check(fixture, cookie, user_id), MS_AUTHENTICATION);
  free(cookie);
}

/* The oldest of too many ends; somebody who may no longer come in is out at once. */
static void
test_ends(void **state)
{
  struct fixture *fixture = *state;
  char user_id[64], update[256];
  char *first = NULL, *last = NULL;
  for (int i = 0; i <= MS_SIGN_IN_PER_USER_MAX; i++) {
    ms_buffer_clear(&fixture->answer);
    must(fixture, ms_sign_in_begin(fixture->page, fixture->user_id, false, &fixture->answer,
                                   &fixture->error));
    free(last);
    last = cookie_of(&fixture->answer);
    first = first ? first : strdup(last);
  }
  assert_int_equal(check(fixture, first, user_id), MS_AUTHENTICATION);
  must(fixture, check(fixture, last, user_id));
  snprintf(update, sizeof update,
           "[{'action':'update','entity_type':'User','entity_key':['%s'],"
           "'entity_data':{'is_active':false}}]",
           fixture->user_id);
  call(fixture, update);
  assert_int_equal(check(fixture, last, user_id), MS_AUTHENTICATION);
  free(first);
  free(last);
}

/* What is older than its time is refused, and makes room. */
static void
test_expiry(void **state)
{
  struct fixture *fixture = *state;
  struct ms_database *database = ms_api_database(fixture->api);
  char token[MS_SIGN_IN_TOKEN_SIZE], user_id[64], sql[128];
  must(fixture,
       ms_sign_in_begin(fixture->page, fixture->user_id, false, &fixture->answer, &fixture->error));
  char *cookie = cookie_of(&fixture->answer);
  must(fixture, check(fixture, cookie, user_id));
  snprintf(sql, sizeof sql, "UPDATE moonshift_sign_in SET expires_at = %lld",
           (long long)ms_clock_now_us() - 1);
  must(fixture, ms_database_execute(database, sql, &fixture->error));
  assert_int_equal(check(fixture, cookie, user_id), MS_AUTHENTICATION);
  free(cookie);
  must(fixture,
       ms_sign_in_begin(fixture->page, fixture->user_id, false, &fixture->answer, &fixture->error));
  struct ms_statement *statement;
  must(fixture, ms_database_prepare(database, "SELECT count(*) FROM moonshift_sign_in", &statement,
                                    &fixture->error));
  must(fixture, ms_statement_step(statement, NULL, &fixture->error));
  assert_int_equal(ms_statement_integer(statement, 0), 1);
  ms_statement_done(statement);

  ms_sign_in_make_link(fixture->page, fixture->user_id, token);
  fixture->page->link_expires_us = ms_clock_now_us() - 1;
  assert_int_equal(ms_sign_in_redeem(fixture->page, token, user_id, &fixture->error),
                   MS_AUTHENTICATION);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_link), TEST(test_session), TEST(test_wrong_cookies),
      TEST(test_ends), TEST(test_expiry),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
