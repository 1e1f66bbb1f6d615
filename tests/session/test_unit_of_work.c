/* Changes become one batch: order, merging, what is dropped; commits that fail; rollback. */
#include "session/harness.h"

#define HELPERS                                                                                 \
  "function ok(n) local t = {} for i = 1, n do t[i] = '{\"action\":\"update\",\"data\":true}' " \
  "end\n"                                                                                       \
  "  return '[' .. table.concat(t, ',') .. ']' end\n"                                           \
  "function job(id) return core.entity(session, 'Job', { id = id, status = 'queued' }) end\n"   \
  "function payloads() return (sent[#sent]:gsub('\"', '')) end\n"

static void
test_creation_and_assignments_are_one_create(void **state)
{
  run(state,
      HELPERS "local user = core.entity(session, 'User', { id = 'u' })\n"
              "local job = session:create('Job', { id = 'j', user = user })\n"
              "same(job.status, 'queued') same(job.type, 'api_job') same(job.user, user) "
              "same(job.user_id, 'u')\n"
              "job.status = 'running' job.data = '{}' job.data = '{\"a\":1}'\n"
              "reply(ok(1)) core.commit(session)\n"
              "same(payloads(), '[{action:create,entity_type:Job,entity_key:[j],entity_data:'\n"
              "  .. '{__entity_type__:Job,id:j,status:running,type:api_job,'\n"
              "  .. 'user:{__entity_type__:User,id:u},data:{\\\\a\\\\:1}}}]')\n"
              "same(job.status, 'running') same(core.state(job), nil) same(#sent, 1)\n"
              "core.commit(session) same(#sent, 1)\n");
}

static void
test_last_assignment_counts_and_order_stays(void **state)
{
  run(state, HELPERS
      "local a, b = job 'a', job 'b'\n"
      "a.status = 'running' b.status = 'running' a.status = 'done' b.data = 'x' a.data = 'y'\n"
      "same(a.status, 'done') same(#select(2, core.changes(session)), 2)\n"
      "reply(ok(4)) core.commit(session)\n"
      "same(payloads(), "
      "'[{action:update,entity_type:Job,entity_key:[b],entity_data:{__entity_type__:Job,status:"
      "running}},'\n"
      "  .. "
      "'{action:update,entity_type:Job,entity_key:[a],entity_data:{__entity_type__:Job,status:done}"
      "},'\n"
      "  .. "
      "'{action:update,entity_type:Job,entity_key:[b],entity_data:{__entity_type__:Job,data:x}},'\n"
      "  .. "
      "'{action:update,entity_type:Job,entity_key:[a],entity_data:{__entity_type__:Job,data:y}}]')"
      "\n");
}

static void
test_created_and_deleted_is_nothing(void **state)
{
  run(state, HELPERS "local a = session:create('Job', { id = 'a' })\n"
                     "a.status = 'done' session:delete(a)\n"
                     "same(core.state(a), 'gone') same(core.find(session, 'Job', 'a'), nil)\n"
                     "core.commit(session) same(#sent, 0)\n"
                     "fails('not_found', 'was deleted', function() a.status = 'failed' end)\n"
                     "local b = job 'b' b.status = 'done' session:delete(b) session:delete(b)\n"
                     "reply('[{\"action\":\"delete\",\"data\":true}]') core.commit(session)\n"
                     "same(payloads(), '[{action:delete,entity_type:Job,entity_key:[b]}]')\n"
                     "same(core.state(b), 'gone') same(b.status, 'queued')\n");
}

static void
test_answer_of_a_commit_is_merged(void **state)
{
  run(state, HELPERS
      "local job = session:create('Job', { id = 'j' })\n"
      "same(job.created_at, nil)\n"
      "reply('[{\"action\":\"create\",\"data\":{\"__entity_type__\":\"Job\",\"id\":\"j\","
      "\"status\":\"running\",'\n"
      "  .. '\"created_at\":{\"__type__\":\"datetime\",\"value\":\"2024-01-01T00:00:00\"}}}]')\n"
      "core.commit(session)\n"
      "same(job.status, 'running') same(job.created_at.year, 2024)\n");
}

static void
test_failed_commit_leaves_everything(void **state)
{
  run(state, HELPERS
      "local a = job 'a' a.status = 'done'\n"
      "local b = session:create('Job', { id = 'b' })\n"
      "reply { 'integrity', 'no such user' }\n"
      "fails('integrity', 'no such user', core.commit, session)\n"
      "same(core.uncertain(session), nil)\n"
      "same(a.status, 'done') same(core.state(a), 'modified') same(core.state(b), 'created')\n"
      "local first = sent[1]\n"
      "reply(ok(2)) core.commit(session) same(sent[2], first)\n"
      "same(core.state(a), nil) same(core.state(b), nil)\n");
}

static void
test_lost_answer_freezes_the_batch(void **state)
{
  run(state,
      HELPERS "local a = job 'a' a.status = 'running'\n"
              "local b = session:create('Job', { id = 'b' })\n"
              "reply { 'network', 'the line broke' }\n"
              "fails('network', 'line', core.commit, session)\n"
              "local kind, entity = core.uncertain(session) same(kind, 'create') same(entity, b)\n"
              "a.status = 'done' same(a.status, 'done')\n"
              "reply(ok(2)) same(core.commit(session), true) same(sent[2], sent[1])\n"
              "same(a.status, 'done') same(core.state(a), 'modified')\n"
              "reply(ok(1)) core.commit(session)\n"
              "same(payloads(), "
              "'[{action:update,entity_type:Job,entity_key:[a],entity_data:{__entity_type__:Job,"
              "status:done}}]')\n"
              "a.status = 'failed' reply { 'timeout', 'late' } fails('timeout', 'late', "
              "core.commit, session)\n"
              "same(core.uncertain(session), 'update')\n"
              "core.settle(session) same(core.uncertain(session), nil) same(core.state(a), nil) "
              "same(a.status, 'failed')\n");
}

static void
test_rollback_forgets(void **state)
{
  run(state, HELPERS "local a, gone = job 'a', job 'g'\n"
                     "a.status = 'done' session:delete(gone)\n"
                     "local b = session:create('Job', { id = 'b' })\n"
                     "local task = core.entity(session, 'Task', { id = 't' })\n"
                     "core.load(task, 'notes', {}) core.load(task, 'metadata', {})\n"
                     "local note = session:create('Note', { id = 'n', content = 'c' })\n"
                     "task.notes:add(note) task.metadata.k = 'v'\n"
                     "same(#task.notes, 1) same(task.metadata.k, 'v')\n"
                     "session:rollback()\n"
                     "same(a.status, 'queued') same(core.state(a), nil) same(core.state(gone), "
                     "nil) same(core.state(b), 'gone')\n"
                     "same(#task.notes, 0) same(task.metadata.k, nil) same(#task.metadata, 0)\n"
                     "core.commit(session) same(#sent, 0)\n"
                     "session:create('Job', { id = 'b' })\n");
}

static void
test_collections_send_their_members(void **state)
{
  run(state, HELPERS
      "local task = core.entity(session, 'Task', { id = 't' })\n"
      "local one, two = core.entity(session, 'Scope', { id = 's1' }), core.entity(session, "
      "'Scope', { "
      "id = 's2' })\n"
      "core.load(task, 'scopes', { one })\n"
      "task.scopes:add(two) task.scopes:add(two) same(#task.scopes, 2)\n"
      "same(task.scopes:remove(one), true) same(task.scopes:remove(one), false)\n"
      "same(task.scopes:contains(two), true) same(task.scopes:contains(one), false)\n"
      "reply(ok(1)) core.commit(session)\n"
      "same(payloads(), '[{action:update,entity_type:Task,entity_key:[t],entity_data:'\n"
      "  .. '{__entity_type__:Task,scopes:[{__entity_type__:Scope,id:s2}]}}]')\n"
      "task.scopes = { one, two } same(#task.scopes, 2)\n"
      "session:rollback() same(#task.scopes, 1) same(task.scopes[1], two)\n"
      "fails('invalid', 'entities of type Scope', function() task.scopes:add(task) end)\n"
      "fails('invalid', 'list of entities', function() task.scopes = 1 end)\n"
      "fails('usage', 'add and remove', function() task.scopes[1] = one end)\n"
      "fails('not_found', \"did you mean 'remove'\", function() task.scopes:remvoe(one) end)\n");
}

static void
test_mapped_collections_change_rows(void **state)
{
  run(state, HELPERS
      "local task = core.entity(session, 'Task', { id = 't' })\n"
      "local row = core.entity(session, 'Metadata', { parent_id = 't', key = 'old', value = '1' "
      "})\n"
      "core.load(task, 'metadata', { row })\n"
      "task.metadata.old = '2' task.metadata.new = 'x' same(task.metadata.old, '2') "
      "same(#task.metadata, 2)\n"
      "reply(ok(2)) core.commit(session)\n"
      "same(payloads(), "
      "'[{action:update,entity_type:Metadata,entity_key:[t,old],entity_data:{__entity_type__:"
      "Metadata,value:2}},'\n"
      "  .. "
      "'{action:create,entity_type:Metadata,entity_key:[t,new],entity_data:{__entity_type__:"
      "Metadata,'\n"
      "  .. 'parent_id:t,key:new,parent_type:Task,value:x}}]')\n"
      "task.metadata.old = nil same(task.metadata.old, nil) same(#task.metadata, 1)\n"
      "reply(ok(1)) core.commit(session)\n"
      "same(payloads(), '[{action:delete,entity_type:Metadata,entity_key:[t,old]}]')\n"
      "task.metadata = { fresh = 'f' } same(task.metadata.new, nil) same(task.metadata.fresh, "
      "'f')\n"
      "fails('invalid', 'Metadata.value holds a string', function() task.metadata.k = 1 end)\n"
      "local value = core.entity(session, 'ContextCustomAttributeValue',\n"
      "  { configuration_id = 'c', entity_id = 't', key = 'fstart', value = 1 })\n"
      "core.load(task, 'custom_attributes', { value })\n"
      "core.hooks.fit_custom = function(owner, of, given)\n"
      "  same(owner, task) same(of, value) return given + 1 end\n"
      "task.custom_attributes.fstart = 1000 same(task.custom_attributes.fstart, 1001)\n"
      "task.custom_attributes = { fstart = 5 } same(value.value, 6)\n"
      "fails('not_found', \"did you mean 'fstart'\", function() task.custom_attributes.fstrat = 1 "
      "end)\n");
}

static void
test_loaded_collections_follow_commits(void **state)
{
  run(state, HELPERS "local asked = {}\n"
                     "core.hooks.populate = function(entity, name) asked[#asked + 1] = name "
                     "core.load(entity, name, {}) end\n"
                     "local job = job 'j' core.load(job, 'job_components', {})\n"
                     "local other = core.entity(session, 'Job', { id = 'k' }) core.load(other, "
                     "'job_components', {})\n"
                     "same(#job.job_components, 0) same(#asked, 0)\n"
                     "session:create('JobComponent', { component_id = 'c', job_id = 'j' })\n"
                     "reply(ok(1)) core.commit(session)\n"
                     "same(#job.job_components, 0) same(#other.job_components, 0)\n"
                     "same(#asked, 1) same(asked[1], 'job_components')\n");
}

static void
test_relations_and_keys_follow_assignments(void **state)
{
  run(state,
      HELPERS "local ada, bob = core.entity(session, 'User', { id = 'a' }), core.entity(session, "
              "'User', { id = 'b' })\n"
              "local job = core.entity(session, 'Job', { id = 'j', user_id = 'a' })\n"
              "same(job.user, ada)\n"
              "job.user = bob same(job.user_id, 'b')\n"
              "job.user_id = 'a' same(job.user, ada) same(job.user_id, 'a')\n"
              "job.user = nil same(job.user_id, nil)\n"
              "reply(ok(1)) core.commit(session) same(job.user, nil) same(job.user_id, nil)\n"
              "assert(payloads():find('user:null', 1, true))\n"
              "core.hooks.get = function(_, type, key) return type .. ' ' .. key end\n"
              "job.user_id = 'unknown' same(job.user, 'User unknown')\n");
}

static void
test_checks_at_the_assignment(void **state)
{
  run(state,
      HELPERS "local a, task = job 'a', core.entity(session, 'Task', { id = 't' })\n"
              "fails('not_found', \"did you mean 'status'\", function() a.stauts = 'x' end)\n"
              "fails('not_found', \"did you mean 'status'\", function() return a.stauts end)\n"
              "fails('invalid', 'did you mean \"running\"', function() a.status = 'runing' end)\n"
              "fails('invalid', 'holds a string, not true', function() a.data = true end)\n"
              "fails('invalid', 'immutable', function() a.type = 'x' end)\n"
              "fails('invalid', 'primary key', function() a.id = 'x' end)\n"
              "fails('invalid', 'computed', function() task.time_logged = 1 end)\n"
              "fails('invalid', 'entities of type User, not an entity of type Task', function() "
              "a.user = task end)\n"
              "fails('invalid', 'finite number', function() task.bid = '3' end)\n"
              "fails('invalid', 'date%-time', function() task.start_date = 'tomorrow' end)\n"
              "task.start_date = '2024-02-03' same(task.start_date.day, 3)\n"
              "fails('not_found', \"did you mean 'Job'\", session.create, session, 'Jab')\n"
              "fails('not_found', \"did you mean 'status'\", session.create, session, 'Job', { "
              "sttaus = 1 })\n"
              "fails('invalid', 'job_id', session.create, session, 'JobComponent', { component_id "
              "= 'c' })\n"
              "fails('exists', 'already is', session.create, session, 'Job', { id = 'a' })\n"
              "same(#core.changes(session), 0)\n"
              "local other = core.open {}\n"
              "local stranger = core.entity(other, 'User', { id = 'u' })\n"
              "fails('invalid', 'another session', function() a.user = stranger end)\n"
              "session:close()\n"
              "fails('closed', 'closed', function() a.status = 'done' end)\n"
              "fails('closed', 'closed', session.create, session, 'Job', {})\n"
              "same(a.status, 'queued')\n");
}

static void
test_key_from_relation(void **state)
{
  run(state, HELPERS
      "local component = core.entity(session, 'FileComponent', { id = 'c' })\n"
      "local link = session:create('JobComponent', { component = component, job = job 'j' })\n"
      "same(link.component_id, 'c') same(link.job_id, 'j') same(link.component, component)\n"
      "same(tostring(link), 'JobComponent (c, j)')\n"
      "same(core.find(session, 'JobComponent', 'c', 'j'), link)\n");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_creation_and_assignments_are_one_create),
      TEST(test_last_assignment_counts_and_order_stays),
      TEST(test_created_and_deleted_is_nothing),
      TEST(test_answer_of_a_commit_is_merged),
      TEST(test_failed_commit_leaves_everything),
      TEST(test_lost_answer_freezes_the_batch),
      TEST(test_rollback_forgets),
      TEST(test_collections_send_their_members),
      TEST(test_mapped_collections_change_rows),
      TEST(test_loaded_collections_follow_commits),
      TEST(test_relations_and_keys_follow_assignments),
      TEST(test_checks_at_the_assignment),
      TEST(test_key_from_relation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
