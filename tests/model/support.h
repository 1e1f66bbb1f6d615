/* What the tests of the model share. */
#ifndef TESTS_MODEL_SUPPORT_H
#define TESTS_MODEL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"

/* The type `name` of the built-in model, which must exist. */
static inline const struct ms_entity_type *
builtin_type(const char *name)
{
  const struct ms_entity_type *type = ms_model_type(ms_model_builtin(), name);
  if (!type) {
    fail_msg("no type %s", name);
  }
  return type;
}

/* The attribute `name` of the built-in type `type_name`, which must exist. */
static inline const struct ms_attribute *
builtin_attribute(const char *type_name, const char *name)
{
  const struct ms_attribute *attribute = ms_type_attribute(builtin_type(type_name), name);
  if (!attribute) {
    fail_msg("no attribute %s.%s", type_name, name);
  }
  return attribute;
}

/* The column `name` of the table that the type `owner` owns, or NULL. */
static inline const struct ms_column *
builtin_column(const char *owner, const char *name)
{
  const struct ms_entity_type *type = builtin_type(owner);
  for (size_t i = 0; i < type->column_count; i++) {
    if (strcmp(type->columns[i].name, name) == 0) {
      return &type->columns[i];
    }
  }
  return NULL;
}

/* The schema document of `model`; owned. */
static inline char *
print_document(const struct ms_model *model, bool python_style)
{
  struct ms_buffer document;
  struct ms_json_writer writer;
  struct ms_error err;
  ms_buffer_init(&document, MS_MODEL_DOCUMENT_BYTES_MAX);
  ms_json_writer_init(&writer, &document);
  writer.python_style = python_style;
  ms_model_print_schemas(model, &writer);
  assert_int_equal(ms_buffer_check(&document, "document", &err), MS_OK);
  return ms_buffer_take(&document);
}

#endif
