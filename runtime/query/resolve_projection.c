/* What an answer shows: the requested attributes as a tree, completed at every level by the key, the
 * system projections and, for relations named alone, the defaults of the type they find. */
#include "query/resolver.h"

#include <string.h>

static struct ms_projection *
find_projection(struct ms_projection *list, const struct ms_attribute *attribute)
{
  while (list && list->attribute != attribute)
    list = list->next;
  return list;
}

/* The projection of `attribute` in the list, added at its end when it is not there yet. */
static enum ms_status
find_or_add(struct ms_resolver *resolver, const struct ms_attribute *attribute,
            struct ms_projection **list, struct ms_projection **projection)
{
  enum ms_status status = MS_OK;
  *projection = find_projection(*list, attribute);
  if (*projection)
    return MS_OK;
  while (*list)
    list = &(*list)->next;
  *list = ms_resolver_new(resolver, sizeof **list, &status);
  if (!*list)
    return status;
  **list = (struct ms_projection){
      .attribute = attribute, .type = attribute->target, .rows = attribute->row_type};
  *projection = *list;
  return MS_OK;
}

static enum ms_status
check_selectable(struct ms_resolver *resolver, const struct ms_query_step *step,
                 const struct ms_attribute *attribute)
{
  if (!(attribute->flags & MS_ATTRIBUTE_RESTRICTED))
    return MS_OK;
  return ms_query_complain(resolver->source, step->position, MS_PARSE, resolver->err,
                           "'%s' can be used in conditions, but not selected.", attribute->name);
}

enum ms_status
ms_resolver_project(struct ms_resolver *resolver, const struct ms_entity_type *type,
                    const struct ms_query_path *path, struct ms_projection **list)
{
  struct ms_projection *projection = NULL;
  for (size_t i = 0; i < path->step_count; i++) {
    const struct ms_attribute *attribute;
    const struct ms_entity_type *cast;
    const struct ms_query_step *step = &path->steps[i];
    enum ms_status status = ms_resolver_step(resolver, type, step, &attribute, &cast);
    if (status == MS_OK)
      status = check_selectable(resolver, step, attribute);
    if (status == MS_OK && i + 1 < path->step_count && attribute->kind == MS_KIND_SCALAR)
      status = ms_query_complain(resolver->source, step->position, MS_PARSE, resolver->err,
                                 "'%s' of %s is a value, not a relation: nothing can follow it.",
                                 step->name, type->name);
    if (status == MS_OK)
      status = find_or_add(resolver, attribute, list, &projection);
    if (status != MS_OK)
      return status;
    if (cast)
      projection->type = cast;
    type = cast ? cast : attribute->target;
    list = &projection->first;
  }
  projection->is_bare = projection->attribute->kind != MS_KIND_SCALAR;
  return MS_OK;
}

static enum ms_status
add_all(struct ms_resolver *resolver, const struct ms_attribute *const *attributes, size_t count,
        struct ms_projection **list)
{
  enum ms_status status = MS_OK;
  struct ms_projection *projection;
  for (size_t i = 0; i < count && status == MS_OK; i++)
    status = find_or_add(resolver, attributes[i], list, &projection);
  return status;
}

/* System projections that are named by a hidden form of an attribute: `_casted_value` shows the
 * attribute whose alias is `casted_value`. */
static const struct ms_attribute *
find_by_hidden_name(const struct ms_entity_type *type, const char *name)
{
  for (size_t i = 0; name[0] == '_' && i < type->attribute_count; i++) {
    const char *alias = type->attributes[i]->alias;
    if (alias && strcmp(alias, name + 1) == 0 && type->attributes[i]->kind == MS_KIND_SCALAR)
      return type->attributes[i];
  }
  return NULL;
}

static enum ms_status
add_system(struct ms_resolver *resolver, const struct ms_entity_type *type,
           struct ms_projection **list)
{
  enum ms_status status =
      add_all(resolver, type->system_projections, type->system_projection_count, list);
  if (status == MS_OK && type->classifier)
    status = add_all(resolver, &type->classifier, 1, list);
  const char *const *name = type->system_projection_names;
  for (; status == MS_OK && name && *name; name++) {
    const struct ms_attribute *attribute = find_by_hidden_name(type, *name);
    if (attribute)
      status = add_all(resolver, &attribute, 1, list);
  }
  return status;
}

/* What a client cannot do without when it is shown a mapped collection: key and value. */
static enum ms_status
add_mapping(struct ms_resolver *resolver, struct ms_projection *projection)
{
  const char *names[] = {projection->attribute->key_attribute,
                         projection->attribute->value_attribute};
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < 2 && status == MS_OK; i++) {
    const struct ms_attribute *attribute =
        names[i] ? ms_type_attribute(projection->type, names[i]) : NULL;
    if (attribute)
      status = add_all(resolver, &attribute, 1, &projection->first);
  }
  return status;
}

enum ms_status
ms_resolver_complete(struct ms_resolver *resolver, const struct ms_entity_type *type,
                     bool add_defaults, struct ms_projection **list)
{
  enum ms_status status = MS_OK;
  if (add_defaults)
    status = add_all(resolver, type->default_projections, type->default_projection_count, list);
  if (status == MS_OK)
    status = add_all(resolver, type->primary_key, type->primary_key_count, list);
  if (status == MS_OK && !resolver->context->strict_projections)
    status = add_system(resolver, type, list);
  for (struct ms_projection *each = *list; each && status == MS_OK; each = each->next) {
    if (each->attribute->kind == MS_KIND_SCALAR)
      continue;
    if (each->is_bare)
      status = add_mapping(resolver, each);
    if (status == MS_OK)
      status = ms_resolver_complete(resolver, each->type, each->is_bare, &each->first);
  }
  return status;
}
