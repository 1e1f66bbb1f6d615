--- Where this program keeps things: the folders of the XDG specification.

local system = require "moonshift.core.system"
local uv = require "luv"

---@class moonshift.paths
local paths = {}

--- The program's folder of a kind, with `name` below it. Not created.
---@param kind "data"|"config"|"state"|"cache"
---@param name? string
---@return string
function paths.find(kind, name)
  local folder = system.folder(kind)
  return name and folder .. "/" .. name or folder
end

--- The same, created (mode 0700) when it is missing.
---@param kind "data"|"config"|"state"|"cache"
---@param name? string
---@return string
function paths.make(kind, name)
  local folder = paths.find(kind, name)
  if not uv.fs_stat(folder) then system.make_folders(folder, true) end
  return folder
end

return paths
