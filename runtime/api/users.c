/* Who may act: users by name, and the user of the operating system's login name. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/internal.h"
#include "api/seed.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/json.h"

enum {
  PASSWORD_ENTRY_BYTES = 16384, /* what getpwuid_r may need */
  CREATE_USER_MAX_BYTES = 4096
};

/* The names that the environment knows come first: containers often have no password entry. */
static const char *const login_variables[] = {"LOGNAME", "USER", "USERNAME"};

static const char fallback_login[] = "moonshift";

enum ms_status
ms_user_copy_id(const char *id, char user_id[MS_API_USER_ID_SIZE], struct ms_error *err)
{
  size_t size = strlen(id) + 1;
  if (size > MS_API_USER_ID_SIZE)
    return ms_fail(err, MS_INVALID, "the id of this user is longer than %d bytes",
                   MS_API_USER_ID_SIZE - 1);
  memcpy(user_id, id, size);
  return MS_OK;
}

static enum ms_status
read_user(struct ms_statement *statement, const char *username, char user_id[MS_API_USER_ID_SIZE],
          struct ms_error *err)
{
  bool row = false;
  enum ms_status status = ms_statement_step(statement, &row, err);
  if (status != MS_OK)
    return status;
  if (!row)
    return ms_fail(err, MS_NOT_FOUND, "there is no user '%.100s'", username);
  if (!ms_statement_integer(statement, 1))
    return ms_fail(err, MS_PERMISSION, "user '%.100s' is not active", username);
  return ms_user_copy_id(ms_statement_text(statement, 0, NULL), user_id, err);
}

enum ms_status
ms_api_find_user(struct ms_api *api, const char *username, char user_id[64], struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status =
      ms_database_prepare(api->database,
                          "SELECT id, is_active FROM Resource WHERE username = ?1 COLLATE NOCASE"
                          " AND __entity_type__ = 'User'",
                          &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, username);
  status = read_user(statement, username, user_id, err);
  ms_statement_done(statement);
  return status;
}

/* The login name; owned, NULL only when out of memory. */
static char *
login_name(void)
{
  for (size_t i = 0; i < sizeof login_variables / sizeof *login_variables; i++) {
    const char *name = getenv(login_variables[i]);
    if (name && name[0])
      return strdup(name);
  }
  struct passwd entry;
  struct passwd *found = NULL;
  char *buffer = malloc(PASSWORD_ENTRY_BYTES);
  if (buffer)
    getpwuid_r(getuid(), &entry, buffer, PASSWORD_ENTRY_BYTES, &found);
  char *name = strdup(found ? found->pw_name : fallback_login);
  free(buffer);
  return name;
}

/* The API makes its own user as any client would, defaults and checks included. Who owns the files of
 * the data folder may do everything anyhow, so the user is an administrator. */
static void
print_creation(struct ms_buffer *body, const char *username)
{
  struct ms_json_writer writer;
  char user_id[MS_ID_SIZE];
  char role_id[MS_ID_SIZE];
  ms_id_new(user_id);
  ms_seed_id(MS_SEED_ADMINISTRATOR, role_id);
  ms_buffer_printf(body,
                   "[{\"action\":\"create\",\"entity_type\":\"User\",\"entity_data\":"
                   "{\"id\":\"%s\",\"username\":",
                   user_id);
  ms_json_writer_init(&writer, body);
  ms_json_string(&writer, username);
  ms_buffer_printf(body,
                   "}},{\"action\":\"create\",\"entity_type\":\"UserSecurityRole\","
                   "\"entity_data\":{\"user_id\":\"%s\",\"security_role_id\":\"%s\","
                   "\"is_all_projects\":true}}]",
                   user_id, role_id);
}

static enum ms_status
create_user(struct ms_api *api, const char *username, struct ms_error *err)
{
  struct ms_buffer body;
  struct ms_buffer answer;
  ms_buffer_init(&body, CREATE_USER_MAX_BYTES);
  ms_buffer_init(&answer, CREATE_USER_MAX_BYTES);
  print_creation(&body, username);
  const struct ms_api_request request = {
      .body = ms_buffer_string(&body), .body_bytes = body.size_bytes, .base_url = ""};
  enum ms_status status = ms_buffer_check(&body, "the login name", err);
  if (status == MS_OK)
    status = ms_api_call(api, &request, &answer, err);
  ms_buffer_free(&body);
  ms_buffer_free(&answer);
  return status;
}

enum ms_status
ms_api_local_user(struct ms_api *api, char user_id[64], struct ms_error *err)
{
  char *username = login_name();
  if (!username)
    return ms_fail(err, MS_MEMORY, "out of memory for the login name");
  enum ms_status status = ms_api_find_user(api, username, user_id, err);
  if (status == MS_NOT_FOUND) {
    status = create_user(api, username, err);
    /* Another process may have made it in between. */
    if (status == MS_OK || status == MS_EXISTS)
      status = ms_api_find_user(api, username, user_id, err);
  }
  free(username);
  return status;
}
