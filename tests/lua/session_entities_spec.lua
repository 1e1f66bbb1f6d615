-- Entities of a production: the tree, metadata, custom attributes, notes, timers, schemas, media.

local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local support = require "support"
local trackers = require "trackers"

local function names(entities)
  local list = {}
  for _, entity in ipairs(entities) do list[#list + 1] = entity.name end
  table.sort(list)
  return list
end

for _, kind in ipairs(trackers.KINDS) do describe("entities over " .. kind, function()
  local tracker, count
  setup(function() tracker, count = trackers.start(kind), 0 end)
  teardown(function() tracker:close() end)

  -- A test with a session and a project of its own.
  local function test(name, body)
    it(name, function()
      local session <close> = tracker:session()
      count = count + 1
      local project = session:create("Project", {
        name = "p" .. count, full_name = "Project " .. count, project_schema = session:query("ProjectSchema"):first(),
      })
      session:commit()
      body(session, project, session:query(('User where username is "%s"'):format(session.api_user)):one())
    end)
  end

  test("know their parents and children", function(session, project)
    local shot = session:create("Shot", { name = "sh010", parent = project })
    local task = session:create("Task", { name = "anim", parent = shot })
    session:commit()
    assert.equal(shot, task.parent)
    assert.equal(project, task.project)
    assert.same({ "sh010" }, names(project.children))
    assert.equal("Not started", task.status.name)
    assert.equal("sh010", task.link[2].name)
    local second = session:create("Shot", { name = "sh020", parent = project })
    session:commit()
    assert.same({ "sh010", "sh020" }, names(project.children))
    task.parent = second
    session:commit()
    assert.same({}, names(shot.children))
    assert.same({ "anim" }, names(second.children))
    session:delete(second)
    session:commit()
    assert.same({ "sh010" }, names(project.children))
    assert.is_nil(session:query("Task where project.id is {id}", { id = project.id }):first())
    assert.truthy(tostring(shot):find('^Shot "sh010" %('))
    assert.equal("_link", shot:keys()[1])
    assert.same({ id = shot.id }, shot:primary_key())
  end)

  test("see what a commit changed around them", function(session, project, user)
    local task = session:create("Task", { name = "t", parent = project })
    local list = session:create("TypedContextList", {
      name = "l" .. count, project = project, category = session:query("ListCategory"):first(),
    })
    local asset = session:create("Asset", { name = "a", parent = project, type = session:query("AssetType"):first() })
    session:commit()
    local timelogs = #user.timelogs
    assert.same({ 0, 0, 0, 0, 0 }, { #task.notes, #task.metadata, #task.lists, #list.items, #asset.versions })
    assert.is_nil(asset.latest_version)
    assert.equal(0, task.time_logged)
    task:create_note("x", user)
    session:create("Timelog", { context = task, user = user, duration = 3 })
    session:create("Metadata", { parent_id = task.id, parent_type = "Task", key = "a", value = "b" })
    local version = session:create("AssetVersion", { asset = asset })
    list.items:add(task)
    session:commit()
    assert.same({ 1, 1, 1, 1, 1 }, { #task.notes, #task.metadata, #task.lists, #list.items, #asset.versions })
    assert.equal(version, asset.latest_version)
    assert.equal(3, task.time_logged)
    assert.equal(timelogs + 1, #user.timelogs)
    session:delete(task.notes[1])
    session:commit()
    assert.equal(0, #task.notes)
  end)

  test("keep dates, numbers and null", function(session, project)
    local task = session:create("Task", {
      name = "t", parent = project, start_date = "2024-02-01", bid = 3.5, description = "d",
    })
    session:commit()
    task.end_date = moonshift.datetime { year = 2024, month = 2, day = 2, hour = 18 }
    task.description = nil
    session:commit()
    session:reset()
    task = session:query("Task where project.id is {id}", { id = project.id }):one()
    assert.equal(42 * 3600, task.end_date - task.start_date)
    assert.equal(3.5, task.bid)
    assert.is_nil(task.description)
  end)

  test("have metadata from their creation on", function(session, project)
    local task = session:create("Task", { name = "t", parent = project, metadata = { a = "1", b = "2" } })
    assert.equal("1", task.metadata.a)
    session:commit()
    task.metadata = { b = "3", c = "4" }
    session:commit()
    session:reset()
    task = session:get("Task", task.id)
    local found = {}
    for key, value in pairs(task.metadata) do found[key] = value end
    assert.same({ b = "3", c = "4" }, found)
  end)

  test("have custom attributes, also before they are committed", function(session, project)
    local key = "fstart" .. count
    session:create("CustomAttributeConfiguration", {
      key = key, label = "First frame", entity_type = "task", default = "1001", config = '{"isdecimal":false}',
      type = session:query('CustomAttributeType where name is "number"'):one(),
      object_type = session:query('ObjectType where name is "Task"'):one(),
    })
    session:commit()
    local task = session:create("Task", { name = "t", parent = project, custom_attributes = { [key] = 5 } })
    assert.equal(5, task.custom_attributes[key])
    session:commit()
    session:reset()
    task = session:get("Task", task.id)
    assert.equal(5, task.custom_attributes[key])
    task.custom_attributes[key] = 7
    session:commit()
    local other <close> = tracker:session()
    assert.equal(7, other:get("Task", task.id).custom_attributes[key])
    local ok, problem = pcall(function() task.custom_attributes[key .. "x"] = 1 end)
    assert.is_false(ok)
    assert.truthy(errors.message(problem):find(("did you mean '%s'"):format(key), 1, true))
    ok, problem = pcall(function() return task.custom_attributes[key .. "x"] end)
    assert.is_false(ok)
    assert.equal("not_found", errors.code(problem))
    assert.truthy(errors.message(problem):find(("did you mean '%s'"):format(key), 1, true))
    assert.is_nil(task.metadata.nothing)
  end)

  test("have notes and replies", function(session, project, user)
    local note = project:create_note("Looks fine", user, { recipients = { user } })
    session:commit()
    local reply = project.notes[1]:create_reply("Thanks", user)
    session:commit()
    assert.equal(note, project.notes[1])
    assert.equal(reply, note.replies[1])
    assert.equal("Thanks", note.replies[1].content)
    assert.is_false((pcall(project.create_note, project, "no author")))
  end)

  test("have timers", function(session, project, user)
    local task = session:create("Task", { name = "t", parent = project })
    session:commit()
    user:start_timer { context = task, comment = "c" }
    local ok, problem = pcall(user.start_timer, user)
    assert.is_false(ok)
    assert.equal("exists", problem.code)
    user:start_timer { context = task, force = true }
    local timelog = user:stop_timer()
    assert.equal(task, timelog.context)
    assert.is_true(timelog.duration >= 0)
    assert.equal("not_found", select(2, pcall(user.stop_timer, user)).code)
  end)

  test("tell the statuses and types of a schema", function(_, project)
    local schema = project.project_schema
    assert.same({ "Approved", "Awaiting approval", "In progress", "Not started" }, names(schema:get_statuses "Task"))
    assert.same({ "Normal", "Omitted", "On Hold" }, names(schema:get_statuses "Shot"))
    assert.same({ "Approved", "Pending" }, names(schema:get_statuses "AssetVersion"))
    assert.equal(14, #schema:get_types "Task")
    assert.same({ "Character", "Environment", "Matte Painting", "Prop" }, names(schema:get_types "AssetBuild"))
  end)

  test("carry components", function(session, project)
    local asset = session:create("Asset", { name = "a", parent = project, type = session:query("AssetType"):first() })
    local version = session:create("AssetVersion", { asset = asset })
    session:commit()
    assert.equal(1, version.version)
    local path = support.write(tracker.folder.path .. "/frame.txt", "frame")
    local component = version:create_component(path, { name = "frame" })
    assert.same({ "frame" }, names(version.components))
    local server = session:query('Location where name is "ftrack.server"'):one()
    assert.equal(100, component:get_availability({ server })[server.id])
    project:create_thumbnail(path)
    assert.equal("thumbnail", project.thumbnail.name)
  end)
end) end
