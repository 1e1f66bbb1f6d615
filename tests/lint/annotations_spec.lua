--- What C registers and what lua/meta/ annotates are the same: every row of a luaL_Reg table has its
--- annotated function, and every annotated function has its row. Metamethods are left out.

local tree = require "tree"

-- Adds one to the count of a name, and remembers where it was.
local function note(found, name, place)
  local entry = found[name] or { count = 0, places = {} }
  found[name] = entry
  entry.count = entry.count + 1
  entry.places[entry.count] = place
end

local function registered()
  local found = {}
  for _, path in ipairs(tree.files("runtime", "%.c$")) do
    local in_table = false
    for number, line in tree.lines(path) do
      if line:find "luaL_Reg%s+[%w_]+%[%]%s*=" then in_table = true end
      for name in (in_table and line or ""):gmatch '{"([^"]+)",' do
        if not name:find "^__" then note(found, name, path .. ":" .. number) end
      end
      if line:find "};" then in_table = false end
    end
  end
  return found
end

local function annotated()
  local found = {}
  for _, path in ipairs(tree.files("lua/meta", "%.lua$")) do
    for number, line in tree.lines(path) do
      local name = line:match "^function [%w_.]+[.:]([%w_]+)%("
      if name then note(found, name, path .. ":" .. number) end
    end
  end
  return found
end

-- Names that `one` has more often than `other`.
local function missing(one, other)
  local list = {}
  for name, entry in pairs(one) do
    local there = other[name] and other[name].count or 0
    if entry.count > there then
      list[#list + 1] = ("%s (%s)"):format(name, table.concat(entry.places, ", "))
    end
  end
  table.sort(list)
  return list
end

describe("lua/meta/", function()
  it("annotates every function that C registers", function()
    assert.same({}, missing(registered(), annotated()))
  end)

  it("annotates nothing else", function()
    assert.same({}, missing(annotated(), registered()))
  end)

  it("is read by patterns that find something", function()
    assert.is_not_nil(registered().spawn)
    assert.is_not_nil(annotated().spawn)
  end)
end)
