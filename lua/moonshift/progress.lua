--- Progress that a command prints, read from the end of its output.
---
--- Always understood: `moonshift::progress 0.4 Encoding` on a line of its own, and a JSON line with the key
--- "moonshift_progress" (a fraction) and optionally "phase". Besides, one of the ready readers, or a Lua
--- pattern with one capture (per cent) or two (done, total).

local errors = require "moonshift.errors"

---@class moonshift.progress
local progress = {}

local STAMP = "^%d+%-%d+%-%d+T%d+:%d+:%d+Z " -- the log's time in front of a line

---@alias moonshift.progress.Line fun(line: string): number?, string? Fraction and phase, or nothing.

-- ---- lines that are understood always --------------------------------------------------------------

local function marker(line)
  local fraction, phase = line:match "^moonshift::progress%s+([%d.]+)%s*(.*)$"
  return tonumber(fraction), phase ~= "" and phase or nil
end

local function json_line(line)
  if not line:find('"moonshift_progress"', 1, true) then return nil end
  local fraction = line:match '"moonshift_progress"%s*:%s*([%d.]+)'
  return tonumber(fraction), line:match '"phase"%s*:%s*"([^"\\]*)"'
end

-- ---- patterns --------------------------------------------------------------------------------------

local function by_pattern(pattern, phase_format)
  return function(line)
    local first, second = line:match(pattern)
    local done, total = tonumber(first), tonumber(second)
    if not done then return nil end
    if total == 0 then return nil end
    local fraction = total and done / total or done / 100
    return fraction, phase_format and phase_format:format(first, second)
  end
end

local function seconds(hours, minutes, rest)
  return tonumber(hours) * 3600 + tonumber(minutes) * 60 + tonumber(rest)
end

-- ffmpeg tells the length of its input once, and then the time that it has reached.
local function ffmpeg()
  local duration
  return function(line)
    local hours, minutes, rest = line:match "Duration: (%d+):(%d+):([%d.]+)"
    if hours then duration = math.max(duration or 0, seconds(hours, minutes, rest)) end
    hours, minutes, rest = line:match "time=(%d+):(%d+):([%d.]+)"
    if not hours or not duration or duration == 0 then return nil end
    return seconds(hours, minutes, rest) / duration
  end
end

---@type table<string, fun(): moonshift.progress.Line>
local READY = {
  blender = function() return by_pattern("[Ss]ample (%d+)/(%d+)", "sample %s of %s") end,
  ffmpeg = ffmpeg,
  frames = function() return by_pattern("[Ff]rame%D*(%d+)%s*/%s*(%d+)", "frame %s of %s") end,
  nuke = function() return by_pattern("%((%d+) of (%d+)%)", "frame %s of %s") end,
  percent = function() return by_pattern "(%d+%.?%d*)%s*%%" end,
}

--- The names of the ready readers, sorted.
---@type string[]
progress.NAMES = {}
for name in pairs(READY) do progress.NAMES[#progress.NAMES + 1] = name end
table.sort(progress.NAMES)

-- Lua finds a broken pattern only when a subject leads it there, so the captures are counted here.
local function checked_pattern(pattern)
  local plain = pattern:gsub("%%.", "")
  local _, opened = plain:gsub("%(", "")
  local _, closed = plain:gsub("%)", "")
  if opened == 0 or opened ~= closed or not pcall(string.match, "", pattern) then
    errors.raise("usage", ("the progress pattern '%s' is no Lua pattern with a capture, such as '(%%d+)%%%%'")
      :format(pattern))
  end
  return by_pattern(pattern)
end

-- ---- reading ---------------------------------------------------------------------------------------

--- A function that takes the end of the output and returns the last fraction (0 to 1) and phase in it.
---@param options { progress?: string, progress_pattern?: string }
---@return fun(output: string): number?, string?
function progress.reader(options)
  local readers = { marker, json_line }
  if options.progress then readers[#readers + 1] = READY[options.progress]() end
  if options.progress_pattern then readers[#readers + 1] = checked_pattern(options.progress_pattern) end
  local only_markers = #readers == 2
  return function(output)
    if only_markers and not output:find("moonshift", 1, true) then return nil end
    local last, last_phase
    for line in output:gmatch "[^\n]+" do
      line = line:gsub(STAMP, "")
      for _, read in ipairs(readers) do
        local fraction, phase = read(line)
        if fraction then last, last_phase = math.min(1, fraction), phase end
      end
    end
    return last, last_phase
  end
end

return progress
