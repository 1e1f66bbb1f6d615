--- Components where they belong: `version:create_component(…)`, `entity:create_thumbnail(…)`,
--- `version:encode_media(…)`, `component:get_availability(…)`.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"

---@class moonshift.media
local media = {}

local AVAILABLE, ABSENT = 100.0, 0.0

-- Types that have a thumbnail.
local PICTURED = { "Context", "AssetVersion", "User", "ReviewSession" }

--- Creates a component of a version from a file. As `Session:create_component`.
---@param self moonshift.Entity An AssetVersion.
---@param path string
---@param data? table
---@param location? moonshift.Entity
---@return moonshift.Entity component
function media.create_component(self, path, data, location)
  local attributes = { version_id = self.id }
  for key, value in pairs(data or {}) do attributes[key] = value end
  return core.session_of(self):create_component(path, attributes, location)
end

--- Uploads an image, makes it the entity's thumbnail and commits.
---@param self moonshift.Entity
---@param path string
---@return moonshift.Entity component
function media.create_thumbnail(self, path)
  local session = core.session_of(self)
  local component = session:create_component(path, { name = "thumbnail" })
  self.thumbnail_id = component.id
  session:commit()
  return component
end

--- Uploads a movie or image and has the server make what browsers play of it.
---@param self moonshift.Entity An AssetVersion.
---@param file string|moonshift.Entity A path, or a component that is on the server.
---@param keep_original? boolean Whether the component itself stays; when not given: not for a path.
---@return moonshift.Entity job The Job that does it.
function media.encode_media(self, file, keep_original)
  local session = core.session_of(self)
  local is_path = type(file) == "string"
  local component = is_path and media.create_component(self, file) or file
  if not core.is_entity(component) then
    errors.raise("usage", ("encode_media: expected a path or a component, found a %s"):format(type(file)))
  end
  if keep_original == nil then keep_original = not is_path end
  local answer = session:call { {
    action = "encode_media", component_id = component.id, version_id = self.id, keep_original = keep_original,
  } }[1]
  return session:get("Job", answer.job_id)
end

-- A container is as available as its members are on average.
local function availability(component, location)
  local members = rawget(core.session_of(component).types[component.__entity_type__].attributes, "members")
    and component.members
  if members and #members > 0 then
    local sum = 0
    for _, member in ipairs(members) do sum = sum + availability(member, location) end
    return sum / #members
  end
  for _, place in ipairs(component.component_locations) do
    if place.location_id == location.id then return AVAILABLE end
  end
  return ABSENT
end

--- How much of a component is in each location, in per cent.
---@param self moonshift.Entity A component.
---@param locations? moonshift.Entity[] All locations of the tracker when not given.
---@return table<string, number> percent By the location's id.
function media.get_availability(self, locations)
  local result = {}
  for _, location in ipairs(locations or core.session_of(self):query("Location"):all()) do
    result[location.id] = availability(self, location)
  end
  return result
end

local AssetVersion = core.methods "AssetVersion"
AssetVersion.create_component = media.create_component
AssetVersion.encode_media = media.encode_media
for _, type_name in ipairs(PICTURED) do core.methods(type_name).create_thumbnail = media.create_thumbnail end
core.methods "Component".get_availability = media.get_availability

return media
