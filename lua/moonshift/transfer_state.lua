--- What an interrupted upload is remembered by: a locked file in the state folder for each upload in parts that is
--- under way. One that nobody holds any more was interrupted; who sends the same file to the same tracker again
--- goes on with it.

local cjson = require "cjson"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local interrupted = require "moonshift.interrupted"
local paths = require "moonshift.paths"
local uv = require "luv"

---@class moonshift.transfer_state
local transfer_state = {}

local WRITE_INTERVAL_MS = 1000

---@class moonshift.transfer_state.Record
---@field tracker string
---@field user string
---@field path string Absolute.
---@field size integer
---@field modified string Seconds, to the nanosecond.
---@field component_id string
---@field upload_id string
---@field part_size integer
---@field tags table<string, string> Part number (as text) to the receipt of a part that was sent.
---@field written_at number

local function folder()
  return paths.find("state", "transfers")
end

local records = { forget = function(lease) lease:release() end }

function records.read(record)
  for _, key in ipairs { "size", "part_size", "written_at" } do
    record[key] = math.tointeger(record[key]) or 0
  end
  return record.written_at
end

local KEYS = { "tracker", "user", "path", "size", "modified" }
local KEYS_AND_COMPONENT = { "component_id", table.unpack(KEYS) }

local function take(wanted)
  return interrupted.take(folder(), records, wanted, wanted.component_id and KEYS_AND_COMPONENT or KEYS)
end

--- A file as it is now, for a tracker.
---@param session moonshift.Session
---@param path string
---@return moonshift.transfer_state.Record
function transfer_state.describe(session, path)
  local status, message = uv.fs_stat(path)
  if not status then errors.raise("io", ("cannot read '%s': %s"):format(path, message)) end
  return {
    tracker = session.name,
    user = session.api_user,
    path = uv.fs_realpath(path),
    size = status.size,
    modified = ("%d.%09d"):format(status.mtime.sec, status.mtime.nsec),
  }
end

---@class moonshift.transfer_state.State One upload's memory.
local State = {}
State.__index = State

--- Goes on with an interrupted upload of the same file, or begins to remember a new one.
---@param wanted moonshift.transfer_state.Record With the component's id.
---@return moonshift.transfer_state.State
function transfer_state.open(wanted)
  local found = take(wanted)
  local state = setmetatable({ record = wanted, written_ms = 0 }, State)
  if found then
    state.lease, state.record = found.lease, found.record
    state.resumed = true
  end
  state.record.tags = state.record.tags or {}
  return state
end

--- The component that an interrupted upload of the same file was for.
---@param session moonshift.Session
---@param path string
---@return string? component_id
function transfer_state.interrupted(session, path)
  local found = take(transfer_state.describe(session, path))
  if not found then return nil end
  found.lease:abandon()
  return found.record.component_id
end

local function write(state)
  state.written_ms = uv.now()
  state.record.written_at = os.time()
  local text = cjson.encode(state.record)
  if state.lease then
    state.lease:update(text)
  else
    local ok, lease = pcall(core.lease, folder(), state.record.component_id, text)
    state.lease = ok and lease or nil
  end
end

--- Remembers what was agreed with the tracker. An upload that cannot be remembered goes on all the same.
---@param upload_id string
---@param part_size integer
function State:begin(upload_id, part_size)
  local record = self.record
  if record.upload_id ~= upload_id or record.part_size ~= part_size then record.tags = {} end
  record.upload_id, record.part_size = upload_id, part_size
  write(self)
end

--- A part was sent. Written at most once a second: a part that is forgotten is sent again.
---@param number integer
---@param tag string
function State:note(number, tag)
  self.record.tags[tostring(number)] = tag
  uv.update_time()
  if uv.now() - self.written_ms >= WRITE_INTERVAL_MS then write(self) end
end

--- How long a part is.
---@param number integer
---@return integer bytes
function State:part_bytes(number)
  local record = self.record
  return math.min(record.part_size, record.size - (number - 1) * record.part_size)
end

--- How much the tracker has of an upload that is remembered; 0 of one that is not.
---@return integer bytes
function State:kept_bytes()
  local bytes = 0
  for number in pairs(self.lease and self.record.tags or {}) do bytes = bytes + self:part_bytes(tonumber(number)) end
  return bytes
end

--- The upload is complete, or not worth going on with.
function State:forget()
  if self.lease then self.lease:release() end
  self.lease = nil
end

--- Interrupted: as far as it came is written down.
function State:__close()
  if not self.lease then return end
  pcall(write, self)
  self.lease:abandon()
  self.lease = nil
end

return transfer_state
