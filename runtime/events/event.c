/* The members are taken over one by one, by a table; whatever else the sender put there stays behind. */
#include "events/event.h"

#include <string.h>

#include "base/id.h"

enum { EVENT_ID_SIZE = 33 /* 16 bytes in hexadecimal, with the NUL */ };

static const struct {
  const char *key;
  enum ms_json_type missing; /* what stands for a member that is not there */
} members[] = {
    {"topic", MS_JSON_STRING},        {"id", MS_JSON_STRING},     {"data", MS_JSON_OBJECT},
    {"source", MS_JSON_OBJECT},       {"target", MS_JSON_STRING}, {"sent", MS_JSON_NULL},
    {"inReplyToEvent", MS_JSON_NULL},
};

static enum ms_status
out_of_memory(struct ms_error *err)
{
  return ms_fail(err, MS_LIMIT, "the event is too large");
}

static void
append(struct ms_json_node *object, struct ms_json_node *member)
{
  struct ms_json_node **last = &object->first;
  while (*last) {
    last = &(*last)->next;
  }
  *last = member;
  member->next = NULL;
  object->count++;
}

/* A copy of `value` (without its siblings), or a value of type `missing` where there is none. */
static struct ms_json_node *
copy_member(struct ms_arena *arena, const char *key, const struct ms_json_node *value,
            enum ms_json_type missing)
{
  struct ms_json_node *member = MS_ARENA_NEW(arena, struct ms_json_node);
  if (member && value) {
    *member = *value;
  } else if (member) {
    member->type = missing;
    member->string = "";
  }
  if (member) {
    member->key = key;
  }
  return member;
}

static struct ms_json_node *
string_member(struct ms_arena *arena, const char *key, const char *string)
{
  struct ms_json_node *member = copy_member(arena, key, NULL, MS_JSON_STRING);
  char *copy = ms_arena_strdup(arena, string);
  if (!member || !copy) {
    return NULL;
  }
  member->string = copy;
  member->string_bytes = strlen(copy);
  return member;
}

static struct ms_json_node *
member_of(struct ms_json_node *object, const char *key)
{
  return (struct ms_json_node *)ms_json_get(object, key);
}

/* Adds {"id", "username"} to source.user as far as they are missing; somebody else's name keeps its
 * own id, or none. */
static bool
complete_user(struct ms_arena *arena, struct ms_json_node *source, const char *user_id,
              const char *username)
{
  struct ms_json_node *user = member_of(source, "user");
  if (!user) {
    user = copy_member(arena, "user", NULL, MS_JSON_OBJECT);
    if (!user) {
      return false;
    }
    append(source, user);
  }
  if (user->type != MS_JSON_OBJECT) {
    return true;
  }
  if (!ms_json_get(user, "username")) {
    struct ms_json_node *name = string_member(arena, "username", username);
    if (!name) {
      return false;
    }
    append(user, name);
  }
  const char *name = ms_json_get_string(user, "username");
  if (ms_json_get(user, "id") || !name || strcmp(name, username) != 0) {
    return true;
  }
  struct ms_json_node *id = string_member(arena, "id", user_id);
  if (id) {
    append(user, id);
  }
  return id != NULL;
}

static bool
make_id(struct ms_arena *arena, struct ms_json_node *id)
{
  unsigned char bytes[16];
  char text[EVENT_ID_SIZE];
  ms_random_bytes(bytes, sizeof bytes);
  ms_hex(bytes, sizeof bytes, text);
  id->type = MS_JSON_STRING;
  id->string = ms_arena_strdup(arena, text);
  id->string_bytes = sizeof text - 1;
  return id->string != NULL;
}

enum ms_status
ms_event_complete(struct ms_arena *arena, struct ms_json_node *sent, const char *user_id,
                  const char *username, const struct ms_json_node **result, struct ms_error *err)
{
  const char *topic = ms_json_get_string(sent, "topic");
  if (!topic || !*topic) {
    return ms_fail(err, MS_INVALID, "an event needs a topic, a text that is not empty");
  }
  struct ms_json_node *event = copy_member(arena, NULL, NULL, MS_JSON_OBJECT);
  if (!event) {
    return out_of_memory(err);
  }
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    const struct ms_json_node *value = ms_json_get(sent, members[i].key);
    struct ms_json_node *member = copy_member(arena, members[i].key, value, members[i].missing);
    if (!member) {
      return out_of_memory(err);
    }
    append(event, member);
  }
  struct ms_json_node *id = member_of(event, "id");
  if ((id->type != MS_JSON_STRING || id->string_bytes == 0) && !make_id(arena, id)) {
    return out_of_memory(err);
  }
  struct ms_json_node *source = member_of(event, "source");
  if (user_id && source->type == MS_JSON_OBJECT &&
      !complete_user(arena, source, user_id, username)) {
    return out_of_memory(err);
  }
  *result = event;
  return MS_OK;
}
