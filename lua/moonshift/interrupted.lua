--- Work that was interrupted: each piece has a locked file in a folder of its kind, which nobody holds any more. Who
--- does the same again goes on with it.

local cjson = require "cjson"
local core = require "moonshift.core.job"
local uv = require "luv"

---@class moonshift.interrupted
local interrupted = {}

local STALE_S = 2 * 24 * 3600 -- trackers have forgotten an upload by then

---@class moonshift.interrupted.Kind What a folder's records are.
---@field read fun(record: table): number? When somebody last went on with it, in seconds since 1970; nil for a record
--- that makes no sense. It may put the record's values right.
---@field forget fun(lease: moonshift.Lease, record: table?) Nobody will go on with it.

-- Nothing for what nobody can go on with.
local function decode(lease, kind)
  local ok, record = pcall(cjson.decode, lease:text())
  local since = ok and type(record) == "table" and kind.read(record)
  if since then return record, os.time() - since > STALE_S end
end

local function is_same(record, wanted, keys)
  for _, key in ipairs(keys) do
    if record[key] ~= wanted[key] then return false end
  end
  return true
end

--- Looks through a folder for the work that is wanted, and forgets what nobody will go on with.
---@param folder string
---@param kind moonshift.interrupted.Kind
---@param wanted table
---@param keys string[] In which a record is that of the same work.
---@return { lease: moonshift.Lease, record: table }?
function interrupted.take(folder, kind, wanted, keys)
  local found
  if not uv.fs_stat(folder) then return nil end
  for _, lease in ipairs(core.abandoned_leases(folder)) do
    local record, is_stale = decode(lease, kind)
    if not record or is_stale then
      kind.forget(lease, record)
    elseif not found and is_same(record, wanted, keys) then
      found = { lease = lease, record = record }
    else
      lease:abandon()
    end
  end
  return found
end

return interrupted
