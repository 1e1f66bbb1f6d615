--- Fetching a component's bytes into a file, which appears when it is complete and correct.
---
--- They come into a file beside it first. A large one comes in parts; when the line breaks or the process ends, what
--- is there stays, and whoever asks for the same data again goes on with it.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local fetch_parts = require "moonshift.fetch_parts"
local kept = require "moonshift.kept"
local line = require "moonshift.line"
local retry = require "moonshift.retry"
local task = require "moonshift.task"
local uv = require "luv"

---@class moonshift.fetch
local fetch = {}

local LARGE = 8 * 1024 * 1024 -- from this size on it is worth going on with a part

---@class moonshift.fetch.Options
---@field url string
---@field path string Where the file is to be.
---@field key string A plain name for the file beside it: the component's id.
---@field size integer Bytes, as far as is known.
---@field progress? fun(done: integer, total: integer)

local function remove(...)
  for _, path in ipairs { ... } do uv.fs_unlink(path) end
end

-- What the data are just now: their tag, size and checksum.
local function ask(session, url)
  local _, moved = core.download { session = session, url = url }
  return moved
end

local function fetch_at_once(session, options, partial)
  return (line.move(core.download, {
    session = session, url = options.url, path = partial, progress = options.progress,
  }))
end

local function fetch_large(session, options, partial, note_path)
  local moved = retry.call(ask, session, options.url)
  local has_parts = moved.ranges and moved.etag and moved.total and moved.total >= LARGE
  if not has_parts or not task.can_wait() then return fetch_at_once(session, options, partial) end
  fetch_parts.run(session, options, partial, note_path, moved)
  return moved.total
end

-- A name beside the file that is ours until the value is closed, and whether others know it. When somebody else
-- fetches the same into the same folder just now, it is another one, which nobody goes on with.
local function hold_partial(options)
  local folder = options.path:match "^(.*/)" or "./"
  local partial = ("%s.moonshift-%s.part"):format(folder, options.key)
  local hold = core.hold(partial)
  if hold then return hold, partial, true end
  partial = ("%s.moonshift-%s-%d-%d.part"):format(folder, options.key, uv.os_getpid(), uv.hrtime())
  return core.hold(partial), partial, false
end

local function rename(partial, path)
  local ok, message = uv.fs_rename(partial, path)
  if ok then return end
  remove(partial)
  errors.raise("io", ("cannot write '%s': %s"):format(path, message))
end

-- The line's fault: somebody may go on.
local PASSING = { network = true, timeout = true, cancelled = true, busy = true }

--- Whether a file has the bytes that there are at a URL, as far as the server tells its checksum: both are read, none
--- travels.
---@param request { session: moonshift.Session, url: string, sends_key?: boolean }
---@param path string
---@return boolean
function fetch.is_same(request, path)
  local ok, _, moved = pcall(core.download, request)
  local status = ok and uv.fs_stat(path)
  if not status or status.size ~= moved.total then return false end
  local checksum <close>, expected = fetch_parts.open_checksum(path, moved)
  return checksum ~= nil and checksum:finish(moved.total) == expected
end

--- Fetches; raises as `moonshift.core.component.download`. What came before the line broke stays, as
--- `.moonshift-KEY.part` beside the file.
---@param session moonshift.Session
---@param options moonshift.fetch.Options
---@return integer size Bytes.
function fetch.run(session, options)
  local _ <close>, partial, is_known = hold_partial(options)
  local note_path = partial .. ".json"
  local is_large = options.size >= LARGE and not options.url:find "^embedded:"
  local ok, result = pcall(is_large and fetch_large or fetch_at_once, session, options, partial, note_path)
  if ok then
    rename(partial, options.path)
    remove(note_path)
    return result
  end
  if is_large and is_known and PASSING[errors.code(result)] then
    kept.note(session, fetch_parts.kept_bytes(note_path))
  else
    remove(partial, note_path)
  end
  error(result, 0)
end

return fetch
