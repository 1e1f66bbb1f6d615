-- Custom attributes: their kinds of values, what is refused at the assignment, and changes of their configurations.

local cjson = require "cjson"
local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local support = require "support"
local trackers = require "trackers"

local MENU = cjson.encode { { menu = "Easy", value = "e" }, { menu = "Hard", value = "hard" } }

-- Key → how it is set up.
local ATTRIBUTES = {
  note = { type = "text", default = "none yet" },
  ready = { type = "boolean", default = false },
  frames = { type = "number", config = { isdecimal = false }, default = 1001 },
  rate = { type = "number", config = { isdecimal = true } },
  due = { type = "date" },
  level = { type = "enumerator", config = { multiSelect = false, data = MENU } },
  tags = { type = "enumerator", config = { multiSelect = true, data = MENU } },
  picked = { type = "dynamic enumerator" },
  sum = { type = "expression" },
}

local function code_of(f, ...)
  local ok, problem = pcall(f, ...)
  assert.is_false(ok)
  return errors.code(problem), errors.message(problem)
end

for _, kind in ipairs(trackers.KINDS) do describe("custom attributes over " .. kind, function()
  local tracker
  setup(function()
    tracker = trackers.start(kind)
    local session <close> = tracker:session()
    for key, attribute in pairs(ATTRIBUTES) do
      session:create("CustomAttributeConfiguration", {
        key = key, label = key, entity_type = "task", default = attribute.default,
        config = cjson.encode(attribute.config or {}),
        type = session:query("CustomAttributeType where name is {name}", { name = attribute.type }):one(),
        object_type = session:query('ObjectType where name is "Task"'):one(),
      })
    end
    local schema = session:query("ProjectSchema"):first()
    session:create("Project", { name = "p", full_name = "P", project_schema = schema })
    session:commit()
  end)
  teardown(function() tracker:close() end)

  -- A test with a session of its own.
  local function test(name, body)
    it(name, function()
      local session <close> = tracker:session()
      body(session, session:query("Project"):one())
    end)
  end

  local function new_task(session, values)
    local project = session:query("Project"):one()
    local task = session:create("Task", { name = "t", parent = project, custom_attributes = values })
    session:commit()
    return task
  end

  -- As another session reads it.
  local function read_again(task)
    local other <close> = tracker:session()
    local found = {}
    for key, value in pairs(other:get("Task", task.id).custom_attributes) do found[key] = value end
    found.sum = nil
    return found
  end

  test("take what they are set up for", function(session)
    local task = new_task(session)
    local values = {
      note = "2024-01-31", ready = true, frames = 7.0, rate = 2.5, due = "2024-02-01T10:00:00", level = "e",
      tags = { "e", "hard" }, picked = { "anything" },
    }
    for key, value in pairs(values) do task.custom_attributes[key] = value end
    values.frames, values.level, values.due = 7, { "e" }, moonshift.datetime "2024-02-01T10:00:00"
    for key, value in pairs(values) do assert.same(value, task.custom_attributes[key]) end
    session:commit()
    assert.same(values, read_again(task))
    task.custom_attributes.tags = {}
    task.custom_attributes.level = nil
    session:commit()
    local found = read_again(task)
    assert.same({ {}, nil }, { found.tags, found.level })
  end)

  local refusals = {
    { "note", 5, "holds a text, not the number 5" },
    { "ready", "yes", 'holds true or false, not the string "yes"' },
    { "frames", "12", 'holds a whole number, not the string "12"' },
    { "frames", 1.5, "holds a whole number, not the number 1.5" },
    { "rate", 0 / 0, "holds a finite number, not the number" },
    { "rate", true, "holds a finite number, not true" },
    { "due", "soon", "holds a date-time or text such as" },
    { "due", 5, "holds a date-time or text such as" },
    { "level", { "e", "hard" }, "holds one choice alone, not a list of 2" },
    { "level", "Hard", 'has no choice "Hard", did you mean "hard"?' },
    { "level", "Easy", 'has no choice "Easy", did you mean "e"?' },
    { "tags", { "e", "impossible" }, 'has no choice "impossible": choose "e", "hard"' },
    { "tags", { e = true }, "holds a list of texts, not a table" },
    { "picked", { 1 }, "holds a list of texts, not a list of 1" },
    { "sum", 1, "is computed by the server and cannot be set" },
  }

  test("refuse the rest where it is assigned", function(session, project)
    local task = new_task(session)
    for _, refusal in ipairs(refusals) do
      local key, value, reason = table.unpack(refusal)
      local code, message = code_of(function() task.custom_attributes[key] = value end)
      assert.equal("invalid", code)
      local begins = ("Task.custom_attributes.%s %s"):format(key, reason)
      assert.equal(begins, message:sub(1, #begins))
    end
    assert.same({}, session.modified)
    assert.equal("invalid", (code_of(function() task.custom_attributes = { frames = "x" } end)))
    assert.equal("invalid", (code_of(function() task.custom_attributes = nil end)))
    assert.equal("invalid", (code_of(session.create, session, "Task", {
      name = "u", parent = project, custom_attributes = { ready = 1 },
    })))
  end)

  test("keep their defaults when others are given", function(session)
    local task = new_task(session, { frames = 5 })
    assert.equal("none yet", task.custom_attributes.note)
    local found = read_again(task)
    assert.same({ 5, "none yet", false }, { found.frames, found.note, found.ready })
    task.custom_attributes = { ready = true }
    session:commit()
    found = read_again(task)
    assert.same({ 5, "none yet", true }, { found.frames, found.note, found.ready })
  end)

  test("are read again before a value is refused", function(session)
    local task = new_task(session)
    assert.equal("invalid", (code_of(function() task.custom_attributes.level = "new" end)))
    do
      local other <close> = tracker:session()
      local configuration = other:query('CustomAttributeConfiguration where key is "level"'):one()
      configuration.config = cjson.encode { data = cjson.encode { { menu = "New", value = "new" } } }
      other:commit()
    end
    task.custom_attributes.level = "new"
    session:commit()
    assert.same({ "new" }, read_again(task).level)
  end)

  test("have their nearest name in an error, on new entities too", function(session, project)
    local code, message = code_of(session.create, session, "Task", {
      name = "u", parent = project, custom_attributes = { fraems = 1 },
    })
    assert.equal("not_found", code)
    assert.equal("Task has no custom attribute 'fraems'; did you mean 'frames'?", message)
  end)

  test("are checked with one request for all", function(session)
    local script = support.write(tracker.folder.path .. "/script.lua", [[
      local session <close> = require "moonshift".session()
      for _, task in ipairs(session:query("select custom_attributes from Task"):all()) do
        task.custom_attributes.frames = 12
        task.custom_attributes.note = "x"
      end
      session:rollback()
    ]])
    new_task(session)
    new_task(session)
    local environment = tracker:environment()
    environment.MOONSHIFT_TRACE = "requests"
    local result = support.run { "run", script, environment = environment }
    assert.equal(0, result.exit_code, result.stderr)
    local _, count = result.stderr:gsub("requests: POST", "")
    assert.equal(kind == "http" and 3 or 2, count, result.stderr) -- who it is, the tasks, the configurations
  end)
end) end
