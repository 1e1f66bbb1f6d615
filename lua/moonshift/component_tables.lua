--- Components as plain tables, the way places and structures look at them; with their members and their version.

local session_core = require "moonshift.core.session"

---@class moonshift.component_tables
local component_tables = {}

local PROJECTIONS = "id, name, file_type, size, version_id, container_id"
local VERSION_PROJECTIONS = "version.version, version.asset.name, version.asset.parent.link, "
  .. "container.version.version, container.version.asset.name, container.version.asset.parent.link"

local function quoted(ids)
  return ('"%s"'):format(table.concat(ids, '", "'))
end

--- What a structure has to know of a version.
---@param row table { version, asset = { name, parent = { link } } }
---@return { number: integer, asset: string, names: string[], project_id: string }?
function component_tables.version(row)
  if type(row) ~= "table" or not row.version then return nil end
  local names = {}
  for i, step in ipairs(row.asset.parent.link) do names[i] = step.name end
  return { number = row.version, asset = row.asset.name, names = names, project_id = row.asset.parent.link[1].id }
end

-- A link calls a project by its full name, paths by its short one. Each is asked for once.
local function name_projects(session, versions)
  local notes = session_core.notes(session)
  local known, missing = notes.project_names or {}, {}
  notes.project_names = known
  for _, version in ipairs(versions) do
    if known[version.project_id] == nil then
      known[version.project_id] = version.names[1]
      missing[#missing + 1] = version.project_id
    end
  end
  if #missing > 0 then
    local expression = ("select id, name from Project where id in (%s)"):format(quoted(missing))
    for _, row in ipairs(session:call({ { action = "query", expression = expression } })[1].data) do
      known[row.id] = row.name
    end
  end
  for _, version in ipairs(versions) do version.names[1] = known[version.project_id] end
end

-- Components by their ids, and with `members` what is in those that are containers.
local function query(session, ids, members)
  local list = quoted(ids)
  local condition = ("id in (%s)"):format(list) .. (members and (" or container_id in (%s)"):format(list) or "")
  return session:call {
    {
      action = "query",
      expression = ("select %s, %s from Component where %s"):format(PROJECTIONS, VERSION_PROJECTIONS, condition),
    },
    { action = "query", expression = ("select id, padding from SequenceComponent where id in (%s)"):format(list) },
  }
end

local CONTAINERS = { SequenceComponent = true, ContainerComponent = true }

local function item_of(row)
  return {
    id = row.id, name = row.name, file_type = row.file_type or "", size = row.size or 0,
    is_container = CONTAINERS[row.__entity_type__] or false,
    is_sequence = row.__entity_type__ == "SequenceComponent",
    container_id = row.container_id,
    version = component_tables.version(row.version)
      or component_tables.version(type(row.container) == "table" and row.container.version or nil),
  }
end

-- Containers in front of their members.
local function sorted(items)
  local list = {}
  for _, is_container in ipairs { true, false } do
    for _, item in ipairs(items) do
      if item.is_container == is_container then list[#list + 1] = item end
    end
  end
  return list
end

local function read(session, answers, by_id)
  local items, versions = {}, {}
  for i, row in ipairs(answers[1].data) do
    items[i] = item_of(row)
    by_id[row.id] = items[i]
    versions[#versions + 1] = items[i].version
  end
  for _, row in ipairs(answers[2].data) do by_id[row.id].padding = row.padding end
  name_projects(session, versions)
  return items
end

-- A member is named after its container, also where that is not meant itself.
local function read_containers(session, items, by_id)
  local missing, seen = {}, {}
  for _, item in ipairs(items) do
    local id = item.container_id
    if id and not by_id[id] and not seen[id] then missing[#missing + 1] = id end
    seen[id or 0] = true
  end
  if #missing > 0 then read(session, query(session, missing), by_id) end
end

--- Components and the members of containers, in one request where no member is meant alone.
---@param session moonshift.Session
---@param entities moonshift.Entity[]
---@return table[] items
function component_tables.load(session, entities)
  local ids, by_id = {}, {}
  for i, entity in ipairs(entities) do ids[i] = entity.id end
  if #ids == 0 then return {} end
  local items = read(session, query(session, ids, true), by_id)
  read_containers(session, items, by_id)
  for _, item in ipairs(items) do item.container = by_id[item.container_id] end
  return sorted(items)
end

--- Gives each item a progress function that adds up to one for all.
---@param items table[]
---@param progress? fun(done: integer, total: integer)
function component_tables.meter(items, progress)
  if not progress then return end
  local total, done = 0, 0
  for _, item in ipairs(items) do
    if not item.is_container then
      local last = 0
      total = total + item.size
      item.progress = function(bytes)
        done, last = done + bytes - last, bytes
        progress(done, total)
      end
    end
  end
end

--- A version that a new component will belong to.
---@param session moonshift.Session
---@param version_id string
function component_tables.load_version(session, version_id)
  local row = session:call({ {
    action = "query",
    expression = ('select version, asset.name, asset.parent.link from AssetVersion where id is "%s"')
      :format(version_id),
  } })[1].data[1]
  local version = component_tables.version(row)
  if version then name_projects(session, { version }) end
  return version
end

return component_tables
