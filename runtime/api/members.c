/* Members are compared as sorted texts of their keys, so long sequences of frames cost n log n. */
#include "api/members.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys as text ---- */

static const char *
key_text(struct ms_batch *batch, const struct ms_key *key)
{
  const char *text = "";
  for (size_t i = 0; i < key->count && text; i++) {
    const struct ms_parameter *part = &key->parts[i];
    if (part->type == MS_PARAMETER_TEXT)
      text = ms_arena_printf(batch->arena, "%s%s\n", text, part->text);
    else
      text = ms_arena_printf(batch->arena, "%s%" PRId64 "\n", text, part->integer);
  }
  return text;
}

static int
compare_texts(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_listed(const struct ms_members *members, const char *text)
{
  return members->count &&
         bsearch(&text, members->texts, members->count, sizeof *members->texts, compare_texts);
}

enum ms_status
ms_members_decode(struct ms_members *members, const struct ms_json_node *list, struct ms_error *err)
{
  struct ms_arena *arena = members->batch->arena;
  members->keys = MS_ARENA_ARRAY(arena, struct ms_key, list->count + 1);
  members->texts = MS_ARENA_ARRAY(arena, const char *, list->count + 1);
  if (!members->keys || !members->texts)
    return ms_batch_out_of_memory(err);
  for (const struct ms_json_node *node = list->first; node; node = node->next) {
    struct ms_key *key = &members->keys[members->count];
    enum ms_status status =
        ms_key_decode_reference(members->batch, members->attribute, node, key, err);
    if (status != MS_OK)
      return status;
    members->texts[members->count] = key_text(members->batch, key);
    if (!members->texts[members->count++])
      return ms_batch_out_of_memory(err);
  }
  qsort(members->texts, members->count, sizeof *members->texts, compare_texts);
  return MS_OK;
}

/* ---- present members ---- */

/* Keys in the arena, which doubles as they grow. */
struct key_list {
  struct ms_key *keys;
  size_t count;
  size_t capacity;
};

static enum ms_status
append_key(struct ms_batch *batch, struct key_list *list, const struct ms_key *key,
           struct ms_error *err)
{
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? list->capacity * 2 : 16;
    struct ms_key *larger = MS_ARENA_ARRAY(batch->arena, struct ms_key, list->capacity);
    if (!larger)
      return ms_batch_out_of_memory(err);
    if (list->count)
      memcpy(larger, list->keys, list->count * sizeof *larger);
    list->keys = larger;
  }
  list->keys[list->count++] = *key;
  return MS_OK;
}

static enum ms_status
append_if_leaving(struct ms_members *members, struct ms_statement *statement, size_t key_parts,
                  struct key_list *leaving, struct ms_error *err)
{
  struct ms_key key = {.count = key_parts};
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < key_parts && status == MS_OK; i++)
    status = ms_value_read(members->batch, statement, (int)i, MS_COLUMN_TEXT, &key.parts[i], err);
  if (status != MS_OK)
    return status;
  const char *text = key_text(members->batch, &key);
  if (!text)
    return ms_batch_out_of_memory(err);
  return is_listed(members, text) ? MS_OK : append_key(members->batch, leaving, &key, err);
}

enum ms_status
ms_members_find_leaving(struct ms_members *members, struct ms_statement *statement,
                        size_t key_parts, struct ms_key **leaving, size_t *leaving_count,
                        struct ms_error *err)
{
  struct key_list list = {.count = 0};
  bool row = true;
  enum ms_status status = MS_OK;
  while (status == MS_OK && row) {
    status = ms_statement_step(statement, &row, err);
    if (status == MS_OK && row)
      status = append_if_leaving(members, statement, key_parts, &list, err);
  }
  *leaving = list.keys;
  *leaving_count = list.count;
  return status;
}

enum ms_status
ms_members_prepare(struct ms_members *members, struct ms_buffer *sql,
                   struct ms_statement **statement, struct ms_error *err)
{
  enum ms_status status = ms_buffer_check(sql, "a statement", err);
  if (status == MS_OK)
    status = ms_database_prepare(members->batch->api->database, sql->data, statement, err);
  ms_buffer_free(sql);
  return status;
}
