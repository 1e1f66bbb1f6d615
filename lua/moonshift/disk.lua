--- A folder as a place for components: what a disk location is made of.
---
--- Files are copied into a temporary name beside their place and linked there when they are whole and on the disk;
--- where the file system can, the copy shares its blocks with the original. What a process that was killed has put
--- there already is not copied once more, when it is the same.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local uv = require "luv"

---@class moonshift.disk
local disk = {}

local NEW_FILE_MODE = 438 -- 0666, less what the umask takes
local COMPARE_BYTES = 1024 * 1024
local STALE_S = 7 * 24 * 60 * 60 -- a temporary file that nobody has written to for so long is left over

--- The path of a resource below a prefix. Raises `invalid` for one that would lead out of it.
---@param prefix string "" for absolute paths.
---@param resource string
---@return string
function disk.path(prefix, resource)
  if prefix == "" then return resource end
  local is_outside = resource:find "^/" or ("/" .. resource .. "/"):find("/../", 1, true)
  if is_outside or resource == "" then
    errors.raise("invalid", ("'%s' leads out of the location's folder '%s'"):format(resource, prefix))
  elseif resource:find "/%.?$" or resource:find "%z" then
    errors.raise("invalid", ("'%s' is no name for a file in '%s'"):format(resource, prefix))
  end
  return prefix .. "/" .. resource
end

local function check(ok, message, what, path)
  if ok then return ok end
  errors.raise(message and message:find "^ENOSPC" and "full" or "io", ("cannot %s '%s': %s")
    :format(what, path, message))
end

-- ---- calls ---------------------------------------------------------------------------------------------

-- A luv call on the thread pool.
local function await(f, ...)
  local arguments = table.pack(...)
  return task.await(function(resume)
    arguments[arguments.n + 1] = function(problem, result) resume(not problem and (result or true), problem) end
    f(table.unpack(arguments, 1, arguments.n + 1))
  end)
end

-- A descriptor for a <close> variable. It is opened in place: a task that is cancelled could not close it later.
local function open(path, flags)
  local file, message = uv.fs_open(path, flags, NEW_FILE_MODE)
  check(file, message, "open", path)
  return setmetatable({ descriptor = file }, { __close = function() uv.fs_close(file) end })
end

local function sync(path)
  local file <close> = open(path, "r")
  local ok, message = await(uv.fs_fsync, file.descriptor)
  check(ok, message, "write", path)
end

local function state_of(path)
  local status, message = uv.fs_stat(path)
  if not status then errors.raise("io", ("cannot read '%s': %s"):format(path, message)) end
  return status
end

local function check_unchanged(path, before)
  local now = state_of(path)
  if now.size ~= before.size or now.mtime.sec ~= before.mtime.sec or now.mtime.nsec ~= before.mtime.nsec then
    errors.raise("io", ("'%s' changed while it was copied: copy it when nobody writes it any more"):format(path))
  end
end

-- ---- what is there already ---------------------------------------------------------------------------

local function fail_exists(path)
  errors.raise("exists", ("'%s' is there already"):format(path))
end

-- Whether two files of one size have the same bytes.
local function is_same(path, other)
  local file <close> = open(path, "r")
  local other_file <close> = open(other, "r")
  local offset = 0
  repeat
    local data, message = await(uv.fs_read, file.descriptor, COMPARE_BYTES, offset)
    check(data, message, "read", path)
    if data ~= await(uv.fs_read, other_file.descriptor, COMPARE_BYTES, offset) then return false end
    offset = offset + #data
  until data == ""
  return true
end

-- A link refuses to take the place of another file; some file systems have none.
local function publish(temporary, path)
  local ok, message, code = uv.fs_link(temporary, path)
  if not ok and code ~= "EEXIST" and not uv.fs_lstat(path) then
    check(uv.fs_rename(temporary, path), message, "write", path)
    return
  end
  local is_there = ok or is_same(temporary, path)
  uv.fs_unlink(temporary)
  if not is_there then fail_exists(path) end
end

-- ---- temporary files -----------------------------------------------------------------------------------

-- Where the numbers of processes are as here: this start of this machine, and this container.
local numbering

local function here()
  if numbering then return numbering end
  local file <close> = io.open "/proc/sys/kernel/random/boot_id"
  local boot, space = file and file:read "l" or "", uv.fs_readlink "/proc/self/ns/pid" or ""
  numbering = ("%s-%s"):format(boot:match "^%x+" or "0", space:match "%d+" or "0")
  return numbering
end

local count = 0

local function temporary_name()
  count = count + 1
  return (".moonshift-%s-%d-%d.part"):format(here(), uv.os_getpid(), count)
end

local function is_left_over(path, name)
  local place, pid = name:match "^%.moonshift%-(%x+%-%d+)%-(%d+)%-%d+%.part$"
  if place == here() then
    local _, _, code = uv.kill(math.tointeger(tonumber(pid)), 0)
    return code == "ESRCH"
  end
  local status = uv.fs_lstat(path)
  return status ~= nil and status.type == "file" and status.mtime.sec < os.time() - STALE_S
end

-- What a process that was killed has left, once for each folder.
local swept = {}

local function sweep(folder)
  if swept[folder] then return end
  swept[folder] = true
  local scan = uv.fs_scandir(folder)
  for name in (scan and uv.fs_scandir_next or function() end), scan do
    local path = folder .. "/" .. name
    if name:find "^%.moonshift%-.*%.part" and is_left_over(path, name) then uv.fs_unlink(path) end
  end
end

-- ---- filling -----------------------------------------------------------------------------------------

--- Fills a new file at `path`, whose folders are made: `fill` writes it under the name that it is given. The file
--- is there whole or not at all. Raises `exists` when there is another one.
---@param path string
---@param size integer Bytes that it will have.
---@param fill fun(temporary: string)
function disk.create(path, size, fill)
  local folder = path:match "^(.*)/[^/]*$"
  local there = uv.fs_lstat(path)
  if there and (there.type ~= "file" or there.size ~= size) then fail_exists(path) end
  system.make_folders(folder)
  sweep(folder)
  local temporary = folder .. "/" .. temporary_name()
  local ok, err = pcall(fill, temporary)
  if ok then ok, err = pcall(publish, temporary, path) end
  if not ok then
    uv.fs_unlink(temporary)
    error(err, 0)
  end
end

local function copy_bytes(source, temporary, path, progress)
  local size, err = errors.try(core.copy, { source = source, path = temporary, progress = progress })
  if size then return end
  if errors.code(err) == "cancelled" then error(err, 0) end
  errors.raise(errors.code(err), ("cannot copy '%s' to '%s': %s"):format(source, path, errors.message(err)))
end

--- Copies a regular file, with the permissions of any new file. What is there already and is the same stays.
---@param source string
---@param path string
---@param progress? fun(done: integer, total: integer)
---@return integer size Bytes.
function disk.copy(source, path, progress)
  local before = state_of(source)
  local there = uv.fs_lstat(path)
  if there and there.type == "file" and there.size == before.size and is_same(source, path) then
    if progress then progress(before.size, before.size) end
    return before.size
  end
  disk.create(path, before.size, function(temporary)
    copy_bytes(source, temporary, path, progress)
    check_unchanged(source, before)
  end)
  return before.size
end

--- Makes the names of files last that were filled or copied below a prefix.
---@param prefix string
---@param resources string[]
function disk.settle(prefix, resources)
  local done = {}
  for _, resource in ipairs(resources) do
    local folder = disk.path(prefix, resource):match "^(.*)/"
    while #folder >= #prefix and not done[folder] do
      done[folder] = true
      sync(folder)
      folder = folder:match "^(.*)/" or ""
    end
  end
end

--- Removes a file; one that is gone is no failure. Folders above it that it leaves empty go as well, up to the
--- prefix.
---@param prefix string
---@param resource string
function disk.remove(prefix, resource)
  local path = disk.path(prefix, resource)
  local ok, message, code = uv.fs_unlink(path)
  if not ok and code ~= "ENOENT" then check(ok, message, "remove", path) end
  local folder = path:match "^(.*)/"
  while prefix ~= "" and #folder > #prefix and uv.fs_rmdir(folder) do folder = folder:match "^(.*)/" end
end

return disk
