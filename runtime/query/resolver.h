/* What the parts of the resolver share. Nobody outside needs this. */
#ifndef MS_QUERY_RESOLVER_H
#define MS_QUERY_RESOLVER_H

#include "query/resolved.h"

struct ms_resolver {
  const struct ms_query_context *context;
  const struct ms_query_source *source;
  struct ms_error *err;
};

/* Zeroed memory from the query's arena, or NULL; then `*status` is what to return. */
void *
ms_resolver_new(struct ms_resolver *resolver, size_t size_bytes, enum ms_status *status);

enum ms_status
ms_resolver_type(struct ms_resolver *resolver, const char *name, size_t position,
                 const struct ms_entity_type **type);

/* The attribute that `step` names in `type`, and what its cast names: `*cast` is NULL without one. In
 * families other than Context's, attributes of subtypes count, too: scripts write `resource.username`
 * and `custom_attribute_links any (user.username …)`. */
enum ms_status
ms_resolver_step(struct ms_resolver *resolver, const struct ms_entity_type *type,
                 const struct ms_query_step *step, const struct ms_attribute **attribute,
                 const struct ms_entity_type **cast);

/* As ms_resolver_step for a step that something follows: it must be a relation. `*type` becomes that
 * of what it finds, `*rows` the type that found rows must be of. */
enum ms_status
ms_resolver_walk(struct ms_resolver *resolver, const struct ms_entity_type **type,
                 const struct ms_query_step *step, const struct ms_attribute **relation,
                 const struct ms_entity_type **rows);

/* A path through single relations to a comparable value: for order by, group by and subqueries. */
enum ms_status
ms_resolver_path(struct ms_resolver *resolver, const struct ms_entity_type *type,
                 const struct ms_query_path *path, struct ms_resolved_path *resolved);

/* ---- values ---- */

bool
ms_resolver_is_null(const struct ms_query_value *value);

/* The parameter that `value` is for an attribute. */
enum ms_status
ms_resolver_literal(struct ms_resolver *resolver, const struct ms_attribute *attribute,
                    const struct ms_query_value *value, struct ms_parameter *literal);

/* The number or boolean that the text of `value` is, too, when compared with a VARIABLE. */
bool
ms_resolver_literal_number(const struct ms_query_value *value, struct ms_parameter *literal);

/* The pattern of `like`, with every backslash that escapes nothing doubled. */
enum ms_status
ms_resolver_pattern(struct ms_resolver *resolver, const struct ms_query_value *value,
                    struct ms_parameter *literal);

/* ---- parts ---- */

enum ms_status
ms_resolver_condition(struct ms_resolver *resolver, const struct ms_entity_type *type,
                      const struct ms_query_node *node, struct ms_resolved_condition **condition);

/* A query within `in (…)`: selects one value. */
enum ms_status
ms_resolver_subquery(struct ms_resolver *resolver, const struct ms_query_tree *tree,
                     struct ms_resolved_query **query);

/* Adds what `path` names to the list. */
enum ms_status
ms_resolver_project(struct ms_resolver *resolver, const struct ms_entity_type *type,
                    const struct ms_query_path *path, struct ms_projection **list);

/* Puts in what goes without saying, at every level: key, system projections, and defaults for
 * relations named alone. */
enum ms_status
ms_resolver_complete(struct ms_resolver *resolver, const struct ms_entity_type *type,
                     bool add_defaults, struct ms_projection **list);

#endif
