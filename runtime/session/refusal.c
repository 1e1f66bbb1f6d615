/* A refusal's sentence, matched with the payloads of its batch. */
#include "session/refusal.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "session/entity.h"
#include "session/payload.h"
#include "session/request.h"

#define NOTE " (operation "

enum {
  QUOTED_MAX = 8,       /* words of a message that are looked for */
  QUOTED_MIN_BYTES = 3, /* shorter ones are everywhere */
  LISTED_MAX = 8,       /* payloads in a message */
  MATCHED_MAX = 10000,  /* payloads that are looked at */
  PAYLOAD_MAX_BYTES = 64 * 1024 * 1024
};

struct word {
  const char *text;
  size_t bytes;
};

/* What is known of a refusal. */
struct refusal {
  struct ms_request *request;
  struct word words[QUOTED_MAX]; /* of the message: ids and what is in quotes */
  size_t word_count;
  unsigned best;                  /* words that the best payloads contain */
  uint32_t payloads[LISTED_MAX];  /* the first of those */
  size_t numbers[LISTED_MAX];     /* their numbers in the batch, from 1 on */
  size_t payload_count, matching; /* kept, and all of them */
};

/* ---- our servers ---- */

/* Which operation of a batch was refused, from 1 on, and cuts that off the message: our servers end
 * it with "(operation 3 of 12: create Shot)". 0 when the message does not tell. */
static size_t
take_number(char *message, size_t count)
{
  char *note = NULL;
  for (char *next = strstr(message, NOTE); next; next = strstr(next + 1, NOTE)) {
    note = next;
  }
  size_t number, total;
  if (count == 1 || !note || sscanf(note + strlen(NOTE), "%zu of %zu:", &number, &total) != 2 ||
      total != count || number < 1 || number > count) {
    return count == 1;
  }
  *note = '\0';
  return number;
}

static uint32_t
find_numbered(const struct ms_unit_of_work *unit, size_t number)
{
  uint32_t payload = ms_payload_find(unit, 0);
  while (payload != MS_OPERATION_NONE && --number > 0) {
    payload = ms_payload_find(unit, ms_payload_end(unit, payload));
  }
  return payload;
}

/* ---- the words of a message ---- */

static void
add_word(struct refusal *refusal, const char *text, size_t bytes)
{
  for (size_t i = 0; i < refusal->word_count; i++) {
    if (refusal->words[i].bytes == bytes && memcmp(refusal->words[i].text, text, bytes) == 0) {
      return;
    }
  }
  if (bytes >= QUOTED_MIN_BYTES && refusal->word_count < QUOTED_MAX) {
    refusal->words[refusal->word_count++] = (struct word){text, bytes};
  }
}

static bool
is_id(const char *text)
{
  size_t bytes = strspn(text, "0123456789abcdef-");
  return bytes == MS_ID_SIZE - 1 && text[8] == '-' && text[13] == '-';
}

/* Finds the ids in the message, and what is in single or double quotes. */
static void
find_words(struct refusal *refusal, const char *message)
{
  for (const char *at = message; *at; at++) {
    const char *end = *at == '\'' || *at == '"' ? strchr(at + 1, *at) : NULL;
    if (end) {
      add_word(refusal, at + 1, (size_t)(end - at - 1));
      at = end;
    } else if (is_id(at)) {
      add_word(refusal, at, MS_ID_SIZE - 1);
      at += MS_ID_SIZE - 2;
    }
  }
}

/* ---- matching ---- */

/* Whether the JSON object has the word as a whole string. */
static bool
has_string(const struct ms_buffer *object, const struct word *word)
{
  const char *end = object->data + object->size_bytes;
  const char *at = object->data;
  for (;;) {
    at++; /* what comes first is no string */
    at = memmem(at, (size_t)(end - at), word->text, word->bytes);
    if (!at || (at[-1] == '"' && at[word->bytes] == '"')) {
      return at != NULL;
    }
  }
}

/* How many of the words the payload has, as strings. */
static unsigned
count_words(lua_State *L, const struct refusal *refusal, uint32_t payload, struct ms_buffer *text)
{
  struct ms_json_writer writer;
  ms_buffer_clear(text);
  ms_json_writer_init(&writer, text);
  ms_payload_write(L, 1, payload, &writer);
  unsigned count = 0;
  for (size_t i = 0; i < refusal->word_count && text->status == MS_OK; i++) {
    count += has_string(text, &refusal->words[i]);
  }
  return count;
}

static void
keep(struct refusal *refusal, uint32_t payload, size_t number)
{
  refusal->matching++;
  if (refusal->payload_count < LISTED_MAX) {
    refusal->payloads[refusal->payload_count] = payload;
    refusal->numbers[refusal->payload_count++] = number;
  }
}

/* The light userdata at 2: keeps the payloads with the most words. */
static int
match_protected(lua_State *L)
{
  struct refusal *refusal = lua_touserdata(L, 2);
  struct ms_buffer *text = lua_touserdata(L, 3);
  const struct ms_unit_of_work *unit = &refusal->request->session->unit;
  size_t number = 1;
  for (uint32_t payload = ms_payload_find(unit, 0);
       payload != MS_OPERATION_NONE && number <= MATCHED_MAX;
       payload = ms_payload_find(unit, ms_payload_end(unit, payload)), number++) {
    unsigned count = refusal->word_count > 0 ? count_words(L, refusal, payload, text) : 0;
    if (count > refusal->best) {
      refusal->best = count;
      refusal->payload_count = refusal->matching = 0;
    }
    if (count == refusal->best) {
      keep(refusal, payload, number);
    }
  }
  return 0;
}

static void
match(lua_State *L, struct refusal *refusal)
{
  struct ms_buffer text;
  ms_buffer_init(&text, PAYLOAD_MAX_BYTES);
  lua_pushcfunction(L, match_protected);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, refusal);
  lua_pushlightuserdata(L, &text);
  if (lua_pcall(L, 3, 0, 0) != LUA_OK) {
    refusal->payload_count = 0;
    lua_pop(L, 1);
  }
  ms_buffer_free(&text);
}

/* ---- words for people ---- */

static void
print_entity(lua_State *L, uint32_t payload, char text[MS_ENTITY_TEXT_SIZE])
{
  ms_unit_push_entity(L, 1, payload);
  ms_entity_print(L, -1, text);
  lua_pop(L, 1);
}

static void
prefix_one(lua_State *L, struct ms_request *request, uint32_t payload, size_t number,
           const char *probably)
{
  char text[MS_ENTITY_TEXT_SIZE];
  const struct ms_unit_of_work *unit = &request->session->unit;
  const char *action = ms_payload_action(unit, payload);
  print_entity(L, payload, text);
  if (request->operation_count == 1) {
    ms_error_prefix(&request->err, "%s %s", action, text);
  } else {
    ms_error_prefix(&request->err, "%s%s %s, operation %zu of %zu", probably, action, text, number,
                    request->operation_count);
  }
}

static void
append(struct ms_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
append(struct ms_error *err, const char *format, ...)
{
  size_t used = strlen(err->message);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(err->message + used, sizeof err->message - used, format, arguments);
  va_end(arguments);
}

/* ": status, data", what a payload assigns. */
static void
append_attributes(struct ms_error *err, const struct ms_unit_of_work *unit, uint32_t payload)
{
  uint32_t end = ms_payload_end(unit, payload);
  const char *separator = ": ";
  for (uint32_t place = payload; place < end; place++) {
    const struct ms_operation *operation = &unit->operations[place];
    if (operation->kind == MS_OPERATION_UPDATE && !ms_payload_is_overtaken(unit, place, end)) {
      append(err, "%s%s", separator, operation->entity->class->attributes[operation->slot]->name);
      separator = ", ";
    }
  }
}

static void
list(lua_State *L, const struct refusal *refusal)
{
  char text[MS_ENTITY_TEXT_SIZE];
  struct ms_error *err = &refusal->request->err;
  const struct ms_unit_of_work *unit = &refusal->request->session->unit;
  ms_error_prefix(err, "commit of %zu operations", refusal->request->operation_count);
  append(err, "\nThe server does not tell which it refuses. One of:");
  for (size_t i = 0; i < refusal->payload_count; i++) {
    print_entity(L, refusal->payloads[i], text);
    append(err, "\n  %zu. %s %s", refusal->numbers[i],
           ms_payload_action(unit, refusal->payloads[i]), text);
    append_attributes(err, unit, refusal->payloads[i]);
  }
  size_t fitting = refusal->best > 0 ? refusal->matching : refusal->request->operation_count;
  if (fitting > refusal->payload_count) {
    append(err, "\n  and %zu more", fitting - refusal->payload_count);
  }
}

void
ms_refusal_name(lua_State *L, struct ms_request *request)
{
  struct refusal refusal = {.request = request};
  char message[MS_ERROR_MESSAGE_MAX];
  size_t number = take_number(request->err.message, request->operation_count);
  uint32_t payload =
      number > 0 ? find_numbered(&request->session->unit, number) : MS_OPERATION_NONE;
  if (payload != MS_OPERATION_NONE) {
    prefix_one(L, request, payload, number, "");
    return;
  }
  memcpy(message, request->err.message, sizeof message);
  find_words(&refusal, message);
  match(L, &refusal);
  if (refusal.matching == 1 && refusal.best > 0) {
    prefix_one(L, request, refusal.payloads[0], refusal.numbers[0], "probably ");
  } else {
    list(L, &refusal);
  }
}
