/* Sessions are rows of a table that no client sees. The cookie's name carries a number of the data folder:
 * browsers share cookies between all ports of a host, and two trackers must not sign each other out. */
#include "page/sign_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "page/internal.h"

enum { TOKEN_BYTES = 32, COOKIE_NUMBER_BYTES = 4, MICROSECONDS = 1000000 };

static const char table[] =
    "CREATE TABLE IF NOT EXISTS moonshift_sign_in (hash TEXT PRIMARY KEY, user_id TEXT NOT NULL,"
    " expires_at INTEGER NOT NULL) WITHOUT ROWID";

static enum ms_status
refuse(struct ms_error *err)
{
  return ms_fail(err, MS_AUTHENTICATION, "you are not signed in, or not any more");
}

static void
make_token(char token[MS_SIGN_IN_TOKEN_SIZE])
{
  uint8_t bytes[TOKEN_BYTES];
  ms_random_bytes(bytes, sizeof bytes);
  ms_hex(bytes, sizeof bytes, token);
}

static enum ms_status
name_cookie(struct ms_page *page, struct ms_error *err)
{
  char *number = NULL;
  uint8_t bytes[COOKIE_NUMBER_BYTES];
  char fresh[COOKIE_NUMBER_BYTES * 2 + 1];
  enum ms_status status = ms_database_get_setting(page->database, "page_number", &number, err);
  if (status == MS_NOT_FOUND) {
    ms_random_bytes(bytes, sizeof bytes);
    ms_hex(bytes, sizeof bytes, fresh);
    status = ms_database_set_setting(page->database, "page_number", fresh, err);
  }
  snprintf(page->cookie_name, sizeof page->cookie_name, "moonshift_%.8s", number ? number : fresh);
  free(number);
  return status;
}

enum ms_status
ms_sign_in_set_up(struct ms_page *page, struct ms_error *err)
{
  enum ms_status status = ms_database_execute(page->database, table, err);
  return status == MS_OK ? name_cookie(page, err) : status;
}

/* ---- links ---- */

void
ms_sign_in_make_link(struct ms_page *page, const char *user_id, char token[MS_SIGN_IN_TOKEN_SIZE])
{
  make_token(token);
  ms_sha256_hex(token, strlen(token), page->link_hash);
  snprintf(page->link_user_id, sizeof page->link_user_id, "%s", user_id);
  page->link_expires_us = ms_clock_now_us() + (int64_t)MS_SIGN_IN_LINK_LIFETIME_S * MICROSECONDS;
}

enum ms_status
ms_sign_in_redeem(struct ms_page *page, const char *token, char user_id[64], struct ms_error *err)
{
  char hash[MS_SHA256_HEX_SIZE];
  ms_sha256_hex(token, strlen(token), hash);
  bool right = ms_secret_equal(hash, strlen(hash), page->link_hash, strlen(page->link_hash));
  if (!right || ms_clock_now_us() > page->link_expires_us) {
    return ms_fail(err, MS_AUTHENTICATION, "the link was used already, or is too old");
  }
  page->link_hash[0] = '\0';
  memcpy(user_id, page->link_user_id, sizeof page->link_user_id);
  return MS_OK;
}

/* ---- sessions ---- */

/* Runs a statement whose parameters are ?1 (text), ?2 (text) and ?3 (integer), as many as it has. */
static enum ms_status
run(struct ms_page *page, const char *sql, const char *first, const char *second,
    const int64_t *third, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(page->database, sql, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_string(statement, 1, first);
  if (second) {
    ms_statement_bind_string(statement, 2, second);
  }
  if (third) {
    ms_statement_bind_integer(statement, 3, *third);
  }
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

/* Expired sessions go, and of the user's others the oldest. */
static enum ms_status
make_room(struct ms_page *page, const char *user_id, struct ms_error *err)
{
  char most[16];
  int64_t now_us = ms_clock_now_us();
  snprintf(most, sizeof most, "%d", MS_SIGN_IN_PER_USER_MAX - 1);
  return run(page,
             "DELETE FROM moonshift_sign_in WHERE expires_at < ?3 OR hash IN (SELECT hash FROM"
             " moonshift_sign_in WHERE user_id = ?1 ORDER BY expires_at DESC LIMIT -1 OFFSET ?2)",
             user_id, most, &now_us, err);
}

static void
print_cookie(struct ms_page *page, const char *token, int lifetime_s, bool secure,
             struct ms_buffer *cookie)
{
  ms_buffer_printf(cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
                   page->cookie_name, token, lifetime_s, secure ? "; Secure" : "");
}

enum ms_status
ms_sign_in_begin(struct ms_page *page, const char *user_id, bool secure, struct ms_buffer *cookie,
                 struct ms_error *err)
{
  char token[MS_SIGN_IN_TOKEN_SIZE];
  char hash[MS_SHA256_HEX_SIZE];
  int64_t expires_us = ms_clock_now_us() + (int64_t)MS_SIGN_IN_LIFETIME_S * MICROSECONDS;
  make_token(token);
  ms_sha256_hex(token, strlen(token), hash);
  enum ms_status status = make_room(page, user_id, err);
  if (status == MS_OK) {
    status = run(page, "INSERT INTO moonshift_sign_in VALUES (?1, ?2, ?3)", hash, user_id,
                 &expires_us, err);
  }
  if (status == MS_OK) {
    print_cookie(page, token, MS_SIGN_IN_LIFETIME_S, secure, cookie);
  }
  return status;
}

/* The hash of the token that a Cookie header has for us. */
static bool
read_cookie(struct ms_page *page, const char *cookies, char hash[MS_SHA256_HEX_SIZE])
{
  size_t name_length = strlen(page->cookie_name);
  while (cookies && *cookies) {
    cookies += strspn(cookies, "; ");
    size_t length = strcspn(cookies, ";");
    if (length == name_length + MS_SIGN_IN_TOKEN_SIZE && cookies[name_length] == '=' &&
        strncmp(cookies, page->cookie_name, name_length) == 0) {
      ms_sha256_hex(cookies + name_length + 1, MS_SIGN_IN_TOKEN_SIZE - 1, hash);
      return true;
    }
    cookies += length;
  }
  return false;
}

enum ms_status
ms_sign_in_check(struct ms_page *page, const char *cookies, char user_id[64], struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  char hash[MS_SHA256_HEX_SIZE];
  bool row = false;
  if (!read_cookie(page, cookies, hash)) {
    return refuse(err);
  }
  enum ms_status status = ms_database_prepare(
      page->database,
      "SELECT s.user_id FROM moonshift_sign_in s JOIN Resource u ON u.id = s.user_id"
      " WHERE s.hash = ?1 AND s.expires_at > ?2 AND u.is_active",
      &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_string(statement, 1, hash);
  ms_statement_bind_integer(statement, 2, ms_clock_now_us());
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK) {
    status = row ? MS_OK : refuse(err);
  }
  if (status == MS_OK) {
    snprintf(user_id, 64, "%s", ms_statement_text(statement, 0, NULL));
  }
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_sign_in_end(struct ms_page *page, const char *cookies, struct ms_buffer *cookie,
               struct ms_error *err)
{
  char hash[MS_SHA256_HEX_SIZE];
  print_cookie(page, "", 0, false, cookie);
  if (!read_cookie(page, cookies, hash)) {
    return MS_OK;
  }
  return run(page, "DELETE FROM moonshift_sign_in WHERE hash = ?1", hash, NULL, NULL, err);
}

enum ms_status
ms_sign_in_describe(struct ms_page *page, const char *user_id, struct ms_buffer *json,
                    struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  struct ms_json_writer writer;
  bool row = false;
  enum ms_status status = ms_database_prepare(
      page->database, "SELECT username FROM Resource WHERE id = ?1", &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_string(statement, 1, user_id);
  status = ms_statement_step(statement, &row, err);
  ms_json_writer_init(&writer, json);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "user", row ? ms_statement_text(statement, 0, NULL) : NULL);
  ms_json_member_string(&writer, "user_id", user_id);
  ms_json_end_object(&writer);
  ms_statement_done(statement);
  return status;
}
