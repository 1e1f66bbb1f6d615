/* Commits and requests of several tasks: turns, cancellation, a session that is closed under
 * them. */
#include "session/harness.h"

#define HELPERS                                                                                 \
  "delay_ms = 50\n"                                                                             \
  "function ok(n) local t = {} for i = 1, n do t[i] = '{\"action\":\"update\",\"data\":true}' " \
  "end\n"                                                                                       \
  "  return '[' .. table.concat(t, ',') .. ']' end\n"                                           \
  "function job(id) return core.entity(session, 'Job', { id = id, status = 'queued' }) end\n"

static void
test_requests_of_tasks_overlap(void **state)
{
  run(state, HELPERS "local done = {}\n"
                     "local function ask(id)\n"
                     "  local found = core.fetch(session, nil, false, id)\n"
                     "  done[#done + 1] = id same(found[1].id, id)\n"
                     "end\n"
                     "reply('[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"a\"}]}]',\n"
                     "  '[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"b\"}]}]')\n"
                     "local a, b = tasks.spawn(ask, 'a'), tasks.spawn(ask, 'b')\n"
                     "tasks.sleep(0) same(#sent, 2) same(#done, 0)\n"
                     "a:wait() b:wait() same(#done, 2)\n");
}

static void
test_commits_take_turns(void **state)
{
  run(state,
      HELPERS "local a, b = job 'a', job 'b'\n"
              "local function change(entity) entity.status = 'done' core.commit(session) end\n"
              "reply(ok(1), ok(1))\n"
              "local first, second = tasks.spawn(change, a), tasks.spawn(change, b)\n"
              "tasks.sleep(0) same(#sent, 1) same(b.status, 'done')\n"
              "first:wait() second:wait()\n"
              "assert(sent[1]:find '\"a\"' and not sent[1]:find '\"b\"', sent[1])\n"
              "assert(sent[2]:find '\"b\"' and not sent[2]:find '\"a\"', sent[2])\n");
}

static void
test_changes_during_a_commit_wait_for_the_next(void **state)
{
  run(state, HELPERS
      "local a = job 'a' a.status = 'running'\n"
      "local created = session:create('Job', { id = 'c' })\n"
      "reply(ok(2), ok(2))\n"
      "local committer = tasks.spawn(core.commit, session)\n"
      "tasks.sleep(0)\n"
      "a.status = 'done' session:delete(created)\n"
      "session:create('Job', { id = 'd' }) session:rollback()\n"
      "same(a.status, 'running') same(core.state(created), 'created')\n"
      "a.status = 'failed' session:delete(created)\n"
      "committer:wait()\n"
      "same(a.status, 'failed') same(core.state(a), 'modified') same(core.state(created), "
      "'deleted')\n"
      "core.commit(session)\n"
      "same(sent[2], "
      "'[{\"action\":\"update\",\"entity_type\":\"Job\",\"entity_key\":[\"a\"],\"entity_data\":'\n"
      "  .. '{\"__entity_type__\":\"Job\",\"status\":\"failed\"}},'\n"
      "  .. '{\"action\":\"delete\",\"entity_type\":\"Job\",\"entity_key\":[\"c\"]}]')\n"
      "same(core.state(created), 'gone')\n");
}

static void
test_failed_commit_lets_the_next_go(void **state)
{
  run(state, HELPERS
      "local a = job 'a' a.status = 'done'\n"
      "reply({ 'integrity', 'no' }, ok(1))\n"
      "local first = tasks.spawn(function() fails('integrity', 'no', core.commit, session) end)\n"
      "local second = tasks.spawn(core.commit, session)\n"
      "first:wait() second:wait() same(#sent, 2) same(sent[1], sent[2])\n");
}

static void
test_cancelled_tasks(void **state)
{
  run(state, HELPERS
      "delay_ms = 1000\n"
      "local a = job 'a' a.status = 'done'\n"
      "reply(ok(1), ok(1))\n"
      "local first, second = tasks.spawn(core.commit, session), tasks.spawn(core.commit, session)\n"
      "tasks.sleep(0)\n"
      "second:cancel() second:join() first:cancel() first:join()\n"
      "same(core.uncertain(session), 'update')\n"
      "delay_ms = 1 same(core.commit(session), true) same(core.uncertain(session), nil)\n");
}

static void
test_closing_ends_what_waits(void **state)
{
  run(state, HELPERS "delay_ms = 1000\n"
                     "local a = job 'a' a.status = 'done'\n"
                     "reply(ok(1), '[{}]')\n"
                     "local function refused(f, ...) fails('closed', 'closed', f, ...) end\n"
                     "local list = { tasks.spawn(refused, core.commit, session), "
                     "tasks.spawn(refused, core.commit, session),\n"
                     "  tasks.spawn(refused, core.fetch, session, nil, false, 'x') }\n"
                     "tasks.sleep(0) session:close() session:close()\n"
                     "for _, task in ipairs(list) do task:wait() end\n"
                     "same(tostring(session), 'closed session')\n"
                     "fails('closed', 'closed', core.commit, session)\n");
}

static void
test_where_lua_cannot_yield(void **state)
{
  run(state, HELPERS "reply('[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"a\"}]}]')\n"
                     "local found\n"
                     "table.sort({ 1, 2 }, function() found = found or core.fetch(session, nil, "
                     "false, 'x')[1] return false end)\n"
                     "same(found.id, 'a')\n"
                     "delay_ms = 1000 found.status = 'done' reply(ok(1))\n"
                     "local first = tasks.spawn(core.commit, session) tasks.sleep(0)\n"
                     "table.sort({ 1, 2 }, function() fails('busy', 'another task', core.commit, "
                     "session) return false end)\n"
                     "first:cancel() first:join()\n");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_requests_of_tasks_overlap),
      TEST(test_commits_take_turns),
      TEST(test_changes_during_a_commit_wait_for_the_next),
      TEST(test_failed_commit_lets_the_next_go),
      TEST(test_cancelled_tasks),
      TEST(test_closing_ends_what_waits),
      TEST(test_where_lua_cannot_yield),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
