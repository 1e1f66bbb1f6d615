--- Offsets of named time zones, as the system's zone files tell them (tzfile(5)).
---
--- A file lists the moments at which the zone's offset changed. Behind the last of them the rule of the file's
--- last line goes on (the TZ of tzset(3)), as in "CET-1CEST,M3.5.0,M10.5.0/3".

local errors = require "moonshift.errors"
local system = require "moonshift.core.system"

---@class moonshift.zone
local zone = {}

local FOLDER = "/usr/share/zoneinfo" -- unless TZDIR names another
local DAY_S = 24 * 60 * 60
local CHANGE_DEFAULT_S = 2 * 60 * 60 -- local time of day at which a rule changes the offset
local DAYS_BEFORE = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 }

-- ---- the rule behind the last change -------------------------------------------------------------------

local function is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

-- Days from 1970-01-01 to the first of January.
local function first_day(year)
  return 365 * (year - 1970) + (year - 1969) // 4 - (year - 1901) // 100 + (year - 1601) // 400
end

local function days_before_month(year, month)
  return DAYS_BEFORE[month] + (month > 2 and is_leap(year) and 1 or 0)
end

-- A rule's day: weekday `weekday` (0 is Sunday) of week `week` of a month, 5 being the last.
local function day_in_month(year, month, week, weekday)
  local first = first_day(year) + days_before_month(year, month)
  local after = first_day(year) + days_before_month(year, month + 1)
  local day = first + (weekday - first - 4) % 7 + (week - 1) * 7
  return day < after and day or day - 7
end

-- "-5", "+12:45", "2:45:00" in seconds.
local function parse_time(text)
  local sign, hours, minutes, seconds = text:match "^([+-]?)(%d+):?(%d*):?(%d*)$"
  if not hours then return nil end
  local size = tonumber(hours) * 3600 + (tonumber(minutes) or 0) * 60 + (tonumber(seconds) or 0)
  return sign == "-" and -size or size
end

-- A function of the year: local seconds since 1970 at which the offset changes.
local function parse_change(text)
  local day, time = text:match "^([^/]+)/?(.*)$"
  if not day then return nil end
  local second = time == "" and CHANGE_DEFAULT_S or parse_time(time)
  local month, week, weekday = day:match "^M(%d+)%.(%d)%.(%d)$"
  if month then
    month, week, weekday = tonumber(month), tonumber(week), tonumber(weekday)
    return second and function(year) return day_in_month(year, month, week, weekday) * DAY_S + second end
  end
  local julian, number = day:match "^(J?)(%d+)$" -- Jn counts from 1 and never the 29th of February
  number = tonumber(number)
  return second and number and function(year)
    local skipped = julian == "J" and (number > 59 and is_leap(year) and 0 or 1) or 0
    return (first_day(year) + number - skipped) * DAY_S + second
  end
end

-- A function of the time: the offset. nil for a text that is none.
local function parse_rule(text)
  local name = text:match "^%b<>" or text:match "^%a+"
  local west, rest = text:sub(#(name or "") + 1):match "^([+-]?[%d:]+)(.*)$"
  local standard = west and parse_time(west)
  if not standard then return nil end
  standard = -standard
  if rest == "" then return function() return standard end end
  name = rest:match "^%b<>" or rest:match "^%a+"
  local summer_west, starts, ends = rest:sub(#(name or "") + 1):match "^([+-]?[%d:]*),([^,]+),([^,]+)$"
  local start, stop = parse_change(starts or ""), parse_change(ends or "")
  if not (start and stop) then return nil end
  local summer = summer_west == "" and standard + 3600 or -parse_time(summer_west)
  return function(time)
    local year = os.date("!*t", time + standard).year
    local begins, over = start(year) - standard, stop(year) - summer
    local is_summer
    if begins < over then is_summer = time >= begins and time < over
    else is_summer = time >= begins or time < over end
    return is_summer and summer or standard
  end
end

-- ---- files ---------------------------------------------------------------------------------------------

local HEADER = ">c4 c1 c15 I4 I4 I4 I4 I4 I4"

-- Where a block's parts begin, whose times have `width` bytes.
local function read_block(data, at, width)
  local magic, version, _, ut_count, standard_count, leap_count, time_count, type_count, char_count, times =
    HEADER:unpack(data, at)
  assert(magic == "TZif" and type_count > 0)
  local types = times + time_count * (width + 1)
  return {
    version = version, count = time_count, times = times, indices = times + time_count * width, types = types,
    behind = types + type_count * 6 + char_count + leap_count * (width + 4) + standard_count + ut_count,
  }
end

-- The offset of a zone as a function of the time. Raises for what is no zone file.
local function parse(data)
  local old = read_block(data, 1, 4)
  assert(old.version >= "2")
  local block = read_block(data, old.behind, 8)
  local rule = parse_rule(data:match("^\n([^\n]*)\n", block.behind) or "")
  local function offset_at(index)
    local kind = index == 0 and 0 or data:byte(block.indices + index - 1)
    return ((">i4"):unpack(data, block.types + kind * 6))
  end
  return function(time)
    local low, high = 0, block.count -- the last change that is not after `time`, 0 for none
    while low < high do
      local middle = (low + high + 1) // 2
      if (">i8"):unpack(data, block.times + (middle - 1) * 8) <= time then low = middle else high = middle - 1 end
    end
    return rule and low == block.count and rule(time) or offset_at(low)
  end
end

local function folder()
  return os.getenv "TZDIR" or FOLDER
end

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

local function raise_unknown(name)
  local names = {}
  for found in (read(folder() .. "/tzdata.zi") or ""):gmatch "\n[ZL] ([^\n]+)" do
    names[#names + 1] = found:match "^%S+ ([%a_]+/%S+)$" or found:match "^%S+"
  end
  local nearest = system.nearest(name, names)
  errors.raise("usage", ("no time zone '%s'; %s"):format(name, nearest and ("did you mean '%s'?"):format(nearest)
    or 'give "utc", "local", an offset like "+02:00", or a name such as "Europe/Berlin"'))
end

local known = {} -- name → function of the time

local function load_zone(name)
  local is_name = name:find "^%a[%w_+-]*" and not name:find "[^%w_+/-]"
  local data = is_name and read(("%s/%s"):format(folder(), name))
  local ok, offset = pcall(parse, data)
  if not ok then raise_unknown(name) end
  known[name] = offset
  return offset
end

--- The offset of a zone at a moment.
---@param name string As in "Europe/Berlin". Raises code "usage" for one that the system does not have.
---@param time integer Seconds since 1970-01-01T00:00:00Z.
---@return integer seconds East of UTC.
function zone.offset(name, time)
  return (known[name] or load_zone(name))(time)
end

return zone
