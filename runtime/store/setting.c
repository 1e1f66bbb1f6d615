/* Named texts beside the model's tables. */
#include <stdlib.h>
#include <string.h>

#include "store/database_internal.h"

enum ms_status
ms_database_get_setting(struct ms_database *database, const char *name, char **value,
                        struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  *value = NULL;
  enum ms_status status = ms_database_prepare(
      database, "SELECT value FROM moonshift_setting WHERE name = ?1", &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, name);
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && !row)
    status = ms_fail(err, MS_NOT_FOUND, "no setting '%s'", name);
  if (status == MS_OK) {
    *value = strdup(ms_statement_text(statement, 0, NULL));
    if (!*value)
      status = ms_fail(err, MS_MEMORY, "out of memory for setting '%s'", name);
  }
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_database_set_setting(struct ms_database *database, const char *name, const char *value,
                        struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      database, "INSERT OR REPLACE INTO moonshift_setting (name, value) VALUES (?1, ?2)",
      &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, name);
  ms_statement_bind_string(statement, 2, value);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}
