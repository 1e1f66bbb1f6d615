--- A large download in parts, several at a time, into one file. A note beside the file says how much of each part is
--- there, so that another process goes on where this one was ended.

local cjson = require "cjson"
local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local line = require "moonshift.line"
local retry = require "moonshift.retry"
local task = require "moonshift.task"
local uv = require "luv"

---@class moonshift.fetch_parts
local fetch_parts = {}

local MIB = 1024 * 1024
local PART, SEGMENT_MIN = 16 * MIB, 4 * MIB
local PARTS_MAX = 1000 -- keeps the note small
local WRITE_INTERVAL_MS = 1000

-- The segments in which the server's checksum counts, when they are of a fitting length: each part is checked while
-- the next ones come.
local function choose_part(moved)
  local segment = math.tointeger(tonumber((moved.checksum or ""):match "^(%d+)%-")) or 0
  local least = math.max(SEGMENT_MIN, math.ceil(moved.total / PARTS_MAX))
  if segment >= least and segment <= 8 * PART then return segment end
  return math.max(tonumber(os.getenv "MOONSHIFT_PART_BYTES") or PART, math.ceil(moved.total / PARTS_MAX))
end

---@class moonshift.fetch_parts.State
---@field etag string
---@field total integer
---@field part integer Bytes of each part but the last.
---@field done integer[] Bytes that are there of each part.
local State = {}
State.__index = State

local function part_bytes(state, number)
  return math.min(state.part, state.total - (number - 1) * state.part)
end

local function sum(list)
  local total = 0
  for _, number in ipairs(list) do total = total + number end
  return total
end

local function read_note(path)
  local file <close> = io.open(path, "rb")
  local ok, note = pcall(cjson.decode, file and file:read "a" or "")
  if not ok or type(note) ~= "table" or type(note.done) ~= "table" then return nil end
  for i, bytes in ipairs(note.done) do note.done[i] = math.tointeger(bytes) end
  return note
end

--- How many bytes the note of an interrupted download says are there; 0 without one.
---@param note_path string
---@return integer
function fetch_parts.kept_bytes(note_path)
  local note = read_note(note_path)
  return note and sum(note.done) or 0
end

-- What was written down of these very data, if it makes sense.
local function find(note_path, partial, moved, part)
  local note, status = read_note(note_path), uv.fs_lstat(partial)
  local is_same = note and status and status.type == "file" and status.size == moved.total
    and note.etag == moved.etag and note.total == moved.total and note.part == part
    and #note.done == math.ceil(moved.total / part)
  return is_same and note.done or nil
end

local function open(note_path, partial, moved)
  local state = setmetatable({
    etag = moved.etag, total = moved.total, part = math.tointeger(choose_part(moved)), note_path = note_path,
    written_ms = 0, prefix = 1,
  }, State)
  state.done = find(note_path, partial, moved, state.part)
  if not state.done then
    uv.fs_unlink(note_path)
    core.reserve(partial, moved.total)
    state.done = {}
    for number = 1, math.ceil(moved.total / state.part) do state.done[number] = 0 end
    state:write()
  end
  return state
end

--- Replaced as a whole, so that whoever is killed meanwhile leaves the one or the other.
function State:write()
  local note = { etag = self.etag, total = self.total, part = self.part, done = self.done }
  local temporary = self.note_path .. ".new"
  local file <close> = assert(io.open(temporary, "wb"))
  assert(file:write(cjson.encode(note)))
  file:close()
  assert(uv.fs_rename(temporary, self.note_path))
  self.written_ms = uv.now()
end

--- So many bytes of a part are there.
function State:note(number, bytes)
  self.done[number] = bytes
  uv.update_time()
  if uv.now() - self.written_ms >= WRITE_INTERVAL_MS then self:write() end
end

--- How many bytes are there from the beginning without a gap.
function State:there()
  while self.prefix <= #self.done and self.done[self.prefix] == part_bytes(self, self.prefix) do
    self.prefix = self.prefix + 1
  end
  return math.min((self.prefix - 1) * self.part, self.total)
end

local function fetch_part(session, options, partial, state, number, tell)
  local there = state.done[number]
  local size = part_bytes(state, number)
  line.move(core.download, {
    session = session, url = options.url, path = partial, etag = state.etag,
    offset = (number - 1) * state.part + there, size = size - there,
    progress = function(done)
      state:note(number, there + done)
      tell()
    end,
  })
  state:note(number, size)
  tell()
end

--- The object that takes the checksum of a file as the server takes it of the data, and the server's; nothing when it
--- gives none.
---@param path string
---@param moved moonshift.core.component.Moved What the server says of the data.
---@return moonshift.core.component.Checksum? checksum For a <close> variable.
---@return string? expected
function fetch_parts.open_checksum(path, moved)
  local segment, hex = (moved.checksum or ""):match "^(%d+)%-(%x+)$"
  if not segment then return nil end
  return core.checksum(path, math.tointeger(tonumber(segment))), hex
end

local function compare(checksum, expected, options, total)
  local hex = checksum:finish(total)
  if hex == expected then return end
  errors.raise("network", ("'%s' arrived changed: its MD5 is %s there and %s here; download it again")
    :format(options.path, expected, hex))
end

-- On the thread pool, which closes the file, too: nobody may be waiting any more.
local function sync(path)
  local file, problem = uv.fs_open(path, "r", 0)
  if file then
    problem = task.await(function(resume)
      uv.fs_fsync(file, function(err)
        uv.fs_close(file)
        resume(err)
      end)
    end)
  end
  if problem then errors.raise("io", ("cannot write '%s': %s"):format(path, problem)) end
end

local function fetch_missing(session, options, partial, state, advance)
  local missing = {}
  for number in ipairs(state.done) do
    if state.done[number] < part_bytes(state, number) then missing[#missing + 1] = number end
  end
  local function tell()
    advance()
    if options.progress then options.progress(sum(state.done), state.total) end
  end
  tell()
  task.parallel(missing, { limit = line.connections(session) }, function(number)
    retry.call(fetch_part, session, options, partial, state, number, tell)
  end)
end

--- Fetches into `partial`, which is whole, correct and on the disk afterwards.
---@param session moonshift.Session
---@param options moonshift.fetch.Options
---@param partial string
---@param note_path string
---@param moved moonshift.core.component.Moved What the server says of the data: their tag, total and checksum.
function fetch_parts.run(session, options, partial, note_path, moved)
  local state = open(note_path, partial, moved)
  local checksum <close>, expected = fetch_parts.open_checksum(partial, moved)
  local ok, err = pcall(fetch_missing, session, options, partial, state, function()
    if checksum then checksum:advance(state:there()) end
  end)
  pcall(state.write, state)
  if not ok then error(err, 0) end
  local syncing <close> = task.spawn(sync, partial)
  if checksum then
    local fits, problem = pcall(compare, checksum, expected, options, moved.total)
    if not fits and errors.code(problem) ~= "cancelled" then -- what is there is wrong: nobody goes on with it
      uv.fs_unlink(note_path)
      uv.fs_unlink(partial)
    end
    if not fits then error(problem, 0) end
  end
  syncing:wait()
end

return fetch_parts
