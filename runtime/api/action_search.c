/* search: a query whose rows must also hold every one of some words, and may have to lie below a
 * context or be of some kinds of object.
 *
 * What is asked besides becomes a condition in the query language, so that everything is compiled into
 * one statement; words are quoted there as any text. */
#include <string.h>

#include "api/entity.h"

enum { CONDITION_MAX_BYTES = 256 * 1024 };

/* The attributes in which words are looked for, of those that a type has. */
static const char *const searched[] = {"name",  "full_name", "username", "first_name", "last_name",
                                       "email", "content",   "comment",  "description"};

/* How a row of a type and its subtypes lies below the context $. */
static const struct {
  const char *type;
  const char *condition;
} places[] = {
    {"Project", "id is $"},
    {"TypedContext", "(project_id is $ or ancestors any (id is $))"},
    {"Asset", "(context_id is $ or parent.project_id is $"
              " or parent[TypedContext] has (ancestors any (id is $)))"},
    {"AssetVersion", "(asset.context_id is $ or asset.parent.project_id is $"
                     " or asset.parent[TypedContext] has (ancestors any (id is $)))"},
    {"List", "project_id is $"},
    {"ReviewSession", "project_id is $"},
};

static void
append_quoted(struct ms_buffer *out, const char *text, bool is_pattern)
{
  ms_buffer_append_string(out, is_pattern ? "\"%" : "\"");
  for (; *text; text++) {
    if (*text == '"' || (is_pattern && strchr("%_\\", *text)))
      ms_buffer_append_char(out, '\\');
    ms_buffer_append_char(out, *text);
  }
  ms_buffer_append_string(out, is_pattern ? "%\"" : "\"");
}

static void
begin_condition(struct ms_buffer *out)
{
  if (out->size_bytes)
    ms_buffer_append_string(out, " and ");
}

static enum ms_status
add_word(const struct ms_entity_type *type, const char *word, struct ms_buffer *out,
         struct ms_error *err)
{
  const char *joint = "(";
  begin_condition(out);
  for (size_t i = 0; i < sizeof searched / sizeof *searched; i++) {
    if (!ms_type_attribute(type, searched[i]))
      continue;
    ms_buffer_printf(out, "%s%s like ", joint, searched[i]);
    append_quoted(out, word, true);
    joint = " or ";
  }
  ms_buffer_append_char(out, ')');
  if (*joint == '(')
    return ms_fail(err, MS_INVALID, "a %s has no text to search in", type->name);
  return MS_OK;
}

static enum ms_status
add_words(const struct ms_entity_type *type, const struct ms_json_node *terms,
          struct ms_buffer *out, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  if (!terms || terms->type != MS_JSON_ARRAY)
    return ms_fail(err, MS_INVALID, "search needs 'terms', a list of words");
  for (const struct ms_json_node *term = terms->first; term && status == MS_OK; term = term->next) {
    if (term->type != MS_JSON_STRING)
      return ms_fail(err, MS_INVALID, "'terms' is a list of words, not of %s",
                     ms_json_type_name(term->type));
    status = add_word(type, term->string, out, err);
  }
  return status;
}

static const char *
find_place(const struct ms_entity_type *type)
{
  for (; type; type = type->base)
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
      if (strcmp(places[i].type, type->name) == 0)
        return places[i].condition;
  return NULL;
}

static enum ms_status
add_place(const struct ms_entity_type *type, const struct ms_json_node *context,
          struct ms_buffer *out, struct ms_error *err)
{
  if (!context || context->type == MS_JSON_NULL)
    return MS_OK;
  const char *place = find_place(type);
  if (context->type != MS_JSON_STRING || !place)
    return ms_fail(err, MS_INVALID,
                   "'context_id' takes the id of a project or what is below it, "
                   "and goes with entities that lie there");
  begin_condition(out);
  for (; *place; place++)
    if (*place == '$')
      append_quoted(out, context->string, false);
    else
      ms_buffer_append_char(out, *place);
  return MS_OK;
}

static enum ms_status
add_kinds(const struct ms_entity_type *type, const struct ms_json_node *ids, struct ms_buffer *out,
          struct ms_error *err)
{
  if (!ids || ids->type == MS_JSON_NULL || (ids->type == MS_JSON_ARRAY && ids->count == 0))
    return MS_OK;
  if (ids->type != MS_JSON_ARRAY || !ms_type_attribute(type, "object_type_id"))
    return ms_fail(err, MS_INVALID,
                   "'object_type_ids' is a list of ids, and goes with TypedContext");
  begin_condition(out);
  ms_buffer_append_string(out, "object_type_id in (");
  for (const struct ms_json_node *id = ids->first; id; id = id->next) {
    if (id->type != MS_JSON_STRING)
      return ms_fail(err, MS_INVALID, "'object_type_ids' is a list of ids");
    append_quoted(out, id->string, false);
    ms_buffer_append_char(out, id->next ? ',' : ')');
  }
  return MS_OK;
}

static enum ms_status
print_condition(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_buffer *out,
                struct ms_error *err)
{
  const struct ms_entity_type *type = NULL;
  enum ms_status status = ms_batch_named_type(batch, operation, &type, err);
  if (status == MS_OK)
    status = add_words(type, ms_json_get(operation, "terms"), out, err);
  if (status == MS_OK)
    status = add_place(type, ms_json_get(operation, "context_id"), out, err);
  if (status == MS_OK)
    status = add_kinds(type, ms_json_get(operation, "object_type_ids"), out, err);
  return status == MS_OK ? ms_buffer_check(out, "what is searched for", err) : status;
}

enum ms_status
ms_action_search(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_error *err)
{
  struct ms_buffer also;
  ms_buffer_init(&also, CONDITION_MAX_BYTES);
  enum ms_status status = print_condition(batch, operation, &also, err);
  if (status == MS_OK)
    status =
        ms_page_append(batch, operation, also.size_bytes ? ms_buffer_string(&also) : NULL, err);
  ms_buffer_free(&also);
  return status;
}
