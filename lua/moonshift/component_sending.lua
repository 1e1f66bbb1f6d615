--- Sending the files of new components to where they go, several at a time, and taking them back.

local errors = require "moonshift.errors"
local kept = require "moonshift.kept"
local line = require "moonshift.line"
local location_transfer = require "moonshift.location_transfer"
local locations = require "moonshift.locations"
local places = require "moonshift.places"
local sequence_state = require "moonshift.sequence_state"
local task = require "moonshift.task"
local upload = require "moonshift.upload"

---@class moonshift.component_sending
local component_sending = {}

local PARALLEL = 6

-- Files whose upload was interrupted keep the ids that they had then, so that it is gone on with.
local function take_up(session, items, data)
  for i, item in ipairs(items) do
    local has_id = item.is_container or i == 1 and data.id
    item.id = not has_id and upload.interrupted(session, item.path) or item.id
  end
end

--- Goes on with what was interrupted on the way to the server: with the same ids.
---@param session moonshift.Session
---@param place moonshift.Place
---@param items table[] They get the ids.
---@param data table The attributes that were given.
---@return moonshift.sequence_state.State? state For a <close> variable.
function component_sending.remember(session, place, items, data)
  if place.name ~= places.SERVER then return nil end
  local state = not data.id and items[1].is_sequence and sequence_state.open(session, items) or nil
  if not state then take_up(session, items, data) end
  return state
end

-- A file may have been made where it belongs: nobody else has it, so it is never taken back.
local function is_original(session, place, item, resource)
  local path = place.path and place.path(session, item, resource)
  return path ~= nil and location_transfer.is_one_file(path, item.path)
end

-- What was sent stays for whoever goes on, when there is something to go on with.
local function take_back(session, place, moved, resource, state, err)
  if state and sequence_state.is_kept(err) then
    for _, item in ipairs(moved) do kept.note(session, item.size) end
    return
  end
  for _, item in ipairs(place.remove and moved or {}) do
    if not item.is_original then pcall(place.remove, session, item, resource[item.id]) end
  end
  if state then state:forget() end
end

--- Sends them. Raises what the first failure was; nothing stays then but what can be gone on with.
---@param session moonshift.Session
---@param location moonshift.Entity
---@param place moonshift.Place
---@param items table[]
---@param state? moonshift.sequence_state.State
---@return table<string, string> resource By id.
function component_sending.run(session, location, place, items, state)
  local moved, resource = {}, {}
  for _, item in ipairs(items) do resource[item.id] = place.identify(session, item) end
  if not place.put then return resource end
  locations.check_free(session, location, place, items, resource)
  local ok, err = pcall(task.parallel, items, { limit = math.max(PARALLEL, line.connections(session)) }, function(item)
    if item.is_container then return end
    item.is_original = is_original(session, place, item, resource[item.id])
    local size = item.is_there and item.size or place.put(session, item, resource[item.id], item.path)
    if size ~= item.size then
      errors.raise("io", ("'%s' changed: it had %d bytes before, and has %d now"):format(item.path, item.size, size))
    end
    moved[#moved + 1] = item
    if state and not item.is_there then state:note(item) end
  end)
  if ok then ok, err = pcall(location_transfer.settle, place, items, resource) end
  if ok then return resource end
  take_back(session, place, moved, resource, state, err)
  error(err, 0)
end

local function files_of(items)
  local files = {}
  for _, item in ipairs(items) do
    if not item.is_container then files[#files + 1] = item end
  end
  return files
end

-- Whether the tracker has done what it was told is open.
local UNDECIDED = { network = true, timeout = true, protocol = true, busy = true, cancelled = true }

--- Takes the data of components back that the tracker would not have.
---@param session moonshift.Session
---@param place moonshift.Place
---@param items table[]
---@param resource table<string, string> By id.
---@param state? moonshift.sequence_state.State
---@param err any Why.
function component_sending.refused(session, place, items, resource, state, err)
  if UNDECIDED[errors.code(err)] then return end
  take_back(session, place, files_of(items), resource, state, err)
end

return component_sending
