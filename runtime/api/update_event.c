/* Putting the notes of a batch together. */
#include "api/update_event.h"

#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "api/event_log.h"
#include "api/update_note.h"
#include "base/id.h"
#include "base/log.h"

struct ms_update_event {
  const char *text; /* JSON */
  size_t text_bytes;
  struct ms_update_event *next;
};

/* The notes that one event tells of: from `first` on, `count` of them. */
struct section {
  const struct ms_update_note *first;
  size_t count;
};

/* ---- places ---- */

/* All is written: where what was changed lies now. */
static enum ms_status
find_places(struct ms_batch *batch, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  ms_place_forget(batch);
  for (struct ms_update_note *note = batch->updates; note && status == MS_OK; note = note->next)
    if (!note->place && note->type->root->primary_key_count == 1)
      status = ms_place_find(batch, note->type->root, note->id, &note->place, err);
  return status;
}

static int
compare_texts(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of all that the changed entities lie in, once each. */
static enum ms_status
print_parents(struct ms_batch *batch, const struct section *section, struct ms_json_writer *writer,
              struct ms_error *err)
{
  size_t count = 0;
  const char **ids =
      MS_ARENA_ARRAY(batch->arena, const char *, section->count *MS_PLACE_LEVELS_MAX);
  if (!ids)
    return ms_batch_out_of_memory(err);
  const struct ms_update_note *note = section->first;
  for (size_t i = 0; i < section->count; i++, note = note->next) {
    const struct ms_place *place = note->place ? note->place->parent : NULL;
    for (int level = 1; place && level < MS_PLACE_LEVELS_MAX; level++, place = place->parent)
      ids[count++] = place->id;
  }
  qsort(ids, count, sizeof *ids, compare_texts);
  ms_json_begin_array(writer);
  for (size_t i = 0; i < count; i++)
    if (i == 0 || strcmp(ids[i - 1], ids[i]) != 0)
      ms_json_string(writer, ids[i]);
  ms_json_end_array(writer);
  return MS_OK;
}

/* ---- events ---- */

static void
print_note(struct ms_json_writer *writer, const struct ms_update_note *note)
{
  const struct ms_place *place = note->place;
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "action", note->action);
  ms_json_key(writer, "entityType");
  ms_place_print_type(note->type, writer);
  ms_json_member_string(writer, "entity_type", note->type->name);
  ms_json_member_string(writer, "entityId", note->id);
  ms_json_key(writer, "keys");
  ms_json_raw(writer, note->keys, strlen(note->keys));
  ms_json_key(writer, "changes");
  ms_json_raw(writer, note->changes, strlen(note->changes));
  ms_json_member_string(writer, "objectTypeId", place ? place->object_type_id : NULL);
  ms_json_member_string(writer, "parentId", place ? place->parent_id : NULL);
  ms_json_key(writer, "parents");
  ms_place_print(place, writer);
  ms_json_end_object(writer);
}

static enum ms_status
print_user(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_error *err)
{
  const char *id = batch->request->user_id;
  struct ms_parameter name = {.type = MS_PARAMETER_NULL};
  enum ms_status status = MS_OK;
  if (id) {
    const struct ms_parameter key = ms_text_parameter(id);
    status = ms_ask(batch, "SELECT username FROM Resource WHERE id = ?1", &key, 1, MS_COLUMN_TEXT,
                    &name, err);
  }
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "userid", id);
  ms_json_member_string(writer, "name", name.type == MS_PARAMETER_TEXT ? name.text : NULL);
  ms_json_end_object(writer);
  return status;
}

static enum ms_status
print_data(struct ms_batch *batch, const struct section *section, struct ms_json_writer *writer,
           struct ms_error *err)
{
  const struct ms_update_note *note = section->first;
  ms_json_begin_object(writer);
  ms_json_key(writer, "entities");
  ms_json_begin_array(writer);
  for (size_t i = 0; i < section->count; i++, note = note->next)
    print_note(writer, note);
  ms_json_end_array(writer);
  ms_json_member_string(writer, "pushToken", batch->request->push_token);
  ms_json_member_string(writer, "clientToken", batch->request->client_token);
  ms_json_key(writer, "parents");
  enum ms_status status = print_parents(batch, section, writer, err);
  ms_json_key(writer, "user");
  if (status == MS_OK)
    status = print_user(batch, writer, err);
  ms_json_end_object(writer);
  return status;
}

static enum ms_status
print_event(struct ms_batch *batch, const struct section *section, struct ms_buffer *text,
            struct ms_error *err)
{
  struct ms_json_writer writer;
  char id[MS_ID_SIZE];
  ms_id_new(id);
  ms_json_writer_init(&writer, text);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "topic", "ftrack.update");
  ms_json_member_string(&writer, "id", id);
  ms_json_key(&writer, "data");
  enum ms_status status = print_data(batch, section, &writer, err);
  ms_json_end_object(&writer);
  return status;
}

enum ms_status
ms_update_event_add(struct ms_batch *batch, const char *text, size_t text_bytes,
                    struct ms_error *err)
{
  struct ms_update_event *event = MS_ARENA_NEW(batch->arena, struct ms_update_event);
  if (!event || !text)
    return ms_batch_out_of_memory(err);
  *event = (struct ms_update_event){.text = text, .text_bytes = text_bytes};
  if (batch->last_event)
    batch->last_event->next = event;
  else
    batch->events = event;
  batch->last_event = event;
  return ms_event_log_append(batch->api, text, text_bytes, err);
}

/* Into the journal, and kept for the listener. What is too large for an event is told to the log alone: the
 * change itself must not fail for it. */
static enum ms_status
record_section(struct ms_batch *batch, const struct section *section, struct ms_error *err)
{
  struct ms_buffer text;
  struct ms_error large;
  ms_buffer_init(&text, MS_UPDATE_EVENT_MAX_BYTES);
  enum ms_status status = print_event(batch, section, &text, err);
  if (status == MS_OK && ms_buffer_check(&text, "an event of changes", &large) != MS_OK)
    ms_log(MS_LOG_WARNING, "ftrack.update: %s", large.message);
  else if (status == MS_OK)
    status = ms_update_event_add(batch, ms_arena_strndup(batch->arena, text.data, text.size_bytes),
                                 text.size_bytes, err);
  ms_buffer_free(&text);
  return status;
}

static enum ms_status
record_events(struct ms_batch *batch, struct ms_error *err)
{
  const struct ms_update_note *note = batch->updates;
  enum ms_status status = MS_OK;
  while (note && status == MS_OK) {
    struct section section = {.first = note};
    for (; note && section.count < MS_UPDATE_EVENT_ENTITIES_MAX; note = note->next)
      section.count++;
    status = record_section(batch, &section, err);
  }
  return status;
}

enum ms_status
ms_update_event_complete(struct ms_batch *batch, struct ms_error *err)
{
  enum ms_status status = find_places(batch, err);
  return status == MS_OK ? record_events(batch, err) : status;
}

void
ms_update_event_publish(struct ms_batch *batch)
{
  ms_api_listener listener = batch->api->listener;
  for (const struct ms_update_event *event = batch->events; event && listener; event = event->next)
    listener(batch->api->listener_context, event->text, event->text_bytes);
}
