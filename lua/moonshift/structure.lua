--- Structures: from a component to where it is in a location, as a relative path.
---
--- A structure is a function that takes a component as a plain table: `id`, `name`, `file_type`, `padding` (of a
--- sequence), `container` (likewise; of a member) and `version` (`number`, `asset`, `names`: those of the project and
--- the contexts down to the asset's parent).

local errors = require "moonshift.errors"
local plain_letters = require "moonshift.plain_letters"

---@class moonshift.structure
local structure = {}

---@class moonshift.structure.Component
---@field id string
---@field name string
---@field file_type string
---@field padding? integer
---@field container? moonshift.structure.Component
---@field version? { number: integer, asset: string, names: string[] }

--- A name as it is used in paths: plain ASCII in lower case, with "_" for what is left.
---@param name string
---@return string
function structure.plain(name)
  local plain = plain_letters.of(name):gsub("[^%w_.-]", "_"):lower()
  return plain:find "^%.*$" and "_" or plain
end

local function version_of(component)
  local version = component.version or component.container and component.container.version
  if not version then
    errors.raise("invalid", ("the component '%s' belongs to no version: the standard structure has no place for it")
      :format(component.name))
  end
  return version
end

-- "name.0001.exr" for a member, "name.%04d.exr" for its sequence.
local function file_name(component)
  local container = component.container
  if container and container.padding then
    return ("%s.%s%s"):format(structure.plain(container.name), component.name, component.file_type)
  elseif component.padding then
    local number = component.padding > 0 and ("%%0%dd"):format(component.padding) or "%d"
    return ("%s.%s%s"):format(structure.plain(component.name), number, component.file_type)
  end
  return structure.plain(component.name) .. component.file_type
end

--- project/…/parent/asset/v001/name.ext
---@param component moonshift.structure.Component
---@return string
function structure.standard(component)
  local version = version_of(component)
  local pieces = {}
  for i, name in ipairs(version.names) do pieces[i] = structure.plain(name) end
  pieces[#pieces + 1] = structure.plain(version.asset)
  pieces[#pieces + 1] = ("v%03d"):format(version.number)
  local container = component.container
  if container and not container.padding then pieces[#pieces + 1] = structure.plain(container.name) end
  pieces[#pieces + 1] = file_name(component)
  return table.concat(pieces, "/")
end

--- The first four characters of the id as folders: a/b/c/d/abcd…
---@param component moonshift.structure.Component
---@return string
function structure.id(component)
  local container = component.container
  if container and container.padding then
    return ("%s/file.%s%s"):format(structure.id(container), component.name, component.file_type)
  end
  local folders = component.id:sub(1, 4):gsub(".", "%0/")
  local path = folders .. component.id
  return component.padding and path or path .. component.file_type
end

--- The id itself.
---@param component moonshift.structure.Component
---@return string
function structure.entity_id(component)
  return component.id
end

local NAMED = { standard = structure.standard, id = structure.id, entity_id = structure.entity_id }

--- The structure that a configuration means.
---@param value string|function|nil "standard" (also for nil), "id", "entity_id" or a function.
---@return fun(component: moonshift.structure.Component): string
function structure.find(value)
  if type(value) == "function" then return value end
  local found = NAMED[value or "standard"]
  if not found then
    errors.raise("usage", ("there is no structure '%s': it is standard, id, entity_id or a function")
      :format(tostring(value)))
  end
  return found
end

return structure
