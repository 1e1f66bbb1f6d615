/* Compiled queries, kept by what they were made of: a text that comes again, and the answers to changes of the
 * same attributes, cost a look-up. The least recently used goes first. Nothing else ever has to go: a plan
 * depends on the text and on the model, which is part of the program; the configurations of custom attributes
 * are data that its statement looks at. */
#ifndef MS_API_PLANS_H
#define MS_API_PLANS_H

#include "query/query.h"

struct ms_plans;

enum {
  MS_PLANS_MAX = 256,
  MS_PLANS_TEXT_MAX_BYTES = 16 * 1024, /* of an expression; longer ones are hardly sent twice */
  MS_PLANS_KEPT_MAX_BYTES = 64 * 1024  /* of a plan with its statement and parameters */
};

/* What a plan is made of: an expression, or the entity of a key (`text` is NULL). */
struct ms_plan_source {
  const struct ms_query_context *context;
  const char *text;
  size_t text_bytes;
  const struct ms_entity_type *type;
  const char *const *attributes;
  size_t attribute_count;
};

/* NULL when out of memory. */
struct ms_plans *
ms_plans_new(void);

void
ms_plans_free(struct ms_plans *plans);

/* The plan, borrowed until the next call; failures are those of ms_query_compile and ms_query_compile_get. */
enum ms_status
ms_plans_find(struct ms_plans *plans, const struct ms_plan_source *source,
              const struct ms_query_plan **plan, struct ms_error *err);

#endif
