--- Families and their tables: one table each, with the columns of all its types.

local fail = require("read").fail
local lookup = require("lookup")

local tables = {}

local TYPE_COLUMN = "__entity_type__"
local COLUMN_TYPES = { boolean = "INTEGER", integer = "INTEGER", datetime = "INTEGER", number = "REAL" }

--- Who is below whom, whose table the rows are in, and by which column types are told apart there.
-- Sets `descendants` (itself first) and `stored_as`; on roots also `table_owner` and `type_column`.
function tables.settle_families(model, sorted_types)
  for _, type in ipairs(sorted_types) do
    type.descendants = { type }
    for _, other in ipairs(sorted_types) do
      if other ~= type and lookup.is_a(other, type) then
        table.insert(type.descendants, other)
      end
    end
    type.stored_as = type.stored_as or type.name
    if not lookup.is_a(lookup.type(model, type, type.stored_as), type) then
      fail(type, "%s is not below %s", type.stored_as, type.name)
    end
    if type.root == type then
      type.table_owner = type.table and lookup.type(model, type, type.table) or type
      type.type_column = type.type_column or #type.descendants > 1 and TYPE_COLUMN or nil
      type.columns, type.column_by_name = {}, {}
    elseif type.table then
      fail(type, "only the top of a family chooses its table")
    end
  end
end

--- Whose id a column holds (nil: nobody's or anybody's) and what a deletion does to the row.
local function reference_of(type, attribute)
  local foreign = attribute.foreign_type
  if foreign and attribute.primary_key and #type.key == 1 then
    foreign = nil -- a subtype's key, which names its own family's
  end
  if attribute.owned or (foreign and attribute.primary_key) then
    return foreign, "CASCADE"
  elseif foreign then
    return foreign, attribute.required and "REFUSE" or "CLEAR"
  end
  return nil, "NOTHING"
end

--- Whether most rows have nothing in the column: it holds an id that nobody has to give, nothing fills in, and the
--- row can do without.
local function is_sparse(attribute)
  return attribute.foreign_type and not attribute.required and not attribute.primary_key
    and not attribute.owned and not attribute.fill and not attribute.default
end

local function add_column(model, owner, type, attribute)
  local column_type = COLUMN_TYPES[attribute.value_type] or "TEXT"
  local references, on_delete = reference_of(type, attribute)
  local column = owner.column_by_name[attribute.name]
  if not column then
    column = {
      name = attribute.name, type = column_type, references = references, on_delete = on_delete,
      is_key = attribute.primary_key,
      is_indexed = attribute.name ~= owner.key[1]
        and model.indexed[owner.name .. "." .. attribute.name],
      is_ordered = attribute.ordered,
      is_sparse = is_sparse(attribute),
    }
    owner.column_by_name[attribute.name] = column
    table.insert(owner.columns, column)
  elseif column.type ~= column_type then
    fail(attribute, "column %s of %s is %s already", column.name, owner.name, column.type)
  elseif column.on_delete ~= on_delete then
    fail(attribute, "column %s of %s has on-delete %s already, not %s", column.name, owner.name,
      column.on_delete, on_delete)
  elseif column.references ~= references then
    column.references = nil -- in each subtype's rows another type's: anybody's
  end
end

local function add_columns(model, type)
  local owner = type.root.table_owner
  for _, name in ipairs(type.names) do
    local attribute = type.all[name]
    if attribute.kind == "scalar" and attribute.storage.column == name then
      add_column(model, owner, type, attribute)
    end
  end
  local hidden = type.root == type and type.type_column
  if hidden then
    owner.column_by_name[hidden] = {
      name = hidden, type = "TEXT", on_delete = "NOTHING", is_hidden = true, is_indexed = true,
    }
    table.insert(owner.columns, owner.column_by_name[hidden])
  end
end

--- A relation may be to more than the type that its column is declared with: `-> Task rows TypedContext`.
local function widen_references(type)
  local owner = type.root.table_owner
  for _, name in ipairs(type.names) do
    local attribute = type.all[name]
    local column = attribute.kind == "reference" and owner.column_by_name[attribute.by]
    if column and column.references and lookup.is_a(column.references, attribute.row_type) then
      column.references = attribute.row_type
    end
  end
end

--- Key columns first in their order, then by name.
local function sort_columns(type)
  local rank = {}
  for index, name in ipairs(type.key) do
    rank[name] = index
  end
  table.sort(type.columns, function(a, b)
    local left, right = rank[a.name] or math.huge, rank[b.name] or math.huge
    if left ~= right then
      return left < right
    end
    return a.name < b.name
  end)
end

local function move_uniques(type)
  local owner = type.root.table_owner
  for _, names in ipairs(type.uniques) do
    for _, name in ipairs(names) do
      if not owner.column_by_name[name] then
        fail(type, "the table of %s has no column %s", type.name, name)
      end
    end
    if owner ~= type then
      table.insert(owner.uniques, names)
    end
  end
  if owner ~= type then
    type.uniques = {}
  end
end

--- Fills `columns` and `uniques` of the types that own tables, once all attributes have storage.
function tables.fill(model, sorted_types)
  for _, type in ipairs(sorted_types) do
    add_columns(model, type)
  end
  for _, type in ipairs(sorted_types) do
    widen_references(type)
  end
  for _, type in ipairs(sorted_types) do
    move_uniques(type)
    sort_columns(type.root == type and type or type.root)
  end
end

return tables
