local repl = require "moonshift.repl"
local trackers = require "trackers"

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

  it("knows entities and sessions, and asks no tracker for them", function()
    local tracker <close> = trackers.start "embedded"
    local session <close> = tracker:session()
    local user = session:ensure("User", { username = "ada" }, { "username" })
    local job = session:create("Job", { user = user, status = "running" })
    session:commit()
    rawset(_G, "repl_session", session)
    rawset(_G, "repl_jobs", { job, session:query("select id from Job"):first() })
    assert.equal("ished_at", (repl.complete "print(repl_jobs[1].fin"))
    assert.equal("ame", (repl.complete "repl_jobs[1].user.usern"))
    assert.same({ "start_timer" }, select(2, repl.complete "repl_jobs[1].user:start"))
    assert.same({ "primary_key" }, select(2, repl.complete "repl_jobs[1]:prim"))
    assert.equal("ry", (repl.complete "repl_session:que"))
    assert.same({ "server_information" }, select(2, repl.complete "repl_session.server"))
    session:reset()
    rawset(_G, "repl_jobs", { session:query("select id from Job"):first() })
    assert.same({}, select(2, repl.complete "repl_jobs[1].user.usern"))
    assert.same({}, select(2, repl.complete "repl_jobs[1].nothing.x"))
    rawset(_G, "repl_session", nil)
    rawset(_G, "repl_jobs", nil)
  end)

  it("gives nothing behind what would have to be called", function()
    assert.same({}, select(2, repl.complete "f().str"))
  end)

  it("never runs a script's code", function()
    rawset(_G, "repl_test_value", setmetatable({}, { __index = function() error "called" end }))
    assert.same({ "", {} }, { repl.complete "repl_test_value.x.y" })
    rawset(_G, "repl_test_value", nil)
  end)
end)
