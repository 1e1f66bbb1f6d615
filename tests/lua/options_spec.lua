local options = require "moonshift.options"
local support = require "support"

local SPEC = {
  { name = "name", argument = "NAME" },
  { name = "require-attach", short = "r" },
  { name = "attach", short = "a", argument = "GLOB", multiple = true },
  { name = "limit", argument = "N", type = "integer", default = 20 },
  { name = "timeout", argument = "DURATION", type = "duration" },
  { name = "log", argument = "WHEN", choices = { "always", "never" }, default = "never" },
}

local function parse(...)
  return options.parse { verb = "test", arguments = { ... }, spec = SPEC }
end

describe("options.parse", function()
  it("reads every way of writing an option", function()
    local given = parse("first", "--name", "x y", "-r", "--attach=a=b", "-a", "*.mov", "-a*.exr", "second")
    assert.same({
      "first", "second", name = "x y", require_attach = true, attach = { "a=b", "*.mov", "*.exr" }, limit = 20,
      log = "never",
    }, given)
  end)

  it("converts by type", function()
    local given = parse("--limit=-3", "--timeout", "1m30s", "--log", "always")
    assert.equal(-3, given.limit)
    assert.equal("integer", math.type(given.limit))
    assert.equal(90, given.timeout)
    assert.equal("always", given.log)
  end)

  it("leaves what stands behind -- alone", function()
    assert.same({ "--name", "--", "-x" }, parse("--", "--name", "--", "-x").rest)
    assert.same({}, parse("--").rest)
    assert.is_nil(parse().rest)
  end)

  it("takes what stands behind -- as arguments where they are", function()
    local given = options.parse {
      verb = "test", arguments = { "a", "--name", "x", "--", "-b", "--name" }, spec = SPEC, joins_rest = true,
    }
    assert.same({ "a", "-b", "--name", name = "x", limit = 20, log = "never" }, given)
  end)

  it("takes a value that looks like an option, and - as an argument", function()
    assert.equal("--name", parse("--name", "--name").name)
    assert.equal("", parse("--name=").name)
    assert.equal("-", parse("-")[1])
  end)
end)

-- Wrong usage ends the program: each in one of its own.
local function refusal(...)
  local folder <close> = support.folder()
  local script = support.write(folder.path .. "/test.lua", [[
    require "moonshift.options".parse { verb = "test", arguments = { ... }, spec = {
      { name = "require-attach" }, { name = "limit", argument = "N", type = "integer" },
      { name = "timeout", argument = "DURATION", type = "duration" },
      { name = "log", argument = "WHEN", choices = { "always", "never" } },
    } }
    print "not reached"
  ]])
  local result = support.run { "run", script, ... }
  assert.equal(2, result.exit_code)
  assert.equal("", result.stdout)
  return result.stderr
end

describe("wrong usage", function()
  local END = " ('moonshift help test' says more)\n"
  local CASES = {
    { { "--requireattach" }, "there is no option '--requireattach'; did you mean '--require-attach'?" },
    { { "--colour" }, "there is no option '--colour'" },
    { { "-x" }, "there is no option '-x'" },
    { { "--limit" }, "--limit wants its N" },
    { { "--limit", "many" }, "--limit takes a whole number, not 'many'" },
    { { "--require-attach=yes" }, "--require-attach takes no value" },
    { { "--log", "alway" }, "--log is one of always, never, not 'alway'; did you mean 'always'?" },
    { { "--timeout", "soon" },
      "--timeout: 'soon' is no duration: write seconds (90, 1.5) or units (1h30m, 2m10s, 500ms)" },
  }
  for _, case in ipairs(CASES) do
    it("is one line: " .. table.concat(case[1], " "), function()
      assert.equal("moonshift test: " .. case[2] .. END, refusal(table.unpack(case[1])))
    end)
  end
end)
