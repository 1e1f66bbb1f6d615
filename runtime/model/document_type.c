/* The attributes of one type of a schema document, and the lists that name them.
 *
 * The lists may name what is no property (classic servers do, for things that clients can set or
 * select all the same): such a name becomes a hidden string attribute. The primary key may not. */
#include "model/document.h"

#include <stdlib.h>
#include <string.h>

/* The attributes of a type while they grow in number. */
struct table {
  struct ms_attribute **items; /* in the arena; room for all properties and listed names */
  size_t count;
  const char **left_out; /* in the arena, NULL before the first; ends with NULL */
  size_t left_out_count;
};

static const struct {
  const char *key;
  unsigned flag;
  bool may_be_hidden; /* a name that is no property becomes a hidden attribute */
} lists[] = {
    {"required", MS_ATTRIBUTE_REQUIRED, true},
    {"immutable", MS_ATTRIBUTE_IMMUTABLE, true},
    {"computed", MS_ATTRIBUTE_COMPUTED, true},
    {"default_projections", MS_ATTRIBUTE_DEFAULT_PROJECTION, true},
    {"primary_key", MS_ATTRIBUTE_PRIMARY_KEY, false},
};

static int
compare_names(const void *left, const void *right)
{
  const struct ms_attribute *const *a = left;
  const struct ms_attribute *const *b = right;
  return strcmp((*a)->name, (*b)->name);
}

static struct ms_attribute *
find(const struct table *table, const char *name)
{
  for (size_t i = 0; i < table->count; i++) {
    if (strcmp(table->items[i]->name, name) == 0) {
      return table->items[i];
    }
  }
  return NULL;
}

/* The list `key` of a schema object, or NULL without one. All its items are strings, and they are no
 * more than a type may have attributes. */
static enum ms_status
get_list(const struct ms_json_node *object, const char *type, const char *key,
         const struct ms_json_node **list, struct ms_error *err)
{
  *list = ms_json_get(object, key);
  if (!*list) {
    return MS_OK;
  }
  if ((*list)->type != MS_JSON_ARRAY) {
    return ms_fail(err, MS_PROTOCOL, "schema document: %s of %s must be a list of names, not %s",
                   key, type, ms_json_type_name((*list)->type));
  }
  if ((*list)->count > MS_MODEL_ATTRIBUTES_MAX) {
    return ms_fail(err, MS_LIMIT, "schema document: %s of %s lists more than %d names", key, type,
                   MS_MODEL_ATTRIBUTES_MAX);
  }
  for (const struct ms_json_node *name = (*list)->first; name; name = name->next) {
    if (name->type != MS_JSON_STRING) {
      return ms_fail(err, MS_PROTOCOL, "schema document: %s of %s must list strings alone, not %s",
                     key, type, ms_json_type_name(name->type));
    }
  }
  return MS_OK;
}

static enum ms_status
add(const struct ms_document *document, const struct ms_entity_type *type, const char *name,
    struct table *table, struct ms_attribute **added, struct ms_error *err)
{
  struct ms_attribute *attribute = MS_ARENA_NEW(document->arena, struct ms_attribute);
  if (!attribute) {
    return ms_document_no_memory(err);
  }
  attribute->name = ms_arena_strdup(document->arena, name);
  attribute->declared_by = type;
  if (!attribute->name) {
    return ms_document_no_memory(err);
  }
  table->items[table->count++] = attribute;
  *added = attribute;
  return MS_OK;
}

/* How many names the lists have, an upper bound for hidden attributes; checks the lists. */
static enum ms_status
count_names(const struct ms_json_node *object, const char *type, size_t *count,
            struct ms_error *err)
{
  *count = 0;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    const struct ms_json_node *list;
    enum ms_status status = get_list(object, type, lists[i].key, &list, err);
    if (status != MS_OK) {
      return status;
    }
    *count += list ? list->count : 0;
  }
  return MS_OK;
}

/* Whether a property leads to a type that the document does not have. Servers leave types out that a user
 * may not see, and clients do without what leads there. */
static bool
leads_nowhere(const struct ms_document *document, const struct ms_json_node *fragment)
{
  const char *direct = ms_json_get_string(fragment, "$ref");
  const char *items = ms_json_get_string(ms_json_get(fragment, "items"), "$ref");
  const char *target = direct ? direct : items;
  return target && !ms_model_type(document->model, target);
}

static enum ms_status
leave_out(const struct ms_document *document, const struct ms_json_node *properties,
          const char *name, struct table *table, struct ms_error *err)
{
  if (!table->left_out) {
    table->left_out = MS_ARENA_ARRAY(document->arena, const char *, properties->count + 1);
  }
  const char *copy = ms_arena_strdup(document->arena, name);
  if (!table->left_out || !copy) {
    return ms_document_no_memory(err);
  }
  table->left_out[table->left_out_count++] = copy;
  return MS_OK;
}

static enum ms_status
read_properties(const struct ms_document *document, const struct ms_json_node *properties,
                const struct ms_entity_type *type, struct table *table, struct ms_error *err)
{
  for (const struct ms_json_node *node = properties->first; node; node = node->next) {
    struct ms_attribute *attribute;
    if (leads_nowhere(document, node)) {
      if (leave_out(document, properties, node->key, table, err) != MS_OK) {
        return err->status;
      }
      continue;
    }
    if (find(table, node->key)) {
      return ms_fail(err, MS_PROTOCOL, "schema document: %s has the property %s twice", type->name,
                     node->key);
    }
    enum ms_status status = add(document, type, node->key, table, &attribute, err);
    if (status == MS_OK) {
      status = ms_document_read_attribute(document, node, attribute, err);
    }
    if (status != MS_OK) {
      return status;
    }
  }
  return MS_OK;
}

static enum ms_status
mark_list(const struct ms_document *document, const struct ms_json_node *object,
          const struct ms_entity_type *type, size_t index, struct table *table,
          struct ms_error *err)
{
  const struct ms_json_node *list = ms_json_get(object, lists[index].key);
  for (const struct ms_json_node *name = list ? list->first : NULL; name; name = name->next) {
    struct ms_attribute *attribute = find(table, name->string);
    if (!attribute && !lists[index].may_be_hidden) {
      return ms_fail(err, MS_PROTOCOL, "schema document: %s of %s names '%s', which is no property",
                     lists[index].key, type->name, name->string);
    }
    if (!attribute) {
      enum ms_status status = add(document, type, name->string, table, &attribute, err);
      if (status != MS_OK) {
        return status;
      }
      attribute->value_type = MS_VALUE_STRING;
      attribute->flags = MS_ATTRIBUTE_HIDDEN;
    }
    attribute->flags |= lists[index].flag;
  }
  return MS_OK;
}

/* The attributes that `key` lists, in its order. */
static enum ms_status
collect(const struct ms_document *document, const struct ms_json_node *object, const char *key,
        const struct table *table, const struct ms_attribute *const **attributes, size_t *count,
        struct ms_error *err)
{
  const struct ms_json_node *list = ms_json_get(object, key);
  if (!list || list->count == 0) {
    return MS_OK;
  }
  const struct ms_attribute **found =
      MS_ARENA_ARRAY(document->arena, const struct ms_attribute *, list->count);
  if (!found) {
    return ms_document_no_memory(err);
  }
  for (const struct ms_json_node *name = list->first; name; name = name->next) {
    found[(*count)++] = find(table, name->string);
  }
  *attributes = found;
  return MS_OK;
}

/* The scalar that classic servers call `alias`, or NULL. */
static struct ms_attribute *
find_alias(const struct table *table, const char *alias)
{
  for (size_t i = 0; i < table->count; i++) {
    struct ms_attribute *attribute = table->items[i];
    const char *name = attribute->alias ? attribute->alias : attribute->name;
    if (attribute->kind == MS_KIND_SCALAR && strcmp(name, alias) == 0) {
      return attribute;
    }
  }
  return NULL;
}

/* Keeps the names as they are spelt, and the attributes behind those that have one. */
static enum ms_status
read_system_projections(const struct ms_document *document, const struct ms_json_node *object,
                        struct ms_entity_type *type, const struct table *table,
                        struct ms_error *err)
{
  const struct ms_json_node *list;
  enum ms_status status = get_list(object, type->name, "system_projections", &list, err);
  if (status != MS_OK || !list || list->count == 0) {
    return status;
  }
  const char **names = MS_ARENA_ARRAY(document->arena, const char *, list->count + 1);
  const struct ms_attribute **found =
      MS_ARENA_ARRAY(document->arena, const struct ms_attribute *, list->count);
  if (!names || !found) {
    return ms_document_no_memory(err);
  }
  size_t name_count = 0;
  for (const struct ms_json_node *name = list->first; name; name = name->next) {
    names[name_count] = ms_arena_strdup(document->arena, name->string);
    if (!names[name_count++]) {
      return ms_document_no_memory(err);
    }
    struct ms_attribute *attribute = find_alias(table, name->string);
    if (attribute) {
      attribute->flags |= MS_ATTRIBUTE_SYSTEM_PROJECTION;
      found[type->system_projection_count++] = attribute;
    }
  }
  type->system_projection_names = names;
  type->system_projections = found;
  return MS_OK;
}

static enum ms_status
read_lists(const struct ms_document *document, const struct ms_json_node *object,
           struct ms_entity_type *type, struct table *table, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; status == MS_OK && i < sizeof lists / sizeof *lists; i++) {
    status = mark_list(document, object, type, i, table, err);
  }
  if (status == MS_OK) {
    status = collect(document, object, "primary_key", table, &type->primary_key,
                     &type->primary_key_count, err);
  }
  if (status == MS_OK) {
    status = collect(document, object, "default_projections", table, &type->default_projections,
                     &type->default_projection_count, err);
  }
  if (status == MS_OK) {
    status = read_system_projections(document, object, type, table, err);
  }
  if (status == MS_OK && type->primary_key_count == 0) {
    return ms_fail(err, MS_PROTOCOL, "schema document: %s has no primary_key", type->name);
  }
  return status;
}

enum ms_status
ms_document_read_attributes(const struct ms_document *document, const struct ms_json_node *object,
                            struct ms_entity_type *type, struct ms_error *err)
{
  const struct ms_json_node *properties = ms_json_get(object, "properties");
  if (!properties || properties->type != MS_JSON_OBJECT) {
    return ms_fail(err, MS_PROTOCOL, "schema document: %s has no object named properties",
                   type->name);
  }
  struct table table = {0};
  size_t name_count;
  enum ms_status status = count_names(object, type->name, &name_count, err);
  if (status != MS_OK) {
    return status;
  }
  if (properties->count > MS_MODEL_ATTRIBUTES_MAX) {
    return ms_fail(err, MS_LIMIT, "schema document: %s has more than %d attributes", type->name,
                   MS_MODEL_ATTRIBUTES_MAX);
  }
  table.items =
      MS_ARENA_ARRAY(document->arena, struct ms_attribute *, properties->count + name_count + 1);
  if (!table.items) {
    return ms_document_no_memory(err);
  }
  status = read_properties(document, properties, type, &table, err);
  if (status == MS_OK) {
    status = read_lists(document, object, type, &table, err);
  }
  if (status == MS_OK) {
    qsort(table.items, table.count, sizeof *table.items, compare_names);
    type->attributes = (const struct ms_attribute *const *)table.items;
    type->attribute_count = table.count;
    type->left_out = table.left_out;
    type->classifier = type->classifier_column ? find_alias(&table, type->classifier_column) : NULL;
  }
  return status;
}
