--- Locations: where the data of components are. Adds methods to Location entities.
---
---     local disk = session:query('Location where name is "studio.disk"'):one()
---     disk:add_component(component, server_location)
---     print(disk:get_filesystem_path(component))

local call_options = require "moonshift.call_options"
local component_arguments = require "moonshift.component_arguments"
local component_tables = require "moonshift.component_tables"
local errors = require "moonshift.errors"
local expression = require "moonshift.expression"
local id_query = require "moonshift.id_query"
local location_events = require "moonshift.location_events"
local location_transfer = require "moonshift.location_transfer"
local places = require "moonshift.places"
local session_core = require "moonshift.core.session"

---@class moonshift.locations
local locations = {}

local Location = session_core.methods "Location"
local TAKEN_PER_QUERY = 500
local ADD_OPTIONS = { progress = true, missing_only = true }

-- ---- what is where ---------------------------------------------------------------------------------

--- The rows that say that components are in a location, by the component's id.
---@param session moonshift.Session
---@param location_id string
---@param items { id: string }[]
---@return table<string, { id: string, resource_identifier: string }>
function locations.rows(session, location_id, items)
  local ids, rows = {}, {}
  for i, item in ipairs(items) do ids[i] = item.id end
  local expressions = { ('select component_id, resource_identifier from ComponentLocation where location_id is "%s" '
    .. "and component_id in IDS"):format(location_id) }
  for _, row in ipairs(id_query.rows(session, expressions, ids)[1]) do rows[row.component_id] = row end
  return rows
end

-- ftrack.origin is the memory of this session alone.
local function origin(session)
  local notes = session_core.notes(session)
  notes.origin = notes.origin or {}
  return notes.origin
end

--- Remembers where a new component comes from.
---@param session moonshift.Session
---@param id string
---@param path string
function locations.note_origin(session, id, path)
  origin(session)[id] = path
end

local function create_rows(session, location, items, resource)
  local rows = {}
  for i, item in ipairs(items) do
    rows[i] = session:create("ComponentLocation", {
      component_id = item.id, location_id = location.id, resource_identifier = resource[item.id],
    })
  end
  return rows
end

-- Whether the tracker has done what it was told is open.
local UNDECIDED = { network = true, timeout = true, protocol = true, busy = true, cancelled = true }

-- When the tracker refuses what a call has created, that is withdrawn; whatever else the session has pending is as it
-- was.
local function commit(session, created)
  local ok, err = pcall(session.commit, session)
  if ok then return end
  if not UNDECIDED[errors.code(err)] then
    for _, entity in ipairs(created) do pcall(session.delete, session, entity) end
  end
  error(err, 0)
end

--- Tells the tracker and all others that components are in a location, and commits whatever else the session has
--- pending.
---@param session moonshift.Session
---@param location moonshift.Entity
---@param place moonshift.Place
---@param items table[] Containers in front of their members.
---@param resource table<string, string> By id.
---@param created? moonshift.Entity[] What the same call has created besides.
function locations.note(session, location, place, items, resource, created)
  created = created or {}
  local rows = place.keeps_rows and create_rows(session, location, items, resource) or {}
  commit(session, table.move(rows, 1, #rows, #created + 1, created))
  if place.keeps_rows then location_events.added(session, location.id, items) end
end

-- The resource identifiers of all items in a location; raises for data that are not there.
local function resources(session, location, place, items)
  local found = {}
  local rows = place.keeps_rows and locations.rows(session, location.id, items)
  for _, item in ipairs(items) do
    local resource
    if rows then resource = rows[item.id] and rows[item.id].resource_identifier
    else resource = origin(session)[item.id] end
    if not resource and not item.is_container then
      errors.raise("not_found", ("the component '%s' is not in the location '%s'"):format(item.name, place.name))
    end
    found[item.id] = resource
  end
  return found
end

-- ---- adding ----------------------------------------------------------------------------------------

-- The items that are not in the location; raises for one that is, unless only what is missing is meant.
local function absent(session, location, items, missing_only)
  local rows, list = locations.rows(session, location.id, items), {}
  for _, item in ipairs(items) do
    if not rows[item.id] then
      list[#list + 1] = item
    elseif not missing_only then
      errors.raise("exists", ("the component '%s' is in the location '%s' already"):format(item.name, location.name))
    end
  end
  return list
end

-- Two components cannot be one file: removing the one would take the other's data.
local function check_distinct(place, items, resource)
  local taken = {}
  for _, item in ipairs(items) do
    local other = taken[resource[item.id]]
    if other and not item.is_container then
      errors.raise("exists", ("the components '%s' and '%s' would both be '%s' in the location '%s'")
        :format(other.name, item.name, resource[item.id], place.name))
    end
    taken[resource[item.id]] = item
  end
end

local function check_untaken(session, location, items, resource, first)
  local wanted = {}
  for i = first, math.min(first + TAKEN_PER_QUERY - 1, #items) do wanted[#wanted + 1] = resource[items[i].id] end
  local row = session:call({ {
    action = "query",
    expression = ('select resource_identifier from ComponentLocation where location_id is "%s" '
      .. "and resource_identifier in %s limit 1"):format(location.id, expression.literal(wanted)),
  } })[1].data[1]
  if row then
    errors.raise("exists", ("'%s' in the location '%s' is another component's"):format(row.resource_identifier,
      location.name))
  end
end

--- Raises `exists` unless each of the items would be a file of its own in a location.
---@param session moonshift.Session
---@param location moonshift.Entity
---@param place moonshift.Place
---@param items table[]
---@param resource table<string, string> By id.
function locations.check_free(session, location, place, items, resource)
  if not place.has_paths then return end
  check_distinct(place, items, resource)
  for first = 1, #items, TAKEN_PER_QUERY do check_untaken(session, location, items, resource, first) end
end

-- Where the data are for a location that leaves them where they are: nothing for a container without a place.
local function stays_at(session, item, from, to, resource)
  local path = resource and from.path and from.path(session, item, resource)
  if path or item.is_container then return path or resource end
  errors.raise("invalid", ("the data of '%s' in '%s' are no file of this machine: in '%s' files stay where they are")
    :format(item.name, from.name, to.name))
end

--- Adds components to this location, several at a time: their data are copied from `source`, then the tracker is
--- told, together with whatever else the session has pending. When a copy fails the others are taken back; when the
--- line broke or somebody stopped it, they stay, and the same call goes on with the rest.
---@param components moonshift.Entity|moonshift.Entity[] Of a container its members as well.
---@param source moonshift.Entity The location that has the data.
---@param options? { progress?: fun(done: integer, total: integer), missing_only?: boolean } `progress` is called with
--- bytes. `missing_only`: what is there already, of a sequence some of its files, stays as it is, and is no mistake.
function Location:add_components(components, source, options)
  options = call_options.check(options, ADD_OPTIONS, "add_component")
  components = component_arguments.components("add_component", components)
  component_arguments.check_location("add_component", source)
  local session = session_core.session_of(self)
  local to, from = places.need(session, self.name), places.need(session, source.name)
  local items = absent(session, self, component_tables.load(session, components), options.missing_only)
  local resource_from = resources(session, source, from, items)
  local resource_to = {}
  for _, item in ipairs(items) do
    local resource = resource_from[item.id]
    item.path = to.put and resource or stays_at(session, item, from, to, resource)
    resource_to[item.id] = to.identify(session, item) or item.id
  end
  locations.check_free(session, self, to, items, resource_to)
  component_tables.meter(items, options.progress)
  if to.put then
    location_transfer.run(session, items, { place = from, resource = resource_from },
      { place = to, resource = resource_to })
  end
  locations.note(session, self, to, items, resource_to)
end

--- One component; see `add_components`.
---@param component moonshift.Entity
---@param source moonshift.Entity
---@param options? { progress?: fun(done: integer, total: integer), missing_only?: boolean }
function Location:add_component(component, source, options)
  component_arguments.check_component("add_component", component)
  self:add_components({ component }, source, options)
end

-- ---- removing and looking --------------------------------------------------------------------------

--- Takes a component out of this location: its data, those of its members, and what the tracker knows of it.
---@param component moonshift.Entity
function Location:remove_component(component)
  component_arguments.check_component("remove_component", component)
  local session = session_core.session_of(self)
  local place = places.need(session, self.name)
  local items = component_tables.load(session, { component })
  local rows = locations.rows(session, self.id, items)
  if not rows[component.id] then
    errors.raise("not_found", ("the component '%s' is not in the location '%s'"):format(component.name, self.name))
  end
  local operations, removed = {}, {}
  for _, item in ipairs(items) do
    local row = rows[item.id]
    if row and place.remove and not item.is_container then place.remove(session, item, row.resource_identifier) end
    if row then
      operations[#operations + 1] = { action = "delete", entity_type = "ComponentLocation", entity_key = { row.id } }
      removed[#removed + 1] = item
    end
  end
  session:call(operations)
  location_events.removed(session, self.id, removed)
end

--- Where a component is called in this location.
---@param component moonshift.Entity
---@return string
function Location:get_resource_identifier(component)
  component_arguments.check_component("get_resource_identifier", component)
  local session = session_core.session_of(self)
  local place = places.find(session, self.name) or { name = self.name, keeps_rows = true }
  return resources(session, self, place, { { id = component.id, name = component.name } })[component.id]
end

--- The path of a component's data in this machine's file system: of a sequence the pattern.
---@param component moonshift.Entity
---@return string path
function Location:get_filesystem_path(component)
  local session = session_core.session_of(self)
  local place = places.need(session, self.name)
  local path = place.path and place.path(session, { id = component.id }, self:get_resource_identifier(component))
  if path then return path end
  errors.raise("invalid", ("the data in the location '%s' have no path on this machine: get_url gives their address")
    :format(self.name))
end

--- How much of a component is in this location, 0 to 100; of a container the mean of its members.
---@param component moonshift.Entity
---@return number percent
function Location:get_component_availability(component)
  return session_core.session_of(self):get_component_availabilities({ component }, { self })[1][self.id]
end

return locations
