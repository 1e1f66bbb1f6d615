/* The model's tables as SQL text.
 *
 * A family of types is one table. Columns are nullable except the key: what a row must have is checked
 * when a batch ends, and a column that a later version adds fits without rewriting anything.
 * References are no constraints of the database: the API checks them at the end of a batch, where it
 * can say which attribute of which entity is wrong. */
#include "store/definition.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Counts up when the form of the tables changes though the model does not. */
enum { DEFINITION_VERSION = 1 };

const char *const ms_definition_own_tables[] = {
    "CREATE TABLE IF NOT EXISTS moonshift_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
    " WITHOUT ROWID",
    /* hash: SHA-256 of the key, hexadecimal; times in microseconds since the epoch */
    "CREATE TABLE IF NOT EXISTS moonshift_key (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE,"
    " user_id TEXT NOT NULL, label TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS \"moonshift_key.user_id\" ON moonshift_key (user_id)",
    /* in the order of their commits; origin: the process that wrote it, by a random number; end_bytes: the
       sizes of all events up to this one */
    "CREATE TABLE IF NOT EXISTS moonshift_journal (sequence INTEGER PRIMARY KEY, at INTEGER NOT "
    "NULL,"
    " origin INTEGER NOT NULL, end_bytes INTEGER NOT NULL, event TEXT NOT NULL)",
    NULL,
};

static const char *const column_types[] = {
    [MS_COLUMN_TEXT] = "TEXT", [MS_COLUMN_INTEGER] = "INTEGER", [MS_COLUMN_REAL] = "REAL"};

/* Ids are compared byte by byte, other text without regard to case: as the query compiler does. */
static bool
is_text(const struct ms_column *column)
{
  size_t size = strlen(column->name);
  if (column->type != MS_COLUMN_TEXT || column->is_hidden || strcmp(column->name, "id") == 0)
    return false;
  return size < 3 || strcmp(column->name + size - 3, "_id") != 0;
}

static const struct ms_column *
find_column(const struct ms_entity_type *root, const char *name)
{
  for (size_t i = 0; i < root->column_count; i++)
    if (strcmp(root->columns[i].name, name) == 0)
      return &root->columns[i];
  return NULL;
}

/* ---- fingerprint: FNV-1a over all that the texts below depend on ---- */

static void
add_number(uint64_t *hash, uint64_t number)
{
  for (int i = 0; i < 4; i++, number >>= 8)
    *hash = (*hash ^ (number & 0xff)) * 1099511628211u;
}

static void
add_text(uint64_t *hash, const char *text)
{
  for (; *text; text++)
    *hash = (*hash ^ (unsigned char)*text) * 1099511628211u;
  add_number(hash, 0);
}

static void
add_family(uint64_t *hash, const struct ms_entity_type *root)
{
  add_text(hash, root->table);
  for (size_t i = 0; i < root->column_count; i++) {
    const struct ms_column *column = &root->columns[i];
    add_text(hash, column->name);
    add_number(hash, column->type * 4u + column->is_key * 2u + column->is_indexed);
    add_number(hash, column->is_ordered * 2u + column->is_sparse);
  }
  for (size_t i = 0; i < root->unique_count; i++)
    for (size_t k = 0; k < root->uniques[i].column_count; k++)
      add_text(hash, root->uniques[i].columns[k]);
}

uint64_t
ms_definition_fingerprint(const struct ms_model *model)
{
  uint64_t hash = 14695981039346656037u;
  add_number(&hash, DEFINITION_VERSION);
  for (const char *const *table = ms_definition_own_tables; *table; table++)
    add_text(&hash, *table);
  for (size_t i = 0; i < model->type_count; i++)
    if (model->types[i].column_count)
      add_family(&hash, &model->types[i]);
  for (size_t i = 0; i < model->link_table_count; i++) {
    add_text(&hash, model->link_tables[i].name);
    add_text(&hash, model->link_tables[i].columns[0]);
    add_text(&hash, model->link_tables[i].columns[1]);
  }
  return hash;
}

/* ---- text ---- */

void
ms_definition_print_name(struct ms_buffer *sql, const char *name)
{
  ms_buffer_printf(sql, "\"%s\"", name);
}

static void
print_column(struct ms_buffer *sql, const struct ms_column *column)
{
  ms_definition_print_name(sql, column->name);
  ms_buffer_printf(sql, " %s%s", column_types[column->type], column->is_key ? " NOT NULL" : "");
}

void
ms_definition_print_table(struct ms_buffer *sql, const struct ms_entity_type *root)
{
  ms_buffer_append_string(sql, "CREATE TABLE ");
  ms_definition_print_name(sql, root->table);
  const char *separator = " (";
  for (size_t i = 0; i < root->column_count; i++, separator = ", ") {
    ms_buffer_append_string(sql, separator);
    print_column(sql, &root->columns[i]);
  }
  separator = ", PRIMARY KEY (";
  for (size_t i = 0; i < root->column_count; i++) {
    if (!root->columns[i].is_key)
      continue;
    ms_buffer_append_string(sql, separator);
    ms_definition_print_name(sql, root->columns[i].name);
    separator = ", ";
  }
  ms_buffer_append_string(sql, "))");
}

void
ms_definition_print_link_table(struct ms_buffer *sql, const struct ms_link_table *table)
{
  const char *one = table->columns[0];
  const char *two = table->columns[1];
  ms_buffer_printf(sql,
                   "CREATE TABLE IF NOT EXISTS \"%s\" (\"%s\" TEXT NOT NULL, \"%s\" TEXT NOT NULL,"
                   " PRIMARY KEY (\"%s\", \"%s\")) WITHOUT ROWID;"
                   "CREATE INDEX IF NOT EXISTS \"%s.%s\" ON \"%s\" (\"%s\");",
                   table->name, one, two, one, two, table->name, two, table->name, two);
}

void
ms_definition_print_new_column(struct ms_buffer *sql, const char *table,
                               const struct ms_column *column)
{
  ms_buffer_append_string(sql, "ALTER TABLE ");
  ms_definition_print_name(sql, table);
  ms_buffer_append_string(sql, " ADD COLUMN ");
  print_column(sql, column);
}

static void
print_indexed_column(struct ms_buffer *sql, const struct ms_column *column)
{
  ms_definition_print_name(sql, column->name);
  if (is_text(column))
    ms_buffer_append_string(sql, " COLLATE NOCASE");
}

static void
print_unique(struct ms_buffer *sql, const struct ms_entity_type *root,
             const struct ms_unique *unique)
{
  ms_buffer_printf(sql, "CREATE UNIQUE INDEX IF NOT EXISTS \"%s.unique", root->table);
  for (size_t i = 0; i < unique->column_count; i++)
    ms_buffer_printf(sql, ".%s", unique->columns[i]);
  ms_buffer_printf(sql, "\" ON \"%s\" (", root->table);
  for (size_t i = 0; i < unique->column_count; i++) {
    ms_buffer_append_string(sql, i ? ", " : "");
    print_indexed_column(sql, find_column(root, unique->columns[i]));
  }
  ms_buffer_append_string(sql, ");");
}

/* Nobody looks for the nulls of a sparse column, so they are left out. The index has another name then: a file
 * may have the one that a former version made. */
static void
print_index(struct ms_buffer *sql, const char *table, const struct ms_column *column)
{
  const char *here = column->is_sparse ? ".given" : "";
  const char *former = column->is_sparse ? "" : ".given";
  ms_buffer_printf(sql,
                   "DROP INDEX IF EXISTS \"%s.%s%s\";"
                   "CREATE INDEX IF NOT EXISTS \"%s.%s%s\" ON \"%s\" (",
                   table, column->name, former, table, column->name, here, table);
  print_indexed_column(sql, column);
  ms_buffer_append_char(sql, ')');
  if (column->is_sparse)
    ms_buffer_printf(sql, " WHERE \"%s\" IS NOT NULL", column->name);
  ms_buffer_append_char(sql, ';');
}

/* The rows of one type in the order of the column, where the table holds several types. */
static void
print_order(struct ms_buffer *sql, const struct ms_entity_type *root,
            const struct ms_column *column)
{
  ms_buffer_printf(sql, "CREATE INDEX IF NOT EXISTS \"%s.%s.%s\" ON \"%s\" (\"%s\", ", root->table,
                   root->type_column, column->name, root->table, root->type_column);
  print_indexed_column(sql, column);
  ms_buffer_append_string(sql, ");");
}

/* An index that begins with the column serves to find rows by it. */
static bool
begins_unique(const struct ms_entity_type *root, const struct ms_column *column)
{
  for (size_t i = 0; i < root->unique_count; i++)
    if (strcmp(root->uniques[i].columns[0], column->name) == 0)
      return true;
  return false;
}

void
ms_definition_print_indices(struct ms_buffer *sql, const struct ms_entity_type *root)
{
  for (size_t i = 0; i < root->unique_count; i++)
    print_unique(sql, root, &root->uniques[i]);
  for (size_t i = 0; i < root->column_count; i++)
    if (root->columns[i].is_indexed && !begins_unique(root, &root->columns[i]))
      print_index(sql, root->table, &root->columns[i]);
  for (size_t i = 0; root->type_column && i < root->column_count; i++)
    if (root->columns[i].is_ordered)
      print_order(sql, root, &root->columns[i]);
}
