/* A batch of payloads on its way, and its answer.
 *
 * The operations of a batch are frozen while it is on its way. An
 * error that leaves open whether the server took them (the line broke, no answer came) keeps them
 * frozen: the next commit has to find out first, which is policy and written in Lua (session.lua).
 * Any other error leaves the unit of work as it was. */
#include "session/commit.h"

#include <lauxlib.h>
#include <stddef.h>

#include "binding/raise.h"
#include "binding/task.h"
#include "session/entity.h"
#include "session/merge.h"
#include "session/payload.h"
#include "session/refusal.h"
#include "session/relations.h"
#include "session/request.h"

/* ---- the batch ---- */

/* Fills the request at 2 with the batch of the session at 1. */
static int
encode_protected(lua_State *L)
{
  const struct ms_session *session = lua_touserdata(L, 1);
  struct ms_request *request = lua_touserdata(L, 2);
  const struct ms_unit_of_work *unit = &session->unit;
  luaL_checkstack(L, LUA_MINSTACK, "commit");
  for (uint32_t payload = ms_payload_find(unit, 0); payload != MS_OPERATION_NONE;
       payload = ms_payload_find(unit, ms_payload_end(unit, payload))) {
    ms_payload_write(L, 1, payload, &request->writer);
    request->operation_count++;
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
      ms_refusal_name(L, request);
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
  session->unit.in_flight = ms_payload_batch_end(&session->unit);
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
