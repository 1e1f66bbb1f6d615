/* Relations in conditions, which have two forms.
 *
 * Where the innermost condition is one that an index answers (`assignments.resource.username is
 * "ada"`), the found rows come first and lead to ours: `id IN (SELECT …)`, uncorrelated, so that the
 * planner may begin there. Otherwise (`children any ()`, `parent.description like "%x%"`) each of our
 * rows looks for a witness: EXISTS, correlated over the index of the relation. Below a `not` it is
 * always EXISTS, which knows no null. Walks that follow each other directly become one join, which
 * keeps statements flat. */
#include "query/emitter.h"

/* A chain of relations that follow each other directly, and what must hold at its end. */
struct chain {
  const struct ms_resolved_condition *links[MS_QUERY_PATH_MAX];
  struct ms_emit_found found[MS_QUERY_PATH_MAX];
  size_t count;
  const struct ms_resolved_condition *inner; /* or NULL */
};

static struct chain
find_chain(const struct ms_resolved_condition *condition)
{
  struct chain chain = {.inner = condition};
  while (chain.inner && chain.inner->kind == MS_RESOLVED_EXISTS &&
         chain.count < MS_QUERY_PATH_MAX) {
    chain.links[chain.count++] = chain.inner;
    chain.inner = chain.inner->first;
  }
  return chain;
}

/* What ties the first found rows among themselves, when nothing ties them to a row of ours. */
static void
emit_untied(struct ms_emitter *emitter, const struct ms_resolved_condition *link,
            struct ms_emit_found found)
{
  if (found.link_alias)
    ms_emit(emitter, "t%d.\"%s\" = t%d.\"%s\"", found.row.alias, ms_emit_key_column(found.row.type),
            found.link_alias, link->attribute->storage.link_target_column);
  else
    ms_emit(emitter, "1");
  ms_emit_found_filters(emitter, link->attribute, link->rows, found);
}

/* FROM with the tables of the chain, and WHERE with the links between them; the first link is that to
 * `row`, if there is one. Then the planner is kept to the way from it: it would take a condition at the other end
 * for just as good a beginning, and go through all that this finds for every row of ours. */
static void
emit_chain(struct ms_emitter *emitter, const struct ms_emit_row *row, struct chain *chain,
           bool is_positive)
{
  const char *between = row ? " CROSS JOIN " : ", ";
  for (size_t i = 0; i < chain->count; i++) {
    ms_emit(emitter, i ? between : " FROM ");
    ms_emit_found_tables(emitter, chain->links[i]->attribute, chain->found[i], between);
  }
  for (size_t i = 0; i < chain->count; i++) {
    const struct ms_resolved_condition *link = chain->links[i];
    ms_emit(emitter, i ? " AND " : " WHERE ");
    if (i == 0 && !row)
      emit_untied(emitter, link, chain->found[i]);
    else
      ms_emit_found_link(emitter, i ? chain->found[i - 1].row : *row, link->attribute, link->rows,
                         chain->found[i]);
  }
  if (!chain->inner)
    return;
  ms_emit(emitter, " AND ");
  ms_emit_condition(emitter, chain->found[chain->count - 1].row, chain->inner, is_positive);
}

/* The column of the first found row that leads back to ours. */
static void
emit_way_back(struct ms_emitter *emitter, const struct ms_attribute *relation,
              struct ms_emit_found found)
{
  const struct ms_storage *storage = &relation->storage;
  if (storage->kind == MS_STORED_INVERSE)
    ms_emit_column(emitter, found.row, storage->column);
  else if (storage->kind == MS_STORED_LINK)
    ms_emit(emitter, "t%d.\"%s\"", found.link_alias, storage->link_own_column);
  else
    ms_emit_column(emitter, found.row, ms_emit_key_column(found.row.type));
}

/* SELECT of the values that our key, or our column, must be among. */
static void
emit_leading_select(struct ms_emitter *emitter, struct chain *chain)
{
  ms_emit(emitter, "SELECT ");
  emit_way_back(emitter, chain->links[0]->attribute, chain->found[0]);
  emit_chain(emitter, NULL, chain, true);
}

/* Ids of all contexts below, or above, those that the chain finds. */
static void
emit_leading_tree(struct ms_emitter *emitter, struct chain *chain, bool is_downward)
{
  const char *table = chain->found[0].row.type->table;
  if (!ms_emit_enter(emitter, MS_WEIGHT_TREE))
    return;
  ms_emit(emitter, "WITH RECURSIVE tree(id) AS (SELECT %s FROM \"%s\" AS k WHERE %s IN (",
          is_downward ? "k.\"id\"" : "k.\"parent_id\"", table,
          is_downward ? "k.\"parent_id\"" : "k.\"id\"");
  emit_leading_select(emitter, chain);
  ms_emit(emitter,
          is_downward ? ") UNION SELECT k.\"id\" FROM tree CROSS JOIN \"%s\" AS k ON "
                        "k.\"parent_id\" = tree.id) SELECT id FROM tree"
                      : ") UNION SELECT k.\"parent_id\" FROM tree CROSS JOIN \"%s\" AS k ON "
                        "k.\"id\" = tree.id) SELECT id FROM tree",
          table);
  ms_emit_leave(emitter, MS_WEIGHT_TREE);
}

static void
emit_leading(struct ms_emitter *emitter, struct ms_emit_row row, struct chain *chain)
{
  const struct ms_attribute *relation = chain->links[0]->attribute;
  bool is_tree = relation->storage.kind == MS_STORED_COMPUTED;
  ms_emit_column(emitter, row,
                 relation->storage.kind == MS_STORED_COLUMN ? relation->storage.column
                                                            : ms_emit_key_column(row.type));
  ms_emit(emitter, " IN (");
  if (is_tree)
    emit_leading_tree(emitter, chain, relation->storage.computed == MS_COMPUTED_ANCESTORS);
  else
    emit_leading_select(emitter, chain);
  ms_emit(emitter, ")");
}

static bool
can_lead(const struct ms_attribute *relation)
{
  const struct ms_storage *storage = &relation->storage;
  if (ms_emit_is_dense(relation->row_type))
    return false;
  return storage->kind == MS_STORED_INVERSE || storage->kind == MS_STORED_LINK ||
         (storage->kind == MS_STORED_COLUMN && !storage->second_column) ||
         storage->computed == MS_COMPUTED_ANCESTORS || storage->computed == MS_COMPUTED_DESCENDANTS;
}

static bool
chain_is_selective(const struct chain *chain)
{
  return chain->inner && can_lead(chain->links[0]->attribute) &&
         ms_emit_is_selective(chain->links[chain->count - 1]->rows, chain->inner);
}

/* Values of custom attributes are made for each entity: where some can be told beforehand to be without the value,
 * the others come first. */
static bool
has_candidates(const struct chain *chain)
{
  return chain->count == 1 && ms_emit_dense_can_lead(chain->links[0]->rows, chain->inner);
}

static void
emit_candidates(struct ms_emitter *emitter, struct ms_emit_row row, const struct chain *chain)
{
  ms_emit_column(emitter, row, ms_emit_key_column(row.type));
  ms_emit(emitter, " IN (");
  ms_emit_dense_candidates(emitter, chain->links[0]->rows, chain->inner);
  ms_emit(emitter, ") AND ");
}

static struct chain
begin_chain(struct ms_emitter *emitter, const struct ms_resolved_condition *condition)
{
  struct chain chain = find_chain(condition);
  for (size_t i = 0; i < chain.count; i++)
    chain.found[i] = ms_emit_new_found(emitter, chain.links[i]->attribute);
  return chain;
}

static void
emit_witness(struct ms_emitter *emitter, struct ms_emit_row row, struct chain *chain,
             bool is_positive)
{
  ms_emit(emitter, "EXISTS (SELECT 1");
  emit_chain(emitter, &row, chain, is_positive);
  ms_emit(emitter, ")");
}

void
ms_emit_exists(struct ms_emitter *emitter, struct ms_emit_row row,
               const struct ms_resolved_condition *condition, bool is_positive)
{
  if (!ms_emit_enter(emitter, MS_WEIGHT_EXISTS))
    return;
  struct chain chain = begin_chain(emitter, condition);
  if (is_positive && chain_is_selective(&chain)) {
    emit_leading(emitter, row, &chain);
  } else {
    if (is_positive && has_candidates(&chain))
      emit_candidates(emitter, row, &chain);
    emit_witness(emitter, row, &chain, is_positive);
  }
  ms_emit_leave(emitter, MS_WEIGHT_EXISTS);
}

void
ms_emit_witness(struct ms_emitter *emitter, struct ms_emit_row row,
                const struct ms_resolved_condition *condition)
{
  if (!ms_emit_enter(emitter, MS_WEIGHT_EXISTS))
    return;
  struct chain chain = begin_chain(emitter, condition);
  emit_witness(emitter, row, &chain, true);
  ms_emit_leave(emitter, MS_WEIGHT_EXISTS);
}

/* ---- what an index answers ---- */

static bool
some_operand(const struct ms_entity_type *type, const struct ms_resolved_condition *condition,
             bool wanted)
{
  for (const struct ms_resolved_condition *each = condition->first; each; each = each->next)
    if (ms_emit_is_selective(type, each) == wanted)
      return true;
  return false;
}

/* `like "sh%"`: a range of an index. */
static bool
is_prefix(const struct ms_resolved_condition *condition)
{
  const struct ms_parameter *pattern = condition->literals;
  return condition->comparison == MS_COMPARE_LIKE && pattern->text_bytes > 0 &&
         pattern->text[0] != '%' && pattern->text[0] != '_';
}

bool
ms_emit_is_selective(const struct ms_entity_type *type,
                     const struct ms_resolved_condition *condition)
{
  struct chain chain;
  switch (condition->kind) {
  case MS_RESOLVED_AND:
    return some_operand(type, condition, true);
  case MS_RESOLVED_DEFINITE:
    return ms_emit_is_selective(type, condition->first);
  case MS_RESOLVED_OR:
    return !some_operand(type, condition, false);
  case MS_RESOLVED_COMPARE:
    return (condition->comparison == MS_COMPARE_EQUAL || is_prefix(condition)) &&
           ms_emit_is_selective_attribute(type, condition->attribute);
  case MS_RESOLVED_IN:
  case MS_RESOLVED_IN_QUERY:
    return !condition->is_negated && ms_emit_is_selective_attribute(type, condition->attribute);
  case MS_RESOLVED_EXISTS:
    chain = find_chain(condition);
    return chain_is_selective(&chain) || has_candidates(&chain);
  default:
    return false;
  }
}
