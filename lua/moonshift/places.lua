--- What a location is to this machine: how data get there and back. The tracker's own locations are known; a studio
--- adds folders in config.lua:
---
---     return {
---       locations = {
---         { name = "studio.disk", prefix = "/mnt/projects", structure = "standard", priority = 10 },
---       },
---     }

local component_source = require "moonshift.component_source"
local config = require "moonshift.config"
local core = require "moonshift.core.component"
local disk = require "moonshift.disk"
local errors = require "moonshift.errors"
local fetch = require "moonshift.fetch"
local session_core = require "moonshift.core.session"
local structure = require "moonshift.structure"
local upload = require "moonshift.upload"
local uv = require "luv"

---@class moonshift.places
local places = {}

places.SERVER = "ftrack.server"
places.ORIGIN = "ftrack.origin"
places.UNMANAGED = "ftrack.unmanaged"
places.REVIEW = "ftrack.review"

local DEFAULT_PRIORITY = 95

---@class moonshift.Place
---@field name string
---@field priority number The lower the better.
---@field keeps_rows boolean Whether the tracker knows what is in it.
---@field identify fun(session, item): string The resource identifier of a component.
---@field put? fun(session, item, resource, source): integer Copies a file of this machine there; its size. None:
--- the data stay where they are.
---@field take? fun(session, item, resource, path, progress): integer Copies data of it into a new file.
---@field path? fun(session, item, resource): string? Where the data are in this machine's file system.
---@field holds? fun(session, item, source): boolean Whether it has the data of a file of this machine already.
---@field remove? fun(session, item, resource)
---@field settle? fun(resources: string[]) Makes lasting what was put or taken there.
---@field has_paths? boolean Whether two components could have the same resource.

-- ---- the tracker's own -----------------------------------------------------------------------------

local function server_url(session, id)
  local row = session:call({ {
    action = "query",
    expression = ('select url from ComponentLocation where component_id is "%s" and location.name is "%s"')
      :format(id, places.SERVER),
  } })[1].data[1]
  if not row then errors.raise("not_found", ("the component %s is not on the server"):format(id)) end
  return row.url.url or row.url.value
end

local server = {
  name = places.SERVER, priority = 150, keeps_rows = true,
  identify = function(_, item) return item.id end,
}

function server.put(session, item, _, source)
  return upload.send(session, {
    component_id = item.id, path = source, size = component_source.check_file(source),
    name = item.name .. item.file_type, progress = item.progress,
  })
end

-- What came here by a process that was killed does not travel again.
function server.take(session, item, _, path)
  local url, size = server_url(session, item.id), (uv.fs_lstat(path) or {}).size
  if size == item.size and fetch.is_same({ session = session, url = url }, path) then
    if item.progress then item.progress(size) end
    return size
  end
  disk.create(path, item.size, function(temporary)
    size = fetch.run(session, {
      url = url, path = temporary, key = item.id, size = item.size, progress = item.progress,
    })
  end)
  return size
end

function server.holds(session, item, source)
  if core.local_path(session, item.id) then return false end
  local url = ("%s/component/get?id=%s"):format(session.name, item.id)
  return fetch.is_same({ session = session, url = url, sends_key = true }, source)
end

function server.path(session, item)
  return core.local_path(session, item.id)
end

function server.remove(session, item)
  local ok, err = pcall(function()
    if core.remove_local(session, item.id) then return end
    core.download {
      session = session, url = ("%s/component/remove?id=%s"):format(session.name, item.id), sends_key = true,
    }
  end)
  if not ok and errors.code(err) ~= "not_found" then error(err, 0) end
end

-- Data that stay where they are: the resource is a path of this machine.
local function in_place(name, priority, keeps_rows)
  return {
    name = name, priority = priority, keeps_rows = keeps_rows,
    identify = function(_, item) return item.path end,
    path = function(_, _, resource) return resource end,
  }
end

local BUILTIN = {
  server,
  in_place(places.ORIGIN, 100, false),
  in_place(places.UNMANAGED, 90, true),
  in_place(places.REVIEW, 110, true),
}

-- ---- a studio's own --------------------------------------------------------------------------------

local SYSTEMS = { Linux = "linux", Darwin = "osx", Windows_NT = "windows" }

-- One prefix, or one for each platform: nil where there is none for this one.
local function prefix_of(settings)
  local prefix = settings.prefix
  if type(prefix) == "table" then
    prefix = prefix[SYSTEMS[uv.os_uname().sysname]]
    if prefix == nil then return nil end
  end
  if type(prefix) ~= "string" or not prefix:find "^/+[^/]" then
    errors.raise("usage", ("config.lua: the location '%s' needs an absolute path as its 'prefix'")
      :format(tostring(settings.name)))
  end
  return (prefix:gsub("/+$", ""))
end

local KEYS = { name = true, prefix = true, structure = true, priority = true }

-- Where a studio's structure puts a component.
local function identify_by(structure_of, name, prefix)
  return function(_, item)
    local ok, resource = pcall(structure_of, item)
    if not ok and errors.code(resource) ~= "error" then error(resource, 0) end
    if not ok or type(resource) ~= "string" then
      errors.raise("invalid", ("the structure of the location '%s' has no path for the component '%s': %s"):format(name,
        item.name, ok and "it gave a " .. type(resource) or tostring(resource)))
    end
    disk.path(prefix, resource)
    return resource
  end
end

local function check_settings(settings)
  if type(settings) ~= "table" then
    errors.raise("usage", ("config.lua: a location is a table, not a %s"):format(type(settings)))
  end
  for key in pairs(settings) do
    if not KEYS[key] then
      errors.raise("usage", ("config.lua: a location has no setting '%s'"):format(tostring(key)))
    end
  end
  if type(settings.name) ~= "string" or settings.name == "" then
    errors.raise("usage", "config.lua: a location needs a 'name'")
  elseif settings.priority and type(settings.priority) ~= "number" then
    errors.raise("usage", ("config.lua: the priority of the location '%s' is a number"):format(settings.name))
  end
end

-- Nil where it is not on this platform.
local function disk_place(settings)
  check_settings(settings)
  local prefix = prefix_of(settings)
  if not prefix then return nil end
  return {
    name = settings.name, priority = settings.priority or DEFAULT_PRIORITY, keeps_rows = true, has_paths = true,
    identify = identify_by(structure.find(settings.structure), settings.name, prefix),
    put = function(_, item, resource, source)
      return disk.copy(source, disk.path(prefix, resource), item.progress)
    end,
    take = function(_, item, resource, path) return disk.copy(disk.path(prefix, resource), path, item.progress) end,
    path = function(_, _, resource) return disk.path(prefix, resource) end,
    remove = function(_, _, resource) disk.remove(prefix, resource) end,
    settle = function(resources) disk.settle(prefix, resources) end,
  }
end

-- ---- all -------------------------------------------------------------------------------------------

local function load_places()
  local by_name = {}
  for _, place in ipairs(BUILTIN) do by_name[place.name] = place end
  for _, settings in ipairs(config.load().locations or {}) do
    local place = disk_place(settings)
    if place and by_name[place.name] then
      errors.raise("usage", ("config.lua: there is a location '%s' already"):format(place.name))
    end
    if place then by_name[place.name] = place end
  end
  return by_name
end

--- The places of a session by name.
---@param session moonshift.Session
---@return table<string, moonshift.Place>
function places.of(session)
  local notes = session_core.notes(session)
  notes.places = notes.places or load_places()
  return notes.places
end

--- The place that a location is, or nil for one that this machine does not know.
---@param session moonshift.Session
---@param name string
---@return moonshift.Place?
function places.find(session, name)
  return places.of(session)[name]
end

--- As `find`; raises `not_found`.
---@param session moonshift.Session
---@param name string
---@return moonshift.Place
function places.need(session, name)
  local place = places.find(session, name)
  if place then return place end
  errors.raise("not_found", ("this machine does not know how to reach the location '%s': add it to the locations "
    .. "in %s"):format(tostring(name), config.path()))
end

--- The place that new components go to: the best of those that take data.
---@param session moonshift.Session
---@return moonshift.Place
function places.pick(session)
  local best
  for _, place in pairs(places.of(session)) do
    if place.put and (not best or place.priority < best.priority) then best = place end
  end
  return best
end

return places
