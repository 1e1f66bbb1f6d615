--- Trackers for specs about sessions: the embedded server, and the same served over HTTP.
---
---     for _, kind in ipairs(trackers.KINDS) do
---       describe("session over " .. kind, function()
---         local tracker
---         setup(function() tracker = trackers.start(kind) end)
---         teardown(function() tracker:close() end)
---         it("…", function() local session <close> = tracker:session() … end)

local busted = require "busted"
local moonshift = require "moonshift"
local support = require "support"
local system = require "moonshift.core.system"

local trackers = {}

trackers.KINDS = { "embedded", "http" }

---@class trackers.Tracker
local Tracker = {}
Tracker.__index = Tracker

--- A session on it.
---@param options? table Further options.
function Tracker:session(options)
  local all = {}
  for key, value in pairs(self.options) do all[key] = value end
  for key, value in pairs(options or {}) do all[key] = value end
  return moonshift.session(all)
end

--- The environment in which a program's sessions are on it.
---@return table<string, string|false>
function Tracker:environment()
  local options = self.options
  return {
    FTRACK_SERVER = options.server_url or false,
    FTRACK_API_USER = options.api_user or false,
    FTRACK_API_KEY = options.api_key or false,
    FTRACK_APIKEY = false,
    MOONSHIFT_DATA = options.data or false,
    XDG_CONFIG_HOME = self.folder.path .. "/config",
  }
end

function Tracker:close()
  if self.server then getmetatable(self.server).__close(self.server) end
  getmetatable(self.folder).__close(self.folder)
end

Tracker.__close = Tracker.close

local starters = {}

function starters.embedded(folder)
  return { options = { data = folder.path } }
end

function starters.http(folder)
  local server = support.serve { data = folder.path }
  return {
    server = server,
    options = {
      server_url = server.url,
      api_user = server.environment.FTRACK_API_USER,
      api_key = server.environment.FTRACK_API_KEY,
    },
  }
end

--- Starts a tracker with a new data folder; close it at the end.
---@param kind "embedded"|"http"
---@return trackers.Tracker
function trackers.start(kind)
  local folder = support.folder()
  local tracker = starters[kind](folder)
  tracker.kind = kind
  tracker.folder = folder
  return setmetatable(tracker, Tracker)
end

-- ---- what many specs do with them ------------------------------------------------------------------

--- Describes what holds over each kind of tracker: `body(test, tracker_of)` is called for each. `test(name, run)`
--- adds a test that gets a session of its own, `tracker_of()` returns the tracker while tests run.
---@param title string
---@param body fun(test: fun(name: string, run: fun(session: moonshift.Session)), tracker_of: fun(): trackers.Tracker)
function trackers.describe(title, body)
  for _, kind in ipairs(trackers.KINDS) do
    busted.describe(("%s over %s"):format(title, kind), function()
      local tracker
      busted.setup(function() tracker = trackers.start(kind) end)
      busted.teardown(function() tracker:close() end)
      body(function(name, run)
        busted.it(name, function()
          local session <close> = tracker:session()
          run(session)
        end)
      end, function() return tracker end)
    end)
  end
end

--- A tracker over HTTP and a folder for files and our state; files go up in parts of so many bytes.
---@param part integer
---@return trackers.Tracker, { path: string }
function trackers.start_for_parts(part)
  local tracker, folder = trackers.start "http", support.folder()
  system.set_environment("MOONSHIFT_PART_BYTES", tostring(part))
  system.set_environment("XDG_STATE_HOME", folder.path .. "/state")
  return tracker, folder
end

--- Ends what trackers.start_for_parts began.
function trackers.end_parts(tracker, folder)
  system.set_environment("MOONSHIFT_PART_BYTES", nil)
  system.set_environment("XDG_STATE_HOME", nil)
  getmetatable(folder).__close(folder)
  tracker:close()
end

return trackers
