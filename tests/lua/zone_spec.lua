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
