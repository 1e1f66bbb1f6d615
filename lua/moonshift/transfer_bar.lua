--- How far a transfer is: a line that is redrawn in place on a terminal, a line now and then elsewhere, or JSON events
--- for programs.

local cjson = require "cjson"
local kept = require "moonshift.kept"
local text = require "moonshift.text"
local uv = require "luv"

---@class moonshift.transfer_bar
local transfer_bar = {}

local WIDTH = 20
local CLEAR = "\r\27[K"
local LINE_INTERVAL_S, EVENT_INTERVAL_S, DRAW_INTERVAL_S = 15, 1, 0.1

-- Of what came since the first bytes were told: what an interrupted transfer goes on from has cost no time.
local function rate(self)
  local seconds = (uv.hrtime() - self.started) / 1e9
  local bytes = self.done_bytes - (self.first_bytes or 0)
  return seconds > 0.5 and bytes > 0 and bytes / seconds or nil
end

-- "84.1 MiB/s  12 s left", as far as is known.
local function pace(self, done, total)
  local per_second = rate(self)
  if not per_second then return "" end
  local line = ("  %s/s"):format(text.size(per_second))
  if (uv.hrtime() - self.started) / 1e9 < 2 then return line end
  return ("%s  %s left"):format(line, text.duration((total - done) / per_second))
end

local function is_due(self, interval_s)
  local now = uv.hrtime()
  if (now - self.shown_at) / 1e9 < interval_s then return false end
  self.shown_at = now
  return true
end

-- ---- the ways to show it ---------------------------------------------------------------------------

local ways = { terminal = {}, lines = {}, json = {} }

function ways.terminal.update(self, done, total)
  if self.drawn and done < total and not is_due(self, DRAW_INTERVAL_S) then return end
  local filled = math.floor(WIDTH * done / total)
  io.stderr:write(CLEAR, text.fit(self.label, 30), "  ", ("█"):rep(filled), ("░"):rep(WIDTH - filled),
    ("  %3d %%"):format(100 * done // total), pace(self, done, total))
  self.drawn = true
end

function ways.terminal.clear(self)
  if self.drawn then io.stderr:write(CLEAR) end
  self.drawn = false
end

function ways.lines.update(self, done, total)
  if not is_due(self, LINE_INTERVAL_S) then return end
  io.stderr:write(("%s: %d %%%s\n"):format(self.label, 100 * done // total, pace(self, done, total)))
end

local function print_event(event)
  for key, value in pairs(event) do event[key] = type(value) == "string" and text.valid(value) or value end
  print(cjson.encode(event))
  io.stdout:flush()
end

function ways.json.update(self, done, total)
  if done < total and not is_due(self, EVENT_INTERVAL_S) then return end
  print_event {
    event = "progress", name = self.label, done_bytes = done, total_bytes = total, bytes_per_second = rate(self),
  }
end

-- ---- what stays of it when it fails ----------------------------------------------------------------

local function print_kept(self, bytes)
  local amount = text.size(bytes) .. (self.total_bytes and " of " .. text.size(self.total_bytes) or "")
  io.stderr:write(("%s: %s are kept; trying again goes on from there\n"):format(text.visible(self.label), amount))
end

local function tell_kept(self, way)
  local bytes = kept.take(self.session)
  if bytes == 0 then return end
  if way ~= ways.json then return print_kept(self, bytes) end
  print_event { event = "kept", name = self.label, kept_bytes = bytes, total_bytes = self.total_bytes }
end

local function nothing() end

local function choose(options)
  if options.json then return ways.json end
  return uv.guess_handle(2) == "tty" and ways.terminal or ways.lines
end

--- A bar for one transfer; close it. Closed by an error, it tells what the session's transfers have left to go on
--- with.
---@param label string
---@param options { session: moonshift.Session, json?: boolean } `json`: events on standard output, a JSON object a
--- line.
---@return { update: fun(done: integer, total: integer), done: fun(line: string, event?: table) } bar `done` prints a
--- line for people, or the event.
function transfer_bar.new(label, options)
  local way = choose(options)
  local clear = way.clear or nothing
  local self = {
    label = label, session = options.session, started = uv.hrtime(), shown_at = uv.hrtime(), done_bytes = 0,
  }
  local bar = {}
  function bar.update(done, total)
    self.done_bytes, self.total_bytes, self.first_bytes = done, total, self.first_bytes or done
    if total > 0 then way.update(self, done, total) end
  end
  function bar.done(line, event)
    clear(self)
    kept.take(self.session) -- it is all there, or waits
    if way ~= ways.json then
      print(text.visible(line))
      return
    end
    event = event or {}
    event.event, event.name = "done", event.name or label
    print_event(event)
  end
  return setmetatable(bar, { __close = function(_, err)
    clear(self)
    if err then tell_kept(self, way) end
  end })
end

return transfer_bar
