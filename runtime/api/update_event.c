/* Notes are written as JSON when their values are at hand, so that publishing is only putting texts
 * together. Names are those of classic servers, which is what listeners compare with. */
#include "api/event_log.h"
#include "api/update_event.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/owner.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"

enum { LEGACY_NAME_SIZE = 64, PARENT_SQL_MAX_BYTES = 512 };

struct ms_update_note {
  const char *action; /* "add", "update", "remove" */
  const struct ms_entity_type *type;
  const char *id;
  const char *keys;      /* JSON: names of what changed */
  const char *changes;   /* JSON: {name: {"old", "new"}} or null */
  const char *parents;   /* JSON: from the entity itself upwards; NULL before they are looked up */
  const char *parent_id; /* or NULL */
  const char *object_type_id; /* or NULL */
  struct ms_update_note *next;
};

struct ms_update_event {
  const char *text; /* JSON */
  size_t text_bytes;
  struct ms_update_event *next;
};

/* What an entity lies in: the column that holds its parent's id, by the root of its family. */
static const struct {
  const char *type;
  const char *attribute;
} places[] = {
    {"Appointment", "context_id"},
    {"Asset", "context_id"},
    {"AssetVersion", "asset_id"},
    {"CalendarEvent", "project_id"},
    {"Component", "version_id"},
    {"ComponentLocation", "component_id"},
    {"Context", "parent_id"},
    {"List", "project_id"},
    {"ListObject", "list_id"},
    {"Manager", "context_id"},
    {"Note", "parent_id"},
    {"ReviewSession", "project_id"},
    {"ReviewSessionInvitee", "review_session_id"},
    {"ReviewSessionObject", "review_session_id"},
    {"ReviewSessionObjectStatus", "review_session_object_id"},
    {"StatusChange", "parent_id"},
    {"Timelog", "context_id"},
    {"Timer", "context_id"},
};

/* ---- texts ---- */

/* A copy of the buffer, which is freed; NULL when there was no room. */
static const char *
keep(struct ms_batch *batch, struct ms_buffer *buffer)
{
  struct ms_error ignored;
  bool is_whole = ms_buffer_check(buffer, "an event", &ignored) == MS_OK;
  const char *copy =
      is_whole ? ms_arena_strndup(batch->arena, ms_buffer_string(buffer), buffer->size_bytes)
               : NULL;
  ms_buffer_free(buffer);
  return copy;
}

static void
begin(struct ms_buffer *buffer, struct ms_json_writer *writer)
{
  ms_buffer_init(buffer, MS_UPDATE_EVENT_MAX_BYTES);
  ms_json_writer_init(writer, buffer);
}

/* "task" for every typed context, "show", "assetversion", … */
static void
legacy_name(const struct ms_entity_type *type, char name[LEGACY_NAME_SIZE])
{
  const char *classic = type->alias ? type->alias : type->name;
  size_t i = 0;
  for (; classic[i] && i < LEGACY_NAME_SIZE - 1; i++)
    name[i] = (char)tolower((unsigned char)classic[i]);
  name[i] = '\0';
}

static const char *
key_of(const struct ms_attribute *attribute)
{
  return attribute->alias ? attribute->alias : attribute->name;
}

static void
print_value(struct ms_json_writer *writer, const struct ms_attribute *attribute,
            const struct ms_parameter *value)
{
  char time[MS_TIME_TEXT_SIZE];
  if (value->type == MS_PARAMETER_NULL) {
    ms_json_null(writer);
  } else if (attribute->value_type == MS_VALUE_VARIABLE) {
    ms_json_raw(writer, value->text, value->text_bytes);
  } else if (value->type == MS_PARAMETER_TEXT) {
    ms_json_string_n(writer, value->text, value->text_bytes);
  } else if (value->type == MS_PARAMETER_NUMBER) {
    ms_json_number(writer, value->number);
  } else if (attribute->value_type == MS_VALUE_BOOLEAN) {
    ms_json_boolean(writer, value->integer);
  } else if (attribute->value_type == MS_VALUE_DATETIME) {
    ms_time_format(value->integer, time);
    ms_json_string(writer, time);
  } else {
    ms_json_integer(writer, value->integer);
  }
}

static void
print_change(struct ms_json_writer *writer, const char *key, const struct ms_attribute *attribute,
             const struct ms_parameter *old, const struct ms_parameter *new)
{
  ms_json_key(writer, key);
  ms_json_begin_object(writer);
  ms_json_key(writer, "old");
  print_value(writer, attribute, old);
  ms_json_key(writer, "new");
  print_value(writer, attribute, new);
  ms_json_end_object(writer);
}

/* ---- notes ---- */

static enum ms_status
add_note(struct ms_batch *batch, const struct ms_update_note *note, struct ms_error *err)
{
  struct ms_update_note *copy = MS_ARENA_NEW(batch->arena, struct ms_update_note);
  if (!copy || !note->id || !note->keys || !note->changes)
    return ms_batch_out_of_memory(err);
  *copy = *note;
  if (batch->last_update)
    batch->last_update->next = copy;
  else
    batch->updates = copy;
  batch->last_update = copy;
  return MS_OK;
}

static const char *
print_key(struct ms_batch *batch, const struct ms_key *key)
{
  const char *text = key->parts[0].text;
  for (size_t i = 1; i < key->count && text; i++)
    text = ms_arena_printf(batch->arena, "%s,%s", text, key->parts[i].text);
  return text ? ms_arena_strdup(batch->arena, text) : NULL;
}

static struct ms_parameter
old_value(const struct ms_change *change, size_t cell)
{
  return change->old && cell < change->old_count ? change->old[cell]
                                                 : (struct ms_parameter){.type = MS_PARAMETER_NULL};
}

/* Of a cell with an attribute: whether its value is another than before. */
static bool
is_changed(const struct ms_change *change, size_t cell)
{
  struct ms_parameter old = old_value(change, cell);
  return change->row->cells[cell].attribute &&
         !ms_value_equal(&old, &change->row->cells[cell].value);
}

static const char *
print_keys(struct ms_batch *batch, const struct ms_change *change)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  begin(&text, &writer);
  ms_json_begin_array(&writer);
  for (size_t i = 0; i < change->row->cell_count; i++)
    if (is_changed(change, i))
      ms_json_string(&writer, key_of(change->row->cells[i].attribute));
  for (const struct ms_membership *list = change->row->memberships; list; list = list->next)
    ms_json_string(&writer, key_of(list->attribute));
  ms_json_end_array(&writer);
  return keep(batch, &text);
}

static const char *
print_changes(struct ms_batch *batch, const struct ms_change *change)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  begin(&text, &writer);
  ms_json_begin_object(&writer);
  for (size_t i = 0; i < change->row->cell_count; i++) {
    const struct ms_cell *cell = &change->row->cells[i];
    struct ms_parameter old = old_value(change, i);
    if (is_changed(change, i))
      print_change(&writer, key_of(cell->attribute), cell->attribute, &old, &cell->value);
  }
  ms_json_end_object(&writer);
  return keep(batch, &text);
}

static const char *
read_text(struct ms_batch *batch, const char *sql, const char *id)
{
  struct ms_statement *statement = NULL;
  struct ms_error ignored;
  bool row = false;
  const char *text = NULL;
  if (ms_database_prepare(batch->api->database, sql, &statement, &ignored) != MS_OK)
    return NULL;
  ms_statement_bind_string(statement, 1, id);
  if (ms_statement_step(statement, &row, &ignored) == MS_OK && row)
    text = ms_statement_text(statement, 0, NULL);
  text = text ? ms_arena_strdup(batch->arena, text) : NULL;
  ms_statement_done(statement);
  return text;
}

/* A custom attribute's value changes the entity that has it, under the attribute's own key. */
static enum ms_status
note_custom_value(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  const struct ms_attribute *attribute = ms_type_attribute(change->row->type, "value");
  const struct ms_attribute *entity = ms_type_attribute(change->row->type, "entity_id");
  const struct ms_cell *cell = ms_row_cell(change->row, attribute->storage.column);
  const char *key = read_text(batch, "SELECT key FROM CustomConfigurationBase WHERE id = ?1",
                              change->row->key.parts[0].text);
  const char *type = NULL;
  const char *id = change->row->key.parts[1].text;
  if (!cell || !key || !entity->foreign_key_type)
    return MS_OK;
  enum ms_status status =
      ms_find_type_of(batch, change->row->type, entity->storage.column, id, &type, err);
  if (status != MS_OK || !type)
    return status;
  struct ms_parameter old = old_value(change, (size_t)(cell - change->row->cells));
  struct ms_buffer changes;
  struct ms_json_writer writer;
  begin(&changes, &writer);
  ms_json_begin_object(&writer);
  print_change(&writer, key, attribute, &old, &cell->value);
  ms_json_end_object(&writer);
  const char *text = keep(batch, &changes);
  begin(&changes, &writer);
  ms_json_begin_array(&writer);
  ms_json_string(&writer, key);
  ms_json_end_array(&writer);
  const struct ms_update_note note = {.action = "update",
                                      .type = ms_model_type(batch->api->model, type),
                                      .id = ms_arena_strdup(batch->arena, id),
                                      .keys = keep(batch, &changes),
                                      .changes = text};
  return add_note(batch, &note, err);
}

enum ms_status
ms_update_event_note(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  if (strcmp(change->row->type->root->name, "CustomAttributeValue") == 0)
    return note_custom_value(batch, change, err);
  const struct ms_update_note note = {.action = change->old ? "update" : "add",
                                      .type = change->row->type,
                                      .id = print_key(batch, &change->row->key),
                                      .keys = print_keys(batch, change),
                                      .changes = print_changes(batch, change)};
  return add_note(batch, &note, err);
}

/* ---- parents ---- */

static const struct ms_attribute *
find_place(const struct ms_entity_type *root)
{
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (strcmp(places[i].type, root->name) == 0)
      return ms_type_attribute(root, places[i].attribute);
  return NULL;
}

/* One entity on the way up. */
struct step {
  const struct ms_entity_type *type; /* the concrete one */
  const char *id;
  const char *parent_id;      /* or NULL */
  const char *object_type_id; /* or NULL */
};

static enum ms_status
read_step(struct ms_batch *batch, const struct ms_entity_type *root, const char *id,
          struct step *step, bool *found, struct ms_error *err)
{
  char sql[PARENT_SQL_MAX_BYTES];
  const struct ms_attribute *place = find_place(root);
  bool is_context = strcmp(root->name, "Context") == 0;
  struct ms_statement *statement = NULL;
  snprintf(sql, sizeof sql, "SELECT %s%s%s, %s, %s FROM \"%s\" WHERE \"%s\" = ?1",
           root->type_column ? "\"" : "'", root->type_column ? root->type_column : root->name,
           root->type_column ? "\"" : "'", place ? place->storage.column : "NULL",
           is_context ? "object_type_id" : "NULL", root->table,
           root->primary_key[0]->storage.column);
  enum ms_status status = ms_database_prepare(batch->api->database, sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, id);
  status = ms_statement_step(statement, found, err);
  if (status == MS_OK && *found) {
    const char *texts[3];
    for (int i = 0; i < 3; i++) {
      texts[i] = ms_statement_text(statement, i, NULL);
      texts[i] = texts[i] ? ms_arena_strdup(batch->arena, texts[i]) : NULL;
    }
    const struct ms_entity_type *type =
        texts[0] ? ms_model_type(batch->api->model, texts[0]) : NULL;
    *step = (struct step){type ? type : root, id, texts[1], texts[2]};
  }
  ms_statement_done(statement);
  return status;
}

/* The family that the parent of a row of `root` is in; NULL when there is no such entity. */
static enum ms_status
find_parent_root(struct ms_batch *batch, const struct ms_entity_type *root, const char *parent_id,
                 const struct ms_entity_type **parent, struct ms_error *err)
{
  const struct ms_attribute *place = find_place(root);
  const char *name = NULL;
  *parent = place->foreign_key_type ? place->foreign_key_type->root : NULL;
  if (*parent)
    return MS_OK;
  enum ms_status status =
      ms_find_type_of(batch, root, place->storage.column, parent_id, &name, err);
  if (status == MS_OK && name)
    *parent = ms_model_type(batch->api->model, name)->root;
  return status;
}

static void
print_step(struct ms_json_writer *writer, const struct step *step)
{
  char legacy[LEGACY_NAME_SIZE];
  legacy_name(step->type, legacy);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "entityId", step->id);
  ms_json_member_string(writer, "entityType", legacy);
  ms_json_member_string(writer, "entity_type", step->type->name);
  ms_json_member_string(writer, "parentId", step->parent_id);
  ms_json_end_object(writer);
}

/* From the entity itself upwards. */
static enum ms_status
print_parents(struct ms_batch *batch, struct ms_update_note *note, struct ms_json_writer *writer,
              struct ms_error *err)
{
  const struct ms_entity_type *root = note->type->root;
  const char *id = note->id;
  enum ms_status status = MS_OK;
  for (int level = 0; root && id && level < MS_UPDATE_PARENTS_MAX; level++) {
    struct step step;
    bool found = false;
    status = read_step(batch, root, id, &step, &found, err);
    if (status != MS_OK || !found)
      return status;
    if (level == 0) {
      note->parent_id = step.parent_id;
      note->object_type_id = step.object_type_id;
    }
    print_step(writer, &step);
    id = step.parent_id;
    if (id)
      status = find_parent_root(batch, root, id, &root, err);
    if (status != MS_OK)
      return status;
  }
  return status;
}

static enum ms_status
look_up_parents(struct ms_batch *batch, struct ms_update_note *note, struct ms_error *err)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  enum ms_status status = MS_OK;
  begin(&text, &writer);
  ms_json_begin_array(&writer);
  if (note->type->root->primary_key_count == 1)
    status = print_parents(batch, note, &writer, err);
  ms_json_end_array(&writer);
  note->parents = keep(batch, &text);
  if (status == MS_OK && !note->parents)
    status = ms_batch_out_of_memory(err);
  return status;
}

enum ms_status
ms_update_event_note_deletion(struct ms_batch *batch, const struct ms_entity_type *type,
                              const struct ms_key *key, struct ms_error *err)
{
  struct ms_update_note note = {.action = "remove",
                                .type = type,
                                .id = print_key(batch, key),
                                .keys = "[]",
                                .changes = "null"};
  enum ms_status status = note.id ? look_up_parents(batch, &note, err) : MS_OK;
  return status == MS_OK ? add_note(batch, &note, err) : status;
}

/* ---- events ---- */

static void
print_note(struct ms_json_writer *writer, const struct ms_update_note *note)
{
  char legacy[LEGACY_NAME_SIZE];
  legacy_name(note->type, legacy);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "action", note->action);
  ms_json_member_string(writer, "entityType", legacy);
  ms_json_member_string(writer, "entity_type", note->type->name);
  ms_json_member_string(writer, "entityId", note->id);
  ms_json_key(writer, "keys");
  ms_json_raw(writer, note->keys, strlen(note->keys));
  ms_json_key(writer, "changes");
  ms_json_raw(writer, note->changes, strlen(note->changes));
  ms_json_member_string(writer, "objectTypeId", note->object_type_id);
  ms_json_member_string(writer, "parentId", note->parent_id);
  ms_json_key(writer, "parents");
  ms_json_raw(writer, note->parents, strlen(note->parents));
  ms_json_end_object(writer);
}

static void
print_user(struct ms_batch *batch, struct ms_json_writer *writer)
{
  const char *id = batch->request->user_id;
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "userid", id);
  ms_json_member_string(writer, "name",
                        id ? read_text(batch, "SELECT username FROM Resource WHERE id = ?1", id)
                           : NULL);
  ms_json_end_object(writer);
}

/* Prints the event of `note` and those behind it, as many as one may hold; answers the next one. */
static const struct ms_update_note *
print_event(struct ms_batch *batch, const struct ms_update_note *note, struct ms_buffer *text)
{
  struct ms_json_writer writer;
  char id[MS_ID_SIZE];
  ms_id_new(id);
  ms_json_writer_init(&writer, text);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "topic", "ftrack.update");
  ms_json_member_string(&writer, "id", id);
  ms_json_key(&writer, "data");
  ms_json_begin_object(&writer);
  ms_json_key(&writer, "entities");
  ms_json_begin_array(&writer);
  for (int count = 0; note && count < MS_UPDATE_EVENT_ENTITIES_MAX; count++, note = note->next)
    print_note(&writer, note);
  ms_json_end_array(&writer);
  ms_json_member_string(&writer, "pushToken", batch->request->push_token);
  ms_json_member_string(&writer, "clientToken", batch->request->client_token);
  ms_json_key(&writer, "user");
  print_user(batch, &writer);
  ms_json_end_object(&writer);
  ms_json_end_object(&writer);
  return note;
}

/* Into the journal, and kept for the listener. What is too large for an event is told to the log alone: the
 * change itself must not fail for it. */
static enum ms_status
record_event(struct ms_batch *batch, struct ms_buffer *text, struct ms_update_event ***end,
             struct ms_error *err)
{
  struct ms_error large;
  if (ms_buffer_check(text, "an event of changes", &large) != MS_OK) {
    ms_log(MS_LOG_WARNING, "ftrack.update: %s", large.message);
    return MS_OK;
  }
  struct ms_update_event *event = MS_ARENA_NEW(batch->arena, struct ms_update_event);
  const char *copy = ms_arena_strndup(batch->arena, text->data, text->size_bytes);
  if (!event || !copy)
    return ms_batch_out_of_memory(err);
  *event = (struct ms_update_event){.text = copy, .text_bytes = text->size_bytes};
  **end = event;
  *end = &event->next;
  return ms_event_log_append(batch->api, copy, text->size_bytes, err);
}

static enum ms_status
record_events(struct ms_batch *batch, struct ms_error *err)
{
  const struct ms_update_note *note = batch->updates;
  struct ms_update_event **end = &batch->events;
  enum ms_status status = MS_OK;
  while (note && status == MS_OK) {
    struct ms_buffer text;
    ms_buffer_init(&text, MS_UPDATE_EVENT_MAX_BYTES);
    note = print_event(batch, note, &text);
    status = record_event(batch, &text, &end, err);
    ms_buffer_free(&text);
  }
  return status;
}

enum ms_status
ms_update_event_complete(struct ms_batch *batch, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (struct ms_update_note *note = batch->updates; note && status == MS_OK; note = note->next)
    if (!note->parents)
      status = look_up_parents(batch, note, err);
  return status == MS_OK ? record_events(batch, err) : status;
}

void
ms_update_event_publish(struct ms_batch *batch)
{
  ms_api_listener listener = batch->api->listener;
  for (const struct ms_update_event *event = batch->events; event && listener; event = event->next)
    listener(batch->api->listener_context, event->text, event->text_bytes);
}
