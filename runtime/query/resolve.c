/* Queries: type, selection, order, grouping, and the query that reads one entity. */
#include "query/resolver.h"

#include <string.h>

/* ---- items: select of aggregates, group by, order by ---- */

/* "count_id", "status.name": the item's key in an aggregate's rows. */
static enum ms_status
name_item(struct ms_resolver *resolver, const struct ms_query_item *item,
          struct ms_resolved_item *resolved)
{
  struct ms_buffer name;
  ms_buffer_init(&name, MS_QUERY_TEXT_MAX_BYTES);
  if (item->function != MS_FUNCTION_NONE)
    ms_buffer_printf(&name, "%s_", ms_query_function_name(item->function));
  for (size_t i = 0; i < item->path.step_count; i++)
    ms_buffer_printf(&name, "%s%s", i ? "." : "", item->path.steps[i].name);
  resolved->name = ms_arena_strdup(resolver->source->arena, ms_buffer_string(&name));
  enum ms_status status = ms_buffer_check(&name, "name of a selected value", resolver->err);
  ms_buffer_free(&name);
  if (status != MS_OK || resolved->name)
    return status;
  return ms_query_no_room(resolver->source, resolver->err);
}

static enum ms_status
check_function(struct ms_resolver *resolver, const struct ms_query_item *item,
               const struct ms_attribute *attribute)
{
  bool is_sum = item->function == MS_FUNCTION_SUM || item->function == MS_FUNCTION_AVG;
  enum ms_value_type type = ms_query_value_type(attribute);
  if (!is_sum || type == MS_VALUE_INTEGER || type == MS_VALUE_NUMBER)
    return MS_OK;
  return ms_query_complain(resolver->source, item->path.position, MS_PARSE, resolver->err,
                           "'%s' is no number: %s works on numbers alone.", attribute->name,
                           ms_query_function_name(item->function));
}

static enum ms_status
resolve_items(struct ms_resolver *resolver, const struct ms_entity_type *type,
              const struct ms_query_item *item, struct ms_resolved_item **list)
{
  enum ms_status status = MS_OK;
  for (; item; item = item->next, list = &(*list)->next) {
    *list = ms_resolver_new(resolver, sizeof **list, &status);
    if (!*list)
      return status;
    (*list)->function = item->function;
    (*list)->is_descending = item->is_descending;
    status = ms_resolver_path(resolver, type, &item->path, &(*list)->path);
    if (status == MS_OK)
      status = check_function(resolver, item, (*list)->path.attribute);
    if (status == MS_OK)
      status = name_item(resolver, item, *list);
    if (status != MS_OK)
      return status;
  }
  return MS_OK;
}

/* Aggregates are made of the groups' values and of functions, nothing else. */
static enum ms_status
check_grouped(struct ms_resolver *resolver, const struct ms_query_item *item,
              const struct ms_resolved_item *resolved, const struct ms_resolved_item *group)
{
  for (; item; item = item->next, resolved = resolved->next) {
    const struct ms_resolved_item *found = group;
    while (found && strcmp(found->name, resolved->name) != 0)
      found = found->next;
    if (!found && item->function == MS_FUNCTION_NONE)
      return ms_query_complain(resolver->source, item->path.position, MS_PARSE, resolver->err,
                               "'%s' differs within a group: name it in 'group by', too, or use "
                               "count, sum, avg, min or max.",
                               resolved->name);
  }
  return MS_OK;
}

static enum ms_status
resolve_aggregate(struct ms_resolver *resolver, const struct ms_query_tree *tree,
                  struct ms_resolved_query *query)
{
  query->is_aggregate = true;
  enum ms_status status = resolve_items(resolver, query->type, tree->select, &query->select);
  if (status == MS_OK)
    status = resolve_items(resolver, query->type, tree->group, &query->group);
  if (status == MS_OK)
    status = check_grouped(resolver, tree->select, query->select, query->group);
  if (status == MS_OK)
    status = check_grouped(resolver, tree->order, query->order, query->group);
  return status;
}

/* ---- entities ---- */

static enum ms_status
resolve_projections(struct ms_resolver *resolver, const struct ms_query_tree *tree,
                    struct ms_resolved_query *query)
{
  enum ms_status status = MS_OK;
  for (const struct ms_query_item *item = tree->select; item && status == MS_OK;
       item = item->next) {
    if (item->function != MS_FUNCTION_NONE)
      return ms_query_complain(resolver->source, item->path.position, MS_PARSE, resolver->err,
                               "%s(...) needs a 'group by'.",
                               ms_query_function_name(item->function));
    status = ms_resolver_project(resolver, query->type, &item->path, &query->projections);
  }
  if (status != MS_OK)
    return status;
  return ms_resolver_complete(resolver, query->type, !tree->has_select, &query->projections);
}

/* All but the selection. */
static enum ms_status
resolve_rows(struct ms_resolver *resolver, const struct ms_query_tree *tree,
             struct ms_resolved_query *query)
{
  query->has_limit = tree->has_limit;
  query->has_offset = tree->has_offset;
  query->limit = tree->limit;
  query->offset = tree->offset;
  enum ms_status status =
      ms_resolver_type(resolver, tree->type_name, tree->type_position, &query->type);
  if (status == MS_OK && tree->where)
    status = ms_resolver_condition(resolver, query->type, tree->where, &query->where);
  if (status == MS_OK)
    status = resolve_items(resolver, query->type, tree->order, &query->order);
  return status;
}

static enum ms_status
resolve_query(struct ms_resolver *resolver, const struct ms_query_tree *tree,
              struct ms_resolved_query *query)
{
  enum ms_status status = resolve_rows(resolver, tree, query);
  if (status != MS_OK)
    return status;
  return tree->group ? resolve_aggregate(resolver, tree, query)
                     : resolve_projections(resolver, tree, query);
}

enum ms_status
ms_query_resolve(const struct ms_query_context *context, const struct ms_query_source *source,
                 const struct ms_query_tree *tree, struct ms_resolved_query **query,
                 struct ms_error *err)
{
  enum ms_status status;
  struct ms_resolver resolver = {.context = context, .source = source, .err = err};
  struct ms_resolved_query *resolved = ms_resolver_new(&resolver, sizeof *resolved, &status);
  if (resolved)
    status = resolve_query(&resolver, tree, resolved);
  *query = status == MS_OK ? resolved : NULL;
  return status;
}

/* ---- subqueries ---- */

static enum ms_status
complain_subquery(struct ms_resolver *resolver, const struct ms_query_tree *tree)
{
  return ms_query_complain(resolver->source, tree->type_position, MS_PARSE, resolver->err,
                           "A query within 'in (...)' selects exactly one attribute, without "
                           "functions and 'group by'.");
}

enum ms_status
ms_resolver_subquery(struct ms_resolver *resolver, const struct ms_query_tree *tree,
                     struct ms_resolved_query **query)
{
  enum ms_status status;
  *query = ms_resolver_new(resolver, sizeof **query, &status);
  if (*query)
    status = resolve_rows(resolver, tree, *query);
  if (status != MS_OK)
    return status;
  if (tree->group || (tree->has_select && (tree->select->next || tree->select->function)) ||
      (!tree->has_select && (*query)->type->primary_key_count != 1))
    return complain_subquery(resolver, tree);
  if (tree->has_select)
    return resolve_items(resolver, (*query)->type, tree->select, &(*query)->select);
  (*query)->select = ms_resolver_new(resolver, sizeof *(*query)->select, &status);
  if ((*query)->select) {
    (*query)->select->path.attribute = (*query)->type->primary_key[0];
    (*query)->select->name = (*query)->type->primary_key[0]->name;
  }
  return status;
}

/* ---- one entity by its key ---- */

/* The key's parts are parameters of the plan's use. */
static enum ms_status
resolve_key(struct ms_resolver *resolver, const struct ms_entity_type *type,
            struct ms_resolved_condition **where)
{
  enum ms_status status;
  *where = ms_resolver_new(resolver, sizeof **where, &status);
  if (!*where)
    return status;
  (*where)->kind = MS_RESOLVED_AND;
  struct ms_resolved_condition **last = &(*where)->first;
  for (size_t i = 0; i < type->primary_key_count; i++, last = &(*last)->next) {
    *last = ms_resolver_new(resolver, sizeof **last, &status);
    if (*last)
      (*last)->literals = ms_resolver_new(resolver, sizeof *(*last)->literals, &status);
    if (status != MS_OK)
      return status;
    *(*last)->literals = (struct ms_parameter){.type = MS_PARAMETER_KEY, .integer = (int64_t)i};
    (*last)->kind = MS_RESOLVED_COMPARE;
    (*last)->comparison = MS_COMPARE_EQUAL;
    (*last)->attribute = type->primary_key[i];
    (*last)->literal_count = 1;
  }
  return MS_OK;
}

enum ms_status
ms_query_resolve_get(const struct ms_query_context *context, const struct ms_query_source *source,
                     const struct ms_entity_type *type, const char *const *attributes,
                     size_t attribute_count, struct ms_resolved_query **query, struct ms_error *err)
{
  enum ms_status status;
  struct ms_query_source named = *source;
  struct ms_resolver resolver = {.context = context, .source = &named, .err = err};
  *query = ms_resolver_new(&resolver, sizeof **query, &status);
  if (!*query)
    return status;
  (*query)->type = type;
  status = resolve_key(&resolver, type, &(*query)->where);
  for (size_t i = 0; i < attribute_count && status == MS_OK; i++) {
    named.text = attributes[i];
    named.text_bytes = strlen(attributes[i]);
    struct ms_query_step step = {.name = attributes[i]};
    struct ms_query_path path = {.steps = &step, .step_count = 1};
    status = ms_resolver_project(&resolver, type, &path, &(*query)->projections);
  }
  if (status == MS_OK)
    status = ms_resolver_complete(&resolver, type, false, &(*query)->projections);
  return status;
}
