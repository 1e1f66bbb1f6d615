--- How much of components is in locations: 100 where the tracker knows of it, 0 elsewhere, the mean of its members for
--- a container.

local session_core = require "moonshift.core.session"

local Session = session_core.Session

local PLACES = 1e9 -- rounded to nine places

local function quoted(entities)
  local ids = {}
  for i, entity in ipairs(entities) do ids[i] = ('"%s"'):format(entity.id) end
  return table.concat(ids, ", ")
end

local function ask(session, components, locations)
  local ids = quoted(components)
  local where = locations and (" and location_id in (%s)"):format(quoted(locations)) or ""
  return session:call {
    {
      action = "query",
      expression = ("select id, container_id from Component where container_id in (%s)"):format(ids),
    },
    {
      action = "query",
      expression = ("select component_id, location_id from ComponentLocation "
        .. "where (component_id in (%s) or component.container_id in (%s))%s"):format(ids, ids, where),
    },
    { action = "query", expression = "select id from Location" },
  }
end

-- Member id to container id, and how many members each container has.
local function read_members(rows)
  local container_of, counts = {}, {}
  for _, row in ipairs(rows) do
    container_of[row.id] = row.container_id
    counts[row.container_id] = (counts[row.container_id] or 0) + 1
  end
  return container_of, counts
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
  if #components == 0 then return {} end
  local answers = ask(self, components, locations)
  local container_of, counts = read_members(answers[1].data)
  local present = {} -- component id → location id → how many
  for _, row in ipairs(answers[2].data) do
    local id = container_of[row.component_id] or row.component_id
    if container_of[row.component_id] or not counts[id] then
      present[id] = present[id] or {}
      present[id][row.location_id] = (present[id][row.location_id] or 0) + 1
    end
  end
  local result = {}
  for i, component in ipairs(components) do
    result[i] = {}
    for _, location in ipairs(locations or answers[3].data) do
      local there = (present[component.id] or {})[location.id] or 0
      local percent = 100 * there / (counts[component.id] or 1)
      result[i][location.id] = math.floor(percent * PLACES + 0.5) / PLACES
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
