--- What editors need to know about a tracker: LuaCATS classes of its entity types.

local core = require "moonshift.core.session"

---@class moonshift.annotations
local annotations = {}

-- Value type → annotation.
local TYPES = {
  boolean = "boolean",
  datetime = "moonshift.DateTime",
  integer = "integer",
  json = "string",
  number = "number",
  object = "table",
  string = "string",
  variable = "any",
}

-- Custom attribute type → annotation.
local CUSTOM_TYPES = {
  boolean = "boolean", date = "moonshift.DateTime", number = "number", enumerator = "string[]",
  ["dynamic enumerator"] = "string[]", expression = "any",
}

-- What configurations call the types that have custom attributes.
local CUSTOM_WORDS = { show = "Project", assetversion = "AssetVersion", user = "User", list = "List", asset = "Asset" }

local CONFIGURATIONS = "select key, entity_type, is_hierarchical, type.name, object_type.name "
  .. "from CustomAttributeConfiguration"

local function class_of(type_name)
  return "moonshift.entity." .. type_name
end

local function custom_class_of(type_name)
  return "moonshift.custom_attributes." .. type_name
end

local function sorted_keys(map)
  local keys = {}
  for key in next, map do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function annotate(type_name, attribute, custom)
  if attribute.kind == "reference" then
    return class_of(attribute.target) .. "?"
  elseif attribute.kind == "collection" then
    return ("moonshift.Collection|%s[]"):format(class_of(attribute.target))
  elseif attribute.kind == "mapped" then
    local is_custom = attribute.name == "custom_attributes" and custom[type_name]
    return is_custom and custom_class_of(type_name) or "moonshift.Mapped"
  elseif attribute.values then
    local list = {}
    for i, value in ipairs(attribute.values) do list[i] = ('"%s"'):format(value) end
    return table.concat(list, "|")
  end
  return TYPES[attribute.type] .. (attribute.required and "" or "?")
end

local function words_of(attribute)
  if attribute.computed then return " Computed by the server." end
  if attribute.key then return " Part of the primary key." end
  if attribute.immutable then return " Can be set on creation alone." end
  return ""
end

-- A name that is no identifier is written as a string key.
local function field_name(name)
  return name:find "^[%a_][%w_]*$" and name or ('["%s"]'):format(name)
end

local function add_class(lines, session, type_name, custom)
  local description = session.types[type_name]
  local base = description.base and class_of(description.base) or "moonshift.Entity"
  lines[#lines + 1] = ("---@class %s : %s"):format(class_of(type_name), base)
  for _, name in ipairs(sorted_keys(description.attributes)) do
    local attribute = description.attributes[name]
    if not attribute.restricted then
      lines[#lines + 1] = ("---@field %s %s%s"):format(field_name(name), annotate(type_name, attribute, custom),
        words_of(attribute))
    end
  end
  lines[#lines + 1] = ""
end

-- Type name → the types that inherit from it, itself included.
local function family_of(session, base)
  local family = {}
  for _, name in ipairs(core.types(session)) do
    local above = name
    while above and above ~= base do above = session.types[above].base end
    if above then family[#family + 1] = name end
  end
  return family
end

local function types_with(session, configuration)
  if configuration.is_hierarchical then return family_of(session, "Context") end
  if configuration.entity_type == "task" then
    local object_type = configuration.object_type
    return object_type and { (object_type.name:gsub("%s", "")) } or family_of(session, "TypedContext")
  end
  return { CUSTOM_WORDS[configuration.entity_type] }
end

-- Type name → key → annotation of its custom attributes.
local function read_custom(session)
  local custom = {}
  if not rawget(session.types.CustomAttributeConfiguration.attributes, "key") then return custom end
  for _, configuration in session:query(CONFIGURATIONS):iterate() do
    for _, type_name in ipairs(types_with(session, configuration)) do
      custom[type_name] = custom[type_name] or {}
      custom[type_name][configuration.key] = CUSTOM_TYPES[configuration.type and configuration.type.name] or "string"
    end
  end
  return custom
end

-- It is no moonshift.Mapped, which has any key: a misspelling is to be seen.
local function add_custom_class(lines, type_name, keys)
  lines[#lines + 1] = ("---@class %s"):format(custom_class_of(type_name))
  for _, key in ipairs(sorted_keys(keys)) do
    lines[#lines + 1] = ("---@field %s %s?"):format(field_name(key), keys[key])
  end
  lines[#lines + 1] = ""
end

-- session:create("Task") and session:get("Task", …) are of the class of that type.
local function add_session(lines, names)
  lines[#lines + 1] = "---@class moonshift.Session"
  for _, name in ipairs(names) do
    lines[#lines + 1] = ('---@field create fun(self: moonshift.Session, type_name: "%s", data?: table): %s'):format(
      name, class_of(name))
    lines[#lines + 1] = ('---@field get fun(self: moonshift.Session, type_name: "%s", key: string|table): %s?'):format(
      name, class_of(name))
  end
end

--- The text of a file that tells lua-language-server the tracker's entity types, custom attributes included.
---@param session moonshift.Session
---@return string
function annotations.generate(session)
  local names, custom = core.types(session), read_custom(session)
  local lines = {
    "---@meta",
    "",
    ("-- The entity types of %s. Written by: moonshift types"):format(session.name),
    "",
  }
  for _, name in ipairs(sorted_keys(custom)) do add_custom_class(lines, name, custom[name]) end
  for _, name in ipairs(names) do add_class(lines, session, name, custom) end
  add_session(lines, names)
  return table.concat(lines, "\n") .. "\n"
end

return annotations
