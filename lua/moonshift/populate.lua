--- Fetching what entities lack: for many of them at once.
---
--- Reading a missing attribute of one entity of a query's result fetches it for every entity of that result
--- that lacks it, in one request.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local expression = require "moonshift.expression"
local task = require "moonshift.core.task"

---@class moonshift.populate
local populate = {}

local IDS_PER_QUERY = 500      -- keys in one `in (…)`
local PEERS_MAX = 5000         -- entities that one missing attribute is fetched for at a time
local QUERIES_PER_REQUEST = 20

local function describe(session, type_name)
  return session.types[type_name]
end

-- What to select for an attribute: a relation with the default projections of what it leads to.
local function projections_of(session, attribute)
  if attribute.restricted then
    errors.raise("invalid", ("'%s' can be used in conditions of queries alone"):format(attribute.name))
  elseif attribute.kind == "mapped" then
    return { attribute.name .. "." .. attribute.key_attribute, attribute.name .. "." .. attribute.value_attribute }
  elseif attribute.kind == "reference" then
    local list = {}
    for i, name in ipairs(describe(session, attribute.target).default_projections) do
      list[i] = attribute.name .. "." .. name
    end
    return list
  end
  return { attribute.name }
end

-- ---- conditions -----------------------------------------------------------------------------------

local function quoted(value)
  return expression.literal(tostring(value))
end

local function by_single_key(name, entities, first, last)
  local ids = {}
  for i = first, last do ids[#ids + 1] = quoted(entities[i]:primary_key()[name]) end
  return ("%s in (%s)"):format(name, table.concat(ids, ", "))
end

local function by_composite_key(names, entities, first, last)
  local alternatives = {}
  for i = first, last do
    local key, parts = entities[i]:primary_key(), {}
    for k, name in ipairs(names) do parts[k] = ("%s is %s"):format(name, quoted(key[name])) end
    alternatives[#alternatives + 1] = "(" .. table.concat(parts, " and ") .. ")"
  end
  return table.concat(alternatives, " or ")
end

-- The queries for entities of one type.
local function add_queries(queries, description, projections, entities)
  local names = description.primary_key
  for first = 1, #entities, IDS_PER_QUERY do
    local last = math.min(first + IDS_PER_QUERY - 1, #entities)
    local condition = #names == 1 and by_single_key(names[1], entities, first, last)
      or by_composite_key(names, entities, first, last)
    queries[#queries + 1] = ("select %s from %s where %s"):format(
      table.concat(projections, ", "), description.name, condition)
  end
end

-- Type → its entities, and the types in the order of their first entity.
local function by_type(entities)
  local lists, order = {}, {}
  for _, entity in ipairs(entities) do
    local name = entity.__entity_type__
    if not lists[name] then
      lists[name] = {}
      order[#order + 1] = name
    end
    table.insert(lists[name], entity)
  end
  return lists, order
end

-- Sends the queries and returns the set of the entities that were answered.
local function ask(session, queries)
  local found, groups = {}, {}
  for first = 1, #queries, QUERIES_PER_REQUEST do
    local last = math.min(first + QUERIES_PER_REQUEST - 1, #queries)
    local answers = table.pack(core.fetch(session, groups, true, table.unpack(queries, first, last)))
    for i = 1, answers.n, 2 do
      for _, entity in ipairs(answers[i]) do found[entity] = true end
    end
  end
  return found
end

-- ---- one attribute ----------------------------------------------------------------------------------

-- The server answered the entity without the attribute: nothing is there, and asking again is no use.
local function settle(entities, name, found)
  for _, entity in ipairs(entities) do
    if found[entity] and core.lacking(entity, name, 1)[1] then core.load(entity, name, nil) end
  end
end

local function fetch(session, entity, name)
  local lists, order = by_type(core.lacking(entity, name, PEERS_MAX))
  local queries = {}
  for _, type_name in ipairs(order) do
    local description = describe(session, type_name)
    local projections = projections_of(session, description.attributes[name])
    add_queries(queries, description, projections, lists[type_name])
  end
  if #queries == 0 then return end
  local found = ask(session, queries)
  if not found[entity] then
    errors.raise("not_found", ("the server does not know %s (any more)"):format(tostring(entity)))
  end
  for _, type_name in ipairs(order) do settle(lists[type_name], name, found) end
end

-- Group → attribute → what to call when it has been fetched.
local under_way = setmetatable({}, { __mode = "k" })

-- Waits until another task has fetched the attribute for the group; false where this code cannot wait.
local function wait_for(waiting)
  local ok, problem = pcall(task.await, function(resume) waiting[#waiting + 1] = resume end)
  if not ok and errors.code(problem) ~= "usage" then error(problem, 0) end
  return ok
end

-- Fetches for the group; tasks that come meanwhile wait for this one's answer.
local function fetch_for_group(session, entity, name, group)
  local waiting = {}
  under_way[group] = under_way[group] or {}
  under_way[group][name] = waiting
  local _ <close> = setmetatable({}, { __close = function()
    under_way[group][name] = nil
    for _, resume in ipairs(waiting) do resume() end
  end })
  fetch(session, entity, name)
end

--- Fetches a missing attribute of `entity` for all that came with it.
---@param entity moonshift.Entity
---@param name string
function populate.attribute(entity, name)
  local session = core.session_of(entity)
  if not core.is_open(session) then
    errors.raise("closed", ("the session is closed, and '%s' of %s was not loaded"):format(name, tostring(entity)))
  end
  if core.state(entity) == "created" then return require "moonshift.custom_attributes".load(entity, name) end
  local group = core.group(entity)
  if not group then return fetch(session, entity, name) end
  local waiting = under_way[group] and under_way[group][name]
  if waiting and wait_for(waiting) and not core.lacking(entity, name, 1)[1] then return end
  fetch_for_group(session, entity, name, group)
end

-- ---- several projections ---------------------------------------------------------------------------

local function split(projections)
  if type(projections) == "string" then
    local list = {}
    for path in projections:gmatch "[^,%s]+" do list[#list + 1] = path end
    projections = list
  end
  if type(projections) ~= "table" or #projections == 0 then
    errors.raise("usage", 'populate: say what to fetch, as in "name, status.name"')
  end
  return projections
end

local function check_paths(session, type_name, paths)
  local attributes = describe(session, type_name).attributes
  for _, path in ipairs(paths) do
    local _ = attributes[path:match "^[%w_]+" or path] -- raises for an unknown one
  end
  core.check_query(session, ("select %s from %s"):format(table.concat(paths, ", "), type_name))
end

-- Entities that the server has.
local function persisted(entities)
  if core.is_entity(entities) then entities = { entities } end
  local list = {}
  for i = 1, #entities do
    local entity = entities[i]
    local state = core.state(entity)
    if state == nil or state == "modified" then list[#list + 1] = entity end
  end
  return list
end

--- Fetches projections for a list of entities. See `Session:populate`.
---@param session moonshift.Session
---@param entities moonshift.Entity|moonshift.Entity[]|moonshift.Query
---@param projections string|string[]
function populate.entities(session, entities, projections)
  local paths = split(projections)
  local lists, order = by_type(persisted(entities))
  local queries = {}
  for _, type_name in ipairs(order) do
    check_paths(session, type_name, paths)
    add_queries(queries, describe(session, type_name), paths, lists[type_name])
  end
  if #queries > 0 then ask(session, queries) end
end

core.hooks.populate = populate.attribute

return populate
