/* The query compiler: text -> tokens -> tree -> resolved tree -> one SQL statement.
 *
 * Pure: nothing is executed here and nothing but the model is looked at. Every stage has a printer, so
 * every stage is tested by {source, printed result}, and `moonshift query --explain` shows them. Values
 * never enter the SQL text: each becomes a parameter, so that statements can be kept by their text.
 * Every error names the position with a caret line and, for a misspelt name, the nearest right one.
 *
 * What the SQL relies on (SQLite 3.40; the store provides it)
 *
 *   ms_object('a b:time …', x, …)  a JSON object with these members; the word behind a colon tells what a
 *                             value is: `time` (microseconds), `number` (a double, the shortest JSON number
 *                             that reads back the same) or `boolean`. Null for null and for what JSON cannot
 *                             say
 *   ms_array(x)               the JSON array of the values of all rows
 *   ms_url(base, kind, id)    {"url":…} of a component's data (kind 'get') or picture ('thumbnail');
 *                             null where `id` is null
 *
 *   All of them give JSON with SQLite's JSON subtype, so that ms_object takes them as they are.
 *   json, json_each, json_extract, json_insert are SQLite's own.
 *
 *   Tables have a rowid, which gives rows their default order (pairs of a link table excepted). Ids
 *   are compared byte by byte; other text without regard to (ASCII) case, COLLATE NOCASE: those are
 *   the TEXT columns whose name is neither `id` nor ends in `_id`. An index on such a column is used
 *   where it has that collation. The type column of a family wants an index, too.
 *
 * What conditions mean
 *
 *   A comparison with an attribute that has no value is neither true nor false, as in SQL: neither
 *   `name is "x"` nor `name is_not "x"` finds it; `is none` does. A path through relations means that
 *   such a related entity exists. `_` and `%` in `like` are wildcards, a backslash takes that away.
 *   A date-time without a fraction of a second stands for the whole second. */
#ifndef MS_QUERY_QUERY_H
#define MS_QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "model/model.h"

enum {
  MS_QUERY_TEXT_MAX_BYTES = 1024 * 1024, /* an expression; long `in (…)` lists are legal */
  MS_QUERY_DEPTH_MAX = 64,               /* nested parentheses, has/any and subqueries */
  MS_QUERY_PATH_MAX = 16,                /* attributes in one dotted path */
  MS_QUERY_TOKENS_MAX = 200000,
  MS_QUERY_ROWS_MAX = 100000, /* rows of one page; a larger or absent limit is cut to it */
  MS_QUERY_ARENA_MAX_BYTES = 64 * 1024 * 1024
};

enum ms_parameter_type {
  MS_PARAMETER_NULL,
  MS_PARAMETER_INTEGER, /* also booleans (0, 1) and date-times (microseconds) */
  MS_PARAMETER_NUMBER,
  MS_PARAMETER_TEXT,
  MS_PARAMETER_KEY /* of ms_query_compile_get: part number `integer` of the key, from 0 */
};

struct ms_parameter {
  enum ms_parameter_type type;
  int64_t integer;
  double number;
  const char *text; /* borrowed from the arena */
  size_t text_bytes;
};

/* What a statement's single result row holds.
 *
 * The SQL yields ONE column per row, in page order: the JSON text of one entity (or, for aggregates,
 * of one plain object). The caller joins the rows with commas: that is the `data` array of the answer.
 * One row more than `limit` is asked for, so that the caller knows whether there is a next page
 * without a second statement: rows beyond `limit` are not part of the answer. */
struct ms_query_plan {
  const char *sql;                       /* borrowed from the arena; UTF-8, one statement */
  const struct ms_parameter *parameters; /* bound to ?1 … ?n */
  size_t parameter_count;
  const struct ms_entity_type *type; /* what was asked for */
  int64_t offset;                    /* as asked, 0 by default */
  int64_t limit;                     /* rows of this page at the most */
  bool limit_given;                  /* whether the text had a limit */
  bool is_aggregate;
};

/* What an expression is compiled against. */
struct ms_query_context {
  const struct ms_model *model;
  bool strict_projections; /* only what was asked for: no implied system projections */
  /* Where URLs that answers contain begin ("http://127.0.0.1:8000"), for thumbnail_url and url. The
   * emitter passes it as a parameter to the SQL function ms_url(base, kind, id). */
  const char *base_url;
  /* A condition that rows must meet besides, in the query language ("name like \"%x%\""); NULL for
   * none. Our own text: what is wrong with it is told at the wrong place. */
  const char *also;
};

/* All four stages. The plan and everything in it lives in `arena`. MS_PARSE for whatever is wrong with
 * the text, MS_LIMIT beyond a limit above. */
enum ms_status
ms_query_compile(const struct ms_query_context *context, const char *text, size_t text_bytes,
                 struct ms_arena *arena, struct ms_query_plan **plan, struct ms_error *err);

/* The same, printing each stage into `out` under a heading as far as compilation comes (tokens, tree,
 * resolved tree, SQL, parameters): for --explain and for tests. */
enum ms_status
ms_query_explain(const struct ms_query_context *context, const char *text, size_t text_bytes,
                 struct ms_buffer *out, struct ms_error *err);

/* Whether names in the query are misspelt by what `model`, any server's, knows: MS_PARSE, with the place
 * and the nearest right name. What nothing known resembles is left to the server, and so is a text
 * that these stages cannot read: MS_OK. */
enum ms_status
ms_query_check_names(const struct ms_model *model, const char *text, size_t text_bytes,
                     struct ms_error *err);

/* The plan that reads one entity by its primary key with the same JSON form: what create and update
 * answer with. `attributes` names what to include beside the primary key and system projections. Whose
 * entity it is comes with each use of the plan: for every parameter of type MS_PARAMETER_KEY. */
enum ms_status
ms_query_compile_get(const struct ms_query_context *context, const struct ms_entity_type *type,
                     const char *const *attributes, size_t attribute_count, struct ms_arena *arena,
                     struct ms_query_plan **plan, struct ms_error *err);

#endif
