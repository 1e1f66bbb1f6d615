-- The session against real trackers: what a script of a TD does.

local cjson = require "cjson"
local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local trackers = require "trackers"

local function code_of(f, ...)
  local ok, problem = pcall(f, ...)
  assert.is_false(ok)
  return errors.code(problem), errors.message(problem)
end

local function make_user(session, username)
  return session:ensure("User", { username = username, first_name = "Ada" }, { "username" })
end

trackers.describe("session", function(test, tracker_of)
  test("knows who acts, where, and what there is", function(session)
    assert.is_string(session.api_user)
    assert.truthy(session.name:find(tracker_of().kind == "http" and "^http://" or "^embedded:"))
    assert.is_string(session.server_information.schema_hash)
    assert.equal("Resource", session.types.User.base)
    assert.is_table(session.schemas[1].properties)
    assert.equal("not_found", (code_of(function() return session.types.Usr end)))
  end)

  test("creates, commits and reads back", function(session)
    local user = make_user(session, "ada")
    local job = session:create("Job", {
      user = user, status = "running", data = cjson.encode { description = "My custom job description." },
    })
    assert.same({ job }, session.created)
    local before = moonshift.datetime()
    assert.equal("created", job:state())
    session:commit()
    assert.same({}, session.created)
    assert.is_nil(job:state())
    assert.equal("table", type(cjson.decode(job.data)))
    assert.is_true(job.created_at - before >= -1 and moonshift.datetime() - job.created_at >= 0)
    job.status = "done"
    session:commit()
    local other <close> = tracker_of():session()
    local again = other:get("Job", job.id)
    assert.equal("done", again.status)
    assert.equal("ada", again.user.username)
    assert.equal(user.id, again.user_id)
    assert.is_not_nil(again.finished_at)
    session:delete(job)
    assert.equal("deleted", job:state())
    session:commit()
    assert.equal("gone", job:state())
    assert.is_nil(other:query(('Job where id is "%s"'):format(job.id)):first())
  end)

  test("finds one, first, all, by index and by iteration", function(session)
    local user = make_user(session, "lister")
    for i = 1, 5 do session:create("Job", { user = user, data = tostring(i) }) end
    session:commit()
    local text = 'select data from Job where user.username is "lister" order by data'
    local query = session:query(text)
    assert.equal(5, #query)
    assert.equal("2", query[2].data)
    assert.is_nil(query[6])
    assert.equal(5, #query:all())
    assert.equal("1", session:query(text):first().data)
    local seen = {}
    for i, job in session:query(text .. " limit 4 offset 1"):iterate() do seen[i] = job.data end
    assert.same({ "2", "3", "4", "5" }, seen)
    assert.equal("not_unique", (code_of(function() session:query(text):one() end)))
    assert.equal("5", session:query('Job where data is "5" and user.username is "lister"'):one().data)
    local code, message = code_of(function() session:query('User where username is "nobody"'):one() end)
    assert.equal("not_found", code)
    assert.truthy(message:find("nobody", 1, true))
    assert.is_nil(session:query('User where username is "nobody"'):first())
  end)

  test("reads on through pages", function(session)
    local user = make_user(session, "pager")
    for i = 1, 1203 do session:create("Job", { user = user, data = ("%04d"):format(i) }) end
    session:commit()
    local query = session:query('select data from Job where user.username is "pager" order by data')
    local count = 0
    for i, job in query:iterate() do
      count = count + 1
      assert.equal(("%04d"):format(i), job.data)
    end
    assert.equal(1203, count)
    assert.equal(1203, #query)
    assert.equal("1001", query[1001].data)
  end)

  test("has values that cannot change a query", function(session)
    local nasty = [[x" or username like "%]]
    make_user(session, nasty)
    make_user(session, "quiet")
    local found = session:query("User where username is {name}", { name = nasty }):all()
    assert.equal(1, #found)
    assert.equal(nasty, found[1].username)
    local names = { "quiet", nasty }
    local both = session:query("User where username in {names} and is_active is {yes}", { names = names, yes = true })
    assert.equal(2, #both)
    assert.equal("usage", (code_of(session.query, session, "User where username is {name}", {})))
    assert.equal("invalid", (code_of(session.query, session, "User where username is {name}", { name = "x\\" })))
    assert.equal('User where a is "{name}"',
      require "moonshift.expression".fill('User where a is "{name}"', { name = 1 }))
  end)

  test("names the nearest right word", function(session)
    local user = make_user(session, "speller")
    local code, message = code_of(function() return user.usrname end)
    assert.equal("not_found", code)
    assert.truthy(message:find("username", 1, true))
    assert.equal("not_found", (code_of(session.create, session, "Jobb")))
    assert.equal("not_found", (code_of(function() return session.quary end)))
    assert.equal("parse", (code_of(session.query, session, "User where usrname is 1")))
  end)

  test("names the nearest right word in a query, and where", function(session)
    local code, message = code_of(session.query, session, "select status.nmae from Task")
    assert.equal("parse", code)
    assert.equal("No attribute 'nmae' exists for schema 'Status'. Did you mean 'name'? At position 15:\n"
      .. "  select status.nmae from Task\n                ^", message)
    code, message = code_of(session.query, session, "Task where parent.parnt[Shot] has (name is {n})", { n = "x" })
    assert.equal("parse", code)
    assert.truthy(message:find("Did you mean 'parent'? At position 19:", 1, true))
    code = code_of(session.populate, session, make_user(session, "populated"), "memberships.gruop.name")
    assert.equal("parse", code)
    code = code_of(function() session:query("select bananas from Task"):all() end)
    assert.equal("parse", code)
  end)

  test("names what belongs elsewhere, and parameters that are nearly there", function(session)
    local other <close> = tracker_of():session()
    local user = make_user(other, "elsewhere")
    local code, message = code_of(session.delete, session, user)
    assert.equal("invalid", code)
    assert.equal(("%s belongs to another session"):format(user), message)
    code, message = code_of(session.query, session, "User where username is {nme}", { name = "x" })
    assert.equal("usage", code)
    assert.truthy(message:find("did you mean {name}?", 1, true))
  end)

  test("forgets what is rolled back, and is as before when a commit fails", function(session)
    local user = make_user(session, "careful")
    user.first_name = "Bob"
    session:rollback()
    assert.equal("Ada", user.first_name)
    user.first_name = "Eve"
    local twin = session:create("User", { username = "careful2" })
    local broken = session:create("JobComponent", { component_id = core.new_id(), job_id = core.new_id() })
    assert.is_false((pcall(session.commit, session)))
    assert.equal("Eve", user.first_name)
    assert.same({ twin, broken }, session.created)
    session:delete(broken)
    session:commit()
    local other <close> = tracker_of():session()
    assert.equal("Eve", other:get("User", user.id).first_name)
    assert.is_not_nil(other:get("User", twin.id))
  end)

  test("names the operation and the entity that the server refuses", function(session)
    local user = make_user(session, "refused")
    user.first_name = "Eve"
    session:create("Job", { user = user, status = "running" })
    local twin = session:create("User", { username = "refused" })
    local _, message = code_of(session.commit, session)
    local begins = ("create %s, operation 3 of 3: "):format(twin)
    assert.equal(begins, message:sub(1, #begins))
    assert.is_nil(message:find("(operation", 1, true))
    session:delete(twin)
    local stray = session:create("JobComponent", { component_id = core.new_id(), job_id = core.new_id() })
    local code
    code, message = code_of(session.commit, session)
    begins = ("create %s, operation 3 of 3: "):format(stray)
    assert.equal("integrity", code)
    assert.equal(begins, message:sub(1, #begins))
    session:delete(stray)
    session:commit()
    assert.equal(1, #session:query("Job where user.first_name is Eve"):all())
  end)

  test("ensures", function(session)
    local first = session:ensure("User", { username = "sure", last_name = "One" }, { "username" })
    local second = session:ensure("User", { username = "sure", last_name = "Two" }, { "username" })
    assert.equal(first, second)
    assert.equal("Two", first.last_name)
  end)

  test("keeps metadata as keys and values", function(session)
    local user = make_user(session, "meta")
    user.metadata.colour = "blue"
    user.metadata.size = "12"
    session:commit()
    local other <close> = tracker_of():session()
    local again = other:get("User", user.id)
    assert.equal("blue", again.metadata.colour)
    assert.equal(2, #again.metadata)
    again.metadata.colour = "red"
    again.metadata.size = nil
    other:commit()
    session:reset()
    local fresh = session:get("User", user.id)
    assert.equal("red", fresh.metadata.colour)
    assert.is_nil(fresh.metadata.size)
  end)

  test("answers raw calls with plain tables", function(session)
    local results = session:call {
      { action = "query_server_information" },
      { action = "query", expression = "select username from User limit 1" },
    }
    assert.is_string(results[1].version)
    assert.equal("table", type(results[2].data[1]))
    assert.equal("User", results[2].data[1].__entity_type__)
  end)

  test("refuses to work when it is closed", function(session)
    local user = make_user(session, "late")
    session:close()
    assert.equal("late", user.username)
    assert.equal("closed", (code_of(function() return user.email end)))
    assert.equal("closed", (code_of(session.commit, session)))
    assert.equal("closed", (code_of(function() session:query("User"):all() end)))
    assert.is_true(session.closed)
  end)
end)
