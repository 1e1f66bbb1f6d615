--- Which tracker a session is for: options, then the environment, then config.lua, else the embedded server.

local config = require "moonshift.config"
local errors = require "moonshift.errors"

---@class moonshift.settings
local settings = {}

local EMBEDDED = "embedded:" -- as server_url: the embedded server, whatever the environment says

-- Option → the variables that stand for it, the first that is set counts.
local VARIABLES = {
  server_url = { "FTRACK_SERVER" },
  api_user = { "FTRACK_API_USER" },
  api_key = { "FTRACK_API_KEY", "FTRACK_APIKEY" },
}

-- An empty value counts as missing, as it does for the official clients.
local function given(value)
  if value ~= "" then return value end
end

-- "file:PATH" stands for what is in the file.
local function read_value(name, value)
  local path = type(value) == "string" and value:match "^file:(.*)$"
  if not path then return value end
  path = path:gsub("^~/", (os.getenv "HOME" or "~") .. "/")
  local file, problem = io.open(path, "r")
  if not file then errors.raise("not_found", ("%s: cannot read the file that it names: %s"):format(name, problem)) end
  local text = file:read "a" or ""
  file:close()
  local content = text:match "^%s*(.-)%s*$"
  if content == "" then errors.raise("invalid", ("%s: the file %s is empty"):format(name, path)) end
  return content
end

local function from_environment(option)
  for _, variable in ipairs(VARIABLES[option]) do
    local value = given(os.getenv(variable))
    if value then return read_value(variable, value) end
  end
end

local function from_options(options, option)
  local value = given(options[option])
  if value then return read_value(option, value) end
end

-- Who and with which key, for a server that is known. What config.lua says counts for its own server alone:
-- its key is not for whatever server a variable names.
local function find_credential(options, option, server_url, file)
  local value = from_options(options, option) or from_environment(option)
  if value then return value end
  if file.server_url == server_url and given(file[option]) then
    return read_value(config.path() .. ": " .. option, file[option])
  end
  errors.raise("usage", ("%s is not set: the server %s needs it (option %s, or the environment)")
    :format(VARIABLES[option][1], server_url, option))
end

local function check_not_half(options)
  for _, option in ipairs { "api_key", "api_user" } do
    local value = from_options(options, option) or from_environment(option)
    if value and (option == "api_key" or given(options[option])) then
      errors.raise("usage", ("%s is set but %s is not: name the server as well, or unset it to use the embedded one")
        :format(VARIABLES[option][1], VARIABLES.server_url[1]))
    end
  end
end

--- The options of a session, completed.
---@param options moonshift.SessionOptions
---@return moonshift.SessionOptions
function settings.resolve(options)
  local result = {}
  for key, value in pairs(options) do result[key] = value end
  local server_url = given(options.server_url)
  if server_url and server_url ~= EMBEDDED and options.data then
    errors.raise("usage", "session: server_url is for a server, data for the embedded one; give one of them")
  end
  local file = config.load()
  if not server_url and not options.data then
    server_url = from_environment "server_url" or given(file.server_url)
    if not server_url then check_not_half(options) end
  end
  if server_url and server_url ~= EMBEDDED then
    result.server_url = server_url
    result.api_user = find_credential(options, "api_user", server_url, file)
    result.api_key = find_credential(options, "api_key", server_url, file)
  else
    result.server_url, result.api_user, result.api_key = nil, nil, nil
    result.data = options.data or given(os.getenv "MOONSHIFT_DATA") or file.data
  end
  for _, option in ipairs { "timeout", "connections", "limit_rate" } do
    if result[option] == nil then result[option] = file[option] end
  end
  if result.auto_populate == nil then result.auto_populate = file.auto_populate end
  return result
end

return settings
