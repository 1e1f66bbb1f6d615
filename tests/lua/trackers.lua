--- Trackers for specs about sessions: the embedded server, and the same served over HTTP.
---
---     for _, kind in ipairs(trackers.KINDS) do
---       describe("session over " .. kind, function()
---         local tracker
---         setup(function() tracker = trackers.start(kind) end)
---         teardown(function() tracker:close() end)
---         it("…", function() local session <close> = tracker:session() … end)

local moonshift = require "moonshift"
local support = require "support"

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

return trackers
