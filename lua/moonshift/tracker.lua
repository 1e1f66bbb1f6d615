--- The embedded tracker as its owner sees it: keys, and how queries are understood.
---
--- These work on the data folder itself, so they ask for no key; who may read the folder may do this.

local cjson = require "cjson"
local core = require "moonshift.core.tracker"
local errors = require "moonshift.errors"
local settings = require "moonshift.settings"
local text = require "moonshift.text"

---@class moonshift.tracker
local tracker = {}

local EMBEDDED = "embedded:"
local SHORT_ID = 8
local LABEL_WIDTH = 40

---@class moonshift.tracker.Key
---@field id string
---@field username string
---@field label string What it is for; may be empty.
---@field created_at string UTC, ISO 8601.

-- The data folder that a session would have: what was given, else the environment, else config.lua, else nil.
local function folder_of(data)
  return settings.resolve { server_url = EMBEDDED, data = data }.data
end

--- All keys, by user and age.
---@param data? string The data folder.
---@return moonshift.tracker.Key[]
function tracker.keys(data)
  return cjson.decode(core.keys(folder_of(data)))
end

--- A new key: whoever has it acts as the user. It cannot be shown again.
---@param options { data?: string, user?: string, label?: string } `user`: who runs this when not given.
---@return string key
function tracker.create_key(options)
  return core.create_key(folder_of(options.data), options.user, options.label)
end

--- Takes back the key whose id is, or begins with, `prefix`. Raises code "not_found", or "not_unique".
---@param prefix string
---@param data? string
---@return moonshift.tracker.Key key What it was.
function tracker.revoke_key(prefix, data)
  local found
  for _, key in ipairs(tracker.keys(data)) do
    if key.id:sub(1, #prefix) == prefix then
      if found then
        errors.raise("not_unique", ("more than one key's id begins with '%s': give more of it"):format(prefix))
      end
      found = key
    end
  end
  if not found or prefix == "" then
    errors.raise("not_found", ("there is no key '%s': moonshift keys lists them"):format(prefix))
  end
  core.revoke_key(folder_of(data), found.id)
  return found
end

--- A table of keys, a line each.
---@param keys moonshift.tracker.Key[]
---@return string
function tracker.format_keys(keys)
  local width = 4
  for _, key in ipairs(keys) do width = math.max(width, utf8.len(key.username) or #key.username) end
  local lines = {}
  local function add(id, user, created, label)
    local line = ("%s  %s  %s  %s"):format(text.pad(id, SHORT_ID), text.pad(user, width), text.pad(created, 16), label)
    lines[#lines + 1] = line:gsub("%s+$", "")
  end
  add("ID", "USER", "CREATED (UTC)", "LABEL")
  for _, key in ipairs(keys) do
    local created = key.created_at:sub(1, 16):gsub("T", " ")
    add(key.id:sub(1, SHORT_ID), key.username, created, text.fit(key.label, LABEL_WIDTH))
  end
  return table.concat(lines, "\n") .. "\n"
end

--- How the tracker understands a query, stage by stage down to SQLite's plan.
---@param expression string
---@param data? string
---@return string text
---@return string? problem What is wrong with the query.
function tracker.explain(expression, data)
  return core.explain(folder_of(data), expression)
end

return tracker
