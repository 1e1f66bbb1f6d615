--- Prints a resolved model as constant C tables.
--
-- Attribute records are printed once each; what types list are pointers into pools, so that a subtype
-- costs its pointers alone. Nothing is computed when the program starts.

local print_c = {}

local FLAGS = {
  "required", "immutable", "computed", "restricted", "primary_key", "default_projection",
  "system_projection", "untyped", "type_name", "linked", "hidden",
}

--- A C string literal, or NULL for nil.
local function text(value)
  if not value then
    return "NULL"
  end
  return '"' .. value:gsub('[\\"]', "\\%0") .. '"'
end

local function type_reference(type)
  return type and ("&types[%d]"):format(type.index) or "NULL"
end

--- An array of C that grows while others refer to its elements.
local function pool(declaration)
  local self = { lines = {} }
  --- Appends lines; gives the C expression of the first, or NULL when there is none.
  function self.add(lines)
    local at = #self.lines
    table.move(lines, 1, #lines, at + 1, self.lines)
    return #lines > 0 and ("&%s[%d]"):format(declaration:match("([%w_]+)$"), at) or "NULL"
  end
  function self.print(out)
    out(("static const %s[%d] = {\n"):format(declaration, math.max(#self.lines, 1)))
    for _, line in ipairs(self.lines) do
      out("  " .. line .. ",\n")
    end
    out("};\n\n")
  end
  return self
end

local function map(list, convert)
  local result = {}
  for index, value in ipairs(list) do
    result[index] = convert(value)
  end
  return result
end

--- ".name = value" of the fields that are not zero.
local function record(fields)
  local parts = {}
  for _, field in ipairs(fields) do
    local name, value = field[1], field[2]
    if value and value ~= "NULL" and value ~= 0 then
      parts[#parts + 1] = ("%s = %s"):format(name, value == true and "true" or value)
    end
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function flags_of(attribute)
  local flags = {}
  for _, flag in ipairs(FLAGS) do
    if attribute[flag] then
      flags[#flags + 1] = "MS_ATTRIBUTE_" .. flag:upper()
    end
  end
  return table.concat(flags, " | ")
end

local function storage_of(attribute)
  local storage = attribute.storage
  return record {
    { ".kind", "MS_STORED_" .. storage.kind },
    { ".computed", storage.computed and "MS_COMPUTED_" .. storage.computed },
    { ".column", text(storage.column) },
    { ".second_column", text(storage.second_column) },
    { ".link_table", text(storage.link_table) },
    { ".link_own_column", text(storage.link_own_column) },
    { ".link_target_column", text(storage.link_target_column) },
    { ".filter_column", text(storage.filter_column) },
    { ".filter_value", text(storage.filter_value) },
  }
end

local function attribute_record(pools, attribute)
  local fill = attribute.fill
  local flags = flags_of(attribute)
  local argument = fill and fill.argument
  return record {
    { ".name", text(attribute.name) },
    { ".declared_by", type_reference(attribute.declared_by) },
    { ".kind", "MS_KIND_" .. attribute.kind:upper() },
    { ".value_type", attribute.value_type and "MS_VALUE_" .. attribute.value_type:upper() },
    { ".target", type_reference(attribute.target_type) },
    { ".row_type", type_reference(attribute.row_type) },
    { ".alias", text(attribute.alias) },
    { ".default_json", text(attribute.default) },
    { ".fill", fill and "MS_FILL_" .. fill.name },
    { ".fill_argument", text(argument) },
    { ".enum_values", attribute.enum and pools.strings.add(map(attribute.enum, text)) },
    { ".enum_count", attribute.enum and #attribute.enum },
    { ".flags", flags ~= "" and flags },
    { ".foreign_key_type", type_reference(attribute.foreign_type) },
    { ".foreign_key", text(attribute.foreign_key) },
    { ".key_attribute", text(attribute.key_attribute) },
    { ".value_attribute", text(attribute.value_attribute) },
    { ".storage", storage_of(attribute) },
  }
end

local function column_record(column)
  return record {
    { ".name", text(column.name) },
    { ".type", "MS_COLUMN_" .. column.type },
    { ".references", type_reference(column.references) },
    { ".on_delete", "MS_ON_DELETE_" .. column.on_delete },
    { ".is_key", column.is_key },
    { ".is_hidden", column.is_hidden },
    { ".is_indexed", column.is_indexed },
    { ".is_ordered", column.is_ordered },
    { ".is_sparse", column.is_indexed and column.is_sparse },
  }
end

local function type_record(pools, type)
  local function reference(attribute)
    return ("&attributes[%d]"):format(attribute.index)
  end
  local function attributes(names)
    return pools.attribute_lists.add(map(names, function(name)
      return reference(type.all[name])
    end))
  end
  local function unique_record(names)
    return record {
      { ".columns", pools.strings.add(map(names, text)) }, { ".column_count", #names },
    }
  end
  local is_owner = type.root.table_owner == type
  local always = map(type.always, text)
  always[#always + 1] = #always > 0 and "NULL" or nil
  return record {
    { ".name", text(type.name) },
    { ".alias", text(type.alias) },
    { ".classifier_column", text(type.classifier_column) },
    { ".classifier_value", text(type.classifier_value) },
    { ".classifier", type.classifier and reference(type.all[type.classifier]) },
    { ".base", type_reference(type.base) },
    { ".root", type_reference(type.root) },
    { ".table", text(type.root.table_owner.name) },
    { ".type_column", text(type.root.type_column) },
    { ".stored_as", text(type.stored_as) },
    { ".is_polymorphic", #type.descendants > 1 },
    { ".is_group_by", type.group_by },
    { ".attributes", attributes(type.names) },
    { ".attribute_count", #type.names },
    { ".primary_key", attributes(type.key) },
    { ".primary_key_count", #type.key },
    { ".default_projections", attributes(type.shows) },
    { ".default_projection_count", #type.shows },
    { ".system_projections", attributes(type.system) },
    { ".system_projection_count", #type.system },
    { ".descendants", pools.type_lists.add(map(type.descendants, type_reference)) },
    { ".descendant_count", #type.descendants },
    { ".columns", is_owner and pools.columns.add(map(type.columns, column_record)) },
    { ".column_count", is_owner and #type.columns },
    { ".uniques", pools.uniques.add(map(type.uniques, unique_record)) },
    { ".unique_count", #type.uniques },
    { ".system_projection_names", pools.strings.add(always) },
  }
end

local function link_record(link)
  return record {
    { ".name", text(link.name) },
    { ".columns", ("{ %s, %s }"):format(text(link.columns[1]), text(link.columns[2])) },
    { ".types", ("{ %s, %s }"):format(type_reference(link.types[1]), type_reference(link.types[2])) },
  }
end

--- Numbers the types and the distinct attribute records, in the order they are printed in.
local function number(model)
  local records = {}
  for index, type in ipairs(model.types) do
    type.index = index - 1
    for _, name in ipairs(type.names) do
      local attribute = type.all[name]
      if not attribute.index then
        attribute.index = #records
        attribute.linked = attribute.kind == "scalar" and attribute.target_type ~= nil
        records[#records + 1] = attribute
      end
    end
  end
  return records
end

--- Writes the C source of the resolved `model` by out(text).
function print_c.model(model, out)
  local pools = {
    strings = pool("char *const strings"),
    attribute_lists = pool("struct ms_attribute *const attribute_lists"),
    type_lists = pool("struct ms_entity_type *const type_lists"),
    columns = pool("struct ms_column columns"),
    uniques = pool("struct ms_unique uniques"),
    attributes = pool("struct ms_attribute attributes"),
    types = pool("struct ms_entity_type types"),
    links = pool("struct ms_link_table links"),
  }
  pools.attributes.add(map(number(model), function(attribute)
    return attribute_record(pools, attribute)
  end))
  pools.types.add(map(model.types, function(type)
    return type_record(pools, type)
  end))
  pools.links.add(map(model.links, link_record))
  local by_name = pools.type_lists.add(map(model.types, type_reference))

  out("/* Printed from catalogue.txt by generate.lua: change those instead. */\n")
  out('#include "model/catalogue.h"\n\n')
  out(("static const struct ms_entity_type types[%d];\n\n"):format(#model.types))
  for _, name in ipairs {
    "strings", "columns", "uniques", "attributes", "attribute_lists", "type_lists", "types", "links",
  } do
    pools[name].print(out)
  end
  out("const struct ms_model ms_catalogue = " .. record {
    { ".types", "types" },
    { ".type_count", #model.types },
    { ".types_by_name", by_name },
    { ".link_tables", "links" },
    { ".link_table_count", #model.links },
  } .. ";\n")
end

return print_c
