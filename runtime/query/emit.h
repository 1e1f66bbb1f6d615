/* Fourth stage: resolved tree -> one SQL statement for SQLite, and its parameters.
 *
 * The one place beside the store that knows the dialect. Names of tables and columns come from the
 * model and are always quoted; values are always parameters, and a list is one parameter (a JSON
 * array), so that queries that differ in values alone share one prepared statement. */
#ifndef MS_QUERY_EMIT_H
#define MS_QUERY_EMIT_H

#include "query/query.h"
#include "query/resolved.h"

/* MS_LIMIT when the query nests deeper than SQLite's parser can follow. */
enum ms_status
ms_query_emit(const struct ms_query_context *context, const struct ms_resolved_query *query,
              struct ms_arena *arena, struct ms_query_plan **plan, struct ms_error *err);

#endif
