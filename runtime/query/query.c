/* The stages in a row. */
#include "query/query.h"

#include <string.h>

#include "query/emit.h"
#include "query/lex.h"
#include "query/resolved.h"
#include "query/tree.h"

/* What compilation came to; later ones are NULL when it stopped. */
struct stages {
  struct ms_query_source source;
  struct ms_token *tokens;
  size_t token_count;
  struct ms_query_tree *tree;
  struct ms_resolved_query *resolved;
  struct ms_query_plan *plan;
};

/* The text is copied: parameters point into it. */
static enum ms_status
take_text(const char *text, size_t text_bytes, struct ms_arena *arena, struct stages *stages,
          struct ms_error *err)
{
  *stages = (struct stages){.source = {.arena = arena, .text_bytes = text_bytes}};
  if (text_bytes > MS_QUERY_TEXT_MAX_BYTES)
    return ms_fail(err, MS_LIMIT, "The query has %zu bytes; more than %d are not read. Split it.",
                   text_bytes, MS_QUERY_TEXT_MAX_BYTES);
  stages->source.text = ms_arena_strndup(arena, text, text_bytes);
  return stages->source.text ? MS_OK : ms_query_no_room(&stages->source, err);
}

static enum ms_status
read_text(struct stages *stages, struct ms_error *err)
{
  enum ms_status status = ms_query_lex(&stages->source, &stages->tokens, &stages->token_count, err);
  return status == MS_OK ? ms_query_parse(&stages->source, stages->tokens, &stages->tree, err)
                         : status;
}

/* Joins `also` to the condition of the tree. */
static enum ms_status
add_condition(const char *also, struct ms_arena *arena, struct ms_query_tree *tree,
              struct ms_error *err)
{
  struct stages stages;
  const char *text = ms_arena_printf(arena, "%s where %s", tree->type_name, also);
  struct ms_query_node *both = MS_ARENA_NEW(arena, struct ms_query_node);
  if (!text || !both)
    return ms_fail(err, MS_LIMIT, "The query is too large to compile.");
  enum ms_status status = take_text(text, strlen(text), arena, &stages, err);
  if (status == MS_OK)
    status = read_text(&stages, err);
  if (status != MS_OK)
    return status;
  *both = (struct ms_query_node){.kind = MS_NODE_AND, .first = stages.tree->where};
  stages.tree->where->next = tree->where;
  tree->where = tree->where ? both : stages.tree->where;
  return MS_OK;
}

static enum ms_status
run_stages(const struct ms_query_context *context, const char *text, size_t text_bytes,
           struct ms_arena *arena, struct stages *stages, struct ms_error *err)
{
  enum ms_status status = take_text(text, text_bytes, arena, stages, err);
  const struct ms_query_source *source = &stages->source;
  if (status == MS_OK)
    status = read_text(stages, err);
  if (status == MS_OK && context->also)
    status = add_condition(context->also, arena, stages->tree, err);
  if (status == MS_OK)
    status = ms_query_resolve(context, source, stages->tree, &stages->resolved, err);
  if (status == MS_OK)
    status = ms_query_emit(context, stages->resolved, arena, &stages->plan, err);
  return status;
}

enum ms_status
ms_query_compile(const struct ms_query_context *context, const char *text, size_t text_bytes,
                 struct ms_arena *arena, struct ms_query_plan **plan, struct ms_error *err)
{
  struct stages stages;
  enum ms_status status = run_stages(context, text, text_bytes, arena, &stages, err);
  *plan = status == MS_OK ? stages.plan : NULL;
  return status;
}

enum ms_status
ms_query_compile_get(const struct ms_query_context *context, const struct ms_entity_type *type,
                     const char *const *attributes, size_t attribute_count, struct ms_arena *arena,
                     struct ms_query_plan **plan, struct ms_error *err)
{
  struct ms_resolved_query *query;
  struct ms_query_source source = {.text = "", .arena = arena};
  *plan = NULL;
  enum ms_status status =
      ms_query_resolve_get(context, &source, type, attributes, attribute_count, &query, err);
  return status == MS_OK ? ms_query_emit(context, query, arena, plan, err) : status;
}

/* ---- explain ---- */

static void
print_plan(const struct ms_query_plan *plan, struct ms_buffer *out)
{
  ms_buffer_printf(out, "\nSQL\n%s\n\nParameters\n", plan->sql);
  for (size_t i = 0; i < plan->parameter_count; i++) {
    ms_buffer_printf(out, "?%zu = ", i + 1);
    ms_query_print_parameter(&plan->parameters[i], out);
    ms_buffer_append_char(out, '\n');
  }
}

static void
print_stages(const struct stages *stages, struct ms_buffer *out)
{
  if (stages->tokens) {
    ms_buffer_append_string(out, "Tokens\n");
    ms_query_print_tokens(stages->tokens, stages->token_count, out);
  }
  if (stages->tree) {
    ms_buffer_append_string(out, "\nTree\n");
    ms_query_print_tree(stages->tree, out);
    ms_buffer_append_char(out, '\n');
  }
  if (stages->resolved) {
    ms_buffer_append_string(out, "\nResolved\n");
    ms_query_print_resolved(stages->resolved, out);
    ms_buffer_append_char(out, '\n');
  }
  if (stages->plan)
    print_plan(stages->plan, out);
}

enum ms_status
ms_query_explain(const struct ms_query_context *context, const char *text, size_t text_bytes,
                 struct ms_buffer *out, struct ms_error *err)
{
  struct ms_arena arena;
  struct stages stages;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  enum ms_status status = run_stages(context, text, text_bytes, &arena, &stages, err);
  print_stages(&stages, out);
  ms_arena_free(&arena);
  return status == MS_OK ? ms_buffer_check(out, "explanation", err) : status;
}
