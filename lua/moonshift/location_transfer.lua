--- The data of components on their way from one location to another, several at a time.

local errors = require "moonshift.errors"
local kept = require "moonshift.kept"
local line = require "moonshift.line"
local retry = require "moonshift.retry"
local task = require "moonshift.task"
local uv = require "luv"

---@class moonshift.location_transfer
local location_transfer = {}

local PARALLEL = 6
local MISSES_MAX = 12 -- as many as may have been under way

--- Whether two paths lead to one file.
---@param path string
---@param other string
---@return boolean
function location_transfer.is_one_file(path, other)
  local status, other_status = uv.fs_stat(path), uv.fs_stat(other)
  return status ~= nil and other_status ~= nil and status.ino == other_status.ino and status.dev == other_status.dev
end

---@class moonshift.location_transfer.Side One end of a transfer.
---@field place moonshift.Place
---@field resource table<string, string> By the component's id.
---@field misses? integer How many were asked for in vain; set here.

-- Where the data are in this machine's file system; nil where they are not.
local function path_of(session, item, side)
  return side.place.path and side.place.path(session, item, side.resource[item.id])
end

-- Whoever took the data out of the one location would take them out of the other.
local function check_apart(session, item, from, to, source)
  local target = from.place.remove and path_of(session, item, to)
  if target and location_transfer.is_one_file(source, target) then
    errors.raise("exists", ("'%s' in the location '%s' and '%s' in '%s' are one file"):format(source, from.place.name,
      target, to.place.name))
  end
end

-- What a call that was interrupted has sent is there, without a row. It was sent in this order: when several are not
-- there, nobody asks for the others.
local function is_there(session, item, to, source)
  if not to.place.holds or to.misses == MISSES_MAX then return false end
  local holds = to.place.holds(session, item, source)
  if not holds then
    to.misses = math.min(to.misses + 1, MISSES_MAX)
  elseif item.progress then
    item.progress(item.size)
  end
  return holds
end

-- From a file of this machine, or through a temporary one where neither side is a folder.
local function transfer(session, item, from, to)
  local source = path_of(session, item, from)
  if source and to.place.put then
    check_apart(session, item, from, to, source)
    if not is_there(session, item, to, source) then to.place.put(session, item, to.resource[item.id], source) end
    return
  end
  local target = to.place.put and path_of(session, item, to)
  if target and from.place.take then return from.place.take(session, item, from.resource[item.id], target) end
  errors.raise("invalid", ("data cannot go from '%s' to '%s'"):format(from.place.name, to.place.name))
end

--- Makes lasting what was copied to a place.
---@param place moonshift.Place
---@param items table[]
---@param resource table<string, string> By id.
function location_transfer.settle(place, items, resource)
  if not place.settle then return end
  local list = {}
  for _, item in ipairs(items) do
    if not item.is_container then list[#list + 1] = resource[item.id] end
  end
  place.settle(list)
end

-- The line's fault, or somebody's wish: what has come stays for whoever goes on.
local PASSING = { network = true, timeout = true, cancelled = true, busy = true }

-- A file that was where it belongs before stays there.
local function remove(session, item, from, to)
  local source, target = path_of(session, item, from), path_of(session, item, to)
  local is_original = source and target and location_transfer.is_one_file(source, target)
  if to.place.remove and not is_original then pcall(to.place.remove, session, item, to.resource[item.id]) end
end

local function take_back(session, moved, from, to, err)
  local is_passing = PASSING[errors.code(err)] and not retry.is_full(err)
  for _, item in ipairs(moved) do
    if is_passing then
      kept.note(session, item.size)
    else
      remove(session, item, from, to)
    end
  end
end

--- Moves the data of those that have any: a container is its members. When one fails the others are taken back; when
--- the line broke or somebody stopped it, they stay, and the same call goes on with the rest.
---@param session moonshift.Session
---@param items table[]
---@param from moonshift.location_transfer.Side
---@param to moonshift.location_transfer.Side
function location_transfer.run(session, items, from, to)
  local moved = {}
  to.misses = 0
  local ok, err = pcall(task.parallel, items, { limit = math.max(PARALLEL, line.connections(session)) }, function(item)
    if item.is_container then return end
    transfer(session, item, from, to)
    moved[#moved + 1] = item
  end)
  if ok then ok, err = pcall(location_transfer.settle, to.place, items, to.resource) end
  if ok then return end
  take_back(session, moved, from, to, err)
  error(err, 0)
end

return location_transfer
