/* Bringing a file to the model: once per file and model, in one transaction, by adding alone.
 *
 * What a file has seen is recorded in it, one setting per fingerprint, so two versions of the program
 * that share a file do not undo each other's marks. A file of a newer FORMAT, which may mean other
 * things by the same names, is refused untouched. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/database_internal.h"
#include "store/definition.h"

enum {
  FORMAT = 1,                  /* PRAGMA user_version; counts up when old programs must keep out */
  APPLICATION_ID = 0x6d736866, /* PRAGMA application_id: "mshf" */
  MARK_SIZE = 32
};

/* Whether the file is ours and of a format that we know; a new one has format 0. */
static enum ms_status
check_format(struct ms_database *database, int64_t *format, struct ms_error *err)
{
  enum ms_status status = ms_database_read_format(database, APPLICATION_ID, format, err);
  if (status != MS_OK || *format <= FORMAT)
    return status;
  return ms_fail(err, MS_INVALID,
                 "database %s was written by a newer version (format %" PRId64
                 ", this one knows up to %d); use that version or another data folder",
                 database->path, *format, FORMAT);
}

static enum ms_status
has_mark(struct ms_database *database, const char *mark, bool *marked, struct ms_error *err)
{
  char *value = NULL;
  enum ms_status status = ms_database_get_setting(database, mark, &value, err);
  free(value);
  *marked = status == MS_OK;
  return status == MS_NOT_FOUND ? MS_OK : status;
}

static enum ms_status
run(struct ms_database *database, struct ms_buffer *sql, struct ms_error *err)
{
  enum ms_status status = ms_buffer_check(sql, "table definition", err);
  if (status == MS_OK && sql->size_bytes > 0)
    status = ms_database_script(database, sql->data, err);
  ms_buffer_clear(sql);
  return status;
}

static enum ms_status
has_column(struct ms_database *database, const char *table, const char *column, bool *found,
           struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      database, "SELECT 1 FROM pragma_table_info(?1) WHERE ?2 IS NULL OR name = ?2", &statement,
      err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, table);
  ms_statement_bind_string(statement, 2, column);
  status = ms_statement_step(statement, found, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
add_missing_columns(struct ms_database *database, const struct ms_entity_type *root,
                    struct ms_buffer *sql, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < root->column_count && status == MS_OK; i++) {
    bool found = false;
    status = has_column(database, root->table, root->columns[i].name, &found, err);
    if (status != MS_OK || found)
      continue;
    ms_definition_print_new_column(sql, root->table, &root->columns[i]);
    status = run(database, sql, err);
  }
  return status;
}

static enum ms_status
bring_family(struct ms_database *database, const struct ms_entity_type *root, struct ms_buffer *sql,
             struct ms_error *err)
{
  bool exists = false;
  enum ms_status status = has_column(database, root->table, NULL, &exists, err);
  if (status == MS_OK && exists)
    status = add_missing_columns(database, root, sql, err);
  if (status == MS_OK && !exists) {
    ms_definition_print_table(sql, root);
    status = run(database, sql, err);
  }
  if (status != MS_OK)
    return status;
  ms_definition_print_indices(sql, root);
  return run(database, sql, err);
}

static enum ms_status
bring_tables(struct ms_database *database, const struct ms_model *model, struct ms_error *err)
{
  struct ms_buffer sql;
  ms_buffer_init(&sql, MS_DEFINITION_MAX_BYTES);
  ms_buffer_printf(&sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID,
                   FORMAT);
  for (const char *const *table = ms_definition_own_tables; *table; table++)
    ms_buffer_printf(&sql, "%s;", *table);
  enum ms_status status = run(database, &sql, err);
  for (size_t i = 0; i < model->type_count && status == MS_OK; i++)
    if (model->types[i].column_count)
      status = bring_family(database, &model->types[i], &sql, err);
  for (size_t i = 0; i < model->link_table_count && status == MS_OK; i++) {
    ms_definition_print_link_table(&sql, &model->link_tables[i]);
    status = run(database, &sql, err);
  }
  ms_buffer_free(&sql);
  return status;
}

/* Under the write lock: another process may have done it while we waited. */
static enum ms_status
migrate_locked(struct ms_database *database, const struct ms_model *model, const char *mark,
               bool *created, struct ms_error *err)
{
  int64_t format = 0;
  bool marked = false;
  enum ms_status status = check_format(database, &format, err);
  if (status == MS_OK && format > 0)
    status = has_mark(database, mark, &marked, err);
  if (status != MS_OK || marked)
    return status;
  status = bring_tables(database, model, err);
  if (status == MS_OK)
    status = ms_database_set_setting(database, mark, "", err);
  *created = status == MS_OK && format == 0;
  return status;
}

enum ms_status
ms_database_migrate(struct ms_database *database, const struct ms_model *model, bool *created,
                    struct ms_error *err)
{
  int64_t format = 0;
  bool marked = false;
  char mark[MARK_SIZE];
  *created = false;
  snprintf(mark, sizeof mark, "model %016" PRIx64, ms_definition_fingerprint(model));
  enum ms_status status = check_format(database, &format, err);
  if (status == MS_OK && format > 0)
    status = has_mark(database, mark, &marked, err);
  if (status != MS_OK || marked)
    return status;
  status = ms_database_begin(database, err);
  if (status == MS_OK)
    status = migrate_locked(database, model, mark, created, err);
  if (status == MS_OK)
    status = ms_database_commit(database, err);
  ms_database_rollback(database);
  ms_database_forget_statements(database);
  return status;
}
