/* What the parts of the emitter share. Nobody outside needs this.
 *
 * Nothing returns a status: the first failure sticks in the emitter, as in a buffer, and is reported
 * at the end. */
#ifndef MS_QUERY_EMITTER_H
#define MS_QUERY_EMITTER_H

#include "query/emit.h"

/* How many symbols an open construct keeps on the stack of SQLite's parser, which holds 100. The
 * maximum leaves room for the largest piece that is emitted at once. */
enum {
  MS_WEIGHT_PAGE = 12,       /* SELECT … FROM (SELECT … WHERE … */
  MS_WEIGHT_GROUP = 3,       /* (a AND … */
  MS_WEIGHT_EXISTS = 10,     /* EXISTS (SELECT … WHERE … AND …, a IN (SELECT … */
  MS_WEIGHT_SUBQUERY = 14,   /* a IN (SELECT … FROM (SELECT … WHERE … */
  MS_WEIGHT_REFERENCE = 9,   /* ms_object(…, (SELECT … */
  MS_WEIGHT_COLLECTION = 12, /* ms_object(…, (SELECT ms_array(… */
  MS_WEIGHT_TREE = 16,       /* IN (WITH RECURSIVE …(SELECT … */
  MS_WEIGHT_DENSE = 28,      /* FROM (SELECT … WHERE … CASE … NOT EXISTS (SELECT … */
  MS_WEIGHT_MAX = 88
};

struct ms_emitter {
  const struct ms_query_context *context;
  struct ms_arena *arena;
  struct ms_buffer sql;
  struct ms_parameter *parameters; /* in the arena */
  size_t parameter_count;
  size_t parameter_capacity;
  size_t base_url_index; /* of the parameter, 0 as long as there is none */
  int alias_count;       /* tables are t1, t2, … */
  int weight;
  enum ms_status status;
};

/* A table within the statement. */
struct ms_emit_row {
  const struct ms_entity_type *type; /* whose attributes its columns are */
  int alias;
};

void
ms_emit(struct ms_emitter *emitter, const char *format, ...) __attribute__((format(printf, 2, 3)));

void
ms_emit_fail(struct ms_emitter *emitter, enum ms_status status);

/* Opens and closes a construct; MS_LIMIT sticks when there are too many. False then. */
bool
ms_emit_enter(struct ms_emitter *emitter, int weight);
void
ms_emit_leave(struct ms_emitter *emitter, int weight);

/* Adds a parameter and emits its ?n. */
void
ms_emit_parameter(struct ms_emitter *emitter, const struct ms_parameter *parameter);

/* The list as one parameter that holds a JSON array. */
void
ms_emit_list_parameter(struct ms_emitter *emitter, const struct ms_parameter *literals,
                       size_t count);

/* The ?n of context->base_url. */
void
ms_emit_base_url(struct ms_emitter *emitter);

/* ---- tables and values ---- */

struct ms_emit_row
ms_emit_new_row(struct ms_emitter *emitter, const struct ms_entity_type *type);

/* `"Table" AS t3`; for values of custom attributes a select that makes the rows. */
void
ms_emit_table(struct ms_emitter *emitter, struct ms_emit_row row);

/* `t3."column"` */
void
ms_emit_column(struct ms_emitter *emitter, struct ms_emit_row row, const char *column);

/* Column of the type's first key attribute. */
const char *
ms_emit_key_column(const struct ms_entity_type *type);

/* Whether rows must be told apart by the type column to be of `type`. */
bool
ms_emit_needs_type_filter(const struct ms_entity_type *type);

/* ` AND t3."__entity_type__" IN ('Shot', …)`, nothing where every row of the table fits. Unless
 * `may_drive`, no index on the type column is used. `before` goes in front instead of AND. */
void
ms_emit_type_filter(struct ms_emitter *emitter, struct ms_emit_row row,
                    const struct ms_entity_type *type, bool may_drive, const char *before);

/* The value that conditions, order and groups see: a column's, or what computes it. */
void
ms_emit_value(struct ms_emitter *emitter, struct ms_emit_row row,
              const struct ms_attribute *attribute);

/* " COLLATE NOCASE" for text that is no id. */
const char *
ms_emit_collation(const struct ms_attribute *attribute);

/* Whether an equality with the attribute leaves few rows, quickly found: it has an index, or is a
 * name (in a small table). */
bool
ms_emit_is_selective_attribute(const struct ms_entity_type *type,
                               const struct ms_attribute *attribute);

/* The value at the end of a path, as an expression on `row`. */
void
ms_emit_path(struct ms_emitter *emitter, struct ms_emit_row row,
             const struct ms_resolved_path *path);

/* ---- relations ---- */

/* The tables by which a relation finds its rows. */
struct ms_emit_found {
  struct ms_emit_row row;
  int link_alias; /* of the table of pairs, 0 without one */
};

/* Numbers the tables. */
struct ms_emit_found
ms_emit_new_found(struct ms_emitter *emitter, const struct ms_attribute *relation);

/* The tables, without FROM, and `between` between two: `"Link" AS t2, "Target" AS t3`. */
void
ms_emit_found_tables(struct ms_emitter *emitter, const struct ms_attribute *relation,
                     struct ms_emit_found found, const char *between);

/* The condition that ties them to `from`, without WHERE, with the constant and type filters. */
void
ms_emit_found_link(struct ms_emitter *emitter, struct ms_emit_row from,
                   const struct ms_attribute *relation, const struct ms_entity_type *rows,
                   struct ms_emit_found found);

/* The filters alone, each with " AND " in front. */
void
ms_emit_found_filters(struct ms_emitter *emitter, const struct ms_attribute *relation,
                      const struct ms_entity_type *rows, struct ms_emit_found found);

/* ---- conditions ---- */

/* `is_positive`: not below any `not`; then null may stand for false. */
void
ms_emit_condition(struct ms_emitter *emitter, struct ms_emit_row row,
                  const struct ms_resolved_condition *condition, bool is_positive);

/* A condition of kind MS_RESOLVED_EXISTS. */
void
ms_emit_exists(struct ms_emitter *emitter, struct ms_emit_row row,
               const struct ms_resolved_condition *condition, bool is_positive);

/* Whether an index finds the rows that the condition lets through. */
bool
ms_emit_is_selective(const struct ms_entity_type *type,
                     const struct ms_resolved_condition *condition);

/* The same for each row by itself, which looks for a witness: no list of others leads to it. */
void
ms_emit_witness(struct ms_emitter *emitter, struct ms_emit_row row,
                const struct ms_resolved_condition *condition);

/* How many rows an index finds for a condition. */
enum ms_emit_breadth {
  MS_BREADTH_NARROW, /* few, however large the studio is */
  MS_BREADTH_RANGE,  /* names that begin alike: perhaps few */
  MS_BREADTH_MIDDLE, /* what one person has to do with, or one step */
  MS_BREADTH_BROAD   /* a good part of a project, or of all of them */
};

enum ms_emit_breadth
ms_emit_breadth(const struct ms_entity_type *type, const struct ms_resolved_condition *condition);

/* What the conditions of an `and` offer to begin with. */
struct ms_emit_lead {
  enum ms_emit_breadth breadth; /* of the narrowest that an index answers */
  enum ms_emit_breadth
      own_breadth;     /* the same without lists of many others, unless perhaps of few */
  bool has_short_time; /* they bound a week or less by a column with an index */
};

struct ms_emit_lead
ms_emit_find_lead(const struct ms_entity_type *type,
                  const struct ms_resolved_condition *conjunction);

/* What keeps an index from answering a condition. */
enum ms_emit_hold {
  MS_HOLD_NOT,    /* nothing has to */
  MS_HOLD_INDEX,  /* a `+` in front of its text, which begins with the column */
  MS_HOLD_WITNESS /* ms_emit_witness: it would even be dear to list what leads to our rows */
};

enum ms_emit_hold
ms_emit_hold(const struct ms_entity_type *type, const struct ms_resolved_condition *condition,
             struct ms_emit_lead lead);

/* ---- queries ---- */

/* FROM and WHERE of the rows that a query finds. */
void
ms_emit_from(struct ms_emitter *emitter, struct ms_emit_row row,
             const struct ms_resolved_query *query);

/* LIMIT and OFFSET; a limit of -1 is none. */
void
ms_emit_limit(struct ms_emitter *emitter, int64_t limit, int64_t offset);

/* `SELECT value FROM …` of a query within `in (…)`, without parentheses. */
void
ms_emit_subquery(struct ms_emitter *emitter, const struct ms_resolved_query *query);

/* The whole statement of an aggregate. */
void
ms_emit_groups(struct ms_emitter *emitter, const struct ms_resolved_query *query,
               const struct ms_query_plan *plan);

/* ---- JSON ---- */

/* ms_object(…) of an entity. */
void
ms_emit_entity(struct ms_emitter *emitter, struct ms_emit_row row,
               const struct ms_projection *projections);

/* What ms_object is told about a value, with a colon in front; "" where the value is printed as it is. */
const char *
ms_emit_json_kind(enum ms_value_type type);

/* Whether columns of this type hold the text of a JSON value. */
bool
ms_emit_is_json(enum ms_value_type type);

/* ---- computed attributes ---- */

/* The expression of a computed scalar, as a plain SQL value. */
void
ms_emit_computed(struct ms_emitter *emitter, struct ms_emit_row row,
                 const struct ms_attribute *attribute);

/* `… SELECT id FROM …`: ids of the contexts above `row`, the highest first, or below it, the nearest
 * first; without parentheses. */
void
ms_emit_tree_ids(struct ms_emitter *emitter, struct ms_emit_row row, enum ms_computed direction);

/* The rows of custom attribute values as a select in parentheses: one for every configuration that
 * applies to an entity, set or not. */
void
ms_emit_dense_rows(struct ms_emitter *emitter, const struct ms_entity_type *type);

/* Whether the condition, on such a row, names a key and a value that few entities have: then candidates lead to
 * them. */
bool
ms_emit_dense_can_lead(const struct ms_entity_type *type,
                       const struct ms_resolved_condition *condition);

/* `SELECT id …` of all entities with a row that meets such a condition, and perhaps more. */
void
ms_emit_dense_candidates(struct ms_emitter *emitter, const struct ms_entity_type *type,
                         const struct ms_resolved_condition *condition);

/* Whether `type` is such a type. */
bool
ms_emit_is_dense(const struct ms_entity_type *type);

#endif
