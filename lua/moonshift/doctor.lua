--- Checks of what a script needs: folders, configuration, tracker, key, clock. Each failure says what to do.

local config = require "moonshift.config"
local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local settings = require "moonshift.settings"
local system = require "moonshift.core.system"
local uv = require "luv"

---@class moonshift.doctor
local doctor = {}

---@class moonshift.doctor.Finding
---@field what string
---@field fine boolean
---@field text string What was found, or what is wrong and what to do.

local CLOCK_TOLERANCE_S = 60
local TIMEOUT_S = 10 -- of a request, unless a timeout is configured
local OTHERS = 63 -- mode bits of group and others, octal 077

local function say(findings, what, fine, text, ...)
  findings[#findings + 1] = { what = what, fine = fine, text = text:format(...) }
  return fine
end

-- ---- folders ---------------------------------------------------------------------------------------

-- The nearest folder above a path that is not there yet.
local function existing_parent(path)
  repeat path = path:match "^(.*)/[^/]*$" or "." until path == "" or path == "." or uv.fs_stat(path)
  return path == "" and "/" or path
end

local function check_missing(findings, kind, path)
  local parent = existing_parent(path)
  if kind == "config" then return say(findings, kind, true, "none (it would be %s)", path) end
  if uv.fs_access(parent, "WX") then return say(findings, kind, true, "%s: made when it is needed", path) end
  local is_folder = (uv.fs_stat(parent) or {}).type == "directory"
  return say(findings, kind, false, is_folder
    and "%s cannot be made, because %s cannot be written: chown or chmod that, or name another folder"
    or "%s cannot be made, because %s is no folder: move that away, or name another folder", path, parent)
end

local function check_folder(findings, kind, path)
  local status = uv.fs_stat(path)
  if not status then
    check_missing(findings, kind, path)
  elseif status.type ~= "directory" then
    say(findings, kind, false, "%s is no folder: move it away", path)
  elseif not uv.fs_access(path, "RWX") then
    say(findings, kind, false, "%s cannot be written: chown or chmod it", path)
  elseif kind == "data" and status.mode & OTHERS ~= 0 then
    say(findings, kind, false, "%s can be entered by others: chmod 700 it", path)
  else
    say(findings, kind, true, "%s", path)
  end
end

-- ---- configuration ----------------------------------------------------------------------------------

local function check_configuration(findings)
  local ok, result = pcall(config.load)
  if not ok then return say(findings, "configuration", false, "%s", errors.message(result)) end
  local present = uv.fs_stat(config.path()) and config.path() or ("none (it would be %s)"):format(config.path())
  return say(findings, "configuration", true, "%s", present)
end

-- The options that a session would have; nil when they do not fit together.
local function check_settings(findings, options)
  local ok, result = pcall(settings.resolve, options)
  if not ok then
    say(findings, "settings", false, "%s", errors.message(result))
    return nil
  end
  say(findings, "settings", true, "%s", result.server_url
    and ("%s as %s"):format(result.server_url, result.api_user) or "the embedded server")
  return result
end

-- ---- the tracker -------------------------------------------------------------------------------------

local function open(findings, options)
  local started = system.monotonic()
  local ok, session = pcall(moonshift.session, options)
  if not ok then
    say(findings, "tracker", false, "%s", errors.message(session))
    return nil
  end
  say(findings, "tracker", true, "%s, version %s, ready in %.0f ms", session.name,
    session.server_information.version, (system.monotonic() - started) * 1000)
  return session
end

local function check_user(findings, session)
  local ok, user = pcall(function()
    return session:query("select username, is_active from User where username is {name}", { name = session.api_user })
      :one()
  end)
  if not ok then return say(findings, "user", false, "%s", errors.message(user)) end
  return say(findings, "user", user.is_active ~= false, user.is_active ~= false and "%s" or
    "%s is not active: an administrator can change that", user.username)
end

-- Signed addresses carry the server's time: our servers' expiry, or the date that storage services put in.
local function server_time(session)
  local answer = session:call { {
    action = "get_upload_metadata", component_id = core.new_id(), file_name = "clock.txt", file_size = 0,
  } }[1]
  local url = tostring(answer.url)
  local expires = url:match "[?&]expires=(%d+)"
  if expires then return tonumber(expires) - 24 * 60 * 60 end
  local year, month, day, hour, minute, second = url:match "X%-Amz%-Date=(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z"
  return year and moonshift.datetime(("%s-%s-%sT%s:%s:%sZ"):format(year, month, day, hour, minute, second)).timestamp
end

local function check_clock(findings, session)
  local ok, theirs = pcall(server_time, session)
  if not ok or not theirs then return say(findings, "clock", true, "the server does not tell its time") end
  local ahead = system.now() - theirs
  if math.abs(ahead) <= CLOCK_TOLERANCE_S then return say(findings, "clock", true, "agrees with the server's") end
  return say(findings, "clock", false, "%.0f s %s the server's: set it (timedatectl set-ntp true)", math.abs(ahead),
    ahead > 0 and "ahead of" or "behind")
end

--- Looks at everything.
---@param options moonshift.SessionOptions
---@return moonshift.doctor.Finding[]
function doctor.examine(options)
  local findings = {}
  say(findings, "program", true, "moonshift %s, %s", moonshift.version, _VERSION)
  for _, kind in ipairs { "config", "state", "cache" } do check_folder(findings, kind, system.folder(kind)) end
  local data = options.data or system.folder "data"
  local has_data = uv.fs_stat(data) ~= nil
  if has_data then check_folder(findings, "data", data) end
  if not check_configuration(findings) then return findings end
  local resolved = check_settings(findings, options)
  if not resolved then return findings end
  if not has_data and not resolved.server_url then check_missing(findings, "data", data) end
  resolved.timeout = resolved.timeout or TIMEOUT_S
  local session <close> = open(findings, resolved)
  if session and check_user(findings, session) then check_clock(findings, session) end
  return findings
end

return doctor
