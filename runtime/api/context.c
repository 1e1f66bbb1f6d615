/* Two statements each time: one finds the contexts that change, for the event; one changes them. */
#include "api/context.h"

#include "api/update_note.h"

/* A change of the contexts that ?1 and ?2 select. */
struct handover {
  const char *find; /* id, type, former project, project */
  const char *write;
};

#define PROJECT_OF_PARENT "(SELECT p.project_id FROM Context p WHERE p.id = ?2)"
#define FIND(below)                                              \
  "WITH RECURSIVE below (id) AS (" below                         \
  ") SELECT id, __entity_type__, project_id, " PROJECT_OF_PARENT \
  " FROM Context WHERE id IN below AND project_id IS NOT " PROJECT_OF_PARENT
#define WRITE(below)                                                                            \
  "WITH RECURSIVE below (id) AS (" below ") UPDATE Context SET project_id = " PROJECT_OF_PARENT \
  " WHERE id IN below AND project_id IS NOT " PROJECT_OF_PARENT

/* ?1 and all below it. */
#define SUBTREE "SELECT ?1 UNION SELECT c.id FROM Context c JOIN below b ON c.parent_id = b.id"
static const struct handover move = {FIND(SUBTREE), WRITE(SUBTREE)};

/* All below ?1 that are in no project. */
#define HOMELESS                                                             \
  "SELECT id FROM Context WHERE parent_id = ?1 AND project_id IS NULL UNION" \
  " SELECT c.id FROM Context c JOIN below b ON c.parent_id = b.id WHERE c.project_id IS NULL"
static const struct handover adopt = {FIND(HOMELESS), WRITE(HOMELESS)};

static enum ms_status
note_found(struct ms_batch *batch, struct ms_statement *statement, struct ms_error *err)
{
  bool row = true;
  enum ms_status status = MS_OK;
  while (status == MS_OK && row && ms_update_note_has_room(batch)) {
    status = ms_statement_step(statement, &row, err);
    if (status == MS_OK && row)
      status = ms_update_note_column(
          batch, ms_model_type(batch->api->model, ms_statement_text(statement, 1, NULL)),
          ms_statement_text(statement, 0, NULL), "project_id",
          ms_statement_text(statement, 2, NULL), ms_statement_text(statement, 3, NULL), err);
  }
  return status;
}

static enum ms_status
prepare(struct ms_batch *batch, const char *sql, const struct ms_parameter *top,
        const struct ms_parameter *parent, struct ms_statement **statement, struct ms_error *err)
{
  enum ms_status status = ms_database_prepare(batch->api->database, sql, statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(*statement, 1, top);
  ms_value_bind(*statement, 2, parent);
  return MS_OK;
}

/* The project of `parent` goes to contexts from `top` downwards. */
static enum ms_status
hand_over(struct ms_batch *batch, const struct handover *handover, const struct ms_parameter *top,
          const struct ms_parameter *parent, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = prepare(batch, handover->find, top, parent, &statement, err);
  if (status != MS_OK)
    return status;
  status = note_found(batch, statement, err);
  ms_statement_done(statement);
  if (status == MS_OK)
    status = prepare(batch, handover->write, top, parent, &statement, err);
  if (status != MS_OK)
    return status;
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_context_move(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  const struct ms_cell *parent = ms_row_cell(change->row, "parent_id");
  if (!change->old || !parent || parent->value.type != MS_PARAMETER_TEXT)
    return MS_OK;
  return hand_over(batch, &move, &change->row->key.parts[0], &parent->value, err);
}

enum ms_status
ms_context_adopt(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  const struct ms_parameter *id = &change->row->key.parts[0];
  const struct ms_cell *project = ms_row_cell(change->row, "project_id");
  bool is_awaited = batch->forwards.reference_count > 0;
  if (change->old || !is_awaited || !project || project->value.type != MS_PARAMETER_TEXT)
    return MS_OK;
  return hand_over(batch, &adopt, id, id, err);
}
