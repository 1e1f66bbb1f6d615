--- Entities that have to be there: found or created, and brought up to date.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local expression = require "moonshift.expression"

---@class moonshift.ensure
local ensure = {}

local function sorted_keys(data)
  local keys = {}
  for key in pairs(data) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- "name is …" for a scalar, "status.id is …" for a relation.
local function condition(attribute, value)
  if attribute.kind == "reference" and core.is_entity(value) then
    return ("%s.%s is %s"):format(attribute.name, next(value:primary_key()), expression.literal(value))
  elseif attribute.kind ~= "scalar" then
    errors.raise("usage", ("ensure: '%s' cannot identify an entity: it is a %s"):format(attribute.name, attribute.kind))
  end
  return ("%s is %s"):format(attribute.name, expression.literal(value))
end

local function find(session, type_name, data, keys)
  local description, conditions = session.types[type_name], {}
  for i, key in ipairs(keys) do
    if data[key] == nil then
      errors.raise("usage", ("ensure %s: the identifying key '%s' has no value"):format(type_name, key))
    end
    conditions[i] = condition(description.attributes[key], data[key])
  end
  local found = session:query(("select %s from %s where %s limit 2"):format(
    table.concat(sorted_keys(data), ", "), type_name, table.concat(conditions, " and "))):all()
  if #found > 1 then
    errors.raise("not_unique", ("ensure: more than one %s has the same %s"):format(type_name,
      table.concat(keys, ", ")))
  end
  return found[1]
end

--- See `Session:ensure`.
---@param session moonshift.Session
---@param type_name string
---@param data table<string, any>
---@param identifying_keys? string[]
---@return moonshift.Entity
function ensure.run(session, type_name, data, identifying_keys)
  local keys = identifying_keys or sorted_keys(data)
  if #keys == 0 then errors.raise("usage", ("ensure %s: no identifying keys"):format(type_name)) end
  local entity = find(session, type_name, data, keys)
  if not entity then
    entity = session:create(type_name, data)
  else
    for key, value in pairs(data) do
      if entity[key] ~= value then entity[key] = value end
    end
  end
  session:commit()
  return entity
end

return ensure
