--- Delivery: how operations and files reach a tracker once in effect, however often they are sent.
---
--- All ids are made here. When a tracker refuses a batch, perhaps because an earlier try arrived and only
--- its answer was lost, it is asked which of the batch's entities exist; what is left is sent again.

local component = require "moonshift.component"
local errors = require "moonshift.errors"
local job_core = require "moonshift.core.job"
local placeholder = require "moonshift.placeholder"
local sending = require "moonshift.upload"

---@class moonshift.delivery
local delivery = {}

-- The location `ftrack.server` has this id on every tracker.
local SERVER_LOCATION_ID = "3a372bde-05bc-11e4-8908-20c9d081909b"

-- The primary keys of types that have not just an id, in the order of `entity_key`.
local KEYS = { JobComponent = { "component_id", "job_id" } }
local ID = { "id" }

-- ---- verdicts --------------------------------------------------------------------------------------

-- The tracker did not answer, or not as a tracker.
local UNREACHABLE = { network = true, timeout = true, protocol = true, busy = true }

-- Not a word on the operation itself: another time, or with another key, it may go through.
local UNDECIDED = {
  authentication = true, io = true, full = true, memory = true, closed = true, cancelled = true,
}

--- Whether an error means that the tracker could not be reached.
---@param err any
---@return boolean
function delivery.is_unreachable(err)
  return UNREACHABLE[errors.code(err)] or false
end

--- Whether an error is a verdict: the same operation would fail again.
---@param err any
---@return boolean
function delivery.is_refusal(err)
  return not (UNREACHABLE[errors.code(err)] or UNDECIDED[errors.code(err)])
end

--- Whether the tracker answers just now.
---@param session moonshift.Session
---@return boolean
function delivery.probe(session)
  local ok, err = pcall(session.call, session, { { action = "query_server_information" } })
  if errors.code(err) == "cancelled" then error(err, 0) end
  return ok or delivery.is_refusal(err)
end

-- ---- operations ------------------------------------------------------------------------------------

local function exists(session, entity_type, key)
  local names, conditions = KEYS[entity_type] or ID, {}
  for i, name in ipairs(names) do conditions[i] = ('%s is "%s"'):format(name, key[i]) end
  local answer = session:call { {
    action = "query",
    expression = ("select %s from %s where %s"):format(names[1], entity_type, table.concat(conditions, " and ")),
  } }
  return answer[1].data[1] ~= nil
end

local function not_done_yet(session, operations)
  local left = {}
  for _, operation in ipairs(operations) do
    local done = operation.action == "create" and exists(session, operation.entity_type, operation.entity_key)
    if not done then left[#left + 1] = operation end
  end
  return left
end

--- Sends operations as one batch, once in effect. Raises the tracker's refusal, or why it could not be
--- reached.
---@param session moonshift.Session
---@param operations table[] Creations carry their ids; there may be placeholders.
function delivery.call(session, operations)
  operations = placeholder.fill(session, operations)
  local ok, err = pcall(session.call, session, operations)
  if ok then return end
  if not delivery.is_refusal(err) then error(err, 0) end
  local left = not_done_yet(session, operations)
  if #left == #operations then error(err, 0) end
  if #left > 0 then session:call(left) end
end

-- ---- files -----------------------------------------------------------------------------------------

---@class moonshift.delivery.Upload What is needed to attach a file, also in another process.
---@field component_id string
---@field component_location_id string
---@field job_id string
---@field path string An absolute path.
---@field name string
---@field file_type string
---@field size integer Bytes.
---@field md5? string Checked before the file is sent when it is given.
---@field again? boolean It may be attached already.
---@field ours? boolean Whoever has delivered it removes the file.

--- The operations that make an uploaded file a component and attach it to its job.
---@param upload moonshift.delivery.Upload
---@return table[]
local function rows(upload)
  local function create(entity_type, key, data)
    data.__entity_type__ = entity_type
    return { action = "create", entity_type = entity_type, entity_key = key, entity_data = data }
  end
  return {
    create("FileComponent", { upload.component_id }, {
      id = upload.component_id,
      name = upload.name,
      file_type = upload.file_type,
      size = upload.size,
    }),
    create("ComponentLocation", { upload.component_location_id }, {
      id = upload.component_location_id,
      component_id = upload.component_id,
      location_id = SERVER_LOCATION_ID,
      resource_identifier = upload.component_id,
    }),
    create("JobComponent", { upload.component_id, upload.job_id }, {
      component_id = upload.component_id,
      job_id = upload.job_id,
    }),
  }
end

local function check_unchanged(upload)
  component.check_file(upload.path)
  local md5 = job_core.checksum(upload.path)
  if md5 ~= upload.md5 then
    errors.raise("invalid", ("'%s' was changed after it was attached; the job keeps no copy of it")
      :format(upload.path))
  end
end

--- Sends a file and attaches it, once in effect.
---@param session moonshift.Session
---@param upload moonshift.delivery.Upload
---@param progress? fun(done: integer, total: integer)
function delivery.upload(session, upload, progress)
  local may_be_there = upload.md5 or upload.again
  if may_be_there and exists(session, "JobComponent", { upload.component_id, upload.job_id }) then return end
  if upload.md5 then check_unchanged(upload) end
  sending.send(session, {
    component_id = upload.component_id,
    path = upload.path,
    size = upload.size,
    name = upload.name .. upload.file_type,
    progress = progress,
  })
  delivery.call(session, rows(upload))
end

return delivery
