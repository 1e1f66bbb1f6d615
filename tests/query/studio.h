/* A small studio in a real database, and queries run against it. For tests of this folder.
 *
 * Ids are short words, so that expectations can be read: project p1, sequence q1, shots s1 s2,
 * tasks k1 k2 k3, users u1 u2, group g1, … */
#ifndef TESTS_QUERY_STUDIO_H
#define TESTS_QUERY_STUDIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "query/query.h"
#include "store/database.h"
#include "support/folder.h"

struct studio {
  char folder[FOLDER_BYTES];
  struct ms_database *database;
  struct ms_query_context context;
};

/* 2024-01-02T03:04:05Z */
#define NOON "1704164645000000"

static const char *const studio_rows[] = {
    "INSERT INTO Resource (id, __entity_type__, resource_type, username, first_name, email, "
    "is_active,"
    " thumbnail_id) VALUES"
    " ('u1', 'User', 'user', 'ada', 'Ada', 'ada@x', 1, 'c1'),"
    " ('u2', 'User', 'user', 'bob', 'Bob \"B\"', NULL, 0, NULL)",
    "INSERT INTO Resource (id, __entity_type__, resource_type, name, parent_id) VALUES"
    " ('g1', 'Group', 'group', 'Artists', NULL), ('g2', 'Group', 'group', 'Juniors', 'g1')",
    "INSERT INTO Membership (id, user_id, group_id) VALUES ('m1', 'u1', 'g1'), ('m2', 'u2', 'g2')",
    "INSERT INTO State (id, name, short) VALUES ('st1', 'Not started', 'NOT_STARTED'),"
    " ('st2', 'Done', 'DONE')",
    "INSERT INTO Status (id, name, sort, state_id) VALUES ('x1', 'Todo', 1, 'st1'),"
    " ('x2', 'Approved', 2, 'st2')",
    "INSERT INTO ObjectType (id, name, sort) VALUES ('o-task', 'Task', 1), ('o-shot', 'Shot', 2)",
    "INSERT INTO Context (id, __entity_type__, context_type, name, full_name, project_id, status) "
    "VALUES"
    " ('p1', 'Project', 'show', 'alpha', 'Alpha', 'p1', 'active'),"
    " ('p2', 'Project', 'show', 'beta', 'Beta', 'p2', 'hidden')",
    "INSERT INTO Context (id, __entity_type__, context_type, name, parent_id, project_id, "
    "status_id,"
    " object_type_id, bid, description, created_at, sort) VALUES"
    " ('q1', 'Sequence', 'task', 'sq010', 'p1', 'p1', NULL, NULL, 0, NULL, NULL, 0),"
    " ('s1', 'Shot', 'task', 'sh010', 'q1', 'p1', 'x1', 'o-shot', 0, '100%', " NOON ", 0),"
    " ('s2', 'Shot', 'task', 'sh020', 'q1', 'p1', 'x2', 'o-shot', 0, '100x', NULL, 0),"
    " ('k1', 'Task', 'task', 'anim', 's1', 'p1', 'x1', 'o-task', 36000, 'a\\b', " NOON ", 1),"
    " ('k2', 'Task', 'task', 'light', 's1', 'p1', 'x2', 'o-task', 0.1, NULL, 1704164645500000, 2),"
    " ('k3', 'Task', 'task', 'Anim', 's2', 'p1', 'x1', 'o-task', 0, '', NULL, 3),"
    " ('k4', 'Task', 'task', 'misc', 'p2', 'p2', NULL, 'o-task', 0, NULL, NULL, 4)",
    "INSERT INTO Appointment (id, context_id, resource_id, type) VALUES"
    " ('a1', 'k1', 'u1', 'assignment'), ('a2', 'k2', 'u2', 'assignment'),"
    " ('a3', 'k2', 'u1', 'assignment'), ('a4', 'p1', 'g1', 'allocation')",
    "INSERT INTO Timelog (id, context_id, user_id, duration, start) VALUES"
    " ('tl1', 'k1', 'u1', 3600, " NOON "), ('tl2', 'k1', 'u1', 1800.5, 1704164646000000)",
    "INSERT INTO AssetType (id, name, short) VALUES ('at1', 'Upload', 'upload')",
    "INSERT INTO Asset (id, name, context_id, type_id) VALUES ('as1', 'upload', 's1', 'at1')",
    "INSERT INTO AssetVersion (id, asset_id, version, task_id, is_published, status_id, date, "
    "user_id)"
    " VALUES ('v1', 'as1', 1, 'k1', 1, 'x1', " NOON ", 'u1'),"
    " ('v2', 'as1', 2, 'k2', 0, 'x2', NULL, 'u2')",
    "INSERT INTO AssetVersionLink (id, from_id, to_id) VALUES ('vl1', 'v1', 'v2')",
    "INSERT INTO Location (id, name, label) VALUES ('l1', 'ftrack.server', 'Server')",
    "INSERT INTO Component (id, __entity_type__, name, system_type, size, version_id, "
    "container_id, "
    "file_type) VALUES"
    " ('c1', 'FileComponent', 'main', 'file', 10, 'v1', NULL, '.mov'),"
    " ('c2', 'SequenceComponent', 'seq', 'sequence', 20, 'v1', NULL, '.exr'),"
    " ('c3', 'FileComponent', '0001', 'file', 5, NULL, 'c2', '.exr')",
    "INSERT INTO ComponentLocation (id, component_id, location_id, resource_identifier) VALUES"
    " ('cl1', 'c1', 'l1', 'c1')",
    "INSERT INTO Job (id, status, type, user_id, data, created_at) VALUES"
    " ('j1', 'running', 'api_job', 'u1', '{\"description\":\"x\"}', " NOON "),"
    " ('j2', 'done', 'api_job', NULL, NULL, NULL)",
    "INSERT INTO JobComponent (component_id, job_id) VALUES ('c1', 'j1')",
    "INSERT INTO Scope (id, name) VALUES ('sc1', 'Outsource'), ('sc2', 'Internal')",
    "INSERT INTO ContextScope (context_id, scope_id) VALUES ('k1', 'sc2'), ('k1', 'sc1')",
    "INSERT INTO Note (id, content, parent_id, parent_type, user_id, date) VALUES"
    " ('n1', 'first', 'k1', 'Task', 'u1', " NOON ")",
    "INSERT INTO Note (id, content, in_reply_to_id, user_id) VALUES ('n2', 'reply', 'n1', 'u2')",
    "INSERT INTO Recipient (note_id, resource_id) VALUES ('n1', 'u2'), ('n1', 'g1')",
    "INSERT INTO NoteLabel (id, __entity_type__, name) VALUES ('nc1', 'NoteCategory', 'Client')",
    "INSERT INTO Metadata (parent_id, key, parent_type, value) VALUES"
    " ('k1', 'fps', 'Task', '24'), ('k1', 'cam', 'Task', 'A'), ('s1', 'fps', 'Shot', '25')",
    "INSERT INTO ListCategory (id, name) VALUES ('lc1', 'Client')",
    "INSERT INTO List (id, __entity_type__, name, project_id, category_id, system_type) VALUES"
    " ('li1', 'TypedContextList', 'today', 'p1', 'lc1', 'task')",
    "INSERT INTO ListObject (id, list_id, entity_id) VALUES ('lo1', 'li1', 's1'), ('lo2', 'li1', "
    "'k1')",
    "INSERT INTO CustomConfigurationBase (id, __entity_type__, key, entity_type, object_type_id, "
    "project_id, is_hierarchical, \"default\") VALUES"
    " ('cf1', 'CustomAttributeConfiguration', 'fstart', 'task', 'o-shot', NULL, 0, '1001'),"
    " ('cf2', 'CustomAttributeConfiguration', 'tags', 'show', NULL, NULL, 1, '[]'),"
    " ('cf3', 'CustomAttributeConfiguration', 'nick', 'user', NULL, NULL, 0, '\"-\"'),"
    " ('cf4', 'CustomAttributeConfiguration', 'fstart', 'task', 'o-shot', 'p2', 0, '1'),"
    " ('cf5', 'CustomAttributeConfiguration', 'ok', 'assetversion', NULL, NULL, 0, 'false'),"
    " ('cf6', 'CustomAttributeLinkConfiguration', 'lead', 'task', 'o-shot', NULL, 0, NULL)",
    "INSERT INTO CustomAttributeValue (configuration_id, entity_id, __entity_type__, value) VALUES"
    " ('cf1', 's1', 'ContextCustomAttributeValue', '990'),"
    " ('cf2', 's1', 'ContextCustomAttributeValue', '[\"Hero\",\"night\"]'),"
    " ('cf5', 'v1', 'AssetVersionCustomAttributeValue', 'true')",
    "INSERT INTO CustomAttributeLink (id, __entity_type__, __entity_type_from__, configuration_id, "
    "from_id, to_id) VALUES"
    " ('cal1', 'UserCustomAttributeLink', 'ContextCustomAttributeLinkFrom', 'cf6', 's1', 'u1')",
    "INSERT INTO Setting (\"group\", name, value) VALUES ('A', 'one', '1'), ('B', 'one', '2')",
    "INSERT INTO SettingComponent (component_id, \"group\", name) VALUES ('c1', 'B', 'one')",
    "INSERT INTO TypedContextLink (id, from_id, to_id) VALUES ('dep1', 'k1', 'k2')",
    "INSERT INTO ReviewSession (id, name, project_id, start_date, end_date) VALUES"
    " ('r1', 'old', 'p1', 0, 1), ('r2', 'open', 'p1', 0, 9000000000000000)",
};

static inline void
studio_print_url(void *context, const char *base_url, const char *kind, const char *id,
                 struct ms_buffer *url)
{
  (void)context;
  ms_buffer_printf(url, "%s/%s/%s", base_url, kind, id);
}

static inline void
studio_execute(struct studio *studio, const char *sql)
{
  struct ms_error err = {0};
  if (ms_database_execute(studio->database, sql, &err) != MS_OK)
    fail_msg("%s\n%s", sql, err.message);
}

static inline int
studio_open(void **state)
{
  struct studio *studio = calloc(1, sizeof *studio);
  struct ms_error err = {0};
  bool created;
  char path[FOLDER_PATH_BYTES];
  if (folder_make(studio->folder) != 0)
    return -1;
  snprintf(path, sizeof path, "%s/studio.db", studio->folder);
  studio->context = (struct ms_query_context){.model = ms_model_builtin(), .base_url = "http://h"};
  if (ms_database_open(path, studio->context.model, &studio->database, &created, &err) != MS_OK)
    fail_msg("%s", err.message);
  ms_database_set_url_printer(studio->database, studio_print_url, NULL);
  for (size_t i = 0; i < sizeof studio_rows / sizeof *studio_rows; i++)
    studio_execute(studio, studio_rows[i]);
  *state = studio;
  return 0;
}

static inline int
studio_close(void **state)
{
  struct studio *studio = *state;
  ms_database_close(studio->database);
  int left = folder_remove(studio->folder);
  free(studio);
  return left;
}

static inline void
studio_bind(struct ms_statement *statement, const struct ms_query_plan *plan)
{
  for (size_t i = 0; i < plan->parameter_count; i++) {
    const struct ms_parameter *parameter = &plan->parameters[i];
    int index = (int)i + 1;
    if (parameter->type == MS_PARAMETER_INTEGER)
      ms_statement_bind_integer(statement, index, parameter->integer);
    else if (parameter->type == MS_PARAMETER_NUMBER)
      ms_statement_bind_number(statement, index, parameter->number);
    else if (parameter->type == MS_PARAMETER_TEXT)
      ms_statement_bind_text(statement, index, parameter->text, parameter->text_bytes);
  }
}

/* Runs a plan; the rows, one a line, go to `out`. */
static inline enum ms_status
studio_run_plan(struct studio *studio, const struct ms_query_plan *plan, struct ms_buffer *out,
                struct ms_error *err)
{
  struct ms_statement *statement;
  enum ms_status status = ms_database_prepare(studio->database, plan->sql, &statement, err);
  if (status != MS_OK)
    return status;
  studio_bind(statement, plan);
  bool row = true;
  while (status == MS_OK && row) {
    status = ms_statement_step(statement, &row, err);
    if (status == MS_OK && row)
      ms_buffer_printf(out, "%s\n", ms_statement_text(statement, 0, NULL));
  }
  ms_statement_done(statement);
  return status;
}

static inline enum ms_status
studio_query(struct studio *studio, const char *text, struct ms_buffer *out, struct ms_error *err)
{
  struct ms_arena arena;
  struct ms_query_plan *plan;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  enum ms_status status =
      ms_query_compile(&studio->context, text, strlen(text), &arena, &plan, err);
  if (status == MS_OK)
    status = studio_run_plan(studio, plan, out, err);
  ms_arena_free(&arena);
  return status;
}

#endif
