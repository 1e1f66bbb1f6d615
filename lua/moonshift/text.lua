--- How figures read: sizes, durations, relative times.

---@class moonshift.text
local text = {}

local SIZES = { "B", "KiB", "MiB", "GiB", "TiB" }

local UNITS = { [""] = 1, K = 2 ^ 10, M = 2 ^ 20, G = 2 ^ 30, T = 2 ^ 40 }

--- Bytes of a size as people write it: "512M", "4G", "1.5 GiB".
---@param written string
---@return integer? bytes Nil when it is no size.
function text.parse_size(written)
  local number, unit = written:upper():match "^(%d+%.?%d*) ?([KMGT]?)I?B?$"
  return number and math.floor(tonumber(number) * UNITS[unit])
end

--- A size in bytes: "512 B", "1.5 MiB".
---@param bytes number
---@return string
function text.size(bytes)
  local unit = 1
  while bytes >= 1024 and unit < #SIZES do
    bytes, unit = bytes / 1024, unit + 1
  end
  return (unit == 1 and "%d %s" or "%.1f %s"):format(unit == 1 and math.floor(bytes) or bytes, SIZES[unit])
end

--- A duration in seconds: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min".
---@param seconds number
---@return string
function text.duration(seconds)
  if seconds < 10 then return ("%.1f s"):format(seconds) end
  local whole = math.floor(seconds + 0.5)
  if whole < 60 then return ("%d s"):format(whole) end
  local minutes = whole // 60
  if minutes < 60 then
    return whole % 60 == 0 and ("%d min"):format(minutes) or ("%d min %d s"):format(minutes, whole % 60)
  end
  local hours = minutes // 60
  return minutes % 60 == 0 and ("%d h"):format(hours) or ("%d h %d min"):format(hours, minutes % 60)
end

--- "1 file", "3 files".
---@param count integer
---@param singular string
---@return string
function text.count(count, singular)
  return ("%d %s%s"):format(count, singular, count == 1 and "" or "s")
end

--- Text in UTF-8: of other bytes, such as those of a file's name may be, "?" for each that is not ASCII.
---@param bytes string
---@return string
function text.valid(bytes)
  return utf8.len(bytes) and bytes or (bytes:gsub("[\128-\255]", "?"))
end

-- Control characters of ASCII and of Latin-1, and those that turn the direction of what follows.
local INVISIBLE = { "%c", "\xC2[\x80-\x9F]", "\xE2\x80[\xAA-\xAE]", "\xE2\x81[\xA6-\xA9]" }

--- A line that does to a terminal what it looks like: "?" for each character that would move the cursor, change colours
--- or hide what follows. Names of files may hold any.
---@param line string
---@return string
function text.visible(line)
  for _, pattern in ipairs(INVISIBLE) do line = line:gsub(pattern, "?") end
  return line
end

--- One visible line of at most `width` characters; a longer one ends in "…".
---@param line string
---@param width integer
---@return string
function text.fit(line, width)
  line = text.visible((line:gsub("%s+", " ")))
  local length = utf8.len(line) or #line
  if length <= width then return line end
  local stop = utf8.len(line) and utf8.offset(line, width) or width
  return line:sub(1, stop - 1) .. "…"
end

--- `line` padded with blanks to `width` characters.
---@param line string
---@param width integer
---@return string
function text.pad(line, width)
  return line .. (" "):rep(width - (utf8.len(line) or #line))
end

return text
