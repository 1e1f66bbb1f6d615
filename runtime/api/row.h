/* Rows on their way into the database: keys, cells, and the statements that write them. */
#ifndef MS_API_ROW_H
#define MS_API_ROW_H

#include "api/batch.h"

enum {
  MS_KEY_PARTS_MAX = 4,                 /* attributes of a primary key */
  MS_ID_MAX_BYTES = 255,                /* of a part of a key */
  MS_VALUE_MAX_BYTES = 16 * 1024 * 1024 /* of one text value */
};

struct ms_key {
  struct ms_parameter parts[MS_KEY_PARTS_MAX]; /* in the order of the type's primary key */
  size_t count;
};

/* A value for a column. */
struct ms_cell {
  const char *column;
  const struct ms_attribute *attribute; /* that was given; NULL for a type column */
  struct ms_parameter value;
};

/* A collection that was given as a whole. */
struct ms_membership {
  const struct ms_attribute *attribute;
  const struct ms_json_node *members; /* an array */
  struct ms_membership *next;
};

/* A row to be written. Cells come from the client first, then from defaults. */
struct ms_row {
  const struct ms_entity_type *type;
  struct ms_key key;
  struct ms_cell *cells;
  size_t cell_count;
  size_t cell_capacity;
  size_t given_count; /* of the cells, those that the client gave */
  struct ms_membership *memberships;
  const char **given; /* names of the attributes that the client gave, whatever their kind */
  size_t given_name_count;
};

/* ---- values (value.c) ---- */

/* The JSON value as the parameter that the column of the scalar `attribute` holds. MS_INVALID names
 * the attribute and what it takes. */
enum ms_status
ms_value_decode(struct ms_batch *batch, const struct ms_attribute *attribute,
                const struct ms_json_node *node, struct ms_parameter *value, struct ms_error *err);

/* The JSON text of a default or fill, as ms_value_decode takes it. */
enum ms_status
ms_value_decode_text(struct ms_batch *batch, const struct ms_attribute *attribute, const char *json,
                     struct ms_parameter *value, struct ms_error *err);

/* Whatever the JSON value is, as its text. */
enum ms_status
ms_value_as_json(struct ms_batch *batch, const struct ms_json_node *node,
                 struct ms_parameter *value, struct ms_error *err);

bool
ms_value_equal(const struct ms_parameter *a, const struct ms_parameter *b);

void
ms_value_bind(struct ms_statement *statement, int index, const struct ms_parameter *value);

/* What a column of the present row holds, with text in the batch's arena. */
enum ms_status
ms_value_read(struct ms_batch *batch, struct ms_statement *statement, int column,
              enum ms_column_type type, struct ms_parameter *value, struct ms_error *err);

/* ---- keys (key.c) ---- */

/* Member `entity_key`: a list in the order of the primary key, or a single value. */
enum ms_status
ms_key_decode(struct ms_batch *batch, const struct ms_entity_type *type,
              const struct ms_json_node *node, struct ms_key *key, struct ms_error *err);

/* MS_INVALID unless the value can be this part of a key. */
enum ms_status
ms_key_check_part(const struct ms_attribute *attribute, const struct ms_parameter *part,
                  struct ms_error *err);

/* The key of a reference {"__entity_type__": …, key attributes…} to an entity of `type`. */
enum ms_status
ms_key_decode_reference(struct ms_batch *batch, const struct ms_attribute *attribute,
                        const struct ms_json_node *node, struct ms_key *key, struct ms_error *err);

/* "Job 4be6…" or "JobComponent a, b": for messages. In the arena. */
const char *
ms_key_describe(struct ms_batch *batch, const struct ms_entity_type *type,
                const struct ms_key *key);

/* Appends `WHERE "a" = ?N AND …` with N from `first_parameter`. */
void
ms_key_print_condition(struct ms_buffer *sql, const struct ms_entity_type *type,
                       int first_parameter);

void
ms_key_bind(struct ms_statement *statement, int first_parameter, const struct ms_key *key);

/* ---- rows (row.c) ---- */

/* An empty row with room for every column of the type's table. */
enum ms_status
ms_row_init(struct ms_batch *batch, const struct ms_entity_type *type, struct ms_row *row,
            struct ms_error *err);

/* Reads the members of `entity_data` into cells and memberships. */
enum ms_status
ms_row_decode(struct ms_batch *batch, const struct ms_json_node *data, struct ms_row *row,
              struct ms_error *err);

/* The cell of a column, or NULL. */
struct ms_cell *
ms_row_cell(struct ms_row *row, const char *column);

/* Sets the cell of a column that has none yet, or replaces its value. */
void
ms_row_set(struct ms_row *row, const char *column, const struct ms_attribute *attribute,
           struct ms_parameter value);

/* Sets what the client gave: a column may come under two names, but with one value (MS_INVALID). */
enum ms_status
ms_row_give(struct ms_row *row, const char *column, const struct ms_attribute *attribute,
            const struct ms_parameter *value, struct ms_error *err);

/* Sets the row's key from its cells. MS_INVALID for a missing, empty or overlong part. */
enum ms_status
ms_row_take_key(struct ms_row *row, struct ms_error *err);

enum ms_status
ms_row_insert(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err);

/* Writes all cells to the row with the row's key. */
enum ms_status
ms_row_update(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err);

/* Reads the present values of the row's cells, in their order, and the concrete type. MS_NOT_FOUND
 * when there is no such row, or it is no `row->type`. */
enum ms_status
ms_row_read(struct ms_batch *batch, const struct ms_row *row, struct ms_parameter *values,
            const struct ms_entity_type **concrete, struct ms_error *err);

/* The type whose `columns` describe the table that `type` lives in: the root of its family, or of the
 * family whose table it shares. */
const struct ms_entity_type *
ms_type_owner(const struct ms_model *model, const struct ms_entity_type *type);

/* The description of a column of the type's table, or NULL. */
const struct ms_column *
ms_type_column(const struct ms_model *model, const struct ms_entity_type *type, const char *column);

#endif
