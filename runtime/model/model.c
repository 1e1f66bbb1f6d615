/* Looking things up: binary search in the sorted tables, nearest names by trying them all. */
#include "model/model.h"

#include <string.h>

#include "base/nearest.h"
#include "model/catalogue.h"

static const char *const computed_names[] = {"",
#define MS_COMPUTED_NAME(name, word) word,
                                             MS_COMPUTED_TABLE(MS_COMPUTED_NAME)
#undef MS_COMPUTED_NAME
};

static const char *const fill_names[] = {"", "value",
#define MS_FILL_NAME(name, word) word,
                                         MS_FILL_TABLE(MS_FILL_NAME)
#undef MS_FILL_NAME
};

/* strcmp(name, other) for a name of `size_bytes` bytes. */
static int
compare(const char *name, size_t size_bytes, const char *other)
{
  int order = strncmp(name, other, size_bytes);
  if (order != 0) {
    return order;
  }
  return other[size_bytes] == '\0' ? 0 : -1;
}

const struct ms_model *
ms_model_builtin(void)
{
  return &ms_catalogue;
}

const struct ms_entity_type *
ms_model_type_n(const struct ms_model *model, const char *name, size_t size_bytes)
{
  size_t low = 0;
  size_t high = model->type_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare(name, size_bytes, model->types_by_name[middle]->name);
    if (order == 0) {
      return model->types_by_name[middle];
    }
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return NULL;
}

const struct ms_entity_type *
ms_model_type(const struct ms_model *model, const char *name)
{
  return ms_model_type_n(model, name, strlen(name));
}

const char *
ms_model_nearest_type(const struct ms_model *model, const char *name)
{
  struct ms_nearest nearest = {.word = name};
  for (size_t i = 0; i < model->type_count; i++) {
    ms_nearest_offer(&nearest, model->types[i].name);
  }
  return nearest.best;
}

const struct ms_attribute *
ms_type_attribute_n(const struct ms_entity_type *type, const char *name, size_t size_bytes)
{
  size_t low = 0;
  size_t high = type->attribute_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare(name, size_bytes, type->attributes[middle]->name);
    if (order == 0) {
      return type->attributes[middle];
    }
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return NULL;
}

const struct ms_attribute *
ms_type_attribute(const struct ms_entity_type *type, const char *name)
{
  return ms_type_attribute_n(type, name, strlen(name));
}

const char *
ms_type_nearest_attribute(const struct ms_entity_type *type, const char *name)
{
  struct ms_nearest nearest = {.word = name};
  for (size_t i = 0; i < type->attribute_count; i++) {
    if ((type->attributes[i]->flags & MS_ATTRIBUTE_HIDDEN) == 0) {
      ms_nearest_offer(&nearest, type->attributes[i]->name);
    }
  }
  return nearest.best;
}

bool
ms_type_is_a(const struct ms_entity_type *type, const struct ms_entity_type *ancestor)
{
  while (type && type != ancestor) {
    type = type->base;
  }
  return type != NULL;
}

const char *
ms_computed_name(enum ms_computed computed)
{
  return computed_names[computed];
}

const char *
ms_fill_name(enum ms_fill fill)
{
  return fill_names[fill];
}
