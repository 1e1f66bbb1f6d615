--- Components: files as the tracker knows them.
---
--- Adds `create_component`, `download` and `component_url` to sessions and `get_url` to locations, whose other methods
--- are in moonshift.locations. The bytes travel before the rows are committed, so a failed upload leaves nothing
--- behind on the tracker.

local uv = require "luv"
local call_options = require "moonshift.call_options"
local core = require "moonshift.core.component"
local session_core = require "moonshift.core.session"
local component_arguments = require "moonshift.component_arguments"
local component_sending = require "moonshift.component_sending"
local component_tables = require "moonshift.component_tables"
local errors = require "moonshift.errors"
local fetch = require "moonshift.fetch"
local locations = require "moonshift.locations"
local places = require "moonshift.places"
local source = require "moonshift.component_source"
require "moonshift.availability"
require "moonshift.session" -- whose classes this module adds to

---@class moonshift.component
local component = {}

local Session = session_core.Session
local Location = session_core.methods "Location"

local SERVER_LOCATION = places.SERVER
local RENAME_TRIES = 1000
local NAME_MAX, TYPE_MAX = 255, 100 -- bytes
local OPTIONS = { progress = true }

component.split_name = source.split_name
component.check_file = source.check_file

local function server_location(session)
  return session:query(('Location where name is "%s"'):format(SERVER_LOCATION)):one()
end

--- A location by its name; one that config.lua names is created on the tracker when it is first used. Raises
--- `not_found`.
---@param session moonshift.Session
---@param name string
---@return moonshift.Entity
function component.find_location(session, name)
  local found = session:query("Location where name is {name}", { name = name }):first()
  if found then return found end
  return component.location_of(session, places.need(session, name))
end

--- The location of a place; a studio's own is created on the tracker when it is first used.
---@param session moonshift.Session
---@param place moonshift.Place
---@return moonshift.Entity
function component.location_of(session, place)
  return session:query("Location where name is {name}", { name = place.name }):first()
    or session:ensure("Location", { name = place.name }, { "name" })
end

-- Where components of these names go by themselves; all others to the best place that there is.
local PLACE_OF_NAME = {
  ["ftrackreview-image"] = places.REVIEW,
  ["ftrackreview-mp4"] = places.REVIEW,
  ["ftrackreview-webm"] = places.REVIEW,
  thumbnail = places.SERVER,
}

-- The data's own attributes over those of the file, and what the new component will belong to.
local function apply(session, items, data)
  local first = items[1]
  for _, key in ipairs { "id", "name", "file_type" } do first[key] = data[key] or first[key] end
  local version_id = data.version_id or data.version and data.version.id
  local container_id = data.container_id or data.container and data.container.id
  first.container = container_id and component_tables.load_container(session, container_id)
  local version = version_id and component_tables.load_version(session, version_id)
    or first.container and first.container.version
  for _, item in ipairs(items) do item.version = version or nil end
end

local function absolute(path)
  return path:find "^/" and path or uv.cwd() .. "/" .. path
end

local function entity_type(item)
  return item.is_container and "SequenceComponent" or "FileComponent"
end

local function create_entity(session, item, data)
  local attributes = {
    id = item.id, name = item.name, file_type = item.file_type, size = item.size, padding = item.padding,
    container_id = not data.container and item.container and item.container.id or nil,
  }
  for key, value in pairs(data) do attributes[key] = value end
  return session:create(entity_type(item), attributes)
end

-- What is wrong with the attributes is told before anything travels: above all an id that has data already.
local function check_attributes(session, item, data)
  session:delete(create_entity(session, item, data))
  if data.id and session:query("select id from Component where id is {id}", { id = data.id }):first() then
    errors.raise("exists", ("there is a component with the id '%s' already"):format(data.id))
  end
end

local function tell(session, location, place, items, data, resource)
  local created = {}
  for i, item in ipairs(items) do
    locations.note_origin(session, item.id, absolute(item.path))
    created[i] = create_entity(session, item, i == 1 and data or {})
  end
  locations.note(session, location, place, items, resource, table.move(created, 1, #created, 1, {}))
  return created[1]
end

--- Creates a component from a file or a sequence of files: puts the data into `location`, several files at a time, and
--- commits the rows that say so, together with whatever else the session has pending.
---
--- ```lua
--- local movie = session:create_component("/renders/sh010.mov", { name = "sh010" })
--- local plate = session:create_component "/plates/sh010.%04d.exr [1001-1096]"
--- ```
---@param path string A regular file, a sequence, or a pattern that stands for one of the two.
---@param data? table Attributes of the component; `name` and `file_type` default to those of the path.
---@param location? moonshift.Entity The best that takes data when not given: `ftrack.server`, unless config.lua
--- names a better one.
---@param options? { progress?: fun(done: integer, total: integer) } Called with bytes while sending.
---@return moonshift.Entity component A FileComponent or a SequenceComponent.
function Session:create_component(path, data, location, options)
  data = component_arguments.attributes("create_component", data)
  options = call_options.check(options, OPTIONS, "create_component")
  if location then component_arguments.check_location("create_component", location) end
  local items = source.find(path).items
  local place_name = location and location.name or PLACE_OF_NAME[data.name]
  local place = place_name and places.need(self, place_name) or places.pick(self)
  location = location or component.location_of(self, place)
  apply(self, items, data)
  if not place.put then
    for _, item in ipairs(items) do item.path = absolute(item.path) end
  end
  local state <close> = component_sending.remember(self, place, items, data)
  check_attributes(self, items[1], data)
  component_tables.meter(items, options.progress)
  local resource = component_sending.run(self, location, place, items, state)
  local ok, result = pcall(tell, self, location, place, items, data, resource)
  if not ok then
    component_sending.refused(self, place, items, resource, state, result)
    error(result, 0)
  end
  if state then state:forget() end
  return result
end

-- As RFC 8089 has it.
local function file_url(path)
  return "file://" .. path:gsub("[^%w/._~-]", function(byte) return ("%%%02X"):format(byte:byte()) end)
end

--- The URL that a component's bytes on the server can be fetched from for about a day, without a key: or a `file://`
--- URL where the tracker is the embedded one.
---@param session moonshift.Session
---@param entity moonshift.Entity A component.
---@param location_id string
---@return string url
function component.url(session, entity, location_id)
  local path = core.local_path(session, entity.id)
  if path then return file_url(path) end
  local row = session:query(
    ('select url from ComponentLocation where component_id is "%s" and location_id is "%s"')
      :format(entity.id, location_id)):first()
  if not row then
    errors.raise("not_found", ("%s is not in this location"):format(tostring(entity)))
  end
  local url = row.url
  return type(url) == "table" and (url.url or url.value) or url
end

-- Raises `invalid` for a component whose data are those of its members.
local function check_data(entity)
  if not component_tables.is_container(entity) then return end
  errors.raise("invalid", ("%s has no data of its own, its members have"):format(tostring(entity)))
end

--- The URL of a component in this location: where that is a folder of this machine, a `file://` URL.
---@param entity moonshift.Entity
---@return string url
function Location:get_url(entity)
  local session = session_core.session_of(self)
  local place = places.find(session, self.name)
  if place and place.path and place.name ~= SERVER_LOCATION then
    local path = self:get_filesystem_path(entity)
    if path:find "^/" then return file_url(path) end
  end
  check_data(entity)
  return component.url(session, entity, self.id)
end

-- At most so many bytes, whole characters.
local function cut(text, bytes)
  if #text <= bytes then return text end
  while bytes > 0 and text:byte(bytes + 1) & 0xC0 == 0x80 do bytes = bytes - 1 end
  return text:sub(1, bytes)
end

--- A name for a downloaded file that is one plain file name, whatever the component is called.
---@param name string?
---@param file_type string?
---@param suffix? string Between the two.
---@return string
function component.file_name(name, file_type, suffix)
  local tail = (suffix or "") .. cut(file_type or "", TYPE_MAX)
  local plain = (cut(name or "", NAME_MAX - #tail) .. tail):gsub("[/%z\1-\31\127]", "_")
  if plain == "" or plain == "." or plain == ".." then return "component" end
  return plain
end

-- folder/name.ext, folder/name-1.ext, …: the first that does not exist yet.
local function free_path(folder, name, file_type)
  for i = 0, RENAME_TRIES do
    local suffix = i == 0 and "" or "-" .. i
    local path = folder .. "/" .. component.file_name(name or "component", file_type, suffix)
    if not uv.fs_lstat(path) then return path end
  end
  errors.raise("exists", ("'%s' is full of files called '%s'"):format(folder, name))
end

--- Downloads a component into `folder` under its own name (a number is added where a file of that name
--- exists). The file appears when it is complete.
---@param entity moonshift.Entity A component in the location `ftrack.server`.
---@param folder string An existing folder.
---@param options? { progress?: fun(done: integer, total: integer) }
---@return string path
---@return integer size Bytes.
function Session:download(entity, folder, options)
  component_arguments.check_component("download", entity)
  options = call_options.check(options, OPTIONS, "download")
  if type(folder) ~= "string" then
    errors.raise("usage", ("download: the folder is a path, not a %s"):format(type(folder)))
  end
  check_data(entity)
  local path = free_path(folder, entity.name, entity.file_type)
  local location = server_location(self)
  local row = self:query(
    ('select url from ComponentLocation where component_id is "%s" and location_id is "%s"')
      :format(entity.id, location.id)):first()
  if not row then
    errors.raise("not_found", ("'%s' has no data on the server"):format(entity.name))
  end
  local size = fetch.run(self, {
    url = row.url.url or row.url.value,
    path = path,
    key = entity.id,
    size = entity.size or 0,
    progress = options.progress,
  })
  return path, size
end

return component
