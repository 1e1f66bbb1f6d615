---@meta

---@class moonshift.DateTimeFields
---@field year integer
---@field month? integer 1 when not given, as `day`.
---@field day? integer
---@field hour? integer 0 when not given, as `minute` and `second`.
---@field minute? integer
---@field second? number

--- A point in time, to the microsecond, or a bare date. It never changes.
---
---     local deadline = moonshift.datetime "2024-05-01T18:00:00+02:00"
---     if moonshift.datetime() > deadline then print("late by", moonshift.datetime() - deadline, "s") end
---     print(deadline:to("local"):format "%H:%M")
---
--- Values compare with `<`, `<=` and `==`; subtracting two gives seconds; adding and subtracting seconds gives
--- another. tostring is ISO 8601.
---@class moonshift.DateTime
---@field year integer In its own offset, as the fields below.
---@field month integer
---@field day integer
---@field hour integer
---@field minute integer
---@field second integer
---@field microsecond integer
---@field weekday integer 1 is Monday.
---@field yearday integer 1 is the first of January.
---@field offset integer Seconds east of UTC that it is shown in.
---@field timestamp number Seconds since 1970-01-01T00:00:00Z.
---@operator add(number): moonshift.DateTime
---@operator sub(number): moonshift.DateTime
---@operator sub(moonshift.DateTime): number
local DateTime = {}

--- Text by a format as of strftime(3), in its own offset.
---@param format string At most 256 bytes.
---@return string
function DateTime:format(format) end

--- The same point in time, shown in another zone.
---
---     print(session:get("Task", id).end_date:to "Europe/Berlin")
---
---@param zone string "utc", "local", an offset such as "+02:00", or the name of a zone such as "Europe/Berlin".
---@return moonshift.DateTime
function DateTime:to(zone) end
