--- How much of components is in locations: 100 where the tracker knows of it, 0 elsewhere, the mean of its members for
--- a container.

local component_arguments = require "moonshift.component_arguments"
local component_tables = require "moonshift.component_tables"
local id_query = require "moonshift.id_query"
local session_core = require "moonshift.core.session"

local Session = session_core.Session

local PLACES = 1e9 -- rounded to nine places

local MEMBERS = "select id, container_id from Component where container_id in IDS"
local PRESENT = "select component_id, location_id from ComponentLocation "
  .. "where component_id in IDS or component.container_id in IDS"
local LOCATIONS = "select id from Location"

local function ids_of(entities)
  local ids = {}
  for i, entity in ipairs(entities) do ids[i] = entity.id end
  return ids
end

local function read_members(known, rows)
  local containers = {}
  for _, row in ipairs(rows) do
    table.insert(known.members[row.container_id], row.id)
    if component_tables.is_container(row) and not known.members[row.id] then containers[#containers + 1] = row.id end
  end
  return containers
end

-- What is in which container, what is where, and which locations there are: one request, and one more for each level
-- of containers that are in containers.
local function ask(session, ids)
  local known = { members = {}, present = {}, locations = {} }
  while #ids > 0 do
    local answers = id_query.rows(session, { MEMBERS, PRESENT, LOCATIONS }, ids)
    for _, id in ipairs(ids) do known.members[id] = {} end
    for _, row in ipairs(answers[2]) do
      known.present[row.component_id] = known.present[row.component_id] or {}
      known.present[row.component_id][row.location_id] = true
    end
    known.locations = ids_of(answers[3])
    ids = read_members(known, answers[1])
  end
  return known
end

-- 0 to 1. `seen`: what was counted already; a container in itself is not there.
local function share_of(known, id, location_id, seen)
  if seen[id] then return seen[id] end
  seen[id] = 0
  local members, share = known.members[id] or {}, 0
  for _, member in ipairs(members) do share = share + share_of(known, member, location_id, seen) / #members end
  if #members == 0 and (known.present[id] or {})[location_id] then share = 1 end
  seen[id] = share
  return share
end

--- Availability of components in locations, in one request: a list of tables from location id to a number from
--- 0 to 100, in the components' order.
---
--- ```lua
--- local percent = session:get_component_availabilities({ movie }, { server_location })[1][server_location.id]
--- ```
---@param components moonshift.Entity[]
---@param locations? moonshift.Entity[] All when not given.
---@return table<string, number>[]
function Session:get_component_availabilities(components, locations)
  components = component_arguments.components("get_component_availabilities", components)
  if #components == 0 then return {} end
  local known = ask(self, ids_of(components))
  local result = {}
  for i in ipairs(components) do result[i] = {} end
  for _, location_id in ipairs(locations and ids_of(locations) or known.locations) do
    local seen = {}
    for i, component in ipairs(components) do
      local percent = 100 * share_of(known, component.id, location_id, seen)
      result[i][location_id] = math.floor(percent * PLACES + 0.5) / PLACES
    end
  end
  return result
end

--- The same for one component.
---@param component moonshift.Entity
---@param locations? moonshift.Entity[]
---@return table<string, number>
function Session:get_component_availability(component, locations)
  return self:get_component_availabilities({ component }, locations)[1]
end
