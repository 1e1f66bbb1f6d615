local repl = require "moonshift.repl"

describe("repl.compile", function()
  it("makes expressions give their values", function()
    assert.same({ 2, "x" }, { repl.compile "1 + 1, 'x'" () })
    assert.equal(3, repl.compile "=3" ())
    assert.equal(4, repl.compile " return 4" ())
  end)

  it("takes statements", function()
    assert.same({}, { repl.compile "local x = 1" () })
  end)

  it("tells incomplete from wrong", function()
    local chunk, _, incomplete = repl.compile "for i = 1, 2 do"
    assert.is_nil(chunk)
    assert.is_true(incomplete)
    local wrong, message, goes_on = repl.compile "x x"
    assert.is_nil(wrong)
    assert.matches("^repl:1: ", message)
    assert.is_false(goes_on)
  end)
end)

describe("repl.format", function()
  it("shows tables two levels deep", function()
    assert.equal('{ 1, "two", [7] = { y = 1 }, name = "x" }', repl.format { 1, "two", name = "x", [7] = { y = 1 } })
    assert.matches("^{ { table: 0x%x+ } }$", repl.format { { {} } })
    assert.equal("{}", repl.format {})
  end)

  it("shows a part of what is long", function()
    local long = {}
    for i = 1, 100 do long[i] = i end
    assert.matches("19, 20, …", repl.format(long), 1, true)
  end)

  it("asks values that can show themselves", function()
    assert.equal("me", repl.format(setmetatable({}, { __tostring = function() return "me" end })))
    assert.equal("text", repl.format "text")
    assert.equal("nil", repl.format(nil))
  end)

  it("survives a table that holds itself", function()
    local loop = {}
    loop.self = loop
    assert.matches("^{ self = { self = table", repl.format(loop))
  end)
end)

describe("repl.complete", function()
  it("goes on with what all candidates share", function()
    assert.equal("ing", (repl.complete "x = str"))
    assert.equal("le", (repl.complete "string.rep(tab"))
    local insertion, names = repl.complete "string.form"
    assert.equal("at", insertion)
    assert.same({ "format" }, names)
  end)

  it("lists them when they differ", function()
    local insertion, names = repl.complete "coroutine.r"
    assert.equal("", insertion)
    assert.same({ "resume", "running" }, names)
  end)

  it("knows keywords, and methods through __index", function()
    assert.equal("nction", (repl.complete "fu"))
    rawset(_G, "repl_test_value", setmetatable({}, { __index = { close = print } }))
    assert.equal("ose", (repl.complete "repl_test_value:cl"))
    rawset(_G, "repl_test_value", nil)
  end)

  it("never runs a script's code", function()
    rawset(_G, "repl_test_value", setmetatable({}, { __index = function() error "called" end }))
    assert.same({ "", {} }, { repl.complete "repl_test_value.x.y" })
    rawset(_G, "repl_test_value", nil)
  end)
end)
