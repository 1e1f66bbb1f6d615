--- Components as plain tables, the way places and structures look at them; with their members and their version.

local errors = require "moonshift.errors"
local id_query = require "moonshift.id_query"
local session_core = require "moonshift.core.session"

---@class moonshift.component_tables
local component_tables = {}

local PROJECTIONS = "id, name, file_type, size, version_id, container_id, "
  .. "version.version, version.asset.name, version.asset.parent.link"

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
    for _, row in ipairs(id_query.rows(session, { "select id, name from Project where id in IDS" }, missing)[1]) do
      known[row.id] = row.name
    end
  end
  for _, version in ipairs(versions) do version.names[1] = known[version.project_id] end
end

-- ---- components and what is in them ----------------------------------------------------------------

local CONTAINERS = { SequenceComponent = true, ContainerComponent = true }

--- Whether a row of a query is a component that has others in it.
---@param row { __entity_type__: string }
---@return boolean
function component_tables.is_container(row)
  return CONTAINERS[row.__entity_type__] or false
end

local function item_of(row)
  return {
    id = row.id, name = row.name, file_type = row.file_type or "", size = row.size or 0,
    is_container = component_tables.is_container(row),
    is_sequence = row.__entity_type__ == "SequenceComponent",
    container_id = row.container_id,
    version = component_tables.version(row.version),
  }
end

local FIND = ("select %s from Component where id in IDS"):format(PROJECTIONS)
local FIND_WITH_MEMBERS = FIND .. " or container_id in IDS"
local FIND_PADDING = "select id, padding from SequenceComponent where id in IDS"

-- Those that were not known yet, in no order.
local function read(session, find, ids, by_id)
  local answers = id_query.rows(session, { find, FIND_PADDING }, ids)
  local items, versions = {}, {}
  for _, row in ipairs(answers[1]) do
    if not by_id[row.id] then
      by_id[row.id] = item_of(row)
      items[#items + 1] = by_id[row.id]
      versions[#versions + 1] = by_id[row.id].version
    end
  end
  for _, row in ipairs(answers[2]) do by_id[row.id].padding = row.padding end
  name_projects(session, versions)
  return items
end

-- Containers may be in containers: one request for each level.
local function read_all(session, ids, by_id)
  local all, asked, level = {}, {}, ids
  while #level > 0 do
    local items, deeper = read(session, FIND_WITH_MEMBERS, level, by_id), {}
    for _, id in ipairs(level) do asked[id] = true end
    for _, item in ipairs(items) do
      all[#all + 1] = item
      if item.is_container and not asked[item.id] then deeper[#deeper + 1] = item.id end
    end
    level = deeper
  end
  return all
end

local function containers_of(items, by_id)
  local missing, seen = {}, {}
  for _, item in ipairs(items) do
    local id = item.container_id
    if id and not by_id[id] and not seen[id] then missing[#missing + 1] = id end
    seen[id or 0] = true
  end
  return missing
end

-- A member belongs to what its container belongs to.
local function version_around(item)
  local holder = item
  while holder and not holder.version do holder = holder.container end
  return holder and holder.version
end

-- A member is named after its container, also where that is not meant itself.
local function read_containers(session, items, by_id)
  local missing = containers_of(items, by_id)
  while #missing > 0 do missing = containers_of(read(session, FIND, missing, by_id), by_id) end
  for _, item in pairs(by_id) do item.container = by_id[item.container_id] end
  for _, item in pairs(by_id) do item.version = version_around(item) end
end

local function check_found(ids, by_id)
  for _, id in ipairs(ids) do
    if not by_id[id] then
      errors.raise("not_found", ("the component '%s' is not on the tracker: commit it first"):format(id))
    end
  end
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

--- Components and all that is in those that are containers; a request for each level of containers. Raises `not_found`
--- for one that the tracker does not have.
---@param session moonshift.Session
---@param entities moonshift.Entity[]
---@return table[] items
function component_tables.load(session, entities)
  local ids, by_id = {}, {}
  for i, entity in ipairs(entities) do ids[i] = entity.id end
  local items = read_all(session, ids, by_id)
  check_found(ids, by_id)
  read_containers(session, items, by_id)
  return sorted(items)
end

--- The container that a new component will be in, with those around it.
---@param session moonshift.Session
---@param container_id string
---@return table item
function component_tables.load_container(session, container_id)
  local by_id = {}
  local items = read(session, FIND, { container_id }, by_id)
  check_found({ container_id }, by_id)
  read_containers(session, items, by_id)
  return items[1]
end

local function add_meter(item, add)
  local last = 0
  item.progress = function(bytes)
    add(bytes - last)
    last = bytes
  end
end

--- Gives each item a progress function that adds up to one for all, to which those that are there belong.
---@param items table[]
---@param progress? fun(done: integer, total: integer)
function component_tables.meter(items, progress)
  if not progress then return end
  local total, done = 0, 0
  local function add(bytes)
    done = done + bytes
    progress(done, total)
  end
  for _, item in ipairs(items) do
    if not item.is_container then
      add_meter(item, add)
      total = total + item.size
      done = done + (item.is_there and item.size or 0)
    end
  end
  if done > 0 then progress(done, total) end
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
