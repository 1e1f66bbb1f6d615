--- Values of custom attributes: whether one fits its configuration, told when it is assigned.
---
--- A configuration says what kind of value it takes, and its `config`, JSON text that people write, says more. What
--- cannot be read sets no limits: the server has the last word.

local cjson = require "cjson"
local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local system = require "moonshift.core.system"

---@class moonshift.custom_value
local custom_value = {}

local SHOWN_MAX = 60 -- bytes of a value in a message
local CHOICES_MAX = 8 -- of a menu in a message

local function decode(text)
  local ok, value = pcall(cjson.decode, text)
  return ok and type(value) == "table" and value or {}
end

-- ---- one function per kind: the value as it is sent, or nil and what would fit -----------------------------

local function fit_text(value)
  if type(value) == "string" then return value end
  return nil, "a text"
end

local function fit_boolean(value)
  if type(value) == "boolean" then return value end
  return nil, "true or false"
end

local function fit_number(value, config)
  local is_whole = config.isdecimal == false
  local number = math.type(value) and value - value == 0 and value
  if is_whole then number = number and math.tointeger(number) end
  if number then return number end
  return nil, is_whole and "a whole number" or "a finite number"
end

local function fit_date(value)
  local ok, date = pcall(core.datetime, value)
  if ok and (type(value) == "string" or type(value) == "userdata") then return date end
  return nil, 'a date-time or text such as "2024-01-31"'
end

-- A list of texts of its own; one text alone is made one.
local function as_texts(value)
  if type(value) == "string" then return { value } end
  if type(value) ~= "table" then return nil end
  local list = {}
  for i, text in ipairs(value) do
    if type(text) ~= "string" then return nil end
    list[i] = text
  end
  for key in pairs(value) do
    if not list[key] then return nil end
  end
  return core.list(list)
end

local function fit_choice(value)
  local list = as_texts(value)
  if list then return list end
  return nil, "a list of texts"
end

-- Choice → its value, by values first and by the labels that people see; nil where the menu is not known.
local function read_menu(config)
  local items = type(config.data) == "string" and decode(config.data) or config.data
  if type(items) ~= "table" then return nil end
  local by_value, by_label, values = {}, {}, {}
  for _, item in ipairs(items) do
    if type(item) ~= "table" or type(item.value) ~= "string" then return nil end
    by_value[item.value] = true
    if type(item.menu) == "string" then by_label[item.menu] = item.value end
    values[#values + 1] = item.value
  end
  return #values > 0 and { by_value = by_value, by_label = by_label, values = values } or nil
end

local function name_choices(menu, choice)
  local nearest = menu.by_label[choice] or system.nearest(choice, menu.values)
  if nearest then return ('"%s", did you mean "%s"?'):format(choice, nearest) end
  local shown = table.concat(menu.values, '", "', 1, math.min(#menu.values, CHOICES_MAX))
  return ('"%s": choose "%s"%s'):format(choice, shown, #menu.values > CHOICES_MAX and " or another of its menu" or "")
end

local function fit_enumerator(value, config)
  local list, expected = fit_choice(value)
  if not list then return nil, expected end
  if config.multiSelect == false and #list > 1 then return nil, "one choice alone" end
  local menu = read_menu(config)
  for _, choice in ipairs(menu and list or {}) do
    if not menu.by_value[choice] then return nil, nil, "has no choice " .. name_choices(menu, choice) end
  end
  return list
end

local KINDS = {
  boolean = fit_boolean,
  date = fit_date,
  ["dynamic enumerator"] = fit_choice,
  enumerator = fit_enumerator,
  number = fit_number,
  text = fit_text,
  url = fit_text,
}

function KINDS.expression()
  return nil, nil, "is computed by the server and cannot be set"
end

-- ---- messages ------------------------------------------------------------------------------------------

local function describe(value)
  if type(value) == "string" then return ('the string "%s"'):format(value:sub(1, SHOWN_MAX)) end
  if math.type(value) then return ("the number %s"):format(value) end
  if type(value) == "boolean" then return tostring(value) end
  if core.is_entity(value) then return "an entity of type " .. value.__entity_type__ end
  if type(value) == "userdata" then return "a date-time" end
  if type(value) == "table" and #value > 0 then return ("a list of %d"):format(#value) end
  return "a " .. type(value)
end

--- The value as it is sent for an attribute of this configuration, or nil and the reason why it does not fit.
---@param configuration moonshift.AnyEntity A CustomAttributeConfiguration.
---@param value any Neither nil nor null.
---@return any? fitting
---@return string? reason "holds a whole number, not the string "12""
function custom_value.fit(configuration, value)
  local kind = configuration.type and KINDS[configuration.type.name]
  if not kind then return value end
  local fitting, expected, reason = kind(value, decode(configuration.config))
  if fitting ~= nil then return fitting end
  return nil, reason or ("holds %s, not %s"):format(expected, describe(value))
end

--- Raises code "invalid" for a value that does not fit.
---@param type_name string
---@param key string
---@param reason string
function custom_value.refuse(type_name, key, reason)
  errors.raise("invalid", ("%s.custom_attributes.%s %s"):format(type_name, key, reason))
end

return custom_value
