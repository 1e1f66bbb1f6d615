/* Reading a schema document: what its two halves, types and attributes, share. */
#ifndef MS_MODEL_DOCUMENT_H
#define MS_MODEL_DOCUMENT_H

#include "base/arena.h"
#include "base/json.h"
#include "model/model.h"

/* A model under construction. */
struct ms_document {
  struct ms_arena *arena; /* borrowed; what becomes of the model lives here */
  struct ms_model *model; /* types and types_by_name are set, names included, before attributes */
};

/* The error for a full arena or no memory. */
enum ms_status
ms_document_no_memory(struct ms_error *err);

/* The type `name` of the document; MS_PROTOCOL, saying that `type`.`member` refers to it, when there is
 * none. */
enum ms_status
ms_document_find_type(const struct ms_document *document, const char *type, const char *member,
                      const char *name, const struct ms_entity_type **found, struct ms_error *err);

/* Reads one property fragment into `attribute`, whose name and declared_by are set. */
enum ms_status
ms_document_read_attribute(const struct ms_document *document, const struct ms_json_node *fragment,
                           struct ms_attribute *attribute, struct ms_error *err);

/* Reads the properties of the schema object and all lists that name them into `type`, whose name,
 * alias and base are set. */
enum ms_status
ms_document_read_attributes(const struct ms_document *document, const struct ms_json_node *object,
                            struct ms_entity_type *type, struct ms_error *err);

#endif
