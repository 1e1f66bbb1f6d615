---@meta

---@class moonshift.DateTimeFields
---@field year integer
---@field month? integer 1 when not given, as `day`.
---@field day? integer
---@field hour? integer 0 when not given, as `minute` and `second`.
---@field minute? integer
---@field second? number
---@field zone? string The zone of these, as DateTime:to takes it; "utc" when not given.

---@class moonshift.DateTimeShift Negative ones go back.
---@field years? integer
---@field months? integer
---@field weeks? integer
---@field days? integer
---@field hours? integer
---@field minutes? integer
---@field seconds? number

--- A point in time, to the microsecond, or a bare date. It never changes.
---
---     local deadline = moonshift.datetime "2024-05-01T18:00:00+02:00"
---     if moonshift.datetime() > deadline then print("late by", moonshift.datetime() - deadline, "s") end
---     print(deadline:to("local"):format "%H:%M")
---
--- Values compare with `<`, `<=` and `==`; subtracting two gives seconds; adding and subtracting seconds gives
--- another, shown in the same zone with the offset that it has then. tostring is ISO 8601.
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

--- Another point in time by the calendar: years, months, weeks and days keep the time of day in its zone, hours and
--- below are time that passes. The last day of a month stays in its month.
---
---     local start = moonshift.datetime { year = 2024, month = 3, day = 30, hour = 9, zone = "Europe/Berlin" }
---     print(start:shift { days = 1 })   --> 2024-03-31T09:00:00+02:00
---     print(start:shift { hours = 24 }) --> 2024-03-31T10:00:00+02:00
---     print(moonshift.datetime "2024-01-31":shift { months = 1 }) --> 2024-02-29
---
---@param by moonshift.DateTimeShift
---@return moonshift.DateTime
function DateTime:shift(by) end
