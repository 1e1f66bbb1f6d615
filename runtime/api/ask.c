/* One statement, one value. */
#include "api/ask.h"

enum ms_status
ms_ask(struct ms_batch *batch, const char *sql, const struct ms_parameter *parameters, size_t count,
       enum ms_column_type type, struct ms_parameter *value, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool found = false;
  *value = (struct ms_parameter){.type = MS_PARAMETER_NULL};
  enum ms_status status = ms_database_prepare(batch->api->database, sql, &statement, err);
  if (status != MS_OK)
    return status;
  for (size_t i = 0; i < count; i++)
    ms_value_bind(statement, (int)i + 1, &parameters[i]);
  status = ms_statement_step(statement, &found, err);
  if (status == MS_OK && found)
    status = ms_value_read(batch, statement, 0, type, value, err);
  ms_statement_done(statement);
  return status;
}
