--- What stands where, and how long files may be.

local tree = require "tree"

local TOP = {
  "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "bootstrap", "lua", "runtime",
  "scripts", "tests",
}
local BUILT = { build = true, node_modules = true }
local LINES_MAX = 600

describe("the tree", function()
  it("has at its top what the design names", function()
    local names = {}
    for _, name in ipairs(tree.entries ".") do
      if not BUILT[name] then names[#names + 1] = name end
    end
    assert.same(TOP, names)
  end)

  it("has files that can be read in one sitting", function()
    local long = {}
    for _, folder in ipairs { "runtime", "lua", "scripts" } do
      for _, path in ipairs(tree.files(folder, "%.[%w]+$")) do
        local count = 0
        if path:find "%.[ch]$" or path:find "%.lua$" or path:find "%.js$" or path:find "%.css$" then
          for number in tree.lines(path) do count = number end
        end
        if count > LINES_MAX then long[#long + 1] = ("%s: %d lines"):format(path, count) end
      end
    end
    assert.same({}, long)
  end)

  it("has no marks of unfinished work", function()
    local marks = {}
    for _, folder in ipairs { "runtime", "lua", "scripts" } do
      for _, path in ipairs(tree.files(folder, "%.[chl]u?a?$")) do
        for number, line in tree.lines(path) do
          for _, mark in ipairs { "TODO", "FIXME", "XXX", "HACK" } do
            if line:find("%f[%w]" .. mark .. "%f[%W]") then marks[#marks + 1] = path .. ":" .. number end
          end
        end
      end
    end
    assert.same({}, marks)
  end)
end)
