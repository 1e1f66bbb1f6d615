/* From operations to payloads, and from the answer back.
 *
 * Consecutive operations on one entity become one payload, so that a creation and the assignments
 * behind it are a single create. The operations of a batch are frozen while it is on its way. An
 * error that leaves open whether the server took them (the line broke, no answer came) keeps them
 * frozen: the next commit has to find out first, which is policy and written in Lua (session.lua).
 * Any other error leaves the unit of work as it was. */
#include "session/commit.h"

#include <lauxlib.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "binding/raise.h"
#include "binding/task.h"
#include "session/encode.h"
#include "session/entity.h"
#include "session/merge.h"
#include "session/relations.h"
#include "session/request.h"

#define REFUSED_NOTE " (operation "

static const char *const ACTIONS[] = {[MS_OPERATION_CREATE] = "create",
                                      [MS_OPERATION_UPDATE] = "update",
                                      [MS_OPERATION_DELETE] = "delete"};

/* ---- payloads ---- */

static uint32_t
batch_end(const struct ms_unit_of_work *unit)
{
  return unit->in_flight > 0 ? unit->in_flight : unit->count;
}

/* The place behind the operations that go into one payload with `place`. */
static uint32_t
payload_end(const struct ms_unit_of_work *unit, uint32_t place)
{
  const struct ms_operation *first = &unit->operations[place];
  uint32_t end = place + 1;
  while (first->kind != MS_OPERATION_DELETE && end < batch_end(unit)) {
    const struct ms_operation *operation = &unit->operations[end];
    bool joins = operation->kind == MS_OPERATION_DEAD ||
                 (operation->kind == MS_OPERATION_UPDATE && operation->entity == first->entity);
    if (!joins) {
      break;
    }
    end++;
  }
  return end;
}

/* Whether a later operation of the payload assigns the same attribute. */
static bool
is_overtaken(const struct ms_unit_of_work *unit, uint32_t place, uint32_t end)
{
  for (uint32_t i = place + 1; i < end; i++) {
    if (unit->operations[i].kind == MS_OPERATION_UPDATE &&
        unit->operations[i].slot == unit->operations[place].slot) {
      return true;
    }
  }
  return false;
}

/* Writes entity_data; the entity is on top of the stack. */
static void
write_data(lua_State *L, int session_index, struct ms_json_writer *writer, uint32_t place,
           uint32_t end)
{
  const struct ms_session *session = lua_touserdata(L, session_index);
  const struct ms_unit_of_work *unit = &session->unit;
  const struct ms_class *class = unit->operations[place].entity->class;
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "__entity_type__", class->type->name);
  if (unit->operations[place].kind == MS_OPERATION_CREATE) {
    for (size_t i = 0; i < class->type->primary_key_count; i++) {
      ms_json_key(writer, class->type->primary_key[i]->name);
      ms_entity_push_remote(L, -1, class->key_slots[i]);
      ms_encode_value(L, -1, writer);
      lua_pop(L, 1);
    }
  }
  for (uint32_t i = place; i < end; i++) {
    if (unit->operations[i].kind == MS_OPERATION_UPDATE && !is_overtaken(unit, i, end)) {
      ms_json_key(writer, class->attributes[unit->operations[i].slot]->name);
      ms_unit_push_operand(L, session_index, i);
      ms_encode_value(L, -1, writer);
      lua_pop(L, 1);
    }
  }
  ms_json_end_object(writer);
}

static void
write_payload(lua_State *L, int session_index, struct ms_json_writer *writer, uint32_t place,
              uint32_t end)
{
  const struct ms_session *session = lua_touserdata(L, session_index);
  const struct ms_operation *operation = &session->unit.operations[place];
  ms_unit_push_entity(L, session_index, place);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "action", ACTIONS[operation->kind]);
  ms_json_member_string(writer, "entity_type", operation->entity->class->type->name);
  ms_json_key(writer, "entity_key");
  ms_encode_key(L, lua_gettop(L), writer);
  if (operation->kind != MS_OPERATION_DELETE) {
    ms_json_key(writer, "entity_data");
    write_data(L, session_index, writer, place, end);
  }
  ms_json_end_object(writer);
  lua_pop(L, 1);
}

/* Fills the request at 2 with the batch of the session at 1. */
static int
encode_protected(lua_State *L)
{
  const struct ms_session *session = lua_touserdata(L, 1);
  struct ms_request *request = lua_touserdata(L, 2);
  const struct ms_unit_of_work *unit = &session->unit;
  uint32_t place = 0;
  luaL_checkstack(L, LUA_MINSTACK, "commit");
  while (place < batch_end(unit)) {
    uint32_t end = place + 1;
    if (unit->operations[place].kind != MS_OPERATION_DEAD) {
      end = payload_end(unit, place);
      write_payload(L, 1, &request->writer, place, end);
      request->operation_count++;
    }
    place = end;
  }
  return 0;
}

/* ---- turns ---- */

/* A task that waits until the commit before it has ended. */
struct ms_commit_turn {
  struct ms_wait wait;
  struct ms_session *session;
  struct ms_commit_turn *next;
};

static void
leave_queue(struct ms_wait *wait)
{
  struct ms_commit_turn *turn =
      (struct ms_commit_turn *)((char *)wait - offsetof(struct ms_commit_turn, wait));
  struct ms_commit_turn **link = &turn->session->turns;
  while (*link && *link != turn) {
    link = &(*link)->next;
  }
  if (*link) {
    *link = turn->next;
  }
}

/* Hands the right to commit to the next task, which keeps `committing` set. */
static void
pass_turn(struct ms_session *session)
{
  struct ms_commit_turn *turn = session->turns;
  session->committing = turn != NULL;
  if (turn) {
    session->turns = turn->next;
    ms_wait_finish(&turn->wait);
  }
}

void
ms_commit_wake_all(struct ms_session *session)
{
  while (session->turns) {
    struct ms_commit_turn *turn = session->turns;
    session->turns = turn->next;
    ms_wait_finish(&turn->wait);
  }
}

/* ---- the commit ---- */

/* The first entity that the batch creates, or deletes when it creates none; one whose id was made
 * here if there is one. MS_OPERATION_NONE when it only assigns. */
static uint32_t
find_witness(const struct ms_unit_of_work *unit)
{
  uint32_t witness = MS_OPERATION_NONE;
  for (uint32_t place = 0; place < unit->in_flight; place++) {
    const struct ms_operation *operation = &unit->operations[place];
    if (operation->kind == MS_OPERATION_CREATE && operation->entity->has_own_id) {
      return place;
    }
    bool is_better =
        operation->kind == MS_OPERATION_CREATE &&
        (witness == MS_OPERATION_NONE || unit->operations[witness].kind == MS_OPERATION_DELETE);
    if (is_better || (operation->kind == MS_OPERATION_DELETE && witness == MS_OPERATION_NONE)) {
      witness = place;
    }
  }
  return witness;
}

/* Whether the server may have taken the batch although it did not say so. An entity that is there
 * already although its id was made here can only be that of this very batch, delivered twice. */
static bool
is_uncertain(const struct ms_session *session, enum ms_status status, bool was_uncertain)
{
  if (status == MS_EXISTS) {
    uint32_t witness = find_witness(&session->unit);
    return was_uncertain ||
           (witness != MS_OPERATION_NONE && session->unit.operations[witness].entity->has_own_id);
  }
  return status == MS_NETWORK || status == MS_TIMEOUT || status == MS_PROTOCOL ||
         status == MS_CANCELLED || status == MS_CLOSED;
}

/* The place of the batch's payload number `number`, from 1 on; MS_OPERATION_NONE when it has none. */
static uint32_t
find_payload(const struct ms_unit_of_work *unit, size_t number)
{
  uint32_t place = 0;
  while (place < batch_end(unit)) {
    bool is_dead = unit->operations[place].kind == MS_OPERATION_DEAD;
    if (!is_dead && --number == 0) {
      return place;
    }
    place = is_dead ? place + 1 : payload_end(unit, place);
  }
  return MS_OPERATION_NONE;
}

/* Which operation of a batch was refused, from 1 on, and cuts that off the message: our servers end
 * it with "(operation 3 of 12: create Shot)". 0 when the message does not tell. */
static size_t
take_refused_number(char *message, size_t count)
{
  char *note = NULL;
  for (char *next = strstr(message, REFUSED_NOTE); next; next = strstr(next + 1, REFUSED_NOTE)) {
    note = next;
  }
  size_t number, total;
  if (count == 1 || !note ||
      sscanf(note + strlen(REFUSED_NOTE), "%zu of %zu:", &number, &total) != 2 || total != count ||
      number < 1 || number > count) {
    return count == 1;
  }
  *note = '\0';
  return number;
}

/* Puts what was refused in front of the message: the operation and its entity, or how many there
 * were where the server does not tell. */
static void
name_refused(lua_State *L, struct ms_request *request)
{
  const struct ms_unit_of_work *unit = &request->session->unit;
  size_t count = request->operation_count;
  size_t number = take_refused_number(request->err.message, count);
  uint32_t place = number > 0 ? find_payload(unit, number) : MS_OPERATION_NONE;
  if (place == MS_OPERATION_NONE) {
    ms_error_prefix(&request->err, "commit of %zu operations", count);
    return;
  }
  char text[MS_ENTITY_TEXT_SIZE];
  ms_unit_push_entity(L, 1, place);
  ms_entity_print(L, -1, text);
  lua_pop(L, 1);
  const char *action = ACTIONS[unit->operations[place].kind];
  if (count == 1) {
    ms_error_prefix(&request->err, "%s %s", action, text);
  } else {
    ms_error_prefix(&request->err, "%s %s, operation %zu of %zu", action, text, number, count);
  }
}

/* Session, request: what the server answered becomes the session's truth. */
static int
merge_protected(lua_State *L)
{
  struct ms_request *request = lua_touserdata(L, 2);
  struct ms_merge_options options = {
      .session_index = 1, .discards = true, .result_count = request->operation_count};
  ms_merge_check(L, request->answer.data, request->answer.size_bytes, &options);
  options.is_checked = true;
  ms_relations_expire(L, 1);
  ms_unit_settle(L, 1);
  ms_merge_push_data(L, request->answer.data, request->answer.size_bytes, &options);
  return 0;
}

/* Calls `f` with the session and the request on top; false with the error on top. */
static bool
call_protected(lua_State *L, lua_CFunction f)
{
  int request = lua_gettop(L);
  lua_pushcfunction(L, f);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, request);
  return lua_pcall(L, 2, 0, 0) == LUA_OK;
}

static int
finish_commit(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  struct ms_session *session = lua_touserdata(L, 1);
  struct ms_request *request = ms_request_ended(L, context);
  bool was_uncertain = lua_toboolean(L, 2);
  if (request->status != MS_OK) {
    bool uncertain = is_uncertain(session, request->status, was_uncertain);
    if (!uncertain || request->status == MS_EXISTS) {
      name_refused(L, request);
    }
    session->unit.in_flight = uncertain ? session->unit.in_flight : 0;
    pass_turn(session);
    return ms_request_raise(L, request);
  }
  bool merged = call_protected(L, merge_protected);
  ms_request_release(request);
  pass_turn(session);
  if (!merged) {
    return lua_error(L);
  }
  lua_pushboolean(L, was_uncertain);
  return 1;
}

/* The turn is ours. Stack: session, whether the batch was sent before, request. */
static int
begin_commit(lua_State *L)
{
  struct ms_session *session = lua_touserdata(L, 1);
  if (!session->transport) {
    session->committing = false;
    return ms_raisef(L, MS_CLOSED, "the session was closed before the commit");
  }
  lua_settop(L, 1);
  lua_pushboolean(L, session->unit.in_flight > 0);
  struct ms_request *request = ms_request_push(L, 1);
  if (!call_protected(L, encode_protected)) {
    pass_turn(session);
    return lua_error(L);
  }
  session->unit.in_flight = batch_end(&session->unit);
  if (request->operation_count == 0) {
    ms_unit_settle(L, 1);
    pass_turn(session);
    return 0;
  }
  return ms_request_send(L, false, finish_commit);
}

static int
take_turn(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  const struct ms_commit_turn *turn = lua_touserdata(L, (int)context);
  return turn->wait.cancelled ? ms_raise_cancelled(L) : begin_commit(L);
}

static int
wait_for_turn(lua_State *L, struct ms_session *session)
{
  struct ms_commit_turn *turn = lua_newuserdatauv(L, sizeof *turn, 0);
  *turn = (struct ms_commit_turn){.session = session, .wait.cancel = leave_queue};
  if (!ms_wait_prepare(L, &turn->wait)) {
    return ms_raisef(L, MS_BUSY,
                     "another task of this session is committing, and this code "
                     "cannot wait for it");
  }
  struct ms_commit_turn **last = &session->turns;
  while (*last) {
    last = &(*last)->next;
  }
  *last = turn;
  return ms_wait_yield(L, &turn->wait, lua_gettop(L), take_turn);
}

/* commit(session): sends what is recorded, or once more what an earlier call left uncertain; true
 * in the latter case, because more may have been recorded since. */
int
ms_session_commit(lua_State *L)
{
  struct ms_session *session = ms_session_check_open(L, 1);
  lua_settop(L, 1);
  if (session->committing) {
    return wait_for_turn(L, session);
  }
  session->committing = true;
  return begin_commit(L);
}

/* ---- after an uncertain commit ---- */

/* uncertain(session): nil, or what an uncertain batch holds that can be asked for: "create" or
 * "delete" and the entity, else "update". */
int
ms_session_uncertain(lua_State *L)
{
  const struct ms_session *session = ms_session_check(L, 1);
  const struct ms_unit_of_work *unit = &session->unit;
  if (session->committing || unit->in_flight == 0) {
    lua_pushnil(L);
    return 1;
  }
  uint32_t witness = find_witness(unit);
  if (witness == MS_OPERATION_NONE) {
    lua_pushliteral(L, "update");
    return 1;
  }
  bool creates = unit->operations[witness].kind == MS_OPERATION_CREATE;
  lua_pushstring(L, creates ? "create" : "delete");
  ms_unit_push_entity(L, 1, witness);
  return 2;
}

/* thaw(session): the uncertain batch turned out not to have been taken. */
int
ms_session_thaw(lua_State *L)
{
  struct ms_session *session = ms_session_check(L, 1);
  if (!session->committing) {
    session->unit.in_flight = 0;
  }
  return 0;
}

/* settle(session): the uncertain batch turned out to have been taken. */
int
ms_session_settle(lua_State *L)
{
  const struct ms_session *session = ms_session_check(L, 1);
  if (!session->committing && session->unit.in_flight > 0) {
    ms_relations_expire(L, 1);
    ms_unit_settle(L, 1);
  }
  return 0;
}

/* session:rollback(): forgets what is not on its way. */
int
ms_session_rollback(lua_State *L)
{
  struct ms_session *session = ms_session_check(L, 1);
  if (!session->committing) {
    session->unit.in_flight = 0;
  }
  ms_unit_rollback(L, 1);
  return 0;
}
