--- Components: files as the tracker knows them.
---
--- Adds `create_component`, `download` and `component_url` to sessions and `get_url` to locations. The
--- bytes travel before the rows are committed, so a failed upload leaves nothing behind on the tracker.

local uv = require "luv"
local core = require "moonshift.core.component"
local session_core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local fetch = require "moonshift.fetch"
local upload = require "moonshift.upload"
require "moonshift.session" -- whose classes this module adds to

---@class moonshift.component
local component = {}

local Session = session_core.Session
local Location = session_core.methods "Location"

local SERVER_LOCATION = "ftrack.server"
local RENAME_TRIES = 1000

--- Splits a path as the official clients do: the name without its extension, and the extension with its
--- dot ("" when there is none; a leading dot begins a name).
---@param path string
---@return string name
---@return string file_type
function component.split_name(path)
  local base = path:match "([^/]*)/*$"
  local name, extension = base:match "^(.+)(%.[^.]*)$"
  if not name then return base, "" end
  return name, extension
end

--- Raises unless `path` is a regular file that can be read; returns its size in bytes.
---@param path string
---@return integer size
function component.check_file(path)
  if type(path) ~= "string" then
    errors.raise("usage", "a component's path must be a string, not a " .. type(path))
  end
  local status, message, code = uv.fs_stat(path)
  if not status then
    local reason = code == "ENOENT" and "there is no such file" or message
    errors.raise(code == "ENOENT" and "not_found" or "io", ("cannot attach '%s': %s"):format(path, reason))
  end
  if status.type == "directory" then
    errors.raise("invalid", ("cannot attach '%s': it is a folder; name the files in it, for example '%s/*'")
      :format(path, path))
  end
  if status.type ~= "file" then
    errors.raise("invalid", ("cannot attach '%s': it is a %s, not a regular file"):format(path, status.type))
  end
  if not uv.fs_access(path, "R") then
    errors.raise("permission", ("cannot attach '%s': it cannot be read; check its permissions"):format(path))
  end
  return status.size
end

local function server_location(session)
  return session:query(('Location where name is "%s"'):format(SERVER_LOCATION)):one()
end

--- Creates a component from a file: uploads it to `location` and commits the rows that say so, together
--- with whatever else the session has pending.
---
--- ```lua
--- local movie = session:create_component("/renders/sh010.mov", { name = "sh010" })
--- ```
---@param path string A regular file.
---@param data? table Attributes of the component; `name` and `file_type` default to those of the path.
---@param location? moonshift.Entity The location `ftrack.server` when not given.
---@param options? { progress?: fun(done: integer, total: integer) } Called with bytes while sending.
---@return moonshift.Entity component A FileComponent.
function Session:create_component(path, data, location, options)
  local size = component.check_file(path)
  location = location or server_location(self)
  if location.name ~= SERVER_LOCATION then
    errors.raise("usage", ("cannot put '%s' into the location '%s': only '%s' takes files so far")
      :format(path, location.name, SERVER_LOCATION))
  end
  local name, file_type = component.split_name(path)
  local attributes = { name = name, file_type = file_type }
  for key, value in pairs(data or {}) do attributes[key] = value end
  attributes.id = attributes.id or upload.interrupted(self, path) or session_core.new_id()
  attributes.size = upload.send(self, {
    component_id = attributes.id,
    path = path,
    size = size,
    name = attributes.name .. attributes.file_type,
    progress = options and options.progress,
  })
  local entity = self:create("FileComponent", attributes)
  self:create("ComponentLocation", {
    component_id = attributes.id,
    location_id = location.id,
    resource_identifier = attributes.id,
  })
  self:commit()
  return entity
end

--- The URL that a component's bytes in `location` can be fetched from for about a day, without a key: or a
--- `file://` URL where the tracker is the embedded one.
---@param session moonshift.Session
---@param entity moonshift.Entity A component.
---@param location_id string
---@return string url
function component.url(session, entity, location_id)
  local path = core.local_path(session, entity.id)
  if path then return "file://" .. path end
  local row = session:query(
    ('select url from ComponentLocation where component_id is "%s" and location_id is "%s"')
      :format(entity.id, location_id)):first()
  if not row then
    errors.raise("not_found", ("%s is not in this location"):format(tostring(entity)))
  end
  local url = row.url
  return type(url) == "table" and (url.url or url.value) or url
end

--- The URL of a component in this location.
---@param entity moonshift.Entity
---@return string url
function Location:get_url(entity)
  return component.url(session_core.session_of(self), entity, self.id)
end

--- A name for a downloaded file that is one plain file name, whatever the component is called.
---@param name string?
---@param file_type string?
---@return string
function component.file_name(name, file_type)
  local plain = ((name or "") .. (file_type or "")):gsub("[/%z\1-\31\127]", "_")
  if plain == "" or plain == "." or plain == ".." then return "component" end
  return plain
end

-- folder/name.ext, folder/name-1.ext, …: the first that does not exist yet.
local function free_path(folder, name, file_type)
  for i = 0, RENAME_TRIES do
    local suffix = i == 0 and "" or "-" .. i
    local path = folder .. "/" .. component.file_name((name or "component") .. suffix, file_type)
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
    progress = options and options.progress,
  })
  return path, size
end

return component
