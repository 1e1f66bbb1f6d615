/* Third stage: tree -> resolved tree. Every name has become an attribute of the model, every value a
 * parameter of its attribute's type, every path a walk along relations.
 *
 * Shorthands are spelled out here, so that the emitter knows few forms:
 *   a.b.c op v             rows found by a exist, for which rows found by b exist, for which c op v
 *   parent.id is x         parent_id is x, as far as a column holds that id
 *   relation is none       its column is null, or no row exists
 *   date is 12:00:00       12:00:00 <= date < 12:00:01
 *   a in (none, x)         a is null or a in (x) */
#ifndef MS_QUERY_RESOLVED_H
#define MS_QUERY_RESOLVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/model.h"
#include "query/query.h"
#include "query/source.h"
#include "query/tree.h"

/* ---- conditions ---- */

enum ms_resolved_kind {
  MS_RESOLVED_AND,
  MS_RESOLVED_OR,
  MS_RESOLVED_NOT,
  MS_RESOLVED_COMPARE,  /* attribute comparison literals[0] */
  MS_RESOLVED_NULL,     /* attribute has no value */
  MS_RESOLVED_IN,       /* attribute is one of literals */
  MS_RESOLVED_IN_QUERY, /* attribute is one of the values that query selects */
  MS_RESOLVED_DEFINITE, /* `first`, where no value counts as false: parent.id is x */
  MS_RESOLVED_EXISTS    /* the relation `attribute` finds a row for which `first` holds, if given */
};

struct ms_resolved_query;

struct ms_resolved_condition {
  enum ms_resolved_kind kind;
  bool is_negated;                      /* NULL, IN, IN_QUERY */
  enum ms_query_comparison comparison;  /* COMPARE */
  const struct ms_attribute *attribute; /* a scalar, or a reference that a column of ours holds */
  const struct ms_entity_type *rows;    /* EXISTS: of which type the found rows must be */
  /* COMPARE, IN. A VARIABLE is compared with one or two forms of the same value: text, number. */
  struct ms_parameter *literals;
  size_t literal_count;
  struct ms_resolved_query *query;
  struct ms_resolved_condition
      *first; /* AND, OR: operands. NOT, DEFINITE: the one. EXISTS: or NULL */
  struct ms_resolved_condition *next;
};

/* ---- paths to a value, through single relations alone ---- */

struct ms_resolved_walk {
  const struct ms_attribute *relation;
  const struct ms_entity_type *rows;
};

struct ms_resolved_path {
  struct ms_resolved_walk *walks;
  size_t walk_count;
  const struct ms_attribute *attribute; /* a scalar, or a reference that a column holds */
};

struct ms_resolved_item {
  enum ms_query_function function;
  bool is_descending;
  const char *name; /* key in an aggregate's rows: "count_id", "status.name" */
  struct ms_resolved_path path;
  struct ms_resolved_item *next;
};

/* ---- what an entity's JSON shows ---- */

struct ms_projection {
  const struct ms_attribute *attribute;
  const struct ms_entity_type *type; /* of a relation: whose attributes `first` are */
  const struct ms_entity_type *rows; /* of a relation: of which type the found rows must be */
  bool is_bare;                      /* of a relation: named without attributes of its own */
  struct ms_projection *first;       /* of a relation: at least its key */
  struct ms_projection *next;
};

/* ---- the query ---- */

struct ms_resolved_query {
  const struct ms_entity_type *type;
  struct ms_projection *projections;   /* of entities */
  struct ms_resolved_item *select;     /* of aggregates and subqueries */
  struct ms_resolved_condition *where; /* or NULL */
  struct ms_resolved_item *group;
  struct ms_resolved_item *order;
  bool is_aggregate;
  bool has_limit, has_offset;
  int64_t limit, offset;
};

/* ---- attributes in queries ---- */

/* Whether one column of ours holds the key of what the relation finds. */
bool
ms_query_is_column_reference(const struct ms_attribute *attribute);

/* What values the attribute is compared with: its own type, or, for a relation, that of the target's
 * key. MS_VALUE_NONE when it cannot be compared. */
enum ms_value_type
ms_query_value_type(const struct ms_attribute *attribute);

/* ---- the stage ---- */

/* MS_PARSE for an unknown name or a value of the wrong type, MS_LIMIT for too much of anything. */
enum ms_status
ms_query_resolve(const struct ms_query_context *context, const struct ms_query_source *source,
                 const struct ms_query_tree *tree, struct ms_resolved_query **query,
                 struct ms_error *err);

/* The query that reads one entity by its key; see ms_query_compile_get. */
enum ms_status
ms_query_resolve_get(const struct ms_query_context *context, const struct ms_query_source *source,
                     const struct ms_entity_type *type, const char *const *attributes,
                     size_t attribute_count, struct ms_resolved_query **query,
                     struct ms_error *err);

/* As an S-expression on one line. */
void
ms_query_print_resolved(const struct ms_resolved_query *query, struct ms_buffer *out);

void
ms_query_print_parameter(const struct ms_parameter *parameter, struct ms_buffer *out);

#endif
