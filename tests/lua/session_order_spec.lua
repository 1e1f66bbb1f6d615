-- A batch may create its entities in any order: what comes out is as if each had come after what it refers to.

local trackers = require "trackers"

local SCHEMA = "69cb7f92-4dbf-11e1-9902-f23c91df25eb"
local ROUNDS = 20

local QUERIES = {
  "select project_id, status_id, type_id, parent_id from TypedContext where project_id is %s order by name",
  "select status_id, version, asset_id from AssetVersion where asset.parent.project_id is %s order by id",
  "select parent_type, parent_id from Note where content is %s order by id",
}

local function create(entity_type, data)
  data.__entity_type__ = entity_type
  return { action = "create", entity_type = entity_type, entity_data = data }
end

local function refer(entity_type, id)
  return { __entity_type__ = entity_type, id = id }
end

-- A project and what is in it, from the top down. Every id begins with that of the project.
local function tree(project)
  local operations = { create("Project", { id = project, name = project, project_schema_id = SCHEMA }) }
  local function add(...) operations[#operations + 1] = create(...) end
  for q = 1, 2 do
    local sequence = project .. "-q" .. q
    add("Sequence", { id = sequence, name = "q" .. q, parent = refer("Project", project) })
    for s = 1, 2 do
      local shot, asset = sequence .. "-s" .. s, sequence .. "-a" .. s
      add("Shot", { id = shot, name = shot:sub(#project + 1), parent_id = sequence })
      add("Task", { id = shot .. "-k", name = shot:sub(#project + 1) .. "-k", parent = refer("Shot", shot) })
      add("Note", { id = shot .. "-n", content = project, parent_id = shot .. "-k" })
      add("Asset", { id = asset, name = "render", parent = refer("Shot", shot) })
      add("AssetVersion", { id = asset .. "-v", asset = refer("Asset", asset) })
    end
  end
  return operations
end

local function shuffle(list)
  for i = #list, 2, -1 do
    local k = math.random(i)
    list[i], list[k] = list[k], list[i]
  end
  return list
end

-- All that is in the project, without its own name.
local function contents(session, project)
  local lines = {}
  for _, query in ipairs(QUERIES) do
    for _, row in ipairs(session:call({ { action = "query", expression = query:format(project) } })[1].data) do
      local line = {}
      for name, value in pairs(row) do line[#line + 1] = name .. "=" .. tostring(value):gsub("^" .. project, "") end
      table.sort(line)
      lines[#lines + 1] = table.concat(line, " ")
    end
  end
  return table.concat(lines, "\n")
end

local function check_answers(operations, answers)
  for i, operation in ipairs(operations) do
    local answer = answers[i].data
    assert.equal(operation.entity_data.id, answer.id)
    for _, relation in ipairs { "parent", "asset" } do
      local given = operation.entity_data[relation]
      if given then
        assert.equal(given.id, answer[relation].id)
        assert.equal(given.__entity_type__, answer[relation].__entity_type__)
      end
    end
  end
end

describe("the order of a batch", function()
  local tracker
  setup(function() tracker = trackers.start "embedded" end)
  teardown(function() tracker:close() end)

  it("makes no difference to what is written and answered", function()
    local session <close> = tracker:session()
    session:call(tree "ordered")
    local expected = contents(session, "ordered")
    assert.equal(18, select(2, expected:gsub("[^\n]+", "")))
    for round = 1, ROUNDS do
      math.randomseed(round)
      local project = "shuffled" .. round
      local operations = shuffle(tree(project))
      check_answers(operations, session:call(operations))
      assert.equal(expected, contents(session, project))
    end
  end)
end)
