/* A schema document as a model: names first, so that everything may refer to everything, then
 * attributes, then the families that the bases make.
 *
 * The text comes from a stranger: every size is bounded, and what does not hang together is refused
 * by name. Keys that we do not know are skipped. */
#include "model/document.h"

#include <stdlib.h>
#include <string.h>

enum {
  MODEL_BYTES_MAX =
      256 * 1024 * 1024, /* memory of a model that was read, and of the document's tree */
  BASES_MAX = 16         /* types above a type */
};

struct read_model {
  struct ms_model model; /* first: what callers hold */
  struct ms_arena arena; /* all else */
};

enum ms_status
ms_document_no_memory(struct ms_error *err)
{
  return ms_fail(err, MS_MEMORY, "schema document: not enough memory (at most %d MiB)",
                 MODEL_BYTES_MAX / (1024 * 1024));
}

enum ms_status
ms_document_find_type(const struct ms_document *document, const char *type, const char *member,
                      const char *name, const struct ms_entity_type **found, struct ms_error *err)
{
  *found = ms_model_type(document->model, name);
  if (!*found) {
    return ms_fail(err, MS_PROTOCOL,
                   "schema document: %s.%s refers to '%s', a type that the document does not have",
                   type, member, name);
  }
  return MS_OK;
}

/* ---- names ---- */

static int
compare_types(const void *left, const void *right)
{
  const struct ms_entity_type *const *a = left;
  const struct ms_entity_type *const *b = right;
  return strcmp((*a)->name, (*b)->name);
}

static enum ms_status
read_name(const struct ms_document *document, const struct ms_json_node *object, size_t index,
          struct ms_entity_type *type, struct ms_error *err)
{
  const char *name = ms_json_get_string(object, "id");
  if (!name || *name == '\0') {
    return ms_fail(err, MS_PROTOCOL, "schema document: item %zu is no object with an id", index);
  }
  type->name = ms_arena_strdup(document->arena, name);
  type->stored_as = type->name;
  return type->name ? MS_OK : ms_document_no_memory(err);
}

static enum ms_status
sort_names(const struct ms_document *document, struct ms_entity_type *types, struct ms_error *err)
{
  struct ms_model *model = document->model;
  struct ms_entity_type **by_name =
      MS_ARENA_ARRAY(document->arena, struct ms_entity_type *, model->type_count);
  if (!by_name) {
    return ms_document_no_memory(err);
  }
  for (size_t i = 0; i < model->type_count; i++) {
    by_name[i] = &types[i];
  }
  qsort(by_name, model->type_count, sizeof *by_name, compare_types);
  for (size_t i = 1; i < model->type_count; i++) {
    if (strcmp(by_name[i - 1]->name, by_name[i]->name) == 0) {
      return ms_fail(err, MS_PROTOCOL, "schema document: the type %s is there twice",
                     by_name[i]->name);
    }
  }
  model->types_by_name = (const struct ms_entity_type *const *)by_name;
  return MS_OK;
}

static enum ms_status
read_names(struct ms_document *document, const struct ms_json_node *list,
           struct ms_entity_type **types, struct ms_error *err)
{
  if (list->type != MS_JSON_ARRAY || list->count == 0) {
    return ms_fail(err, MS_PROTOCOL, "schema document: must be a list of schemas, not %s%s",
                   list->type == MS_JSON_ARRAY ? "an empty " : "", ms_json_type_name(list->type));
  }
  if (list->count > MS_MODEL_TYPES_MAX) {
    return ms_fail(err, MS_LIMIT, "schema document: %zu types, more than %d", list->count,
                   MS_MODEL_TYPES_MAX);
  }
  *types = MS_ARENA_ARRAY(document->arena, struct ms_entity_type, list->count);
  if (!*types) {
    return ms_document_no_memory(err);
  }
  document->model->types = *types;
  document->model->type_count = list->count;
  size_t index = 0;
  for (const struct ms_json_node *object = list->first; object; object = object->next, index++) {
    enum ms_status status = read_name(document, object, index, &(*types)[index], err);
    if (status != MS_OK) {
      return status;
    }
  }
  return sort_names(document, *types, err);
}

/* ---- one type ---- */

static enum ms_status
copy(const struct ms_document *document, const char *string, const char **result,
     struct ms_error *err)
{
  *result = string ? ms_arena_strdup(document->arena, string) : NULL;
  return string && !*result ? ms_document_no_memory(err) : MS_OK;
}

/* "Show", or {"id": "Task", "classifiers": {"object_typeid": "…"}}. */
static enum ms_status
read_alias(const struct ms_document *document, const struct ms_json_node *object,
           struct ms_entity_type *type, struct ms_error *err)
{
  const struct ms_json_node *alias = ms_json_get(object, "alias_for");
  if (alias && alias->type == MS_JSON_STRING) {
    return copy(document, alias->string, &type->alias, err);
  }
  const char *table = ms_json_get_string(alias, "id");
  const struct ms_json_node *classifiers = ms_json_get(alias, "classifiers");
  const struct ms_json_node *first =
      table && classifiers && classifiers->type == MS_JSON_OBJECT ? classifiers->first : NULL;
  enum ms_status status = copy(document, table, &type->alias, err);
  if (status == MS_OK && first && first->type == MS_JSON_STRING) {
    status = copy(document, first->key, &type->classifier_column, err);
    if (status == MS_OK) {
      status = copy(document, first->string, &type->classifier_value, err);
    }
  }
  return status;
}

static enum ms_status
read_type(const struct ms_document *document, const struct ms_json_node *object,
          struct ms_entity_type *type, struct ms_error *err)
{
  const char *base = ms_json_get_string(ms_json_get(object, "$mixin"), "$ref");
  const struct ms_json_node *group_by = ms_json_get(ms_json_get(object, "metadata"), "group_by");
  enum ms_status status = MS_OK;
  if (base) {
    type->base = ms_model_type(document->model, base); /* NULL: left out, see leads_nowhere */
  }
  type->is_group_by = group_by && group_by->type == MS_JSON_TRUE;
  if (status == MS_OK) {
    status = read_alias(document, object, type, err);
  }
  if (status == MS_OK) {
    status = ms_document_read_attributes(document, object, type, err);
  }
  return status;
}

/* ---- families ---- */

static enum ms_status
find_root(struct ms_entity_type *type, struct ms_error *err)
{
  int depth = 0;
  type->root = type;
  while (type->root->base) {
    if (++depth > BASES_MAX) {
      return ms_fail(err, MS_PROTOCOL,
                     "schema document: %s has more than %d types above it, or is above itself",
                     type->name, BASES_MAX);
    }
    type->root = type->root->base;
  }
  return MS_OK;
}

/* Types are constant to everybody else; the document's own array is not. */
static struct ms_entity_type *
writable(const struct ms_document *document, struct ms_entity_type *types,
         const struct ms_entity_type *type)
{
  return &types[type - document->model->types];
}

static enum ms_status
allocate_descendants(const struct ms_document *document, struct ms_entity_type *type,
                     struct ms_error *err)
{
  type->is_polymorphic = type->descendant_count > 1;
  type->descendants =
      MS_ARENA_ARRAY(document->arena, const struct ms_entity_type *, type->descendant_count);
  type->descendant_count = 0;
  return type->descendants ? MS_OK : ms_document_no_memory(err);
}

static void
add_descendant(struct ms_entity_type *type, const struct ms_entity_type *descendant)
{
  const struct ms_entity_type **descendants = (const struct ms_entity_type **)type->descendants;
  descendants[type->descendant_count++] = descendant;
}

static enum ms_status
settle_families(const struct ms_document *document, struct ms_entity_type *types,
                struct ms_error *err)
{
  size_t count = document->model->type_count;
  for (size_t i = 0; i < count; i++) {
    enum ms_status status = find_root(&types[i], err);
    if (status != MS_OK) {
      return status;
    }
  }
  for (size_t i = 0; i < count; i++) {
    for (const struct ms_entity_type *above = &types[i]; above; above = above->base) {
      writable(document, types, above)->descendant_count++;
    }
  }
  for (size_t i = 0; i < count; i++) {
    enum ms_status status = allocate_descendants(document, &types[i], err);
    if (status != MS_OK) {
      return status;
    }
    add_descendant(&types[i], &types[i]);
  }
  for (size_t i = 0; i < count; i++) {
    const struct ms_entity_type *type = document->model->types_by_name[i];
    for (const struct ms_entity_type *above = type->base; above; above = above->base) {
      add_descendant(writable(document, types, above), type);
    }
  }
  return MS_OK;
}

/* ---- the document ---- */

static enum ms_status
read_list(struct ms_document *document, const struct ms_json_node *list, struct ms_error *err)
{
  struct ms_entity_type *types;
  enum ms_status status = read_names(document, list, &types, err);
  const struct ms_json_node *object = list->first;
  for (size_t i = 0; status == MS_OK && i < document->model->type_count; i++) {
    status = read_type(document, object, &types[i], err);
    object = object->next;
  }
  return status == MS_OK ? settle_families(document, types, err) : status;
}

enum ms_status
ms_model_parse(const char *text, size_t size_bytes, struct ms_model **model, struct ms_error *err)
{
  if (size_bytes > MS_MODEL_DOCUMENT_BYTES_MAX) {
    return ms_fail(err, MS_LIMIT, "schema document: %zu bytes, more than %d", size_bytes,
                   MS_MODEL_DOCUMENT_BYTES_MAX);
  }
  struct read_model *read = calloc(1, sizeof *read);
  if (!read) {
    return ms_document_no_memory(err);
  }
  struct ms_arena tree;
  struct ms_json_node *root;
  ms_arena_init(&tree, MODEL_BYTES_MAX);
  ms_arena_init(&read->arena, MODEL_BYTES_MAX);
  struct ms_document document = {.arena = &read->arena, .model = &read->model};
  enum ms_status status = ms_json_parse(&tree, text, size_bytes, &root, err);
  if (status != MS_OK) {
    ms_error_prefix(err, "schema document");
  } else {
    status = read_list(&document, root, err);
  }
  ms_arena_free(&tree);
  if (status == MS_OK) {
    *model = &read->model;
  } else {
    ms_model_free(&read->model);
  }
  return status;
}

void
ms_model_free(struct ms_model *model)
{
  if (model) {
    struct read_model *read = (struct read_model *)model;
    ms_arena_free(&read->arena);
    free(read);
  }
}
