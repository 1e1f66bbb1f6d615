--- What an interrupted upload of a sequence is remembered by: a locked file in the state folder, and beside it a list
--- of the files that have been sent. Who sends the same sequence to the same tracker again goes on with the rest.
---
--- The members' ids follow from that of the sequence, so that a large file goes on, too, in the middle of it.

local cjson = require "cjson"
local component = require "moonshift.core.component"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local interrupted = require "moonshift.interrupted"
local line = require "moonshift.line"
local paths = require "moonshift.paths"
local retry = require "moonshift.retry"
local session_core = require "moonshift.core.session"
local task = require "moonshift.task"
local upload = require "moonshift.upload"
local uv = require "luv"

---@class moonshift.sequence_state
local sequence_state = {}

---@class moonshift.sequence_state.Record
---@field tracker string
---@field user string
---@field host string Where the state folder is shared, locks may not be.
---@field path string Absolute, as a pattern.
---@field component_id string The sequence's.
---@field begun_at number

---@class moonshift.sequence_state.State One upload's memory.
local State = {}
State.__index = State

local function folder()
  return paths.find("state", "sequences")
end

local function list_path(component_id)
  return ("%s/%s.sent"):format(folder(), component_id)
end

local function forget(lease, component_id)
  if component_id then uv.fs_unlink(list_path(component_id)) end
  lease:release()
end

-- ---- what was interrupted --------------------------------------------------------------------------

local records = {}

-- Since when nobody has sent anything.
function records.read(record)
  if type(record.component_id) ~= "string" or type(record.begun_at) ~= "number" then return nil end
  local status = uv.fs_stat(list_path(record.component_id))
  return status and status.mtime.sec or record.begun_at
end

function records.forget(lease, record)
  forget(lease, record and record.component_id)
end

local KEYS = { "tracker", "user", "host", "path" }

-- Name to stamp; a line that was cut does not count.
local function read_list(component_id)
  local sent = {}
  local file <close> = io.open(list_path(component_id), "rb")
  for name, stamp in (file and file:read "a" or ""):gmatch "([^\t\n]+)\t([^\t\n]+)\n" do sent[name] = stamp end
  return sent
end

-- Killed between the commit and the end: it is a component, which must not be made again.
local function is_component(session, id)
  return session:query("select id from Component where id is {id}", { id = id }):first() ~= nil
end

-- ---- the files -------------------------------------------------------------------------------------

-- What a file is, as far as can be told without reading it.
local function stamp_of(path)
  local status = uv.fs_stat(path)
  return status and ("%d:%d.%09d"):format(status.size, status.mtime.sec, status.mtime.nsec) or nil
end

local function server_has(session, item)
  local ok, _, moved = pcall(component.download, {
    session = session, url = ("%s/component/get?id=%s"):format(session.name, item.id), sends_key = true,
  })
  return ok and moved.total == item.size
end

-- Marks the files that were sent, have not changed since, and are on the server still.
local function find_sent(session, items, sent)
  local candidates = {}
  for _, item in ipairs(items) do
    if not item.is_container and sent[item.name] and sent[item.name] == item.stamp then
      candidates[#candidates + 1] = item
    end
  end
  task.parallel(candidates, { limit = line.connections(session) }, function(item)
    item.is_there = server_has(session, item)
  end)
end

local function name_items(items, component_id)
  items[1].id = component_id
  for _, item in ipairs(items) do
    if not item.is_container then
      item.id, item.stamp = session_core.id_of_name(component_id, item.name), stamp_of(item.path)
    end
  end
end

-- ---- an upload -------------------------------------------------------------------------------------

local function describe(session, items)
  local pattern = items[1].path
  local place, name = pattern:match "^(.*/)([^/]*)$"
  return {
    tracker = session.name, user = session.api_user, host = uv.os_gethostname(), component_id = items[1].id,
    begun_at = os.time(),
    path = ("%s/%s"):format(uv.fs_realpath(place or "."), name or pattern),
  }
end

local function begin(wanted)
  local ok, lease = pcall(core.lease, folder(), wanted.component_id, cjson.encode(wanted))
  return ok and { lease = lease, record = wanted } or nil
end

local function find(session, items)
  local wanted = describe(session, items)
  local found = interrupted.take(folder(), records, wanted, KEYS)
  if found and is_component(session, found.record.component_id) then
    forget(found.lease, found.record.component_id)
    found = nil
  end
  return found or begin(wanted)
end

--- Goes on with an interrupted upload of the same sequence, or begins to remember a new one: `is_there` is set in the
--- items that need not be sent again. Nil for what is too small to be remembered, and where nothing can be.
---@param session moonshift.Session
---@param items table[] The sequence and its members; they get their ids.
---@return moonshift.sequence_state.State? state For a <close> variable.
function sequence_state.open(session, items)
  if not items[1].is_sequence or not upload.part_size(items[1].size) then return nil end
  if component.local_path(session, items[1].id) then return nil end
  local found = find(session, items)
  if not found then return nil end
  local state = setmetatable({ lease = found.lease, id = found.record.component_id }, State)
  name_items(items, state.id)
  find_sent(session, items, read_list(state.id))
  state.list = io.open(list_path(state.id), "ab")
  return state
end

--- A file was sent.
---@param item table
function State:note(item)
  if self.list and item.stamp then self.list:write(item.name, "\t", item.stamp, "\n"):flush() end
end

-- What the tracker will not take again is not worth going on with.
local LASTING = { invalid = true, not_found = true, io = true, permission = true, exists = true }

--- Whether what was sent is to stay after a failure, for somebody to go on: not where it takes the last room.
---@param err any
---@return boolean
function sequence_state.is_kept(err)
  return not (LASTING[errors.code(err)] or retry.is_full(err))
end

local function close_list(state)
  if state.list then state.list:close() end
  state.list = nil
end

--- The sequence is complete, or not worth going on with.
function State:forget()
  close_list(self)
  if self.lease then forget(self.lease, self.id) end
  self.lease = nil
end

--- Interrupted.
function State:__close()
  close_list(self)
  if self.lease then self.lease:abandon() end
  self.lease = nil
end

return sequence_state
