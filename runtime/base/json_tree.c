/* Trees from the pull reader's events. The open arrays and objects are a stack of bounded height, so
 * nesting costs no C stack. */
#include "base/json.h"

#include <string.h>

/* Where the next value goes. */
struct builder {
  struct ms_arena *arena; /* borrowed */
  struct ms_json_reader reader;
  const char *key; /* of the next value; NULL in arrays */
  int depth;
  /* Per level: the array or object, and the link that its next child fills. */
  struct ms_json_node *parents[MS_JSON_DEPTH_MAX + 1];
  struct ms_json_node **links[MS_JSON_DEPTH_MAX + 1];
};

static enum ms_status
fail_full(const struct ms_arena *arena, struct ms_error *err)
{
  return ms_fail(err, MS_LIMIT, "the JSON document needs more than %zu bytes of memory",
                 arena->maximum_bytes);
}

static enum ms_status
take_key(struct builder *builder, struct ms_error *err)
{
  const struct ms_json_reader *reader = &builder->reader;
  if (memchr(reader->string, '\0', reader->string_bytes)) {
    return ms_fail(err, MS_PARSE, "bad JSON at byte %zu: the key contains \\u0000",
                   reader->token_offset_bytes);
  }
  builder->key = ms_arena_strndup(builder->arena, reader->string, reader->string_bytes);
  return builder->key ? MS_OK : fail_full(builder->arena, err);
}

/* A node for the reader's last event, linked to its parent. */
static enum ms_status
add_node(struct builder *builder, struct ms_error *err)
{
  const struct ms_json_reader *reader = &builder->reader;
  struct ms_json_node *node = MS_ARENA_NEW(builder->arena, struct ms_json_node);
  if (!node) {
    return fail_full(builder->arena, err);
  }
  node->type = reader->type;
  node->key = builder->key;
  if (node->type == MS_JSON_STRING) {
    node->string = ms_arena_strndup(builder->arena, reader->string, reader->string_bytes);
    node->string_bytes = reader->string_bytes;
    if (!node->string) {
      return fail_full(builder->arena, err);
    }
  } else if (node->type == MS_JSON_INTEGER) {
    node->integer = reader->integer;
    node->number = reader->number;
  } else if (node->type == MS_JSON_NUMBER) {
    node->number = reader->number;
  }
  *builder->links[builder->depth] = node;
  builder->links[builder->depth] = &node->next;
  builder->parents[builder->depth]->count++;
  builder->key = NULL;
  if (node->type == MS_JSON_ARRAY || node->type == MS_JSON_OBJECT) {
    builder->depth++;
    builder->parents[builder->depth] = node;
    builder->links[builder->depth] = &node->first;
  }
  return MS_OK;
}

static enum ms_status
build(struct builder *builder, struct ms_error *err)
{
  for (;;) {
    enum ms_status status = ms_json_next(&builder->reader, err);
    if (status != MS_OK || builder->reader.type == MS_JSON_EOF) {
      return status;
    }
    if (builder->reader.type == MS_JSON_END) {
      builder->depth--;
    } else if (builder->reader.type == MS_JSON_KEY) {
      status = take_key(builder, err);
    } else {
      status = add_node(builder, err);
    }
    if (status != MS_OK) {
      return status;
    }
  }
}

enum ms_status
ms_json_parse(struct ms_arena *arena, const char *text, size_t size_bytes,
              struct ms_json_node **root, struct ms_error *err)
{
  struct ms_json_node document = {.type = MS_JSON_ARRAY}; /* holds the root as its only child */
  struct builder builder;
  builder.arena = arena;
  builder.key = NULL;
  builder.depth = 0;
  builder.parents[0] = &document;
  builder.links[0] = &document.first;
  ms_json_reader_init(&builder.reader, text, size_bytes);
  enum ms_status status = build(&builder, err);
  ms_json_reader_free(&builder.reader);
  *root = status == MS_OK ? document.first : NULL;
  return status;
}

const struct ms_json_node *
ms_json_get(const struct ms_json_node *node, const char *key)
{
  const struct ms_json_node *found = NULL;
  if (node && node->type == MS_JSON_OBJECT) {
    for (const struct ms_json_node *child = node->first; child; child = child->next) {
      if (strcmp(child->key, key) == 0) {
        found = child;
      }
    }
  }
  return found;
}

const char *
ms_json_get_string(const struct ms_json_node *node, const char *key)
{
  const struct ms_json_node *member = ms_json_get(node, key);
  return member && member->type == MS_JSON_STRING ? member->string : NULL;
}

const char *
ms_json_type_name(enum ms_json_type type)
{
  static const char *const names[] = {
      [MS_JSON_NULL] = "null",      [MS_JSON_FALSE] = "boolean",   [MS_JSON_TRUE] = "boolean",
      [MS_JSON_INTEGER] = "number", [MS_JSON_NUMBER] = "number",   [MS_JSON_STRING] = "string",
      [MS_JSON_ARRAY] = "array",    [MS_JSON_OBJECT] = "object",   [MS_JSON_KEY] = "key",
      [MS_JSON_END] = "end",        [MS_JSON_EOF] = "end of text",
  };
  return names[type];
}
