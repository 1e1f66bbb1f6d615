--- Sending a file to the tracker's server: at once when it is small, else in parts, several at a time, each tried
--- again when the line breaks, and gone on with after a restart of the process.

local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local kept = require "moonshift.kept"
local line = require "moonshift.line"
local retry = require "moonshift.retry"
local task = require "moonshift.task"
local transfer_state = require "moonshift.transfer_state"
local uv = require "luv"

---@class moonshift.upload
local upload = {}

local MIB = 1024 * 1024
local PARTS_MAX = 600 -- keeps what is remembered of an upload small

-- Larger files, larger parts: from this size of the file on, this size of a part.
local PART_SIZES = {
  { from = 8 * 1024 * MIB, part = 64 * MIB },
  { from = 1024 * MIB, part = 32 * MIB },
  { from = 128 * MIB, part = 16 * MIB },
  { from = 0, part = 8 * MIB },
}

--- How long the parts of a file are; nil for one that goes at once.
---@param size integer Bytes.
---@return integer?
function upload.part_size(size)
  local part = tonumber(os.getenv "MOONSHIFT_PART_BYTES")
  for _, step in ipairs(PART_SIZES) do
    if not part and size > step.from then part = step.part end
  end
  part = math.max(part or MIB, math.ceil(size / PARTS_MAX))
  return size > 2 * part and math.tointeger(part) or nil
end

---@class moonshift.upload.Options
---@field component_id string
---@field path string A regular file.
---@field size integer Its bytes.
---@field name string What the file is called, for whoever downloads it.
---@field progress? fun(done: integer, total: integer)

local function metadata_request(options, more)
  local request = {
    action = "get_upload_metadata",
    component_id = options.component_id,
    file_name = options.name,
    file_size = options.size,
  }
  for key, value in pairs(more or {}) do request[key] = value end
  return request
end

-- ---- at once ---------------------------------------------------------------------------------------

local function send_whole(session, options, metadata)
  return (line.move(core.upload, {
    session = session,
    url = metadata.url,
    headers = metadata.headers,
    path = options.path,
    progress = options.progress,
  }))
end

-- ---- in parts --------------------------------------------------------------------------------------

-- Adds up what the parts have sent, to what was there before: that is told first.
local function meter(options, there)
  local sent, total = {}, there
  if there > 0 and options.progress then options.progress(there, options.size) end
  return function(number, bytes)
    total = total + bytes - (sent[number] or 0)
    sent[number] = bytes
    if options.progress then options.progress(total, options.size) end
  end
end

local function send_part(session, state, entry, tell)
  local number, record = entry.part_number, state.record
  local _, moved = retry.call(line.move, core.upload, {
    session = session,
    url = entry.signed_url,
    path = record.path,
    offset = (number - 1) * record.part_size,
    size = state:part_bytes(number),
    progress = function(done) tell(number, done) end,
  })
  if not moved.etag then
    errors.raise("protocol", ("%s took part %d without giving its ETag"):format(session.name, number))
  end
  state:note(number, moved.etag)
end

-- A file that somebody writes to is a mixture of old and new.
local function check_unchanged(session, record)
  local now = transfer_state.describe(session, record.path)
  if now.size ~= record.size or now.modified ~= record.modified then
    errors.raise("io", ("'%s' changed while it was uploaded (%d bytes before, %d now): upload it when nobody writes "
      .. "it any more"):format(record.path, record.size, now.size))
  end
end

local function receipts(record, count)
  local parts = {}
  for number = 1, count do
    parts[number] = { part_number = number, e_tag = record.tags[tostring(number)] }
  end
  return parts
end

local function complete(session, record, count)
  retry.call(session.call, session, { {
    action = "complete_multipart_upload",
    component_id = record.component_id,
    upload_id = record.upload_id,
    parts = receipts(record, count),
  } })
end

local function send_parts(session, options, state, metadata)
  local record, missing, there = state.record, {}, 0
  for _, entry in ipairs(metadata.urls) do
    if record.tags[tostring(entry.part_number)] then
      there = there + state:part_bytes(entry.part_number)
    else
      missing[#missing + 1] = entry
    end
  end
  local tell = meter(options, there)
  task.parallel(missing, { limit = line.connections(session) }, function(entry)
    send_part(session, state, entry, tell)
  end)
  check_unchanged(session, record)
  complete(session, record, #metadata.urls)
end

-- What the tracker will not take again is not worth remembering.
local LASTING = { invalid = true, not_found = true, io = true, permission = true }

-- Before the state is closed: what was not forgotten then stays.
local function note_kept(session, state)
  return setmetatable({}, { __close = function() kept.note(session, state:kept_bytes()) end })
end

local function run_parts(session, options, part_size)
  local wanted = transfer_state.describe(session, options.path)
  wanted.component_id = options.component_id
  local state <close> = transfer_state.open(wanted)
  local _ <close> = note_kept(session, state)
  local record = state.record
  local metadata = session:call({ metadata_request(options, {
    parts = math.ceil(options.size / part_size),
    upload_id = record.part_size == part_size and record.upload_id or nil,
  }) })[1]
  if not metadata.urls then return send_whole(session, options, metadata) end
  state:begin(metadata.upload_id, part_size)
  local ok, err = pcall(send_parts, session, options, state, metadata)
  if ok or LASTING[errors.code(err)] then state:forget() end
  if not ok then error(err, 0) end
  return options.size
end

-- ---- both ------------------------------------------------------------------------------------------

--- Sends a file's bytes; the rows that make it a component are the caller's.
---@param session moonshift.Session
---@param options moonshift.upload.Options
---@return integer size Bytes.
function upload.send(session, options)
  local part_size = not core.local_path(session, options.component_id) and upload.part_size(options.size)
  if part_size then return run_parts(session, options, part_size) end
  return send_whole(session, options, session:call({ metadata_request(options) })[1])
end

-- One that the tracker has was on its way from another location.
local function is_known(session, component_id)
  local ok, found = pcall(function()
    return session:query("select id from Component where id is {id}", { id = component_id }):first()
  end)
  return ok and found ~= nil
end

--- The component that an upload of the same file was to become and that was interrupted, to go on with it.
---@param session moonshift.Session
---@param path string
---@return string? component_id
function upload.interrupted(session, path)
  local status = uv.fs_stat(path)
  if not status or not upload.part_size(status.size) then return nil end
  local id = transfer_state.interrupted(session, path)
  return id and not is_known(session, id) and id or nil
end

return upload
