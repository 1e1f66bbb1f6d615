-- Named time zones, beside what the C library says of them.

local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local support = require "support"
local zone = require "moonshift.zone"

local ZONES = {
  "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Sydney", "Pacific/Chatham", "Europe/Dublin",
  "Asia/Kolkata", "America/Nuuk", "Asia/Jerusalem", "Africa/Casablanca", "UTC", "Etc/GMT+5",
}

-- What date(1) says for many moments at a time.
local function expected(name, moments, folder)
  local path = support.write(folder .. "/moments", "@" .. table.concat(moments, "\n@") .. "\n")
  local pipe <close> = assert(io.popen(("LC_ALL=C TZ=%s date -f %s +%%z"):format(name, path)))
  local offsets = {}
  for sign, hours, minutes in pipe:read "a":gmatch "([+-])(%d%d)(%d%d)" do
    offsets[#offsets + 1] = (hours * 60 + minutes) * 60 * (sign == "-" and -1 or 1)
  end
  return offsets
end

describe("zone", function()
  it("agrees with the C library from 1970 to 2150", function()
    local folder <close> = support.folder()
    local moments = {}
    for time = 0, 5680281600, 1000003 do moments[#moments + 1] = time end
    for _, name in ipairs(ZONES) do
      local offsets = expected(name, moments, folder.path)
      assert.equal(#moments, #offsets)
      for i, time in ipairs(moments) do
        if offsets[i] ~= zone.offset(name, time) then
          assert.equal(offsets[i], zone.offset(name, time), ("%s at %d"):format(name, time))
        end
      end
    end
  end)

  it("changes at the second", function()
    local before = moonshift.datetime "2060-03-28T00:59:59.5Z"
    assert.equal("2060-03-28T01:59:59.500000+01:00", tostring(before:to "Europe/Berlin"))
    assert.equal("2060-03-28T03:00:00.500000+02:00", tostring((before + 1):to "Europe/Berlin"))
    assert.equal(before, before:to "Europe/Berlin")
  end)

  it("is kept by what is made of a date-time", function()
    local before = moonshift.datetime("2024-03-31T00:30:00Z"):to "Europe/Berlin"
    assert.equal("2024-03-31T01:30:00+01:00", tostring(before))
    assert.equal("2024-03-31T03:30:00+02:00", tostring(before + 3600))
    assert.equal("2024-03-31T01:30:00+01:00", tostring(before + 3600 - 3600))
    assert.equal("2024-03-31T02:30:00+01:00", tostring(before:to "+01:00" + 3600))
    assert.equal("2024-03-31T03:30:00+02:00", tostring(moonshift.datetime(before) + 3600))
    assert.equal(3600, (before + 3600) - before)
  end)

  local function berlin(fields)
    fields.zone = "Europe/Berlin"
    return moonshift.datetime(fields)
  end

  it("has a calendar of its own", function()
    local start = berlin { year = 2024, month = 3, day = 30, hour = 9 }
    assert.equal("2024-03-30T09:00:00+01:00", tostring(start))
    assert.equal("2024-03-31T09:00:00+02:00", tostring(start:shift { days = 1 }))
    assert.equal("2024-03-31T10:00:00+02:00", tostring(start:shift { hours = 24 }))
    assert.equal("2024-10-27T09:00:00+01:00", tostring(start:shift { months = 7, days = -3 }))
    assert.equal("2023-02-28T09:00:00.500000+01:00", tostring(start:shift { years = -1, months = -1, seconds = 0.5 }))
    assert.equal("2024-03-23T08:59:00+01:00", tostring(start:shift { weeks = -1, minutes = -1 }))
    assert.equal("2024-02-29", tostring(moonshift.datetime "2024-01-31":shift { months = 1 }))
    assert.equal("2024-02-29T12:00:00Z", tostring(moonshift.datetime "2023-11-29T12:00:00":shift { months = 3 }))
  end)

  it("takes a time that is left out behind the gap, and the first of two", function()
    local function shown(month, day, hour, minute)
      return tostring(berlin { year = 2024, month = month, day = day, hour = hour, minute = minute })
    end
    assert.equal("2024-03-31T03:30:00+02:00", shown(3, 31, 2, 30))
    assert.equal("2024-03-31T03:00:00+02:00", shown(3, 31, 3))
    assert.equal("2024-10-27T02:30:00+02:00", shown(10, 27, 2, 30))
    assert.equal("2024-10-27T03:00:00+01:00", shown(10, 27, 3))
    local hour = berlin { year = 2024, month = 3, day = 30, hour = 2, minute = 30 }
    assert.equal("2024-03-31T03:30:00+02:00", tostring(hour:shift { days = 1 }))
    assert.equal("2024-04-01T02:30:00+02:00", tostring(hour:shift { days = 2 }))
  end)

  it("has no calendar beyond the years 1 to 9999", function()
    local now = moonshift.datetime()
    for _, by in ipairs { { years = 9000 }, { years = -3000 }, { months = 1 << 40 }, { days = -3e6 // 1 | 0 } } do
      assert.equal("invalid", errors.code(select(2, pcall(now.shift, now, by))))
    end
    assert.equal("usage", errors.code(select(2, pcall(now.shift, now, { day = 1 }))))
    assert.equal("usage", errors.code(select(2, pcall(moonshift.datetime, { year = 2024, zone = "Europe/Berln" }))))
  end)

  it("refuses what is no zone", function()
    local function message(name)
      local ok, problem = pcall(zone.offset, name, 0)
      assert.is_false(ok)
      assert.equal("usage", errors.code(problem))
      return errors.message(problem)
    end
    assert.equal("no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?", message "Europe/Berln")
    for _, name in ipairs { "", "../../../etc/passwd", "/etc/passwd", "Europe", "zone.tab", "tzdata.zi" } do
      assert.truthy(message(name):find "^no time zone")
    end
  end)
end)
