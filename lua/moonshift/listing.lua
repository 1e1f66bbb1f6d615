--- Rows of an answer as a table for people.
---
--- The columns are what the query selected. A value behind a list of entities is that of each, joined by
--- commas.

local errors = require "moonshift.errors"
local expression = require "moonshift.expression"
local text = require "moonshift.text"

---@class moonshift.listing
local listing = {}

local CELL_WIDTH = 60

-- What people want to see of an entity, of whatever type has it.
local SHOWN = { "id", "name", "username", "full_name", "email", "version", "type.name", "status.name", "content" }

-- What stands between `select` and `from`, without quotes in it.
local function selected(query)
  local names = {}
  local clause = query:match "^%s*[sS][eE][lL][eE][cC][tT]%s+(.-)%s+[fF][rR][oO][mM]%s"
  for name in (clause or ""):gmatch "[^,]+" do names[#names + 1] = name:match "^%s*(.-)%s*$" end
  return names
end

--- The query with a `select`: where it has none, of what people want to see of an entity. Raises code "parse"
--- where no type is named.
---@param session moonshift.Session
---@param query string
---@return string
function listing.complete(session, query)
  if #selected(query) > 0 then return query end
  local type_name = query:match "^%s*([%w_]+)"
  if not type_name then errors.raise("parse", ("a query begins with an entity type: '%s'"):format(query)) end
  local attributes, names = session.types[type_name].attributes, {}
  for _, name in ipairs(SHOWN) do
    local first, rest = name:match "^([^.]+)(.*)$"
    local attribute = rawget(attributes, first)
    local kind = rest == "" and "scalar" or "reference"
    if attribute and attribute.kind == kind then names[#names + 1] = name end
  end
  return ("select %s from %s"):format(table.concat(names, ", "), query)
end

-- A value that stands for itself: text, number, date, or an entity by what it is called.
local function plain(value)
  if type(value) ~= "table" then return value == nil and "" or tostring(value) end
  return tostring(value.value or value.name or value.username or value.url or value.id or "…")
end

-- The value at a path such as "assignments.resource.username".
local function at_path(value, path)
  path = path and path:gsub("^(%a+)%(([%w_.]+)%)$", "%1_%2") -- count(id)
  if type(value) == "table" and #value > 0 then
    local each = {}
    for i, member in ipairs(value) do each[i] = at_path(member, path) end
    return table.concat(each, ", ")
  end
  if path == nil or type(value) ~= "table" then
    return type(value) == "table" and next(value) == nil and "" or plain(value)
  end
  local name, rest = path:match "^([^.]+)%.?(.*)$"
  return at_path(value[name:gsub("%[.-%]$", "")], rest ~= "" and rest or nil)
end

local function measure(lines)
  local widths = {}
  for _, cells in ipairs(lines) do
    for i, cell in ipairs(cells) do widths[i] = math.max(widths[i] or 0, utf8.len(cell) or #cell) end
  end
  return widths
end

--- The rows as lines: a head, then a line each.
---@param query string The query that they answer, with its select.
---@param rows table[]
---@return string
function listing.format(query, rows)
  local names = selected((expression.split_paging(query)))
  local lines = { {} }
  for i, name in ipairs(names) do lines[1][i] = name:upper() end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, name in ipairs(names) do cells[i] = text.fit(at_path(row, name), CELL_WIDTH) end
    lines[#lines + 1] = cells
  end
  local widths = measure(lines)
  for number, cells in ipairs(lines) do
    for i, cell in ipairs(cells) do cells[i] = text.pad(cell, widths[i]) end
    lines[number] = table.concat(cells, "  "):gsub("%s+$", "")
  end
  return table.concat(lines, "\n") .. "\n"
end

return listing
