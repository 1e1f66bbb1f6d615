--- Where each attribute's value comes from: a column, another table, a calculation.
--
-- Promises: every column that a relation goes by exists and holds ids of the right family; every
-- calculation is one that model.h knows.

local fail = require("read").fail
local lookup = require("lookup")

local storage = {}

--- Checks that `column` of `holder` may hold ids of `type`.
local function check_holds(model, place, holder, column, type)
  local held = lookup.column(model, holder, place, column).foreign_type
  if held and not lookup.related(held, type) then
    fail(place, "%s.%s holds ids of %s, not of %s", holder.name, column, held.name, type.name)
  end
end

--- Notes that rows of `type` are found by `column`.
local function note_index(model, type, column)
  model.indexed[type.root.table_owner.name .. "." .. column] = true
end

local function scalar(model, attribute)
  local column = attribute["in"] or attribute.name
  if attribute["in"] then
    lookup.column(model, attribute.declared_by, attribute, column)
  end
  if attribute.indexed then
    note_index(model, attribute.declared_by, column)
  end
  return { kind = "COLUMN", column = column }
end

local function reference(model, attribute)
  local target, owner = attribute.row_type, attribute.declared_by
  check_holds(model, attribute, owner, attribute.by, target)
  if #target.key ~= (attribute.second and 2 or 1) then
    fail(attribute, "the key of %s has %d columns", target.name, #target.key)
  end
  if attribute.second then
    lookup.column(model, owner, attribute, attribute.second)
  end
  note_index(model, owner, attribute.by)
  return { kind = "COLUMN", column = attribute.by, second_column = attribute.second }
end

local function inverse(model, attribute)
  local target = attribute.row_type
  check_holds(model, attribute, target, attribute.by, attribute.declared_by)
  if attribute.where then
    lookup.column(model, target, attribute, attribute.where)
  end
  note_index(model, target, attribute.by)
  return {
    kind = "INVERSE", column = attribute.by,
    filter_column = attribute.where, filter_value = attribute.where_value,
  }
end

local function through_hidden(model, attribute)
  if model.by_name[attribute.via] then
    fail(attribute, "%s is an entity type: leave out the +", attribute.via)
  end
  table.insert(model.links, {
    name = attribute.via,
    columns = { attribute.via_own, attribute.via_target },
    types = { attribute.declared_by, attribute.row_type },
  })
end

local function through_type(model, attribute)
  local link = lookup.type(model, attribute, attribute.via)
  check_holds(model, attribute, link, attribute.via_own, attribute.declared_by)
  check_holds(model, attribute, link, attribute.via_target, attribute.row_type)
  note_index(model, link, attribute.via_own)
  note_index(model, link, attribute.via_target)
end

local function link(model, attribute)
  local check = attribute.via_hidden and through_hidden or through_type
  check(model, attribute)
  return {
    kind = "LINK", link_table = attribute.via,
    link_own_column = attribute.via_own, link_target_column = attribute.via_target,
  }
end

local function calculated(model, attribute)
  local computed = model.computed[attribute.calculated]
  if not computed then
    fail(attribute, "nobody knows how to calculate '%s'", attribute.calculated)
  end
  return { kind = "COMPUTED", computed = computed }
end

--- Sets attribute.storage; its names are resolved already.
function storage.settle(model, attribute)
  if attribute.calculated then
    attribute.storage = calculated(model, attribute)
  elseif attribute.kind == "scalar" then
    attribute.storage = scalar(model, attribute)
  elseif attribute.via then
    attribute.storage = link(model, attribute)
  elseif not attribute.by then
    fail(attribute, "%s.%s is stored nowhere: by, via or calculated is missing",
      attribute.declared_by.name, attribute.name)
  elseif attribute.kind == "reference" then
    attribute.storage = reference(model, attribute)
  else
    attribute.storage = inverse(model, attribute)
  end
end

return storage
