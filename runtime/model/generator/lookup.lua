--- Finding types, attributes and columns by name, with errors that name the line.

local fail = require("read").fail

local lookup = {}

--- Whether `type` is `ancestor` or below it. Bases are types here, no names.
function lookup.is_a(type, ancestor)
  while type and type ~= ancestor do
    type = type.base
  end
  return type ~= nil
end

--- Whether one of the two is above the other.
function lookup.related(a, b)
  return lookup.is_a(a, b) or lookup.is_a(b, a)
end

function lookup.type(model, place, name)
  local type = model.by_name[name]
  if not type then
    fail(place, "there is no type %s", name)
  end
  return type
end

function lookup.attribute(type, place, name)
  local attribute = type.all[name]
  if not attribute then
    fail(place, "%s has no attribute %s", type.name, name)
  end
  return attribute
end

--- The scalar that fills `column` in the rows that `type` stands for, its subtypes' included.
function lookup.column(model, type, place, column)
  for _, candidate in ipairs(model.types) do
    local attribute = lookup.related(candidate, type) and candidate.all[column]
    if attribute and attribute.kind == "scalar" and not attribute.calculated and not attribute["in"] then
      return attribute
    end
  end
  fail(place, "the table of %s has no column %s", type.name, column)
end

--- The scalar of `type` that classic servers call `alias`, or nil.
function lookup.alias(type, alias)
  for name, attribute in pairs(type.all) do
    if attribute.kind == "scalar" and (attribute.alias or name) == alias then
      return attribute
    end
  end
end

function lookup.sorted_names(map)
  local names = {}
  for name in pairs(map) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

return lookup
