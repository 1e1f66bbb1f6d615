/* Names: types, attributes, casts and the walk along a path. */
#include "query/resolver.h"

#include <string.h>

void *
ms_resolver_new(struct ms_resolver *resolver, size_t size_bytes, enum ms_status *status)
{
  void *memory = ms_arena_alloc(resolver->source->arena, size_bytes);
  *status = memory ? MS_OK : ms_query_no_room(resolver->source, resolver->err);
  return memory;
}

enum ms_status
ms_resolver_type(struct ms_resolver *resolver, const char *name, size_t position,
                 const struct ms_entity_type **type)
{
  *type = ms_model_type(resolver->context->model, name);
  if (*type)
    return MS_OK;
  const char *nearest = ms_model_nearest_type(resolver->context->model, name);
  return ms_query_complain(resolver->source, position, MS_PARSE, resolver->err,
                           "No entity type '%.*s' exists.%s%s%s", MS_QUERY_NAME_SHOWN_MAX, name,
                           nearest ? " Did you mean '" : "", nearest ? nearest : "",
                           nearest ? "'?" : "");
}

/* The attribute `name` of a type below `type`, or NULL. */
static const struct ms_attribute *
find_below(const struct ms_entity_type *type, const char *name)
{
  for (size_t i = 0; i < type->descendant_count; i++) {
    const struct ms_attribute *attribute = ms_type_attribute(type->descendants[i], name);
    if (attribute)
      return attribute;
  }
  return NULL;
}

static const struct ms_attribute *
find_attribute(const struct ms_entity_type *type, const char *name)
{
  const struct ms_attribute *attribute = ms_type_attribute(type, name);
  bool must_cast = strcmp(type->root->name, "Context") == 0;
  return attribute || must_cast ? attribute : find_below(type, name);
}

static enum ms_status
complain_attribute(struct ms_resolver *resolver, const struct ms_entity_type *type,
                   const struct ms_query_step *step)
{
  const struct ms_attribute *below = find_below(type, step->name);
  if (below)
    return ms_query_complain(
        resolver->source, step->position, MS_PARSE, resolver->err,
        "No attribute '%s' exists for schema '%s'. %s has one: put [%s] behind "
        "the relation before it, or query %s.",
        step->name, type->name, below->declared_by->name, below->declared_by->name,
        below->declared_by->name);
  const char *nearest = ms_type_nearest_attribute(type, step->name);
  return ms_query_complain(
      resolver->source, step->position, MS_PARSE, resolver->err,
      "No attribute '%.*s' exists for schema '%s'.%s%s%s", MS_QUERY_NAME_SHOWN_MAX, step->name,
      type->name, nearest ? " Did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static enum ms_status
resolve_cast(struct ms_resolver *resolver, const struct ms_query_step *step,
             const struct ms_attribute *attribute, const struct ms_entity_type **cast)
{
  *cast = NULL;
  if (!step->cast)
    return MS_OK;
  if (attribute->kind == MS_KIND_SCALAR)
    return ms_query_complain(resolver->source, step->cast_position, MS_PARSE, resolver->err,
                             "'%s' is a value, not a relation: it cannot be cast.", step->name);
  enum ms_status status = ms_resolver_type(resolver, step->cast, step->cast_position, cast);
  if (status != MS_OK)
    return status;
  const struct ms_entity_type *rows = attribute->row_type;
  if (!ms_type_is_a(*cast, rows) && !ms_type_is_a(rows, *cast))
    return ms_query_complain(resolver->source, step->cast_position, MS_PARSE, resolver->err,
                             "'%s' finds entities of type %s, which are never of type %s.",
                             step->name, rows->name, (*cast)->name);
  return MS_OK;
}

enum ms_status
ms_resolver_step(struct ms_resolver *resolver, const struct ms_entity_type *type,
                 const struct ms_query_step *step, const struct ms_attribute **attribute,
                 const struct ms_entity_type **cast)
{
  *attribute = find_attribute(type, step->name);
  if (!*attribute)
    return complain_attribute(resolver, type, step);
  return resolve_cast(resolver, step, *attribute, cast);
}

enum ms_status
ms_resolver_walk(struct ms_resolver *resolver, const struct ms_entity_type **type,
                 const struct ms_query_step *step, const struct ms_attribute **relation,
                 const struct ms_entity_type **rows)
{
  const struct ms_entity_type *cast;
  enum ms_status status = ms_resolver_step(resolver, *type, step, relation, &cast);
  if (status != MS_OK)
    return status;
  if ((*relation)->kind == MS_KIND_SCALAR)
    return ms_query_complain(resolver->source, step->position, MS_PARSE, resolver->err,
                             "'%s' of %s is a value, not a relation: no entity is found by it.",
                             step->name, (*type)->name);
  *rows = cast ? cast : (*relation)->row_type;
  *type = cast ? cast : (*relation)->target;
  return MS_OK;
}

bool
ms_query_is_column_reference(const struct ms_attribute *attribute)
{
  return attribute->kind == MS_KIND_REFERENCE && attribute->storage.kind == MS_STORED_COLUMN &&
         !attribute->storage.second_column;
}

enum ms_value_type
ms_query_value_type(const struct ms_attribute *attribute)
{
  if (attribute->kind != MS_KIND_SCALAR)
    return attribute->target->primary_key_count == 1 ? attribute->target->primary_key[0]->value_type
                                                     : MS_VALUE_NONE;
  if (attribute->storage.computed == MS_COMPUTED_LINK || attribute->value_type == MS_VALUE_OBJECT)
    return MS_VALUE_NONE;
  return attribute->value_type;
}

enum ms_status
ms_resolver_path(struct ms_resolver *resolver, const struct ms_entity_type *type,
                 const struct ms_query_path *path, struct ms_resolved_path *resolved)
{
  enum ms_status status;
  const struct ms_entity_type *cast;
  resolved->walks = ms_resolver_new(resolver, path->step_count * sizeof *resolved->walks, &status);
  if (!resolved->walks)
    return status;
  for (; resolved->walk_count + 1 < path->step_count; resolved->walk_count++) {
    const struct ms_query_step *step = &path->steps[resolved->walk_count];
    struct ms_resolved_walk *walk = &resolved->walks[resolved->walk_count];
    status = ms_resolver_walk(resolver, &type, step, &walk->relation, &walk->rows);
    if (status != MS_OK)
      return status;
    if (walk->relation->kind != MS_KIND_REFERENCE)
      return ms_query_complain(resolver->source, step->position, MS_PARSE, resolver->err,
                               "'%s' finds many entities: here only single relations work.",
                               step->name);
  }
  const struct ms_query_step *last = &path->steps[resolved->walk_count];
  status = ms_resolver_step(resolver, type, last, &resolved->attribute, &cast);
  if (status != MS_OK)
    return status;
  bool is_value = resolved->attribute->kind == MS_KIND_SCALAR ||
                  ms_query_is_column_reference(resolved->attribute);
  if (!is_value || ms_query_value_type(resolved->attribute) == MS_VALUE_NONE)
    return ms_query_complain(resolver->source, last->position, MS_PARSE, resolver->err,
                             "'%s' of %s is no value that can be compared or put in order.",
                             last->name, type->name);
  return MS_OK;
}
