/* Data definition: the SQL text that makes the tables of a model. */
#ifndef MS_STORE_DEFINITION_H
#define MS_STORE_DEFINITION_H

#include "base/buffer.h"
#include "model/model.h"

enum { MS_DEFINITION_MAX_BYTES = 1024 * 1024 /* of one statement */ };

/* The tables that are ours beside the model's (settings, API keys, events), NULL-terminated. */
extern const char *const ms_definition_own_tables[];

/* A number that differs between models with different tables, columns or indices. Costs
 * microseconds: it is computed at every opening. */
uint64_t
ms_definition_fingerprint(const struct ms_model *model);

/* Appends "name" with quotes. */
void
ms_definition_print_name(struct ms_buffer *sql, const char *name);

/* CREATE TABLE for the family whose root is `root`. */
void
ms_definition_print_table(struct ms_buffer *sql, const struct ms_entity_type *root);

void
ms_definition_print_link_table(struct ms_buffer *sql, const struct ms_link_table *table);

/* ALTER TABLE … ADD COLUMN. */
void
ms_definition_print_new_column(struct ms_buffer *sql, const char *table,
                               const struct ms_column *column);

/* Every CREATE INDEX IF NOT EXISTS of a family, as one text. */
void
ms_definition_print_indices(struct ms_buffer *sql, const struct ms_entity_type *root);

#endif
