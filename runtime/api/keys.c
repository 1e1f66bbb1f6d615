/* API keys: random, shown once, kept as SHA-256.
 *
 * A key has 256 random bits, so a plain hash is enough to keep it from whoever reads the database, and
 * finding it by its hash tells an attacker nothing by its timing. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/id.h"

enum { KEY_BYTES = 32 };

/* One text for every reason: a stranger learns neither users nor which half was right. */
static enum ms_status
refuse(struct ms_error *err)
{
  return ms_fail(err, MS_AUTHENTICATION,
                 "The supplied API key is not valid for this user. Check the values of the headers "
                 "ftrack-user and ftrack-api-key.");
}

static enum ms_status
owns_key(struct ms_api *api, const char *user_id, const char *key, bool *owns, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  char hash[MS_SHA256_HEX_SIZE];
  enum ms_status status = ms_database_prepare(
      api->database, "SELECT 1 FROM moonshift_key WHERE hash = ?1 AND user_id = ?2", &statement,
      err);
  if (status != MS_OK)
    return status;
  ms_sha256_hex(key, strlen(key), hash);
  ms_statement_bind_string(statement, 1, hash);
  ms_statement_bind_string(statement, 2, user_id);
  status = ms_statement_step(statement, owns, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_api_authenticate(struct ms_api *api, const char *username, const char *key, char user_id[64],
                    struct ms_error *err)
{
  bool owns = false;
  if (!username || !key)
    return refuse(err);
  enum ms_status status = ms_api_find_user(api, username, user_id, err);
  if (status == MS_NOT_FOUND || status == MS_PERMISSION)
    return refuse(err);
  if (status == MS_OK)
    status = owns_key(api, user_id, key, &owns, err);
  if (status == MS_OK && !owns)
    return refuse(err);
  return status;
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
