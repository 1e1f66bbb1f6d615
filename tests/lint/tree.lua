--- The source tree, for the lint specs. Paths are relative to its top, the current folder.

local uv = require "luv"

local tree = {}

--- The names in a folder, sorted, without dot-files.
---@param folder string
---@return string[]
function tree.entries(folder)
  local names = {}
  for name in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do
    if name:sub(1, 1) ~= "." then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function collect(folder, pattern, found)
  for _, name in ipairs(tree.entries(folder)) do
    local path = folder .. "/" .. name
    local kind = assert(uv.fs_lstat(path)).type
    if kind == "directory" and name ~= "node_modules" then
      collect(path, pattern, found)
    elseif kind == "file" and path:find(pattern) then
      found[#found + 1] = path
    end
  end
  return found
end

--- The files below a folder whose path matches a pattern.
---@param folder string
---@param pattern string
---@return string[] paths
function tree.files(folder, pattern)
  return collect(folder, pattern, {})
end

--- Iterates over the lines of a file with their numbers.
---@param path string
function tree.lines(path)
  local next_line, number = io.lines(path), 0
  return function()
    local line = next_line()
    number = number + 1
    if line then return number, line end
  end
end

return tree
