/* Answers become entities: identity, kinds of values, references, collections, other shapes. */
#include "session/harness.h"

static void
test_entities_have_one_object_per_key(void **state)
{
  run(state,
      "reply('[{\"action\":\"query\",\"data\":['\n"
      "  .. '{\"__entity_type__\":\"Job\",\"id\":\"j1\",\"status\":\"done\",'\n"
      "  .. '\"user\":{\"id\":\"u1\",\"__entity_type__\":\"User\",\"username\":\"ada\"}},'\n"
      "  .. "
      "'{\"status\":\"queued\",\"id\":\"j2\",\"user\":{\"__entity_type__\":\"User\",\"id\":\"u1\"},"
      "'\n"
      "  .. '\"__entity_type__\":\"Job\"}],\"metadata\":{\"next\":{\"offset\":2}}}]')\n"
      "local jobs, offset = core.fetch(session, nil, false, 'select status, user.username from "
      "Job')\n"
      "same(sent[1], '[{\"action\":\"query\",\"expression\":\"select status, user.username from "
      "Job\"}]')\n"
      "same(#jobs, 2) same(offset, 2)\n"
      "same(jobs[1].status, 'done') same(jobs[2].status, 'queued')\n"
      "assert(rawequal(jobs[1].user, jobs[2].user))\n"
      "same(jobs[2].user.username, 'ada') same(jobs[2].user_id, 'u1')\n"
      "same(jobs[1].__entity_type__, 'Job')\n"
      "assert(core.find(session, 'Job', 'j2') == jobs[2])\n"
      "reply('[{\"action\":\"query\",\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j1\",'\n"
      "  .. '\"status\":\"failed\"}],\"metadata\":{}}]')\n"
      "local again, none = core.fetch(session, nil, false, 'x')\n"
      "assert(rawequal(again[1], jobs[1])) same(jobs[1].status, 'failed') same(none, nil)\n");
}

static void
test_kinds_of_values(void **state)
{
  run(state,
      "reply('[{\"data\":[{\"__entity_type__\":\"Task\",\"id\":\"t\",\"name\":\"a\\\\u00e4\","
      "\"bid\":3.5,\"description\":null,\"start_date\":{\"__type__\":\"datetime\",\"value\":'\n"
      "  .. "
      "'\"2022-10-10T10:12:09\"},\"link\":[{\"id\":\"p\",\"name\":\"P\",\"type\":\"Project\"}],'\n"
      "  .. '\"thumbnail_url\":{\"url\":\"http://x\",\"n\":[]},\"parent\":null,\"unheard_of\":1,'\n"
      "  .. "
      "'\"notes\":[{\"__entity_type__\":\"Note\",\"id\":\"n1\"},{\"__entity_type__\":\"Note\","
      "\"id\":\"n2\"}],'\n"
      "  .. "
      "'\"metadata\":[{\"__entity_type__\":\"Metadata\",\"parent_id\":\"t\",\"key\":\"k\","
      "\"value\":\"v\"}],'\n"
      "  .. '\"status\":{\"__entity_type__\":\"Status\",\"id\":\"s\"}}]}]')\n"
      "local task = core.fetch(session, nil, false, 'x')[1]\n"
      "same(task.name, 'a\\u{e4}') same(task.bid, 3.5) same(task.description, nil)\n"
      "same(task.start_date, core.datetime '2022-10-10T10:12:09Z')\n"
      "same(task.link[1].name, 'P') same(task.thumbnail_url.url, 'http://x')\n"
      "same(task.parent, nil) same(task.parent_id, nil) same(task.status_id, 's')\n"
      "same(#task.notes, 2) same(task.notes[2].id, 'n2') same(task.notes[3], nil)\n"
      "local seen = {} for i, note in ipairs(task.notes) do seen[i] = note.id end\n"
      "same(table.concat(seen), 'n1n2')\n"
      "same(task.metadata.k, 'v') same(task.metadata.other, nil) same(#task.metadata, 1)\n"
      "for k, v in pairs(task.metadata) do same(k, 'k') same(v, 'v') end\n");
}

static void
test_more_specific_type_wins(void **state)
{
  run(state,
      "reply('[{\"data\":[{\"__entity_type__\":\"Context\",\"id\":\"x\",\"name\":\"n\"}]}]',\n"
      "  '[{\"data\":[{\"__entity_type__\":\"Task\",\"id\":\"x\",\"bid\":2}]}]',\n"
      "  '[{\"data\":[{\"__entity_type__\":\"TypedContext\",\"id\":\"x\"}]}]')\n"
      "local context = core.fetch(session, nil, false, 'a')[1]\n"
      "fails('not_found', 'Context has no attribute', function() return context.bid end)\n"
      "local task = core.fetch(session, nil, false, 'b')[1]\n"
      "assert(rawequal(context, task)) same(task.bid, 2) same(task.name, 'n')\n"
      "core.fetch(session, nil, false, 'c') same(task.__entity_type__, 'Task')\n");
}

static void
test_relation_and_foreign_key_agree(void **state)
{
  run(state, "reply('[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"user_id\":\"u1\",'\n"
             "  .. '\"user\":{\"__entity_type__\":\"User\",\"id\":\"u1\"}},'\n"
             "  .. '{\"__entity_type__\":\"Job\",\"id\":\"k\",\"user_id\":\"u2\",'\n"
             "  .. '\"user\":{\"__entity_type__\":\"User\",\"id\":\"u2\"}}]}]',\n"
             "  '[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"user_id\":\"u2\"}]}]')\n"
             "local jobs = core.fetch(session, nil, false, 'a')\n"
             "core.fetch(session, nil, false, 'b')\n"
             "same(jobs[1].user, jobs[2].user)\n");
}

static void
test_bad_answers_change_nothing(void **state)
{
  run(state,
      "reply('[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"status\":\"done\"}]}]')\n"
      "local job = core.fetch(session, nil, false, 'a')[1]\n"
      "local function get() return core.fetch(session, nil, false, 'b') end\n"
      "for _, text in ipairs { '', '{}', 'null', '[]', '[{},{}]', '[1]',\n"
      "    '[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"status\":\"failed\"}]}',\n"
      "    '[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"status\":\"failed\"}]}]x',\n"
      "    '[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"status\":\"fa\\xff\"}]}]' } "
      "do\n"
      "  reply(text)\n"
      "  local ok, problem = pcall(get)\n"
      "  assert(not ok and (problem.code == 'parse' or problem.code == 'protocol'), text)\n"
      "  same(job.status, 'done')\n"
      "end\n"
      "reply('[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"user\":\"ada\"}]}]')\n"
      "fails('protocol', 'Job.user', get)\n"
      "reply('[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"job_components\":[1]}]}]')\n"
      "fails('protocol', 'Job.job_components', get)\n");
}

static void
test_what_is_no_entity(void **state)
{
  run(state, "reply('[{\"data\":[{\"count_id\":3,\"status_id\":null},{\"__entity_type__\":"
             "\"Martian\",\"id\":\"m\"},'\n"
             "  .. '{\"__entity_type__\":\"Job\",\"status\":\"done\"}]}]')\n"
             "local rows = core.fetch(session, nil, false, 'select count(id) from Task group by "
             "status_id')\n"
             "same(rows[1].count_id, 3) same(rows[1].status_id, nil) same(rows[2].id, 'm')\n"
             "same(rows[3].status, 'done') same(core.is_entity(rows[3]), false)\n");
}

static void
test_raw_calls_merge_nothing(void **state)
{
  run(state,
      "reply('[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"list\":[1,null,[]],\"no\":"
      "null,'\n"
      "  .. '\"created_at\":{\"__type__\":\"datetime\",\"value\":\"2022-10-10T10:12:09\"}}]}]')\n"
      "local results = core.call(session, { { action = 'query', expression = 'Job' } })\n"
      "local row = results[1].data[1]\n"
      "same(type(row), 'table') same(row.id, 'j') same(row.__entity_type__, 'Job') same(row.no, "
      "nil)\n"
      "same(row.created_at.value, '2022-10-10T10:12:09') same(row.list[2], core.null)\n"
      "same(core.find(session, 'Job', 'j'), nil)\n"
      "reply('[1]') core.call(session, { { action = 'x', a = row.list, e = {}, s = { 'a', 'b' } } "
      "})\n"
      "assert(sent[2]:find('\"a\":[1,null,[]]', 1, true), sent[2])\n"
      "assert(sent[2]:find('\"e\":{}', 1, true) and sent[2]:find('\"s\":[\"a\",\"b\"]', 1, true), "
      "sent[2])\n"
      "fails('invalid', 'function', core.call, session, { { action = print } })\n"
      "fails('usage', 'operation 1', core.call, session, { 'query' })\n"
      "local loop = {} loop.loop = loop\n"
      "fails('limit', 'nested deeper', core.call, session, { loop })\n");
}

static void
test_identity_map_is_weak(void **state)
{
  run(state,
      "local function row(i) return '[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"' .. i .. "
      "'\"}]}]' end\n"
      "reply(row(1), row(2))\n"
      "local kept = core.fetch(session, nil, false, 'a')[1]\n"
      "core.fetch(session, nil, false, 'b')\n"
      "collectgarbage() collectgarbage()\n"
      "same(core.find(session, 'Job', '1'), kept) same(core.find(session, 'Job', '2'), nil)\n");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_entities_have_one_object_per_key), TEST(test_kinds_of_values),
      TEST(test_more_specific_type_wins),          TEST(test_relation_and_foreign_key_agree),
      TEST(test_bad_answers_change_nothing),       TEST(test_what_is_no_entity),
      TEST(test_raw_calls_merge_nothing),          TEST(test_identity_map_is_weak),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
