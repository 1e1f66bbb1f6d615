/* Misspelt names in a query, told before it is sent: the first two stages, then a walk over the names alone.
 *
 * The server's word is law, and it may know more than its document tells. So a complaint takes three things:
 * the type has no such attribute, none is known by that name on servers (an alias, an attribute of a type below,
 * something hidden), and one that it has is spelled nearly the same. Whatever cannot be read is left to
 * the server as well. */
#include "query/check.h"

#include <string.h>

#include "query/lex.h"
#include "query/query.h"
#include "query/tree.h"

struct checker {
  const struct ms_model *model;
  const struct ms_query_source *source;
  struct ms_error *err;
};

/* ---- what a type has ---- */

/* Whether a type below `type`, as ours are, has the attribute: for servers that do not tell how types
 * inherit. */
static bool
is_below_builtin(const struct ms_entity_type *type, const char *name)
{
  const struct ms_entity_type *known = ms_model_type(ms_model_builtin(), type->name);
  for (size_t i = 0; known && i < known->descendant_count; i++)
    if (ms_type_attribute(known->descendants[i], name))
      return true;
  return false;
}

static bool
is_below(const struct ms_entity_type *type, const char *name)
{
  for (size_t i = 0; i < type->descendant_count; i++)
    if (ms_type_attribute(type->descendants[i], name))
      return true;
  return is_below_builtin(type, name);
}

static bool
is_alias(const struct ms_entity_type *type, const char *name)
{
  for (size_t i = 0; i < type->attribute_count; i++)
    if (type->attributes[i]->alias && strcmp(type->attributes[i]->alias, name) == 0)
      return true;
  for (const char *const *hidden = type->system_projection_names; hidden && *hidden; hidden++)
    if (strcmp(*hidden, name) == 0)
      return true;
  return false;
}

static bool
is_left_out(const struct ms_entity_type *type, const char *name)
{
  for (const char *const *left_out = type->left_out; left_out && *left_out; left_out++)
    if (strcmp(*left_out, name) == 0)
      return true;
  return false;
}

static bool
may_be_known(const struct ms_entity_type *type, const char *name)
{
  return name[0] == '_' || is_below(type, name) || is_alias(type, name) || is_left_out(type, name);
}

/* ---- names ---- */

/* The type, or NULL where the path can be followed no further. */
static enum ms_status
check_type(const struct checker *checker, const char *name, size_t position,
           const struct ms_entity_type **type)
{
  *type = ms_model_type(checker->model, name);
  const char *nearest = *type ? NULL : ms_model_nearest_type(checker->model, name);
  if (!nearest)
    return MS_OK;
  return ms_query_complain(checker->source, position, MS_PARSE, checker->err,
                           "No entity type '%.*s' exists. Did you mean '%s'?",
                           MS_QUERY_NAME_SHOWN_MAX, name, nearest);
}

/* Follows one step: `*type` becomes what it leads to, NULL for a value or an unknown name. */
static enum ms_status
check_step(const struct checker *checker, const struct ms_query_step *step,
           const struct ms_entity_type **type)
{
  const struct ms_attribute *attribute = ms_type_attribute(*type, step->name);
  const char *nearest = attribute || may_be_known(*type, step->name)
                            ? NULL
                            : ms_type_nearest_attribute(*type, step->name);
  if (nearest)
    return ms_query_complain(checker->source, step->position, MS_PARSE, checker->err,
                             "No attribute '%.*s' exists for schema '%s'. Did you mean '%s'?",
                             MS_QUERY_NAME_SHOWN_MAX, step->name, (*type)->name, nearest);
  if (step->cast)
    return check_type(checker, step->cast, step->cast_position, type);
  *type = attribute && attribute->kind != MS_KIND_SCALAR ? attribute->target : NULL;
  return MS_OK;
}

/* Goes through the path; `*type` is what it leads to, or NULL. */
static enum ms_status
check_path(const struct checker *checker, const struct ms_query_path *path,
           const struct ms_entity_type **type)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < path->step_count && *type && status == MS_OK; i++)
    status = check_step(checker, &path->steps[i], type);
  return status;
}

static enum ms_status
check_items(const struct checker *checker, const struct ms_query_item *item,
            const struct ms_entity_type *type)
{
  enum ms_status status = MS_OK;
  for (; item && status == MS_OK; item = item->next) {
    const struct ms_entity_type *found = type;
    status = check_path(checker, &item->path, &found);
  }
  return status;
}

/* ---- conditions and queries ---- */

static enum ms_status
check_tree(const struct checker *checker, const struct ms_query_tree *tree);

/* The parser bounds how deep conditions nest (MS_QUERY_DEPTH_MAX). */
static enum ms_status
check_condition(const struct checker *checker, const struct ms_query_node *node,
                const struct ms_entity_type *type)
{
  const struct ms_entity_type *found = type;
  enum ms_status status = check_path(checker, &node->path, &found);
  const struct ms_entity_type *inner = node->kind == MS_NODE_ANY ? found : type;
  for (const struct ms_query_node *child = node->first; child && inner && status == MS_OK;
       child = child->next)
    status = check_condition(checker, child, inner);
  if (status == MS_OK && node->kind == MS_NODE_IN_QUERY)
    status = check_tree(checker, node->query);
  return status;
}

static enum ms_status
check_tree(const struct checker *checker, const struct ms_query_tree *tree)
{
  const struct ms_entity_type *type;
  enum ms_status status = check_type(checker, tree->type_name, tree->type_position, &type);
  if (status != MS_OK || !type)
    return status;
  status = check_items(checker, tree->select, type);
  if (status == MS_OK && tree->where)
    status = check_condition(checker, tree->where, type);
  if (status == MS_OK)
    status = check_items(checker, tree->group, type);
  return status == MS_OK ? check_items(checker, tree->order, type) : status;
}

enum ms_status
ms_query_check_names(const struct ms_model *model, const char *text, size_t text_bytes,
                     struct ms_error *err)
{
  struct ms_arena arena;
  struct ms_token *tokens;
  struct ms_query_tree *tree;
  size_t count;
  struct ms_error ignored;
  if (text_bytes > MS_QUERY_TEXT_MAX_BYTES)
    return MS_OK;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  struct ms_query_source source = {.text = text, .text_bytes = text_bytes, .arena = &arena};
  struct checker checker = {.model = model, .source = &source, .err = err};
  enum ms_status status = MS_OK;
  if (ms_query_lex(&source, &tokens, &count, &ignored) == MS_OK &&
      ms_query_parse(&source, tokens, &tree, &ignored) == MS_OK)
    status = check_tree(&checker, tree);
  ms_arena_free(&arena);
  return status;
}
