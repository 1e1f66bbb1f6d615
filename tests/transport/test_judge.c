/* What each kind of HTTP answer becomes. */
#include "transport/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/api.h"

struct sample {
  long http_status;
  const char *content_type, *body;
  enum ms_status status;
  const char *message; /* whole, when it begins with '='; else a part of it */
};

static void
fill(struct ms_http_answer *answer, long http_status, const char *content_type, const char *body)
{
  *answer = (struct ms_http_answer){.status = http_status};
  snprintf(answer->content_type, sizeof answer->content_type, "%s", content_type);
  ms_buffer_init(&answer->body, MS_HTTP_ANSWER_MAX_BYTES);
  ms_buffer_append_string(&answer->body, body);
}

static void
check(const struct sample *sample, enum ms_status status, const struct ms_error *err)
{
  const char *message = status == MS_OK ? "" : err->message;
  if (status != sample->status) {
    fail_msg("%ld %s: status %s, '%s'", sample->http_status, sample->body, ms_status_code(status),
             message);
  }
  bool whole = *sample->message == '=';
  if (whole ? strcmp(message, sample->message + 1) != 0 : !strstr(message, sample->message)) {
    fail_msg("%ld %s: '%s'", sample->http_status, sample->body, message);
  }
  assert_null(strpbrk(message, "\r\n"));
}

#define JSON "application/json"
#define HTML "text/html; charset=utf-8"

static void
test_answers(void **state)
{
  (void)state;
  static const struct sample samples[] = {
      {200, JSON, "[]", MS_OK, "="},
      {200, JSON, " \n[{\"data\": []}]\n", MS_OK, "="},
      {200, "", "[1]", MS_OK, "="},
      {200, JSON, "[", MS_PROTOCOL, "=http://h sent only a part of its answer (1 bytes)"},
      {200, JSON, "[{\"data\": [", MS_PROTOCOL, "sent only a part"},
      {200, JSON, "", MS_PROTOCOL, "answered nothing (status 200): is this an ftrack server?"},
      {204, "", "", MS_PROTOCOL, "answered nothing (status 204)"},
      {200, JSON, "null", MS_PROTOCOL, "answered JSON of an unknown form"},
      {200, JSON, "{\"data\": 1}", MS_PROTOCOL, "answered JSON of an unknown form"},
      {200, JSON, "{\"exception\"", MS_PROTOCOL, "answered JSON of an unknown form"},
      {200, HTML, "<!doctype html><html></html>", MS_PROTOCOL,
       "=http://h answered text/html, not JSON (status 200): is this an ftrack server? check "
       "FTRACK_SERVER"},
      {404, HTML, "<html>", MS_PROTOCOL, "answered text/html, not JSON (status 404)"},
      {404, "", "nothing here", MS_PROTOCOL, "answered something, not JSON (status 404)"},
      {422, JSON, "{\"detail\":\n[{\"msg\": \"no action\"}]}", MS_INVALID,
       "=http://h refused: {\"detail\": [{\"msg\": \"no action\"}]}"},
      {400, JSON, "[]", MS_PROTOCOL, "(status 400)"},
      {401, HTML, "<html>", MS_AUTHENTICATION, "check FTRACK_API_USER and FTRACK_API_KEY"},
      {403, HTML, "<html>", MS_PERMISSION, "http://h (status 403) forbids"},
      {407, HTML, "<html>", MS_NETWORK, "http_proxy"},
      {413, HTML, "<html>", MS_LIMIT, "too large"},
      {429, "", "", MS_NETWORK, "try again later"},
      {500, HTML, "<html>", MS_SERVER, "http://h (status 500) failed"},
      {502, HTML, "<html>", MS_NETWORK, "not available"},
      {503, "", "", MS_NETWORK, "not available"},
      {504, HTML, "<html>", MS_NETWORK, "not available"},
      {505, "", "", MS_SERVER, "failed"},
  };
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
    struct ms_http_answer answer;
    struct ms_error err = {0};
    fill(&answer, samples[i].http_status, samples[i].content_type, samples[i].body);
    check(&samples[i], ms_transport_judge(&answer, "http://h", "ada", &err), &err);
    ms_http_answer_free(&answer);
  }
}

#define ERROR(name, content) \
  "{\"exception\": \"" name "\", \"content\": " content ", \"error_code\": null}"

static void
test_error_objects(void **state)
{
  (void)state;
  static const struct sample samples[] = {
      {200, JSON, ERROR("InvalidCredentialsError", "\"The key k1 is not valid\""),
       MS_AUTHENTICATION,
       "=http://h does not accept user 'ada' with this key: check FTRACK_API_USER and "
       "FTRACK_API_KEY"},
      {401, JSON, ERROR("FTAuthenticationError", "\"\""), MS_AUTHENTICATION, "user 'ada'"},
      {422, JSON, ERROR("ParseError", "\"No attribute 'x'\""), MS_PARSE, "=No attribute 'x'"},
      {422, JSON, ERROR("ValidationError", "\"bad value\""), MS_INVALID, "=bad value"},
      {403, JSON, ERROR("PermissionError", "\"not yours\""), MS_PERMISSION, "=not yours"},
      {409, JSON, ERROR("DuplicateEntryError", "\"there is one\""), MS_EXISTS, "=there is one"},
      {409, JSON, ERROR("IntegrityError", "\"no such asset\""), MS_INTEGRITY, "=no such asset"},
      {409, JSON, ERROR("IntegrityError", "null"), MS_INTEGRITY,
       "=http://h refused: IntegrityError"},
      {500, JSON, ERROR("OperationalError", "\"disk\\nfull\""), MS_SERVER,
       "=http://h refused: OperationalError: disk full"},
      {200, HTML, ERROR("KeyError", "\"'id'\""), MS_SERVER, "=http://h refused: KeyError: 'id'"},
  };
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
    struct ms_http_answer answer;
    struct ms_error err = {0};
    fill(&answer, samples[i].http_status, samples[i].content_type, samples[i].body);
    check(&samples[i], ms_transport_judge(&answer, "http://h", "ada", &err), &err);
    ms_http_answer_free(&answer);
  }
}

/* What our own server says with an error object is read back as what it was. */
static void
test_errors_of_our_own_server(void **state)
{
  (void)state;
  static const struct {
    enum ms_status said, read;
  } cases[] = {
      {MS_PARSE, MS_PARSE},
      {MS_INVALID, MS_INVALID},
      {MS_NOT_FOUND, MS_NOT_FOUND},
      {MS_EXISTS, MS_EXISTS},
      {MS_INTEGRITY, MS_INTEGRITY},
      {MS_PERMISSION, MS_PERMISSION},
      {MS_LIMIT, MS_LIMIT},
      {MS_BUSY, MS_BUSY},
      {MS_TIMEOUT, MS_TIMEOUT},
      {MS_USAGE, MS_USAGE},
      {MS_IO, MS_NETWORK},
      {MS_MEMORY, MS_NETWORK},
      {MS_INTERNAL, MS_SERVER},
      {MS_NETWORK, MS_SERVER},
      {MS_AUTHENTICATION, MS_AUTHENTICATION},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ms_http_answer answer;
    struct ms_error err = {.status = cases[i].said, .message = "something about 'x'"};
    fill(&answer, 400, JSON, "");
    ms_api_print_error(&err, &answer.body);
    assert_int_equal(ms_transport_judge(&answer, "http://h", "ada", &err), cases[i].read);
    bool about_itself = cases[i].read == MS_SERVER || cases[i].read == MS_NETWORK ||
                        cases[i].read == MS_AUTHENTICATION;
    assert_int_equal(strstr(err.message, "http://h") != NULL, about_itself);
    assert_int_equal(strcmp(err.message, "something about 'x'") == 0, !about_itself);
    ms_http_answer_free(&answer);
  }
}

/* The place in a query is shown below it. */
static void
test_lines_of_a_parse_error(void **state)
{
  (void)state;
  static const char text[] = "No attribute 'x'\n  select x from Job\n         ^";
  struct ms_http_answer answer;
  struct ms_error err = {.status = MS_PARSE};
  memcpy(err.message, text, sizeof text);
  fill(&answer, 422, JSON, "");
  ms_api_print_error(&err, &answer.body);
  assert_int_equal(ms_transport_judge(&answer, "http://h", "ada", &err), MS_PARSE);
  assert_string_equal(err.message, text);
  ms_http_answer_free(&answer);
}

static void
test_redirects(void **state)
{
  (void)state;
  static const struct {
    const char *location, *message;
  } cases[] = {
      {"https://h/api", "http://h redirects to https://h: set FTRACK_SERVER to that"},
      {"https://h/login", "http://h redirects to https://h/login: set FTRACK_SERVER to that"},
      {"", "http://h redirects, but not to a server; check FTRACK_SERVER"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ms_http_answer answer;
    struct ms_error err;
    fill(&answer, 301, HTML, "<html>");
    snprintf(answer.location, sizeof answer.location, "%s", cases[i].location);
    assert_int_equal(ms_transport_judge(&answer, "http://h", "ada", &err), MS_PROTOCOL);
    assert_string_equal(err.message, cases[i].message);
    ms_http_answer_free(&answer);
  }
}

/* The size of an answer must not decide about how long a message gets, or how much memory it takes. */
static void
test_huge_error(void **state)
{
  (void)state;
  struct ms_http_answer answer;
  struct ms_error err;
  fill(&answer, 200, JSON, "{\"exception\": \"E\", \"content\": \"");
  for (int i = 0; i < 100000; i++) {
    ms_buffer_append_string(&answer.body, "ä");
  }
  ms_buffer_append_string(&answer.body, "\"}");
  assert_int_equal(ms_transport_judge(&answer, "http://h", "ada", &err), MS_SERVER);
  assert_true(strlen(err.message) < MS_ERROR_MESSAGE_MAX);
  for (int i = 0; i < 1000000; i++) {
    ms_buffer_append_string(&answer.body, " ");
  }
  assert_int_equal(ms_transport_judge(&answer, "http://h", "ada", &err), MS_PROTOCOL);
  ms_http_answer_free(&answer);
}

static void
test_files(void **state)
{
  (void)state;
  static const struct sample samples[] = {
      {200, "", "", MS_OK, "="},
      {204, "", "", MS_OK, "="},
      {302, "", "", MS_SERVER, "=http://h/f (status 302) refused"},
      {400, JSON, ERROR("ValidationError", "\"the checksum\\ndiffers\""), MS_SERVER,
       "=http://h/f (status 400) refused: the checksum differs"},
      {401, HTML, "<html>", MS_PERMISSION, "has it expired?"},
      {403, "", "", MS_PERMISSION, "http://h/f (status 403)"},
      {404, JSON, ERROR("NotFoundError", "\"gone\""), MS_NOT_FOUND, "has no data there: gone"},
      {410, "", "", MS_NOT_FOUND, ""},
      {413, "", "", MS_LIMIT, ""},
      {429, "", "", MS_NETWORK, ""},
      {500, "", "", MS_NETWORK, ""},
      {503, "", "", MS_NETWORK, ""},
      {507, "", "", MS_NETWORK, "no room"},
  };
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
    struct ms_http_answer answer;
    struct ms_error err = {0};
    fill(&answer, samples[i].http_status, samples[i].content_type, samples[i].body);
    check(&samples[i], ms_transport_judge_file(&answer, "http://h/f", &err), &err);
    ms_http_answer_free(&answer);
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answers),
      cmocka_unit_test(test_error_objects),
      cmocka_unit_test(test_errors_of_our_own_server),
      cmocka_unit_test(test_lines_of_a_parse_error),
      cmocka_unit_test(test_redirects),
      cmocka_unit_test(test_huge_error),
      cmocka_unit_test(test_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
