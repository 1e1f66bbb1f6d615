/* The way up is one statement, which a circle does not keep from ending. */
#include "api/tree.h"

#include <string.h>

#include "api/ask.h"

static const struct {
  const char *root;
  const char *column;
} trees[] = {
    {"Context", "parent_id"},
    {"Resource", "parent_id"},
    {"Component", "container_id"},
    {"Note", "in_reply_to_id"},
};

bool
ms_tree_has_parent_in(const struct ms_entity_type *type, const char *column)
{
  for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
    if (strcmp(trees[i].root, type->root->name) == 0 && strcmp(trees[i].column, column) == 0)
      return true;
  return false;
}

enum ms_status
ms_tree_check(struct ms_batch *batch, const struct ms_entity_type *type, const char *column,
              const struct ms_parameter *id, struct ms_error *err)
{
  struct ms_parameter found;
  const struct ms_key key = {.parts = {*id}, .count = 1};
  const char *sql = ms_arena_printf(
      batch->arena,
      "WITH RECURSIVE up (id) AS (SELECT \"%s\" FROM \"%s\" WHERE id = ?1 UNION"
      " SELECT t.\"%s\" FROM \"%s\" t JOIN up u ON t.id = u.id) SELECT 1 FROM up WHERE id = ?1",
      column, type->table, column, type->table);
  if (!sql)
    return ms_batch_out_of_memory(err);
  enum ms_status status = ms_ask(batch, sql, id, 1, MS_COLUMN_INTEGER, &found, err);
  if (status == MS_OK && found.type != MS_PARAMETER_NULL)
    return ms_fail(err, MS_INVALID, "%s cannot lie in itself: '%s' leads back to it",
                   ms_key_describe(batch, type, &key), column);
  return status;
}
