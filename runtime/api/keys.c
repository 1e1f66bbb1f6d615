/* API keys: random, shown once, kept as SHA-256.
 *
 * A key has 256 random bits, so a plain hash is enough to keep it from whoever reads the database, and
 * finding it by its hash tells an attacker nothing by its timing. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"

enum { KEY_BYTES = 32 };

/* One text for every reason: a stranger learns neither users nor which half was right. */
static enum ms_status
refuse(struct ms_error *err)
{
  return ms_fail(err, MS_AUTHENTICATION,
                 "The supplied API key is not valid for this user. Check the values of the headers "
                 "ftrack-user and ftrack-api-key.");
}

/* The user whose key this is, if he is active. */
static enum ms_status
find_owner(struct ms_api *api, const char *username, const char *key, char user_id[64],
           struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  char hash[MS_SHA256_HEX_SIZE];
  bool found = false;
  enum ms_status status = ms_database_prepare(
      api->database,
      "SELECT u.id FROM moonshift_key k JOIN Resource u ON u.id = k.user_id WHERE k.hash = ?1"
      " AND u.username = ?2 COLLATE NOCASE AND +u.__entity_type__ = 'User' AND u.is_active",
      &statement, err);
  if (status != MS_OK)
    return status;
  ms_sha256_hex(key, strlen(key), hash);
  ms_statement_bind_string(statement, 1, hash);
  ms_statement_bind_string(statement, 2, username);
  status = ms_statement_step(statement, &found, err);
  if (status == MS_OK)
    status =
        found ? ms_user_copy_id(ms_statement_text(statement, 0, NULL), user_id, err) : refuse(err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_api_authenticate(struct ms_api *api, const char *username, const char *key, char user_id[64],
                    struct ms_error *err)
{
  return username && key ? find_owner(api, username, key, user_id, err) : refuse(err);
}

static enum ms_status
store_key(struct ms_api *api, const char *user_id, const char *label, const char *key,
          struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  char id[MS_ID_SIZE];
  char hash[MS_SHA256_HEX_SIZE];
  enum ms_status status = ms_database_prepare(
      api->database,
      "INSERT INTO moonshift_key (id, hash, user_id, label, created_at)"
      " SELECT ?1, ?2, id, ?4, ?5 FROM Resource WHERE id = ?3 AND __entity_type__ = 'User'",
      &statement, err);
  if (status != MS_OK)
    return status;
  ms_id_new(id);
  ms_sha256_hex(key, strlen(key), hash);
  ms_statement_bind_string(statement, 1, id);
  ms_statement_bind_string(statement, 2, hash);
  ms_statement_bind_string(statement, 3, user_id);
  ms_statement_bind_string(statement, 4, label ? label : "");
  ms_statement_bind_integer(statement, 5, ms_clock_now_us());
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  if (status == MS_OK && ms_database_changes(api->database) == 0)
    return ms_fail(err, MS_NOT_FOUND, "there is no user %.100s", user_id);
  return status;
}

enum ms_status
ms_api_create_key(struct ms_api *api, const char *user_id, const char *label, char **key,
                  struct ms_error *err)
{
  uint8_t bytes[KEY_BYTES];
  *key = malloc(KEY_BYTES * 2 + 1);
  if (!*key)
    return ms_fail(err, MS_MEMORY, "out of memory for a key");
  ms_random_bytes(bytes, sizeof bytes);
  ms_hex(bytes, sizeof bytes, *key);
  enum ms_status status = store_key(api, user_id, label, *key, err);
  if (status != MS_OK) {
    free(*key);
    *key = NULL;
  }
  return status;
}

bool
ms_api_has_key(struct ms_api *api, const char *user_id)
{
  struct ms_statement *statement = NULL;
  bool found = false;
  if (ms_database_prepare(api->database, "SELECT 1 FROM moonshift_key WHERE user_id = ?1",
                          &statement, NULL) != MS_OK)
    return false;
  ms_statement_bind_string(statement, 1, user_id);
  if (ms_statement_step(statement, &found, NULL) != MS_OK)
    found = false;
  ms_statement_done(statement);
  return found;
}

/* ---- managing them ---- */

static void
print_key(struct ms_json_writer *writer, struct ms_statement *statement)
{
  char created_at[MS_TIME_TEXT_SIZE];
  ms_time_format(ms_statement_integer(statement, 3), created_at);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "id", ms_statement_text(statement, 0, NULL));
  ms_json_member_string(writer, "username", ms_statement_text(statement, 1, NULL));
  ms_json_member_string(writer, "label", ms_statement_text(statement, 2, NULL));
  ms_json_member_string(writer, "created_at", created_at);
  ms_json_end_object(writer);
}

enum ms_status
ms_api_list_keys(struct ms_api *api, struct ms_buffer *list, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  struct ms_json_writer writer;
  bool row = true;
  enum ms_status status = ms_database_prepare(
      api->database,
      "SELECT k.id, r.username, k.label, k.created_at FROM moonshift_key k"
      " JOIN Resource r ON r.id = k.user_id ORDER BY r.username COLLATE NOCASE, k.created_at",
      &statement, err);
  if (status != MS_OK)
    return status;
  ms_json_writer_init(&writer, list);
  ms_json_begin_array(&writer);
  while (status == MS_OK) {
    status = ms_statement_step(statement, &row, err);
    if (status != MS_OK || !row)
      break;
    print_key(&writer, statement);
  }
  ms_json_end_array(&writer);
  ms_statement_done(statement);
  return status == MS_OK ? ms_buffer_check(list, "the list of keys", err) : status;
}

enum ms_status
ms_api_revoke_key(struct ms_api *api, const char *key_id, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      api->database, "DELETE FROM moonshift_key WHERE id = ?1", &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, key_id);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  if (status == MS_OK && ms_database_changes(api->database) == 0)
    return ms_fail(err, MS_NOT_FOUND, "there is no key %.100s", key_id);
  return status;
}

enum ms_status
ms_api_revoke_labelled_keys(struct ms_api *api, const char *user_id, const char *label,
                            struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      api->database, "DELETE FROM moonshift_key WHERE user_id = ?1 AND label = ?2", &statement,
      err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, user_id);
  ms_statement_bind_string(statement, 2, label);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}
