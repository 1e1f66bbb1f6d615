--- The floors of the house: an include points to the same folder or to a lower floor, and Lua is known from
--- floor 6 up alone.

local tree = require "tree"

local FLOORS = {
  [0] = { "base" },
  { "loop", "model" },
  { "events", "http", "query", "store" },
  { "api" },
  { "page" },
  { "server", "transport" },
  { "binding" },
  { "session" },
  { "component", "job" },
  { "host" },
}
local LUA_HEADERS = { ["lua.h"] = true, ["lauxlib.h"] = true, ["lualib.h"] = true, ["lua-cjson.h"] = true,
  ["luv/luv.h"] = true }

local floor_of = {}
for floor = 0, #FLOORS do
  for _, folder in ipairs(FLOORS[floor]) do floor_of[folder] = floor end
end
local LUA_FLOOR = floor_of.binding

local function each_include(visit)
  for _, path in ipairs(tree.files("runtime", "%.[ch]$")) do
    local folder = path:match "^runtime/([^/]+)/"
    for number, line in tree.lines(path) do
      local header = line:match '^%s*#%s*include%s*[<"]([^>"]+)[>"]'
      if header then visit(folder, header, ("%s:%d includes %s"):format(path, number, header)) end
    end
  end
end

describe("runtime/", function()
  it("has folders that stand on a floor", function()
    for _, name in ipairs(tree.entries "runtime") do
      assert.is_not_nil(floor_of[name], ("runtime/%s is on no floor of tests/lint/floors_spec.lua"):format(name))
    end
  end)

  it("includes from the same folder or lower floors", function()
    local wrong, seen = {}, 0
    each_include(function(folder, header, place)
      local target = header:match "^([^/]+)/"
      if floor_of[target] then
        seen = seen + 1
        if target ~= folder and floor_of[target] >= floor_of[folder] then wrong[#wrong + 1] = place end
      end
    end)
    assert.same({}, wrong)
    assert.is_true(seen > 100, "few includes were found: is the pattern still right?")
  end)

  it("knows Lua from binding/ up", function()
    local wrong, seen = {}, 0
    each_include(function(folder, header, place)
      if LUA_HEADERS[header] then
        seen = seen + 1
        if floor_of[folder] < LUA_FLOOR then wrong[#wrong + 1] = place end
      end
    end)
    assert.same({}, wrong)
    assert.is_true(seen > 10, "few includes were found: is the pattern still right?")
  end)
end)
