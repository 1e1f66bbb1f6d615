--- Moving a component from one location to another: what the other has of it is looked at before anything is taken out
--- of the one.

local component = require "moonshift.component"
local component_tables = require "moonshift.component_tables"
local core = require "moonshift.core.component"
local errors = require "moonshift.errors"
local line = require "moonshift.line"
local location_transfer = require "moonshift.location_transfer"
local locations = require "moonshift.locations"
local places = require "moonshift.places"
local retry = require "moonshift.retry"
local task = require "moonshift.task"
local uv = require "luv"

---@class moonshift.move
local move = {}

-- Bytes at a URL: asked, not fetched.
local function remote_size(session, item, location)
  local _, moved = core.download { session = session, url = component.url(session, item, location.id) }
  return moved.total
end

-- Bytes of a component's data in a location and, where they are a file of this machine, its path. Nil when they are
-- not there.
local function look(session, item, location, row)
  local place = places.need(session, location.name)
  local path = place.path and place.path(session, item, row.resource_identifier)
  if path then return (uv.fs_stat(path) or {}).size, path end
  local ok, size = pcall(retry.call, remote_size, session, item, location)
  if ok then return size end
  if errors.code(size) ~= "not_found" then error(size, 0) end
end

local function check_item(session, item, from, to, rows)
  local size, path = look(session, item, from, rows.from[item.id])
  local there, other_path = look(session, item, to, rows.to[item.id])
  if path and other_path and location_transfer.is_one_file(path, other_path) then
    errors.raise("exists", ("'%s' in '%s' and '%s' in '%s' are one file: it stays"):format(path, from.name, other_path,
      to.name))
  elseif size and size ~= there then
    errors.raise("invalid", ("the component '%s' is in '%s' as the tracker has it, but its data are not (%d bytes in "
      .. "'%s', %s there): nothing was moved"):format(item.name, to.name, size, from.name, there or "none"))
  end
end

-- What is in both already is not copied: it must be the same.
local function check_both(session, entity, from, to)
  local items, both = component_tables.load(session, { entity }), {}
  local rows = {
    from = locations.rows(session, from.id, items), to = locations.rows(session, to.id, items),
  }
  for _, item in ipairs(items) do
    if not item.is_container and rows.from[item.id] and rows.to[item.id] then both[#both + 1] = item end
  end
  task.parallel(both, { limit = line.connections(session) }, function(item)
    check_item(session, item, from, to, rows)
  end)
end

--- Moves a component's data, of a container those of its members. What the other location has of it already stays,
--- when it is of the same size; nothing is moved otherwise. Raises `usage` for one location twice, `invalid` where
--- the data cannot be, `exists` where both locations have one file.
---@param entity moonshift.Entity A component.
---@param from moonshift.Entity
---@param to moonshift.Entity
---@param options? { progress?: fun(done: integer, total: integer) }
function move.run(session, entity, from, to, options)
  if from.id == to.id then
    errors.raise("usage", ("the data are moved from '%s' to '%s': name two locations"):format(from.name, to.name))
  elseif not places.need(session, to.name).put then
    errors.raise("invalid", ("nothing can be moved to '%s': its data stay where they are"):format(to.name))
  end
  check_both(session, entity, from, to)
  to:add_component(entity, from, { progress = (options or {}).progress, missing_only = true })
  from:remove_component(entity)
end

return move
