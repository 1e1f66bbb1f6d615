/* One statement for each way to choose, by the first of: ?1 the project, ?2 the object type, ?3 the type. */
#include "api/choice.h"

#include "api/ask.h"

enum { SUBJECT_PARTS = 3, WAYS_MAX = 3 };

struct way {
  size_t parameter_count;
  const char *sql;
};

#define SCHEMA "(SELECT project_schema_id FROM Context WHERE id = ?1)"
#define TASK_TYPES "(SELECT task_type_schema_id FROM ProjectSchema WHERE id = " SCHEMA ")"
#define TASK_WORKFLOW "(SELECT task_workflow_schema_id FROM ProjectSchema WHERE id = " SCHEMA ")"
#define TYPE_WORKFLOW                                     \
  "(SELECT workflow_schema_id FROM ProjectSchemaOverride" \
  " WHERE project_schema_id = " SCHEMA " AND type_id = ?3)"
#define VERSION_WORKFLOW \
  "(SELECT asset_version_workflow_schema_id FROM ProjectSchema WHERE id = " SCHEMA ")"
#define IS_TASK "?2 = '11c137c0-ee7e-4f9c-91c5-8c77cec22b2c'"

/* The own tables of tasks come first, then those of other object types, then whatever there is. Where a table has
 * no order of its own, what it may list is gone through in the order of its index: the first that it does list
 * ends that. */
static const struct way task_status = {
    3, "SELECT s.id FROM Status s WHERE EXISTS (SELECT 1 FROM WorkflowSchemaStatus"
       " WHERE status_id = s.id AND workflow_schema_id = ifnull(" TYPE_WORKFLOW ", " TASK_WORKFLOW
       ")) AND " IS_TASK " ORDER BY s.sort, s.rowid LIMIT 1"};
static const struct way other_status = {
    2, "SELECT ss.status_id FROM Schema c JOIN SchemaStatus ss ON ss.schema_id = c.id"
       " WHERE c.project_schema_id = " SCHEMA
       " AND c.type_id = ?2 ORDER BY ss.sort, ss.rowid LIMIT 1"};
static const struct way version_status = {
    1, "SELECT s.id FROM Status s WHERE EXISTS (SELECT 1 FROM WorkflowSchemaStatus"
       " WHERE status_id = s.id AND workflow_schema_id = " VERSION_WORKFLOW
       ") ORDER BY s.sort, s.rowid LIMIT 1"};
static const struct way any_status = {0, "SELECT id FROM Status ORDER BY sort, rowid LIMIT 1"};
static const struct way task_type = {
    2, "SELECT t.id FROM Type t WHERE EXISTS (SELECT 1 FROM TaskTypeSchemaType"
       " WHERE type_id = t.id AND task_type_schema_id = " TASK_TYPES ") AND " IS_TASK
       " ORDER BY t.sort, t.rowid LIMIT 1"};
static const struct way other_type = {
    2, "SELECT st.type_id FROM Schema c JOIN SchemaType st ON st.schema_id = c.id"
       " WHERE c.project_schema_id = " SCHEMA
       " AND c.type_id = ?2 ORDER BY st.sort, st.rowid LIMIT 1"};
static const struct way any_type = {0, "SELECT id FROM Type ORDER BY sort, rowid LIMIT 1"};

static const struct way *const choices[][WAYS_MAX + 1] = {
    [MS_CHOICE_STATUS] = {&task_status, &other_status, &any_status},
    [MS_CHOICE_VERSION_STATUS] = {&version_status, &any_status},
    [MS_CHOICE_TYPE] = {&task_type, &other_type, &any_type},
};

enum ms_status
ms_choose(struct ms_batch *batch, enum ms_choice choice, const struct ms_subject *subject,
          struct ms_parameter *value, struct ms_error *err)
{
  const struct ms_parameter parameters[SUBJECT_PARTS] = {subject->project_id,
                                                         subject->object_type_id, subject->type_id};
  enum ms_status status = MS_OK;
  *value = (struct ms_parameter){.type = MS_PARAMETER_NULL};
  for (const struct way *const *way = choices[choice];
       *way && status == MS_OK && value->type == MS_PARAMETER_NULL; way++)
    status =
        ms_ask(batch, (*way)->sql, parameters, (*way)->parameter_count, MS_COLUMN_TEXT, value, err);
  return status;
}
