--- Placeholders: values that only the tracker knows, named when an operation is recorded and filled in when
--- it is sent, which may be an hour later and by another process.
---
--- They stand in an operation's `entity_data` and are plain tables, so they survive as JSON.

local cjson = require "cjson"
local errors = require "moonshift.errors"

---@class moonshift.placeholder
local placeholder = {}

--- The id of the user who has this name.
---@param username string
---@return table
function placeholder.user_id(username)
  return { placeholder = "user_id", username = username }
end

--- JSON text with these keys laid over those that the attribute has on the tracker then, so that what others
--- put there survives.
---@param values table
---@return table
function placeholder.merged(values)
  return { placeholder = "merged", values = values }
end

local function quoted(value)
  return '"' .. value:gsub('["\\]', "\\%0") .. '"'
end

local function first_row(session, expression)
  return session:call({ { action = "query", expression = expression } })[1].data[1]
end

-- By name: how a value is found. They are given the operation and the attribute that it is for.
local FILL = {}

function FILL.user_id(session, value)
  local row = first_row(session, "select id from User where username is " .. quoted(value.username))
  if not row then errors.raise("not_found", ("there is no user '%s' on the tracker"):format(value.username)) end
  return row.id
end

function FILL.merged(session, value, operation, attribute)
  local id = operation.entity_key[1]
  local row = first_row(session, ("select %s from %s where id is %s")
    :format(attribute, operation.entity_type, quoted(id)))
  if not row then
    errors.raise("not_found", ("the %s %s is not on the tracker"):format(operation.entity_type, id))
  end
  local ok, merged = pcall(cjson.decode, row[attribute] or "{}")
  if not ok or type(merged) ~= "table" then merged = {} end
  for key, ours in pairs(value.values) do merged[key] = ours end
  return cjson.encode(merged)
end

local function fill_data(session, operation)
  local data = {}
  for attribute, value in pairs(operation.entity_data) do
    local fill = type(value) == "table" and FILL[value.placeholder]
    if fill then value = fill(session, value, operation, attribute) end
    data[attribute] = value
  end
  return data
end

--- The operations with every placeholder replaced by its value; those that were given stay as they are.
---@param session moonshift.Session
---@param operations table[]
---@return table[]
function placeholder.fill(session, operations)
  local filled = {}
  for i, operation in ipairs(operations) do
    filled[i] = operation
    if operation.entity_data then
      filled[i] = {}
      for key, value in pairs(operation) do filled[i][key] = value end
      filled[i].entity_data = fill_data(session, operation)
    end
  end
  return filled
end

return placeholder
