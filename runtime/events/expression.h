/* The expressions of subscriptions and targets: `topic=ftrack.update and source.user.username="ada"`.
 *
 *   or        = and { "or" and }
 *   and       = not { "and" not }
 *   not       = "not" not | "(" or ")" | condition
 *   condition = FIELD OPERATOR (QUOTED | WORD)
 *
 * A field walks nested objects by its dots. All values are strings, and nothing but a string equals
 * one; a missing field makes its condition false, also for "!=". A value that ends in "*" matches by
 * its beginning, for "=" alone. Compiled once, matched often. */
#ifndef MS_EVENTS_EXPRESSION_H
#define MS_EVENTS_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"

enum {
  MS_EXPRESSION_MAX_BYTES = 16 * 1024,
  MS_EXPRESSION_DEPTH_MAX = 64 /* nested parentheses and negations */
};

struct ms_expression;

/* Compiles; the expression is owned. MS_PARSE names the position (from 1) and what was expected there,
 * MS_LIMIT says that it is too long or too deep. */
enum ms_status
ms_expression_compile(const char *text, size_t size_bytes, struct ms_expression **expression,
                      struct ms_error *err);

/* NULL is fine. */
void
ms_expression_free(struct ms_expression *expression);

bool
ms_expression_matches(const struct ms_expression *expression, const struct ms_json_node *object);

/* What a field is of an object that is no JSON tree: `text` is set for MS_FIELD_TEXT alone. `parts` names, each
 * NUL-terminated, one behind the other, lead to it. */
enum ms_field { MS_FIELD_MISSING, MS_FIELD_OTHER /* there, but no string */, MS_FIELD_TEXT };
typedef enum ms_field (*ms_expression_finder)(void *object, const char *names, size_t parts,
                                              const char **text);

bool
ms_expression_matches_by(const struct ms_expression *expression, ms_expression_finder find,
                         void *object);

/* Prints what was understood: (and (= topic "a") (not (> data.b "c"))). */
void
ms_expression_print(const struct ms_expression *expression, struct ms_buffer *out);

#endif
