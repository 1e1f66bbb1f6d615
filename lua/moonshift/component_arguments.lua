--- What functions about components are given: raises `usage` for what it cannot be.

local errors = require "moonshift.errors"
local session_core = require "moonshift.core.session"

---@class moonshift.component_arguments
local component_arguments = {}

local COMPONENTS = { Component = true, FileComponent = true, SequenceComponent = true, ContainerComponent = true }
local LOCATIONS = { Location = true }

local function check(name, wanted, types, value)
  local found = session_core.is_entity(value) and value.__entity_type__ or type(value)
  if types[found] then return end
  errors.raise("usage", ("%s: expected a %s, found a %s"):format(name, wanted, found))
end

---@param name string The function's, for the message.
---@param value any
function component_arguments.check_component(name, value)
  check(name, "component", COMPONENTS, value)
end

--- One component or a list of them, as a list.
---@param name string
---@param value any
---@return moonshift.Entity[]
function component_arguments.components(name, value)
  local list = type(value) == "table" and value or { value }
  if #list == 0 and list ~= value then check(name, "component", COMPONENTS, nil) end
  for _, component in ipairs(list) do check(name, "component", COMPONENTS, component) end
  return list
end

---@param name string
---@param value any
function component_arguments.check_location(name, value)
  check(name, "location", LOCATIONS, value)
end

--- A table of attributes; an empty one when none is given.
---@param name string
---@param value any
---@return table<string, any>
function component_arguments.attributes(name, value)
  if value == nil then return {} end
  check(name, "table of attributes", { table = true }, value)
  return value
end

return component_arguments
