--- A folder as a place for components: what a disk location is made of.
---
--- Files are copied into a temporary name beside their place and linked there when they are whole and on the disk;
--- where the file system can, the copy shares its blocks with the original.

local errors = require "moonshift.errors"
local system = require "moonshift.core.system"
local task = require "moonshift.task"
local uv = require "luv"

---@class moonshift.disk
local disk = {}

--- The path of a resource below a prefix. Raises `invalid` for one that would lead out of it.
---@param prefix string "" for absolute paths.
---@param resource string
---@return string
function disk.path(prefix, resource)
  if prefix == "" then return resource end
  local is_outside = resource:find "^/" or ("/" .. resource .. "/"):find("/../", 1, true) or resource:find "%z"
  if is_outside or resource == "" then
    errors.raise("invalid", ("'%s' leads out of the location's folder '%s'"):format(resource, prefix))
  end
  return prefix .. "/" .. resource
end

local function check(ok, message, what, path)
  if ok then return ok end
  errors.raise(message and message:find "^ENOSPC" and "full" or "io", ("cannot %s '%s': %s")
    :format(what, path, message))
end

-- A luv call on the thread pool.
local function await(f, ...)
  local arguments = table.pack(...)
  return task.await(function(resume)
    arguments[arguments.n + 1] = function(problem, result) resume(not problem and (result or true), problem) end
    f(table.unpack(arguments, 1, arguments.n + 1))
  end)
end

local function sync(path)
  local file = check(await(uv.fs_open, path, "r", 0))
  local ok, message = await(uv.fs_fsync, file)
  uv.fs_close(file)
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

-- A link refuses to take the place of another file; some file systems have none.
local function publish(temporary, path)
  local ok, message, code = uv.fs_link(temporary, path)
  if not ok and code ~= "EEXIST" and not uv.fs_lstat(path) then
    check(uv.fs_rename(temporary, path))
    return
  end
  uv.fs_unlink(temporary)
  if code == "EEXIST" or not ok then
    errors.raise("exists", ("'%s' is there already: %s"):format(path, message or "another file"))
  end
end

--- Fills a new file at `path`, whose folders are made: `fill` writes it under the name that it is given. The file
--- is there whole or not at all. Raises `exists` when there is one.
---@param path string
---@param fill fun(temporary: string)
function disk.create(path, fill)
  local folder, base = path:match "^(.*)/([^/]*)$"
  if uv.fs_lstat(path) then errors.raise("exists", ("'%s' is there already"):format(path)) end
  system.make_folders(folder)
  local temporary = ("%s/.moonshift-%s-%d.part"):format(folder, base:sub(1, 100), uv.os_getpid())
  local ok, err = pcall(fill, temporary)
  if ok then ok, err = pcall(publish, temporary, path) end
  if not ok then
    uv.fs_unlink(temporary)
    error(err, 0)
  end
end

--- Copies a regular file.
---@param source string
---@param path string
---@return integer size Bytes.
function disk.copy(source, path)
  local before = state_of(source)
  disk.create(path, function(temporary)
    local ok, message = await(uv.fs_copyfile, source, temporary, { ficlone = true })
    check(ok, message, "write", path)
    check_unchanged(source, before)
    sync(temporary)
  end)
  return before.size
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
