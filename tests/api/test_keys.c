/* Users, keys and signed URLs: who may act, and what a URL permits. */
#include "support.h"

#include <inttypes.h>

#include "base/clock.h"

static char *
make_key(struct tracker *tracker, const char *user_id)
{
  char *key = NULL;
  check_ok(ms_api_create_key(tracker->api, user_id, "test", &key, &tracker->err), &tracker->err);
  return key;
}

static void
expect_refused(struct tracker *tracker, const char *username, const char *key)
{
  char user_id[64];
  check_error(ms_api_authenticate(tracker->api, username, key, user_id, &tracker->err),
              &tracker->err, MS_AUTHENTICATION, "ftrack-api-key");
}

static void
a_key_opens_its_user_alone(void **state)
{
  struct tracker *tracker = *state;
  char user_id[64];
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':"
                "{'id':'u1','username':'bob'}}]");
  assert_false(ms_api_has_key(tracker->api, "u1"));
  char *key = make_key(tracker, "u1");
  char *other = make_key(tracker, tracker->user_id);
  assert_true(ms_api_has_key(tracker->api, "u1"));
  assert_string_not_equal(key, other);
  check_ok(ms_api_authenticate(tracker->api, "bob", key, user_id, &tracker->err), &tracker->err);
  assert_string_equal(user_id, "u1");
  expect_refused(tracker, "bob", other);
  expect_refused(tracker, "ada", key);
  expect_refused(tracker, "nobody", key);
  expect_refused(tracker, "bob", "");
  expect_refused(tracker, "bob", NULL);
  expect_refused(tracker, NULL, key);
  free(key);
  free(other);
}

/* Whoever is refused learns nothing from the words. */
static void
every_refusal_reads_the_same(void **state)
{
  struct tracker *tracker = *state;
  char first[MS_ERROR_MESSAGE_MAX];
  expect_refused(tracker, "ada", "wrong");
  strcpy(first, tracker->err.message);
  expect_refused(tracker, "nobody", "wrong");
  assert_string_equal(tracker->err.message, first);
}

static void
an_inactive_user_is_refused(void **state)
{
  struct tracker *tracker = *state;
  char user_id[64];
  char *key = make_key(tracker, tracker->user_id);
  char body[256];
  snprintf(body, sizeof body,
           "[{'action':'update','entity_type':'User','entity_key':['%s'],"
           "'entity_data':{'is_active':false}}]",
           tracker->user_id);
  call(tracker, body);
  expect_refused(tracker, "ada", key);
  check_error(ms_api_find_user(tracker->api, "ada", user_id, &tracker->err), &tracker->err,
              MS_PERMISSION, "not active");
  free(key);
}

static void
keys_are_kept_as_hashes(void **state)
{
  struct tracker *tracker = *state;
  char command[256];
  char *key = make_key(tracker, tracker->user_id);
  snprintf(command, sizeof command, "grep -q '%s' %s/moonshift.db*", key, tracker->folder);
  assert_int_not_equal(system(command), 0);
  free(key);
}

static void
a_key_needs_a_user(void **state)
{
  struct tracker *tracker = *state;
  char *key = NULL;
  check_error(ms_api_create_key(tracker->api, "u9", "test", &key, &tracker->err), &tracker->err,
              MS_NOT_FOUND, "u9");
  assert_null(key);
}

static void
keys_are_listed_and_revoked(void **state)
{
  struct tracker *tracker = *state;
  char user_id[64];
  char *key = make_key(tracker, tracker->user_id);
  struct ms_buffer list;
  ms_buffer_init(&list, 4096);
  check_ok(ms_api_list_keys(tracker->api, &list, &tracker->err), &tracker->err);
  assert_null(strstr(list.data, key));
  ms_json_parse(&tracker->arena, list.data, list.size_bytes, &tracker->tree, &tracker->err);
  expect(tracker, "0.username", "'ada'");
  expect(tracker, "0.label", "'test'");
  const char *id = at(tracker, "0.id")->string;
  check_ok(ms_api_revoke_key(tracker->api, id, &tracker->err), &tracker->err);
  expect_refused(tracker, "ada", key);
  check_error(ms_api_revoke_key(tracker->api, id, &tracker->err), &tracker->err, MS_NOT_FOUND, id);
  check_ok(ms_api_find_user(tracker->api, "ada", user_id, &tracker->err), &tracker->err);
  ms_buffer_free(&list);
  free(key);
}

static void
the_keys_of_a_deleted_user_go_too(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':"
                "{'id':'u1','username':'bob'}}]");
  char *key = make_key(tracker, "u1");
  call(tracker, "[{'action':'delete','entity_type':'User','entity_key':['u1']},"
                "{'action':'create','entity_type':'User','entity_data':"
                "{'id':'u1','username':'bob'}}]");
  expect_refused(tracker, "bob", key);
  free(key);
}

static void
reset_remote_puts_a_new_key_in_the_place_of_its_last(void **state)
{
  struct tracker *tracker = *state;
  char user_id[64];
  char body[256];
  snprintf(body, sizeof body,
           "[{'action':'reset_remote','reset_type':'api_key','entity_type':'User',"
           "'entity_key':'%s'}]",
           tracker->user_id);
  call(tracker, body);
  expect(tracker, "0.action", "'reset_remote'");
  char *key = strdup(at(tracker, "0.data.api_key")->string);
  check_ok(ms_api_authenticate(tracker->api, "ada", key, user_id, &tracker->err), &tracker->err);
  call(tracker, body);
  char *newer = strdup(at(tracker, "0.data.api_key")->string);
  assert_string_not_equal(newer, key);
  expect_refused(tracker, "ada", key);
  check_ok(ms_api_authenticate(tracker->api, "ada", newer, user_id, &tracker->err), &tracker->err);
  free(key);
  free(newer);
  expect_error(tracker, "[{'action':'reset_remote','reset_type':['id'],'entity_type':'User'}]",
               "ValidationError", "api_key");
  expect_error(tracker,
               "[{'action':'reset_remote','reset_type':'api_key','entity_type':'Job',"
               "'entity_key':'x'}]",
               "ValidationError", "belongs to a User");
}

static void
nobody_resets_the_key_of_another(void **state)
{
  struct tracker *tracker = *state;
  char body[256];
  char admin[64];
  strcpy(admin, tracker->user_id);
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'id':'u1'}},"
                "{'action':'create','entity_type':'User','entity_data':{'id':'u2'}}]");
  call(tracker, "[{'action':'reset_remote','reset_type':'api_key','entity_key':'u1'}]");
  strcpy(tracker->user_id, "u1");
  call(tracker, "[{'action':'reset_remote','reset_type':'api_key','entity_key':'u1'}]");
  snprintf(body, sizeof body,
           "[{'action':'reset_remote','reset_type':'api_key','entity_key':'%s'}]", admin);
  expect_error(tracker, body, "PermissionError", "administrator");
  expect_error(tracker,
               "[{'action':'create','entity_type':'UserSecurityRole','entity_data':"
               "{'user_id':'u1'}}]",
               "PermissionError", "administrator");
  expect_error(tracker,
               "[{'action':'update','entity_type':'User','entity_key':['u1'],'entity_data':"
               "{'user_security_roles':[]}}]",
               "PermissionError", "administrator");
  expect_error(tracker, "[{'action':'delete','entity_type':'SecurityRole','entity_key':'x'}]",
               "PermissionError", "administrator");
  call(tracker,
       "[{'action':'permissions','entity_type':'SecurityRole','actions':['read','update']},"
       "{'action':'permissions','entity_type':'Task','actions':['read','update']},"
       "{'action':'search','expression':'SecurityRole','entity_type':'SecurityRole',"
       "'terms':['admin']}]");
  expect(tracker, "0.data", "{'read':true,'update':false}");
  expect(tracker, "1.data", "{'read':true,'update':true}");
  expect_count(tracker, "2.data", 1);
}

/* ---- signatures ---- */

struct signed_url {
  char id[64];
  char expires[32];
  char signature[MS_SIGNATURE_SIZE];
};

static struct signed_url
sign(struct tracker *tracker, enum ms_signature_use use, const char *id, int64_t expires_s)
{
  struct signed_url url;
  struct ms_buffer text;
  ms_buffer_init(&text, 1024);
  ms_api_sign(tracker->api, use, id, expires_s, &text);
  assert_int_equal(sscanf(text.data, "id=%63[^&]&expires=%31[^&]&signature=%95s", url.id,
                          url.expires, url.signature),
                   3);
  ms_buffer_free(&text);
  return url;
}

static void
a_signature_permits_one_use_of_one_component_for_a_while(void **state)
{
  struct tracker *tracker = *state;
  struct ms_error *err = &tracker->err;
  int64_t now_s = ms_clock_now_us() / 1000000;
  struct signed_url url = sign(tracker, MS_SIGNATURE_GET, "c1", now_s + 60);
  check_ok(
      ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, "c1", url.expires, url.signature, err),
      err);
  check_error(
      ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, "c2", url.expires, url.signature, err),
      err, MS_PERMISSION, "wrong");
  check_error(
      ms_api_check_signature(tracker->api, MS_SIGNATURE_PUT, "c1", url.expires, url.signature, err),
      err, MS_PERMISSION, "wrong");
  char later[32];
  snprintf(later, sizeof later, "%" PRId64, now_s + 61);
  check_error(
      ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, "c1", later, url.signature, err), err,
      MS_PERMISSION, "wrong");
  const char *const nonsense[] = {"", "x", "1x", "99999999999999999999", "-1", "0"};
  for (size_t i = 0; i < COUNT(nonsense); i++)
    check_error(ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, "c1", nonsense[i],
                                       url.signature, err),
                err, MS_PERMISSION, "wrong");
  url.signature[5] = url.signature[5] == '0' ? '1' : '0';
  check_error(
      ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, "c1", url.expires, url.signature, err),
      err, MS_PERMISSION, "wrong");
  check_error(ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, "c1", url.expires, "", err),
              err, MS_PERMISSION, "wrong");
}

static void
a_signature_expires(void **state)
{
  struct tracker *tracker = *state;
  struct signed_url url = sign(tracker, MS_SIGNATURE_PUT, "c1", ms_clock_now_us() / 1000000 - 1);
  check_error(ms_api_check_signature(tracker->api, MS_SIGNATURE_PUT, "c1", url.expires,
                                     url.signature, &tracker->err),
              &tracker->err, MS_TIMEOUT, "expired");
}

static void
a_signature_survives_a_restart(void **state)
{
  struct tracker *tracker = *state;
  struct signed_url url = sign(tracker, MS_SIGNATURE_GET, "c1", ms_clock_now_us() / 1000000 + 60);
  ms_api_close(tracker->api);
  check_ok(ms_api_open(tracker->folder, &tracker->api, &tracker->err), &tracker->err);
  check_ok(ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, "c1", url.expires, url.signature,
                                  &tracker->err),
           &tracker->err);
}

static void
urls_in_answers_are_signed(void **state)
{
  struct tracker *tracker = *state;
  char id[64];
  char expires[32];
  char signature[MS_SIGNATURE_SIZE];
  call(tracker, "[{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1'}},"
                "{'action':'create','entity_type':'ComponentLocation','entity_data':"
                "{'component_id':'c1','location_id':'3a372bde-05bc-11e4-8908-20c9d081909b'}}]");
  query(tracker, "select url from ComponentLocation", 1);
  const char *url = at(tracker, "0.data.0.url.url")->string;
  assert_int_equal(sscanf(url,
                          "http://tracker/component/get?id=%63[^&]&expires=%31[^&]&"
                          "signature=%95s",
                          id, expires, signature),
                   3);
  assert_string_equal(id, "c1");
  check_ok(
      ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, id, expires, signature, &tracker->err),
      &tracker->err);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(a_key_opens_its_user_alone),
      WITH_TRACKER(every_refusal_reads_the_same),
      WITH_TRACKER(an_inactive_user_is_refused),
      WITH_TRACKER(keys_are_kept_as_hashes),
      WITH_TRACKER(a_key_needs_a_user),
      WITH_TRACKER(keys_are_listed_and_revoked),
      WITH_TRACKER(the_keys_of_a_deleted_user_go_too),
      WITH_TRACKER(reset_remote_puts_a_new_key_in_the_place_of_its_last),
      WITH_TRACKER(nobody_resets_the_key_of_another),
      WITH_TRACKER(a_signature_permits_one_use_of_one_component_for_a_while),
      WITH_TRACKER(a_signature_expires),
      WITH_TRACKER(a_signature_survives_a_restart),
      WITH_TRACKER(urls_in_answers_are_signed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
