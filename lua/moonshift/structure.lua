--- Structures: from a component to where it is in a location, as a relative path.
---
--- A structure is a function that takes a component as a plain table: `id`, `name`, `file_type`, `is_container`,
--- `is_sequence`, `padding` (of a sequence), `container` (likewise; of a member) and `version` (`number`, `asset`,
--- `names`: those of the project and the contexts down to the asset's parent). The named ones give the paths that the
--- official Python client gives.

local errors = require "moonshift.errors"
local plain_letters = require "moonshift.plain_letters"

---@class moonshift.structure
local structure = {}

---@class moonshift.structure.Component
---@field id string
---@field name string
---@field file_type string
---@field is_container? boolean
---@field is_sequence? boolean
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

-- Its own, or that of the container around it.
local function version_of(component)
  local holder = component
  while holder do
    if holder.version then return holder.version end
    holder = holder.container
  end
  errors.raise("invalid", ("the component '%s' belongs to no version: the standard structure has no place for it")
    :format(component.name))
end

local function is_sequence(component)
  return component.is_sequence or component.padding ~= nil
end

-- "name.0001.exr" for a member, "name.%04d.exr" for its sequence.
local function numbered(name, number, file_type)
  return ("%s.%s%s"):format(name, number, file_type)
end

local function expression(component)
  local padding = component.padding or 0
  return padding > 0 and ("%%0%dd"):format(padding) or "%d"
end

local function version_folder(version)
  local pieces = {}
  for i, name in ipairs(version.names) do pieces[i] = structure.plain(name) end
  pieces[#pieces + 1] = structure.plain(version.asset)
  pieces[#pieces + 1] = ("v%03d"):format(version.number)
  return table.concat(pieces, "/")
end

-- What is in a container that is no sequence is in a folder of its name.
local function folder_of(component, version)
  local container = component.container
  if not container then return version_folder(version) end
  local folder = folder_of(container, version)
  return is_sequence(container) and folder or folder .. "/" .. structure.plain(container.name)
end

local function plain_type(file_type)
  return file_type ~= "" and structure.plain(file_type) or ""
end

-- In front of it come the folders.
local function file_name(component)
  local container = component.container
  if container and is_sequence(container) then
    return structure.plain(numbered(container.name, component.name, component.file_type))
  elseif is_sequence(component) then
    return numbered(structure.plain(component.name), expression(component), plain_type(component.file_type))
  end
  return structure.plain(component.name .. component.file_type)
end

--- project/…/parent/asset/v001/name.ext; members of a container that is no sequence are in a folder of its name.
---@param component moonshift.structure.Component
---@return string
function structure.standard(component)
  local is_folder = component.is_container and not is_sequence(component)
  local name = is_folder and structure.plain(component.name) or file_name(component)
  return folder_of(component, version_of(component)) .. "/" .. name
end

-- a/b/c/d/ef01…: the first four characters of the id are folders.
local function id_path(id)
  return id:sub(1, 4):gsub(".", "%0/") .. id:sub(5)
end

--- By the id, whose first four characters are folders: a/b/c/d/ef01….ext; the members of a container are in a folder
--- of its id, those of a sequence as file.0001.ext.
---@param component moonshift.structure.Component
---@return string
function structure.id(component)
  local container, file_type = component.container, component.file_type:gsub("/", "_")
  if container and is_sequence(container) then
    return numbered(id_path(container.id) .. "/file", component.name, file_type)
  elseif container then
    return ("%s/%s%s"):format(id_path(container.id), component.id, file_type)
  elseif is_sequence(component) then
    return numbered(id_path(component.id) .. "/file", expression(component), file_type)
  elseif component.is_container then
    return id_path(component.id)
  end
  return id_path(component.id) .. file_type
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
