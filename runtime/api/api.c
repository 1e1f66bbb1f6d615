/* Opening a data folder: the database, the blobs, the rows of the first start. */
#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/holder.h"
#include "api/internal.h"
#include "api/owner.h"
#include "api/plans.h"
#include "api/referrer.h"
#include "base/id.h"
#include "base/path.h"

static const char database_name[] = "moonshift.db";
static const char blobs_name[] = "blobs";

static enum ms_status
open_database(struct ms_api *api, const char *data_folder, struct ms_error *err)
{
  bool created = false;
  char *path = ms_path_join(data_folder, database_name);
  if (!path)
    return ms_fail(err, MS_MEMORY, "out of memory for the data folder's path");
  enum ms_status status = ms_database_open(path, api->model, &api->database, &created, err);
  free(path);
  return status;
}

static enum ms_status
open_blobs(struct ms_api *api, const char *data_folder, struct ms_error *err)
{
  char *path = ms_path_join(data_folder, blobs_name);
  if (!path)
    return ms_fail(err, MS_MEMORY, "out of memory for the data folder's path");
  enum ms_status status = ms_blobs_open(path, &api->blobs, err);
  free(path);
  return status;
}

static enum ms_status
first_start(struct ms_api *api, bool empty, struct ms_error *err)
{
  char user_id[MS_API_USER_ID_SIZE];
  enum ms_status status = ms_api_seed(api, empty, err);
  if (status == MS_OK)
    status = ms_api_local_user(api, user_id, err);
  return status == MS_OK ? ms_api_load_secret(api, err) : status;
}

static enum ms_status
open_all(struct ms_api *api, const char *data_folder, bool empty, struct ms_error *err)
{
  enum ms_status status = ms_path_make_folders(data_folder, 0700, err);
  if (status == MS_OK)
    status = open_database(api, data_folder, err);
  if (status == MS_OK)
    status = open_blobs(api, data_folder, err);
  if (status != MS_OK)
    return status;
  ms_database_set_url_printer(api->database, ms_api_print_url, api);
  /* The secret is the last thing that a first start leaves: whoever finds it is not the first. */
  status = ms_api_load_secret(api, err);
  return status == MS_NOT_FOUND ? first_start(api, empty, err) : status;
}

static enum ms_status
open_folder(const char *data_folder, bool empty, struct ms_api **api, struct ms_error *err)
{
  *api = NULL;
  struct ms_api *fresh = calloc(1, sizeof *fresh);
  if (!fresh)
    return ms_fail(err, MS_MEMORY, "out of memory for the tracker");
  fresh->model = ms_model_builtin();
  ms_random_bytes(&fresh->origin, sizeof fresh->origin);
  ms_buffer_init(&fresh->schemas, MS_MODEL_DOCUMENT_BYTES_MAX);
  fresh->plans = ms_plans_new();
  enum ms_status status = fresh->plans ? open_all(fresh, data_folder, empty, err)
                                       : ms_fail(err, MS_MEMORY, "out of memory for the tracker");
  if (status == MS_OK)
    *api = fresh;
  else
    ms_api_close(fresh);
  return status;
}

enum ms_status
ms_api_open(const char *data_folder, struct ms_api **api, struct ms_error *err)
{
  return open_folder(data_folder, false, api, err);
}

enum ms_status
ms_api_open_empty(const char *data_folder, struct ms_api **api, struct ms_error *err)
{
  return open_folder(data_folder, true, api, err);
}

void
ms_api_close(struct ms_api *api)
{
  if (!api)
    return;
  if (api->database)
    ms_api_commit(api, NULL);
  ms_database_close(api->database);
  ms_blobs_close(api->blobs);
  ms_plans_free(api->plans);
  ms_owners_free(api->owners);
  ms_holders_free(api->holders);
  ms_referrers_free(api->referrers);
  ms_buffer_free(&api->schemas);
  free(api);
}

struct ms_blobs *
ms_api_blobs(struct ms_api *api)
{
  return api->blobs;
}

void
ms_api_listen(struct ms_api *api, ms_api_listener listener, void *context)
{
  api->listener = listener;
  api->listener_context = context;
}

void
ms_api_set_encoder(struct ms_api *api, ms_api_encoder encoder, void *context)
{
  api->encoder = encoder;
  api->encoder_context = context;
}

struct ms_database *
ms_api_database(struct ms_api *api)
{
  return api->database;
}

const struct ms_model *
ms_api_model(const struct ms_api *api)
{
  return api->model;
}

/* The name with its file type, as the official clients put them together; owned, or NULL. */
static char *
join_file_name(const char *name, const char *file_type)
{
  size_t name_bytes = strlen(name);
  size_t type_bytes = strlen(file_type);
  bool has_type =
      name_bytes >= type_bytes && strcmp(name + name_bytes - type_bytes, file_type) == 0;
  bool lacks_dot = type_bytes > 0 && file_type[0] != '.';
  char *joined = NULL;
  if (asprintf(&joined, "%s%s%s", name, !has_type && lacks_dot ? "." : "",
               has_type ? "" : file_type) < 0)
    return NULL;
  for (char *byte = joined; *byte; byte++)
    if (*byte == '/' || (unsigned char)*byte < ' ')
      *byte = '_';
  return joined;
}

static const char middle_member_sql[] =
    "SELECT id FROM Component WHERE container_id = ?1 ORDER BY name LIMIT 1"
    " OFFSET (SELECT count(*) / 2 FROM Component WHERE container_id = ?1)";

enum ms_status
ms_api_middle_member(struct ms_api *api, const char *component_id, char **member_id,
                     struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  *member_id = NULL;
  enum ms_status status = ms_database_prepare(api->database, middle_member_sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, component_id);
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && !row)
    status = ms_fail(err, MS_NOT_FOUND, "the component %.100s has no members", component_id);
  if (status == MS_OK && !(*member_id = strdup(ms_statement_text(statement, 0, NULL))))
    status = ms_fail(err, MS_MEMORY, "out of memory for an id");
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_api_component_file_name(struct ms_api *api, const char *component_id, char **name,
                           struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  *name = NULL;
  enum ms_status status = ms_database_prepare(
      api->database, "SELECT ifnull(name, ''), ifnull(file_type, '') FROM Component WHERE id = ?1",
      &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, component_id);
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && !row)
    status = ms_fail(err, MS_NOT_FOUND, "there is no component %.100s", component_id);
  if (status == MS_OK) {
    *name = join_file_name(ms_statement_text(statement, 0, NULL),
                           ms_statement_text(statement, 1, NULL));
    if (!*name)
      status = ms_fail(err, MS_MEMORY, "out of memory for a file name");
  }
  ms_statement_done(statement);
  return status;
}
