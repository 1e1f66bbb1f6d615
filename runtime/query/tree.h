/* Second stage: tokens -> tree, by recursive descent. Names are still just names here.
 *
 * Keywords count by their place alone: TypedContextLink has an attribute `from`, others have `group`. */
#ifndef MS_QUERY_TREE_H
#define MS_QUERY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "query/lex.h"
#include "query/source.h"

/* One word of a path: `name`, or `name[cast]`. */
struct ms_query_step {
  const char *name;
  const char *cast; /* a type's name, or NULL */
  size_t position;
  size_t cast_position;
};

struct ms_query_path {
  struct ms_query_step *steps;
  size_t step_count;
  size_t position;
};

enum ms_query_function {
  MS_FUNCTION_NONE,
  MS_FUNCTION_COUNT,
  MS_FUNCTION_SUM,
  MS_FUNCTION_AVG,
  MS_FUNCTION_MIN,
  MS_FUNCTION_MAX
};

/* An item of `select`, `group by` or `order by`. */
struct ms_query_item {
  enum ms_query_function function; /* select alone */
  bool is_descending;              /* order by alone */
  struct ms_query_path path;
  struct ms_query_item *next;
};

enum ms_query_comparison {
  MS_COMPARE_EQUAL,
  MS_COMPARE_NOT_EQUAL,
  MS_COMPARE_LESS,
  MS_COMPARE_LESS_EQUAL,
  MS_COMPARE_GREATER,
  MS_COMPARE_GREATER_EQUAL,
  MS_COMPARE_LIKE,
  MS_COMPARE_NOT_LIKE
};

struct ms_query_value {
  const char *text; /* not NUL-terminated */
  size_t text_bytes;
  bool is_quoted;
  size_t position;
  struct ms_query_value *next; /* in a list */
};

enum ms_query_node_kind {
  MS_NODE_AND,
  MS_NODE_OR,
  MS_NODE_NOT,
  MS_NODE_COMPARE,  /* path comparison value */
  MS_NODE_IN,       /* path in (values) */
  MS_NODE_IN_QUERY, /* path in (select …) */
  MS_NODE_ANY       /* path has/any (condition or nothing) */
};

struct ms_query_tree;

struct ms_query_node {
  enum ms_query_node_kind kind;
  size_t position;
  struct ms_query_node *first;         /* AND, OR, NOT, ANY: children */
  struct ms_query_node *next;          /* sibling */
  struct ms_query_path path;           /* COMPARE, IN, IN_QUERY, ANY */
  enum ms_query_comparison comparison; /* COMPARE */
  bool is_negated;                     /* IN, IN_QUERY: not_in */
  struct ms_query_value *values;       /* COMPARE: one. IN: at least one */
  size_t value_count;
  struct ms_query_tree *query; /* IN_QUERY */
};

struct ms_query_tree {
  const char *type_name;
  size_t type_position;
  bool has_select;
  struct ms_query_item *select;
  struct ms_query_node *where; /* or NULL */
  struct ms_query_item *group;
  struct ms_query_item *order;
  bool has_offset, has_limit;
  int64_t offset, limit;
};

/* `tokens` end with MS_TOKEN_END. MS_PARSE with the place of whatever does not fit; MS_LIMIT beyond
 * MS_QUERY_DEPTH_MAX or MS_QUERY_PATH_MAX. */
enum ms_status
ms_query_parse(const struct ms_query_source *source, const struct ms_token *tokens,
               struct ms_query_tree **tree, struct ms_error *err);

/* As an S-expression on one line. */
void
ms_query_print_tree(const struct ms_query_tree *tree, struct ms_buffer *out);

/* "count", …; "" for none. */
const char *
ms_query_function_name(enum ms_query_function function);

/* "is", "is_not", "<", …: the spelling that every stage prints. */
const char *
ms_query_comparison_name(enum ms_query_comparison comparison);

/* `parent[Shot].name` as it was written. */
void
ms_query_print_path(const struct ms_query_path *path, struct ms_buffer *out);

/* The beginning of a selected or ordered item: a blank, and "(sum " or "(desc " where there is such a thing.
 * Returns what goes behind the item: ")" or "". */
const char *
ms_query_print_item_begin(enum ms_query_function function, bool is_descending,
                          struct ms_buffer *out);

/* " (offset N) (limit N)"; NULL for one that is not there. */
void
ms_query_print_bounds(const int64_t *offset, const int64_t *limit, struct ms_buffer *out);

#endif
