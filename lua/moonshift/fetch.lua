--- Fetching a component's bytes into a file, which appears when it is complete and correct.
---
--- They come into a file beside it first. When the line breaks, what is there stays and the rest is asked for; a
--- note beside it says of which data it is the beginning, so that another process can go on as well.

local cjson = require "cjson"
local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local retry = require "moonshift.retry"
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

local function read_note(path)
  local file <close> = io.open(path, "rb")
  local ok, note = pcall(cjson.decode, file and file:read "a" or "")
  return ok and type(note) == "table" and note or nil
end

local function write_note(path, note)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(cjson.encode(note)))
end

-- What the data are just now: their tag, size and checksum.
local function ask(session, url)
  local _, moved = core.download { session = session, url = url }
  return moved
end

local function fetch_at_once(session, options, partial)
  return (core.download {
    session = session, url = options.url, path = partial, progress = options.progress,
  })
end

local function partial_size(partial)
  local status = uv.fs_lstat(partial)
  return status and status.type == "file" and status.size or 0
end

-- Whether what is there is the beginning of the data.
local function is_beginning(note, moved)
  return note and moved.etag and note.etag == moved.etag and note.total == moved.total
end

local function fetch_rest(session, options, partial, moved)
  local there = partial_size(partial)
  if there == moved.total then there = 0 end -- it was found to be wrong
  return core.download {
    session = session,
    url = options.url,
    path = partial,
    offset = there,
    etag = there > 0 and moved.etag or nil,
    checksum = moved.checksum,
    keeps_partial = true,
    progress = options.progress,
  }
end

local function fetch_large(session, options, partial, note_path)
  local moved = retry.call(ask, session, options.url)
  if not moved.etag or not moved.total then return fetch_at_once(session, options, partial) end
  if not is_beginning(read_note(note_path), moved) then
    remove(partial)
    write_note(note_path, { etag = moved.etag, total = moved.total })
  end
  retry.call(fetch_rest, session, options, partial, moved)
  return moved.total
end

local function rename(partial, path)
  local ok, message = uv.fs_rename(partial, path)
  if ok then return end
  remove(partial)
  errors.raise("io", ("cannot write '%s': %s"):format(path, message))
end

-- The line's fault: somebody may go on.
local PASSING = { network = true, timeout = true, cancelled = true, busy = true }

--- Fetches; raises as `moonshift.core.component.download`. What came before the line broke stays, as
--- `.moonshift-KEY.part` beside the file.
---@param session moonshift.Session
---@param options moonshift.fetch.Options
---@return integer size Bytes.
function fetch.run(session, options)
  local folder = options.path:match "^(.*/)" or "./"
  local partial = ("%s.moonshift-%s.part"):format(folder, options.key)
  local note_path = partial .. ".json"
  local is_large = options.size >= LARGE and not options.url:find "^embedded:"
  local ok, result = pcall(is_large and fetch_large or fetch_at_once, session, options, partial, note_path)
  if ok then
    rename(partial, options.path)
    remove(note_path)
    return result
  end
  if not is_large or not PASSING[errors.code(result)] then remove(partial, note_path) end
  error(result, 0)
end

return fetch
