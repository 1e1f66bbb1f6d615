--- Makes a model of the blocks that read.lua gives: inheritance, names, storage, tables.
--
-- Promises: every type, attribute and column that a line names exists; every attribute is stored or
-- calculated; a record that a subtype does not change is its base's very record.

local fail = require("read").fail
local lookup = require("lookup")
local storage = require("storage")
local tables = require("tables")

local resolve = {}

--- Words of an X-macro table in the text of model.h: { word = C name without prefix }.
local function words_of(header, table_name)
  local body = header:match("#define " .. table_name .. "%(X%)(.-)\n/%*") or ""
  local words = {}
  for name, word in body:gmatch('X%(([%u_]+), "([%l_]+)"%)') do
    words[word] = name
  end
  assert(next(words), table_name .. " is not in the header")
  return words
end

--- Gives `type` its base's attributes and its own, as they were described.
local function inherit(type)
  type.all = {}
  for name, attribute in pairs(type.base and type.base.all or {}) do
    type.all[name] = attribute
  end
  for _, attribute in ipairs(type.attributes) do
    type.all[attribute.name] = attribute
  end
end

local function find_base(model, type)
  if type.base then
    local base = lookup.type(model, type, type.base)
    if not base.all then
      fail(type, "the base %s must come before %s", base.name, type.name)
    end
    type.base, type.root = base, base.root
    type.key, type.shows = type.key or base.key, type.shows or base.shows
    type.always = type.always or base.always
    type.group_by = type.group_by or base.group_by
  else
    type.root = type
    type.key = type.key or { "id" }
    type.shows, type.always = type.shows or type.key, type.always or {}
  end
end

local function resolve_relation(model, attribute)
  attribute.target_type = lookup.type(model, attribute, attribute.target)
  attribute.row_type = attribute.rows and lookup.type(model, attribute, attribute.rows)
    or attribute.target_type
  if not lookup.is_a(attribute.target_type, attribute.row_type) then
    fail(attribute, "%s is no base of %s", attribute.rows, attribute.target)
  end
  if attribute.key_attribute then
    lookup.attribute(attribute.target_type, attribute, attribute.key_attribute)
    lookup.attribute(attribute.target_type, attribute, attribute.value_attribute)
  end
end

local function resolve_fill(model, type, place, fill)
  if fill.word ~= "value" and not model.fills[fill.word] then
    fail(place, "nobody knows how to fill in '%s'", fill.word)
  elseif fill.word == "type_of" then
    lookup.attribute(type, place, fill.argument)
  end
  fill.name = fill.word == "value" and "VALUE" or model.fills[fill.word]
end

--- Turns the names that `attribute` mentions into types.
local function resolve_names(model, attribute)
  if attribute.kind ~= "scalar" then
    resolve_relation(model, attribute)
  end
  if attribute.ref then
    attribute.target_type = lookup.type(model, attribute, attribute.ref)
  end
  if attribute.foreign_key_type then
    attribute.foreign_type = lookup.type(model, attribute, attribute.foreign_key_type)
  end
  if attribute.fill then
    resolve_fill(model, attribute.declared_by, attribute, attribute.fill)
  end
end

--- The attribute of `type` to be changed: a copy, unless it is the type's own.
local function override(type, name)
  local attribute = lookup.attribute(type, type, name)
  if attribute.declared_by ~= type then
    local copy = {}
    for key, value in pairs(attribute) do
      copy[key] = value
    end
    copy.declared_by = type
    type.all[name] = copy
    attribute = copy
  end
  return attribute
end

--- Sets `flag` on exactly the attributes in `names`.
local function mark(type, flag, names)
  local wanted = {}
  for _, name in ipairs(names) do
    lookup.attribute(type, type, name)
    wanted[name] = true
  end
  for _, name in ipairs(lookup.sorted_names(type.all)) do
    if (type.all[name][flag] or false) ~= (wanted[name] or false) then
      override(type, name)[flag] = wanted[name]
    end
  end
end

--- Applies the facts that change inherited attributes.
local function refine(model, type)
  for _, flag in ipairs { "required", "immutable" } do
    for _, name in ipairs(type[flag] or {}) do
      override(type, name)[flag] = true
    end
  end
  for _, name in ipairs(lookup.sorted_names(type.defaults)) do
    override(type, name).default = type.defaults[name]
  end
  for _, name in ipairs(lookup.sorted_names(type.fills)) do
    resolve_fill(model, type, type, type.fills[name])
    override(type, name).fill = type.fills[name]
  end
end

--- Finds the attributes behind the server's names in `when` and `.always`.
local function resolve_aliases(type)
  if type.classifier_column then
    local attribute = lookup.alias(type, type.classifier_column)
    if not attribute then
      fail(type, "no attribute has the alias %s", type.classifier_column)
    end
    override(type, attribute.name).default = ('"%s"'):format(type.classifier_value)
    type.classifier = attribute.name
  end
  type.system = {}
  for _, alias in ipairs(type.always) do
    local attribute = lookup.alias(type, alias)
    type.system[#type.system + 1] = attribute and attribute.name
  end
end

--- Resolves the blocks in place; model.types is sorted by name afterwards. Printing finds: in each
-- type `names` (sorted) and `all` (name → attribute), `key`, `shows`, `system`, `descendants`, `root`
-- and what tables.lua sets; in each attribute `storage` and types instead of names; `links`.
function resolve.model(model, header)
  model.computed = words_of(header, "MS_COMPUTED_TABLE")
  model.fills = words_of(header, "MS_FILL_TABLE")
  model.links, model.indexed = {}, {}
  local sorted_types = table.move(model.types, 1, #model.types, 1, {})
  table.sort(sorted_types, function(a, b)
    return a.name < b.name
  end)
  local function each_attribute(visit)
    for _, type in ipairs(model.types) do
      for _, attribute in ipairs(type.attributes) do
        visit(model, attribute)
      end
    end
  end

  for _, type in ipairs(model.types) do
    find_base(model, type)
    inherit(type)
  end
  each_attribute(resolve_names)
  tables.settle_families(model, sorted_types)
  each_attribute(storage.settle)
  for _, type in ipairs(model.types) do
    inherit(type)
    refine(model, type)
    resolve_aliases(type)
    mark(type, "primary_key", type.key)
    mark(type, "default_projection", type.shows)
    mark(type, "system_projection", type.system)
    type.names = lookup.sorted_names(type.all)
  end
  tables.fill(model, sorted_types)
  model.types = sorted_types
  return model
end

return resolve
