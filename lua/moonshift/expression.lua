--- The text of queries: values quoted by type, paging clauses, default projections.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local system = require "moonshift.core.system"

---@class moonshift.expression
local expression = {}

local NULL = "none"

-- Only \" and \' are escapes of the language, so a backslash in front of the closing quote cannot be written.
local function quote(text)
  if text:find "\\$" then
    errors.raise("invalid", ("a value that ends in a backslash cannot be part of a query: %s"):format(text))
  end
  return '"' .. text:gsub('"', '\\"') .. '"'
end

local literals = {
  string = quote,
  number = function(value)
    if value ~= value or value == math.huge or value == -math.huge then
      errors.raise("invalid", ("the number %s cannot be part of a query"):format(value))
    end
    return tostring(value)
  end,
  boolean = tostring,
  ["nil"] = function() return NULL end,
}

function literals.userdata(value)
  if core.is_entity(value) then
    local key = {}
    for _, part in pairs(value:primary_key()) do key[#key + 1] = part end
    if #key ~= 1 then
      errors.raise("invalid", ("%s has more than one key: compare its attributes"):format(tostring(value)))
    end
    return quote(tostring(key[1]))
  elseif value == core.null then
    return NULL
  end
  return quote(tostring(value)) -- a date-time
end

function literals.table(value)
  local parts = {}
  for i, part in ipairs(value) do parts[i] = expression.literal(part) end
  if #parts == 0 then errors.raise("invalid", "an empty list cannot be part of a query") end
  return "(" .. table.concat(parts, ", ") .. ")"
end

--- A value as it is written in a query: strings quoted, nil as none, an entity by its id, a list in
--- parentheses. Raises code "invalid" for values that cannot be written.
---@param value any
---@return string
function expression.literal(value)
  local literal = literals[type(value)]
  if not literal then errors.raise("invalid", ("a %s cannot be part of a query"):format(type(value))) end
  return literal(value)
end

local function raise_missing(name, text, parameters)
  local names = {}
  for known in pairs(parameters) do names[#names + 1] = tostring(known) end
  local nearest = system.nearest(name, names)
  errors.raise("usage", ("the query wants a value for {%s}%s: %s"):format(name,
    nearest and ("; did you mean {%s}?"):format(nearest) or "", text))
end

--- Replaces {name} outside quotes by the value of that name. What is in `parameters` is data: it cannot change
--- what the query means. Raises code "usage" for a name without a value; to compare with nothing, write none.
---
---     expression.fill("Task where name is {name}", { name = 'the "best"' }) --> Task where name is "the \"best\""
---
---@param text string
---@param parameters table<string, any>
---@return string
function expression.fill(text, parameters)
  local parts, at = {}, 1
  while at <= #text do
    local plain = text:match("^[^\"'{]+", at)
    local quoted = not plain and (text:match('^"[^"\\]*"', at) or text:match("^'[^'\\]*'", at))
    if plain or quoted then
      parts[#parts + 1] = plain or quoted
      at = at + #(plain or quoted)
    elseif text:sub(at, at) == "{" then
      local name = text:match("^{([%a_][%w_]*)}", at)
      if not name then
        errors.raise("usage", ("a '{' without a name behind it in the query: %s"):format(text))
      elseif parameters[name] == nil then
        raise_missing(name, text, parameters)
      end
      parts[#parts + 1] = expression.literal(parameters[name])
      at = at + #name + 2
    else
      local stop = expression.quote_end(text, at)
      parts[#parts + 1] = text:sub(at, stop)
      at = stop + 1
    end
  end
  return table.concat(parts)
end

--- Where the quoted text that begins at `at` ends.
---@param text string
---@param at integer
---@return integer
function expression.quote_end(text, at)
  local mark = text:sub(at, at)
  local i = at + 1
  while i <= #text and text:sub(i, i) ~= mark do
    i = i + (text:find("^\\[\"']", i) and 2 or 1)
  end
  return i
end

--- Takes the paging clauses off the end of a query.
---@param text string
---@return string text, integer offset, integer? limit
function expression.split_paging(text)
  local values = {}
  for _ = 1, 2 do
    local rest, word, number = text:match "^(.*%S)%s+(%a+)%s+(%d+)%s*$"
    word = word and word:lower()
    if (word ~= "limit" and word ~= "offset") or values[word] then break end
    text, values[word] = rest, math.tointeger(tonumber(number))
  end
  return text, values.offset or 0, values.limit
end

--- The query with a `select`: that of the type's default projections where it has none.
---@param session moonshift.Session
---@param text string
---@return string
function expression.complete(session, text)
  text = text:match "^%s*(.-)%s*$"
  if text:lower():find "^select%s" then return text end
  local type_name = text:match "^[%w_]+"
  if not type_name then errors.raise("parse", ("a query begins with an entity type: '%s'"):format(text)) end
  local description = session.types[type_name]
  return ("select %s from %s"):format(table.concat(description.default_projections, ", "), text)
end

return expression
