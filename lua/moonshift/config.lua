--- The configuration file: `$XDG_CONFIG_HOME/moonshift/config.lua`, or the file that MOONSHIFT_CONFIG names.
---
---     return {
---       server_url = "https://studio.ftrackapp.com",
---       api_user = "ada",
---       api_key = "file:~/.config/moonshift/key",
---     }
---
--- It is Lua that returns a table; nothing of Lua's library can be reached from it.

local errors = require "moonshift.errors"
local system = require "moonshift.core.system"

---@class moonshift.config
local config = {}

---@class moonshift.Config
---@field allow_retry? boolean Whether `moonshift wrap` records each command, so that it can be retried.
---@field server_url? string The tracker's address; without one the embedded server is used.
---@field api_user? string
---@field api_key? string The key, or "file:PATH" of a file that holds it.
---@field data? string Folder of the embedded server.
---@field locations? table[] The folders that a studio keeps components in: see moonshift.places.
---@field secrets? string[] Names of environment variables whose values are masked in logs, besides those
--- whose names say so.
---@field timeout? number|string Of a request: seconds, or text such as "30s".
---@field connections? integer How many files and parts of files travel at a time: 1 to 32.
---@field limit_rate? integer|string How fast they may be together: bytes a second, or text such as "10M".
---@field auto_populate? boolean Whether reading a missing attribute asks the server.

-- Name → the types that a value may have.
local SPEC = {
  allow_retry = { boolean = true },
  api_key = { string = true },
  api_user = { string = true },
  auto_populate = { boolean = true },
  connections = { number = true },
  data = { string = true },
  limit_rate = { number = true, string = true },
  locations = { table = true },
  secrets = { table = true },
  server_url = { string = true },
  timeout = { number = true, string = true },
}

local function key_names()
  local names = {}
  for name in pairs(SPEC) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function check(path, settings)
  if type(settings) ~= "table" then
    errors.raise("parse", ("%s returns a %s: it has to return a table of settings"):format(path, type(settings)))
  end
  for key, value in pairs(settings) do
    local types = SPEC[key]
    if not types then
      local nearest = system.nearest(tostring(key), key_names())
      errors.raise("parse", ("%s: unknown setting '%s'%s"):format(path, tostring(key),
        nearest and ("; did you mean '%s'?"):format(nearest) or ""))
    elseif not types[type(value)] then
      errors.raise("parse", ("%s: '%s' cannot be a %s"):format(path, key, type(value)))
    end
  end
  return settings
end

--- Where the configuration file is, or would be.
---@return string path
function config.path()
  local path = os.getenv "MOONSHIFT_CONFIG"
  if path and path ~= "" then return path end
  return system.folder "config" .. "/config.lua"
end

--- The settings of the configuration file; none when there is no file. Raises code "parse" for a file that is
--- wrong, naming it, and "not_found" when MOONSHIFT_CONFIG names a file that does not exist.
---@return moonshift.Config
function config.load()
  local path = config.path()
  local file, problem = io.open(path, "r")
  if not file then
    if path == os.getenv "MOONSHIFT_CONFIG" then
      errors.raise("not_found", ("MOONSHIFT_CONFIG: %s"):format(problem))
    end
    return {}
  end
  local text = file:read "a"
  file:close()
  local chunk, mistake = load(text or "", "@" .. path, "t", {})
  if not chunk then errors.raise("parse", tostring(mistake)) end
  local ok, settings = pcall(chunk)
  if not ok then errors.raise("parse", errors.message(settings)) end
  return check(path, settings)
end

return config
