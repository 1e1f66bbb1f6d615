--- Secrets: what must not be shown, and texts without it.
---
--- The values of environment variables whose names say that they are secret or are in the list `secrets`
--- of config.lua, and command-line arguments that follow such a name (`--token VALUE`, `--api-key=VALUE`).

local uv = require "luv"
local config = require "moonshift.config"

---@class moonshift.secrets
local secrets = {}

local MASK = "***"
local MIN_BYTES = 4 -- shorter values would mask ordinary words

-- Words that make a name secret, at its end or before another word: FTRACK_API_KEY, github-token.
local WORDS = { "KEY", "APIKEY", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "CREDENTIAL", "CREDENTIALS" }

local secret_words = {}
for _, word in ipairs(WORDS) do secret_words[word] = true end

--- Whether the name of a variable or option says that its value is secret.
---@param name string
---@return boolean
function secrets.is_secret_name(name)
  for word in name:upper():gmatch "%w+" do
    if secret_words[word] then return true end
  end
  return false
end

--- The values of secret variables in `environment`, longest first.
---@param environment? table<string, string> That of this process when not given.
---@return string[]
function secrets.of_environment(environment)
  local values, listed = {}, {}
  for _, name in ipairs(config.load().secrets or {}) do listed[name] = true end
  for name, value in pairs(environment or uv.os_environ()) do
    local is_secret = listed[name] or secrets.is_secret_name(name)
    if is_secret and type(value) == "string" and #value >= MIN_BYTES and not value:find "^file:" then
      values[#values + 1] = value
    end
  end
  table.sort(values, function(a, b) return #a > #b end)
  return values
end

--- `text` with each of `values` replaced.
---@param text string
---@param values string[]
---@return string
function secrets.mask(text, values)
  for _, value in ipairs(values) do
    local start = 1
    while true do
      local first, last = text:find(value, start, true)
      if not first then break end
      text = text:sub(1, first - 1) .. MASK .. text:sub(last + 1)
      start = first + #MASK
    end
  end
  return text
end

--- A command line that may be shown: secret values masked, and those that secret options name.
---@param arguments string[]
---@param values string[]
---@return string[]
function secrets.mask_arguments(arguments, values)
  local shown, next_is_secret = {}, false
  for i, argument in ipairs(arguments) do
    local option, value = argument:match "^(%-%-?[%w_%-]+)=(.*)$"
    if next_is_secret and argument:sub(1, 1) ~= "-" then
      shown[i] = MASK
    elseif option and value ~= "" and secrets.is_secret_name(option) then
      shown[i] = option .. "=" .. MASK
    else
      shown[i] = secrets.mask(argument, values)
    end
    next_is_secret = i > 1 and argument:find "^%-%-?[%a]" ~= nil and not option and secrets.is_secret_name(argument)
  end
  return shown
end

return secrets
