--- What a path, a sequence or a pattern stands for on this machine, as the plain tables that places take.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local sequence = require "moonshift.sequence"
local session_core = require "moonshift.core.session"
local text = require "moonshift.text"
local uv = require "luv"

---@class moonshift.component_source
local component_source = {}

--- Splits a path as the official clients do: the name without its extension, and the extension with its
--- dot ("" when there is none; a leading dot begins a name).
---@param path string
---@return string name
---@return string file_type
function component_source.split_name(path)
  local base = path:match "([^/]*)/*$"
  local name, extension = base:match "^(.+)(%.[^.]*)$"
  if not name then return base, "" end
  return name, extension
end

local FILE_KINDS = { char = "character device", block = "block device", fifo = "named pipe", socket = "socket" }

--- Raises unless `path` is a regular file that can be read; returns its size in bytes.
---@param path string
---@return integer size
function component_source.check_file(path)
  if type(path) ~= "string" then
    errors.raise("usage", "a component's path must be a string, not a " .. type(path))
  end
  local status, message, code = uv.fs_stat(path)
  if not status and path:find "%%%d*d" then
    errors.raise("not_found", ("cannot attach '%s': a sequence has its numbers behind it, '%s [1-10]', or '*' for them")
      :format(path, path))
  elseif not status then
    local reason = code == "ENOENT" and "there is no such file" or message
    errors.raise(code == "ENOENT" and "not_found" or "io", ("cannot attach '%s': %s"):format(path, reason))
  end
  if status.type == "directory" then
    errors.raise("invalid", ("cannot attach '%s': it is a folder; name the files in it, for example '%s/*'")
      :format(path, path))
  end
  if status.type ~= "file" then
    errors.raise("invalid", ("cannot attach '%s': it is a %s, not a regular file")
      :format(path, FILE_KINDS[status.type] or status.type))
  end
  if not uv.fs_access(path, "R") then
    errors.raise("permission", ("cannot attach '%s': it cannot be read; check its permissions"):format(path))
  end
  return status.size
end

-- ---- what there is ---------------------------------------------------------------------------------

local function file_item(path)
  local size = component_source.check_file(path)
  local name, file_type = component_source.split_name(path)
  return {
    id = session_core.new_id(), name = text.valid(name), file_type = text.valid(file_type), size = size, path = path,
  }
end

local function sequence_items(seq)
  local name, file_type = sequence.split_name(seq)
  local container = {
    id = session_core.new_id(), name = text.valid(name), file_type = text.valid(file_type), padding = seq.padding,
    is_container = true, is_sequence = true, size = 0, path = sequence.pattern(seq),
  }
  local items = { container }
  for i, index in ipairs(seq.indexes) do
    local path = sequence.path(seq, index)
    local size = component_source.check_file(path)
    container.size = container.size + size
    items[i + 1] = {
      id = session_core.new_id(), name = sequence.number(seq, index), file_type = container.file_type,
      size = size, path = path, container = container,
    }
  end
  return items
end

---@class moonshift.component_source.Found One component-to-be.
---@field path string A path, or a sequence as `sequence.format` prints it.
---@field count integer Files.
---@field size integer Bytes.
---@field items table[] The component, and behind it the members of a sequence.

local function found(path, items)
  return { path = path, count = math.max(1, #items - 1), size = items[1].size, items = items }
end

-- Nothing matches: because there is nothing, or because nobody lets us look.
local function fail_empty(pattern)
  local folder = pattern:match "^(.*/)" or "."
  if uv.fs_stat(folder) and not uv.fs_access(folder, "RX") then
    errors.raise("permission", ("no file matches '%s': the folder '%s' cannot be read; check its permissions")
      :format(pattern, folder))
  end
  errors.raise("not_found", ("no file matches '%s'"):format(pattern))
end

--- All that a path, a sequence (`name.%04d.exr [1-5]`) or a pattern (`*.exr`) stands for: sequences are found among
--- the files that match. Raises `not_found` when there is nothing.
---@param pattern string
---@return moonshift.component_source.Found[]
function component_source.find_all(pattern)
  local seq = type(pattern) == "string" and not uv.fs_lstat(pattern) and sequence.parse(pattern)
  if seq then return { found(pattern, sequence_items(seq)) } end
  if type(pattern) ~= "string" or uv.fs_lstat(pattern) or not pattern:find "[*?%[{]" then
    return { found(pattern, { file_item(pattern) }) }
  end
  local paths = {}
  for _, path in ipairs(core.glob(pattern)) do
    local status = uv.fs_stat(path)
    if status and status.type == "file" then paths[#paths + 1] = path end
  end
  if #paths == 0 then fail_empty(pattern) end
  local sequences, others = sequence.detect(paths)
  local all = {}
  for i, one in ipairs(sequences) do all[i] = found(sequence.format(one), sequence_items(one)) end
  for _, path in ipairs(others) do all[#all + 1] = found(path, { file_item(path) }) end
  return all
end

--- The same for what has to be one component. Raises `not_unique` otherwise.
---@param pattern string
---@return moonshift.component_source.Found
function component_source.find(pattern)
  local all = component_source.find_all(pattern)
  if #all == 1 then return all[1] end
  errors.raise("not_unique", ("'%s' stands for %d components, for example '%s' and '%s': name one of them")
    :format(pattern, #all, all[1].path, all[2].path))
end

return component_source
