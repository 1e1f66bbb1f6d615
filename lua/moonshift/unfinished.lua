--- Versions that are being published: a locked file in the state folder for each. One that nobody holds any more is of
--- a process that was killed: what it had made is taken back by whoever publishes next.

local cjson = require "cjson"
local core = require "moonshift.core.job"
local errors = require "moonshift.errors"
local paths = require "moonshift.paths"
local uv = require "luv"

---@class moonshift.unfinished
local unfinished = {}

---@class moonshift.unfinished.Record
---@field version_id string
---@field asset_id string
---@field is_new boolean Whether the asset was made for the version.
---@field folders string[] Those that the files come from: what is in them may be the originals, and stays.

local function folder()
  return paths.find("state", "publishes")
end

-- ---- taking back -----------------------------------------------------------------------------------

local function is_out_of_reach(err)
  local code = errors.code(err)
  return code == "network" or code == "timeout"
end

local function folder_of(path)
  return uv.fs_realpath(path:match "^(.*/)" or ".")
end

--- The folders of files and sequences.
---@param files string[]
---@return string[]
function unfinished.folders(files)
  local seen, list = {}, {}
  for _, path in ipairs(files) do
    local place = folder_of(path)
    if place and not seen[place] then list[#list + 1] = place end
    seen[place or ""] = true
  end
  return list
end

-- Files may have been made where they belong.
local function is_original(row, folders)
  local ok, path = pcall(row.location.get_filesystem_path, row.location, row.component)
  local place = ok and folder_of(path)
  for _, one in ipairs(folders) do
    if one == place then return true end
  end
  return false
end

-- Data and rows of all components, wherever they are that this machine can reach.
local function remove_data(session, record)
  local rows = session:query("select component, location from ComponentLocation where component.version_id is {id}",
    { id = record.version_id }):all()
  for _, row in ipairs(rows) do
    if not is_original(row, record.folders) then
      local ok, err = pcall(row.location.remove_component, row.location, row.component)
      if not ok and is_out_of_reach(err) then error(err, 0) end
    end
  end
end

local function has_rows(session, expression, id)
  return session:query(expression, { id = id }):first() ~= nil
end

--- Removes a version that was not published, the data of its components, and its asset when that was made for it and
--- has no other version. One that was published stays.
---@param session moonshift.Session
---@param record moonshift.unfinished.Record
function unfinished.take_back(session, record)
  local version_id, asset_id = record.version_id, record.asset_id
  if has_rows(session, "select id from AssetVersion where id is {id} and is_published is false", version_id) then
    remove_data(session, record)
    session:call { { action = "delete", entity_type = "AssetVersion", entity_key = { version_id } } }
  end
  if record.is_new and has_rows(session, "select id from Asset where id is {id}", asset_id)
    and not has_rows(session, "select id from AssetVersion where asset_id is {id}", asset_id) then
    session:call { { action = "delete", entity_type = "Asset", entity_key = { asset_id } } }
  end
end

-- ---- remembering -----------------------------------------------------------------------------------

--- Remembers a version until the lease is released. One that cannot be remembered is published all the same.
---@param session moonshift.Session
---@param record moonshift.unfinished.Record
---@return moonshift.Lease?
function unfinished.remember(session, record)
  local text = cjson.encode {
    tracker = session.name, user = session.api_user, host = uv.os_gethostname(),
    version_id = record.version_id, asset_id = record.asset_id, is_new = record.is_new, folders = record.folders,
  }
  local ok, lease = pcall(core.lease, folder(), record.version_id, text)
  return ok and lease or nil
end

local function decode(lease)
  local ok, record = pcall(cjson.decode, lease:text())
  local is_record = ok and type(record) == "table"
    and type(record.version_id) == "string" and type(record.asset_id) == "string" and type(record.folders) == "table"
  return is_record and record or nil
end

--- Takes back what publishes of this user on this tracker have left that were killed.
---@param session moonshift.Session
function unfinished.clean(session)
  if not uv.fs_stat(folder()) then return end
  for _, lease in ipairs(core.abandoned_leases(folder())) do
    local record = decode(lease)
    local is_mine = record and record.tracker == session.name and record.user == session.api_user
      and record.host == uv.os_gethostname() -- where the folder is shared, locks may not be
    if not record or is_mine and pcall(unfinished.take_back, session, record) then
      lease:release()
    else
      lease:abandon()
    end
  end
end

return unfinished
