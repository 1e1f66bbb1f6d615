local support = require "support"
local system = require "moonshift.core.system"
local task = require "moonshift.task"

-- Runs a script of this text; its arguments follow.
local function run_text(text, ...)
  return support.run { input = text, "run", "-", ... }
end

describe("moonshift", function()
  it("without a verb prints how to use it, and exits 2", function()
    local result = support.run {}
    assert.equal(2, result.exit_code)
    assert.equal("", result.stdout)
    assert.matches("Usage: moonshift VERB", result.stderr)
  end)

  it("names the nearest verb", function()
    local result = support.run { "warp" }
    assert.equal(2, result.exit_code)
    assert.equal("moonshift: there is no verb 'warp'; did you mean 'wrap'?\n", result.stderr)
  end)

  it("takes no path for a verb", function()
    for _, name in ipairs { "../wrap", "scripts/wrap", "./x", "-x", "" } do
      local result = support.run { name }
      assert.equal(2, result.exit_code)
      assert.matches("there is no verb '" .. name .. "'", result.stderr, 1, true)
    end
  end)

  it("prints the version", function()
    for _, way in ipairs { "version", "--version", "-V" } do
      assert.equal(("moonshift %s\n"):format(system.version), support.run { way }.stdout)
    end
    assert.equal(2, support.run { "version", "now" }.exit_code)
  end)
end)

describe("moonshift help", function()
  it("lists the verbs with what they do", function()
    local list = support.run { "help" }.stdout
    assert.matches("\n  run +Run a Lua script%.\n", list)
    assert.matches("\n  wrap +Run a command", list)
    assert.equal(list, support.run { "--help" }.stdout)
  end)

  it("explains one, in three ways", function()
    local help = support.run { "help", "wrap" }.stdout
    assert.matches("^Run a command.*\nUsage: moonshift wrap .*Sample output:", help)
    assert.equal(help, support.run { "wrap", "--help" }.stdout)
    assert.equal(help, support.run { "wrap", "--quiet", "--help" }.stdout)
    assert.matches("Usage: moonshift run .*FILE", support.run { "run", "--help" }.stdout)
  end)

  it("refuses what is no verb", function()
    local result = support.run { "help", "rnu" }
    assert.equal(2, result.exit_code)
    assert.equal("moonshift: there is no verb 'rnu'; did you mean 'run'?\n", result.stderr)
    assert.equal(2, support.run { "help", "run", "wrap" }.exit_code)
  end)
end)

describe("a user's verb", function()
  local HEAD = "--- Greet somebody.\n--- Usage: moonshift greet NAME\n"

  it("is found in MOONSHIFT_PATH, then beside the configuration", function()
    local folder <close> = support.folder()
    local first, config = folder.path .. "/first", folder.path .. "/config"
    support.write(first .. "/greet.lua", HEAD .. "print('first', ...)")
    support.write(config .. "/moonshift/scripts/greet.lua", "print 'config'")
    support.write(config .. "/moonshift/scripts/part.lua", "print(arg[0], require 'greet_words'.hello)")
    support.write(config .. "/moonshift/scripts/greet_words.lua", "return { hello = 'Hello' }")
    local environment = { MOONSHIFT_PATH = "/nowhere:" .. first, XDG_CONFIG_HOME = config }
    assert.equal("first\ta\tb\n", support.run { "greet", "a", "b", environment = environment }.stdout)
    assert.equal("part\tHello\n", support.run { "part", environment = environment }.stdout)
    assert.matches("Your own verbs:\n  greet +Greet somebody%.\n",
      support.run { "help", environment = environment }.stdout)
    assert.equal("Greet somebody.\nUsage: moonshift greet NAME\n",
      support.run { "greet", "--help", environment = environment }.stdout)
    assert.equal("moonshift: there is no verb 'gret'; did you mean 'greet'?\n",
      support.run { "gret", environment = environment }.stderr)
  end)

  it("never takes the place of one of ours, nor of our library", function()
    local folder <close> = support.folder()
    support.write(folder.path .. "/version.lua", "print 'stolen'")
    support.write(folder.path .. "/jobs.lua", "print 'stolen'")
    support.write(folder.path .. "/moonshift/task.lua", "error 'stolen'")
    local environment = { MOONSHIFT_PATH = folder.path, LUA_PATH = folder.path .. "/?.lua;;" }
    assert.not_matches("stolen", support.run { "version", environment = environment }.stdout)
    assert.not_matches("stolen", support.run { "jobs", "--help", environment = environment }.stdout)
    assert.equal("function\n", support.run {
      "run", "-", input = "print(type(require 'moonshift.task'.sleep))", environment = environment,
    }.stdout)
  end)

  it("is never looked for in the current folder", function()
    local folder <close> = support.folder()
    support.write(folder.path .. "/greet.lua", "print 'stranger'")
    support.write(folder.path .. "/scripts/greet.lua", "print 'stranger'")
    support.write(folder.path .. "/stranger.lua", "print 'stranger'")
    assert.equal(2, support.run { "greet", cwd = folder.path }.exit_code)
    local result = support.run { "greet", cwd = folder.path, environment = { MOONSHIFT_PATH = ".:scripts" } }
    assert.equal(2, result.exit_code)
    assert.matches("MOONSHIFT_PATH: '.' is left out", result.stderr, 1, true)
    for _, lua_path in ipairs { false, ";;", "/nowhere/?.lua;;" } do
      local required = support.run { "run", "-", cwd = folder.path, environment = { LUA_PATH = lua_path },
        input = "print(pcall(require, 'stranger'))" }
      assert.not_matches("stranger\n", required.stdout)
    end
  end)
end)

describe("moonshift run", function()
  it("gives arguments, and the returned integer as exit code", function()
    local result = run_text("print(arg[0], arg[2], #arg, ...) return 7", "a", "b c")
    assert.equal("-\tb c\t2\ta\tb c\n", result.stdout)
    assert.equal(7, result.exit_code)
    assert.equal(0, run_text("return true").exit_code)
    assert.equal(1, run_text("return false").exit_code)
    assert.equal(0, run_text("return 'text'").exit_code)
  end)

  it("requires modules beside the script", function()
    local folder <close> = support.folder()
    support.write(folder.path .. "/words.lua", "return 'beside'")
    local script = support.write(folder.path .. "/main.lua", "#!/usr/bin/env moonshift\nprint((require 'words'))")
    assert.equal("beside\n", support.run { "run", script, cwd = "/" }.stdout)
  end)

  it("prints an error with its traceback, names and lines, and exits 1", function()
    local folder <close> = support.folder()
    local script = support.write(folder.path .. "/broken.lua", [[
local function inner(shot)
  return shot.name
end
inner(nil)
]])
    local result = support.run { "run", script }
    assert.equal(1, result.exit_code)
    -- Lua shortens long paths at their beginning.
    assert.matches("^moonshift: %S*/broken%.lua:2: attempt to index a nil value", result.stderr)
    assert.matches("stack traceback:.*broken.lua:2: in .*broken.lua:4: in main chunk", result.stderr)
  end)

  it("names file and line of a syntax error", function()
    local result = run_text "x = = 1"
    assert.equal(1, result.exit_code)
    assert.equal("moonshift: stdin:1: unexpected symbol near '='\n", result.stderr)
  end)

  it("refuses what is no script", function()
    local missing = support.run { "run", "/nowhere/x.lua" }
    assert.same({ 1, "moonshift: cannot open /nowhere/x.lua: No such file or directory\n" },
      { missing.exit_code, missing.stderr })
    local folder = support.run { "run", "/tmp" }
    assert.same({ 1, "moonshift: /tmp is a folder, not a script\n" }, { folder.exit_code, folder.stderr })
    assert.equal(2, support.run { "run" }.exit_code)
    assert.equal(2, support.run { "run", "--fast", "x.lua" }.exit_code)
    assert.equal(1, run_text("\27LuaT").exit_code)
  end)

  it("finds undeclared names, with the nearest one", function()
    assert.matches("stdin:1: undeclared variable 'tabel'; did you mean 'table'%?", run_text("tabel.sort {}").stderr)
    assert.matches("stdin:1: assignment to the undeclared variable 'count'",
      run_text("local function f() count = 1 end f()").stderr)
    assert.equal("1\n", run_text("count = 1 print(count)").stdout)
  end)

  it("has cjson, luv and modules in C from elsewhere", function()
    local result = run_text [[
      print(require "cjson".encode { a = 1 }, require "luv".run, type(require "luv".new_timer))
      print(type(require "lfs".currentdir()))
    ]]
    assert.equal('{"a":1}\tnil\tfunction\nstring\n', result.stdout)
  end)

  it("reports the error of a callback and goes on", function()
    local result = run_text [[
      local uv = require "luv"
      local timer = uv.new_timer()
      timer:start(0, 0, function() timer:close() error "in the callback" end)
      require "moonshift.task".sleep(0.05)
      print "still here"
    ]]
    assert.same({ 0, "still here\n" }, { result.exit_code, result.stdout })
    assert.matches("moonshift: error in a callback: stdin:3: in the callback\nstack traceback:", result.stderr)
  end)

  it("tells the failure of a task that nobody waited for", function()
    local result = run_text [[
      require "moonshift.task".spawn(error, "nobody heard")
      require "moonshift.task".sleep(0)
    ]]
    assert.equal(0, result.exit_code)
    assert.matches("a task that nobody waited for failed: nobody heard", result.stderr)
  end)

  it("closes what tasks hold when the script ends", function()
    local result = run_text [[
      local task = require "moonshift.task"
      task.spawn(function()
        local held <close> = setmetatable({}, { __close = function() task.sleep(0) print "closed" end })
        task.sleep "1h"
      end)
      task.sleep(0)
      print "end"
    ]]
    assert.same({ 0, "end\nclosed\n" }, { result.exit_code, result.stdout })
  end)

  it("says so when its output cannot be written", function()
    local result = support.run { program = "sh", "-c", 'echo "print(1)" | "$0" run - > /dev/full', system.program() }
    assert.equal(1, result.exit_code)
    assert.equal("moonshift: cannot write to standard output: No space left on device\n", result.stderr)
  end)

  it("ends quietly when its reader has gone", function()
    local result = support.run { program = "bash", "-c",
      'echo "for i = 1, 1e5 do print(i) end" | "$0" run - | head -n 1; echo ${PIPESTATUS[1]}', system.program() }
    assert.same({ "1\n141\n", "" }, { result.stdout, result.stderr })
  end)
end)

describe("os.exit", function()
  it("runs closing variables, passes pcall, and gives the code", function()
    local result = run_text [[
      local held <close> = setmetatable({}, { __close = function(_, err) print("closed", err.code, err.exit_code) end })
      pcall(function() xpcall(os.exit, print, 7) end)
      print "not reached"
    ]]
    assert.same({ 7, "closed\texit\t7\n", "" }, { result.exit_code, result.stdout, result.stderr })
  end)

  it("takes true and false", function()
    assert.equal(0, run_text("os.exit(true)").exit_code)
    assert.equal(1, run_text("os.exit(false)").exit_code)
    assert.equal(0, run_text("os.exit()").exit_code)
  end)

  it("ends the program from a coroutine, a task and a callback too", function()
    assert.equal(3, run_text("coroutine.wrap(function() os.exit(3) end)()").exit_code)
    assert.equal(4, run_text [[
      local task = require "moonshift.task"
      task.spawn(os.exit, 4)
      task.sleep "1h"
    ]].exit_code)
    assert.equal(5, run_text [[
      local timer = require "luv".new_timer()
      timer:start(0, 0, function() os.exit(5) end)
      require "moonshift.task".sleep "1h"
    ]].exit_code)
  end)
end)

describe("a signal", function()
  -- Starts a script, waits for its first line, sends the signal.
  local function interrupt(text, signal)
    local process <close> = support.start { "run", "-", input = text }
    process:wait_for "ready\n"
    process:kill(signal)
    return process:wait()
  end

  local HOLD = [[
    local held <close> = setmetatable({}, { __close = function(_, err) print("closed", err.code, err.signal) end })
    print "ready" io.stdout:flush()
  ]]

  it("closes what a waiting script holds, and exits with 128 + n", function()
    for _, case in ipairs { { "sigint", 2 }, { "sigterm", 15 }, { "sighup", 1 } } do
      local result = interrupt(HOLD .. "require 'moonshift.task'.sleep '1h'", case[1])
      assert.equal(128 + case[2], result.exit_code)
      assert.equal(("ready\nclosed\tcancelled\t%d\n"):format(case[2]), result.stdout)
      assert.equal(("moonshift: stopped by %s\n"):format(case[1]:upper()), result.stderr)
    end
  end)

  it("does so to a script that never waits", function()
    local result = interrupt(HOLD .. "while true do end", "sigint")
    assert.same({ 130, "ready\nclosed\tcancelled\t2\n" }, { result.exit_code, result.stdout })
  end)

  it("does so while a task of the script never waits", function()
    local result = interrupt(HOLD .. [[
      local task = require "moonshift.task"
      task.spawn(function() while true do end end)
      task.sleep "1h"
    ]], "sigterm")
    assert.same({ 143, "ready\nclosed\tcancelled\t15\n" }, { result.exit_code, result.stdout })
  end)

  it("exits at once when it comes again", function()
    local process <close> = support.start { "run", "-", input = [[
      local held <close> = setmetatable({}, { __close = function()
        print "closing" io.stdout:flush()
        require "moonshift.task".sleep "1h"
      end })
      print "ready" io.stdout:flush()
      require "moonshift.task".sleep "1h"
    ]] }
    process:wait_for "ready\n"
    process:kill "sigint"
    process:wait_for "closing\n"
    process:kill "sigint"
    assert.equal(130, process:wait().exit_code)
  end)

  it("goes to the script when it asks for that", function()
    local result = interrupt([[
      local system = require "moonshift.core.system"
      local name, number = require "moonshift.task".await(function(resume)
        system.on_signal(resume)
        print "ready" io.stdout:flush()
      end)
      system.on_signal(nil)
      print(name, number)
    ]], "sigterm")
    assert.same({ 0, "ready\nSIGTERM\t15\n" }, { result.exit_code, result.stdout })
  end)

  it("stays ignored when it was ignored before", function()
    local folder <close> = support.folder()
    local script = support.write(folder.path .. "/patient.lua", [[
      print "ready" io.stdout:flush()
      while not io.open "hung-up" do require "moonshift.task".sleep(0.05) end
      print "done"
    ]])
    local process <close> = support.start { program = "sh", "-c", 'trap "" HUP; "$0" run "$1"; exit $?',
      system.program(), script, cwd = folder.path }
    process:wait_for "ready\n"
    assert.equal(0, support.run({ program = "pkill", "-HUP", "-P", tostring(process.pid) }).exit_code)
    support.write(folder.path .. "/hung-up", "")
    assert.same({ 0, "ready\ndone\n" }, { process:wait().exit_code, process.stdout })
  end)
end)

describe("moonshift repl", function()
  it("runs plain input line by line; errors do not end it", function()
    local result = support.run { "repl", input = "1 + 1\nerror 'oops'\nfor i = 1, 2 do\n  print(i)\nend\n='last'" }
    assert.equal(0, result.exit_code)
    assert.equal("2\n1\n2\nlast\n", result.stdout)
    assert.matches("^repl:1: oops\n", result.stderr)
  end)

  it("leaves by os.exit", function()
    assert.equal(9, support.run { "repl", input = "os.exit(9)\nprint 'not reached'\n" }.exit_code)
  end)

  it("tells what was incomplete", function()
    assert.matches("'end' expected", support.run { "repl", input = "while true do\n" }.stderr)
  end)

  it("edits lines on a terminal, keeps the history private", function()
    local folder <close> = support.folder()
    local process <close> = support.start {
      program = "script", "--quiet", "--return", "--command", system.program() .. " repl", "/dev/null",
      input = "21 * 2\r", environment = { XDG_STATE_HOME = folder.path, TERM = "xterm" },
    }
    assert.equal(0, process:wait().exit_code)
    assert.matches("\r\n42\r\n", process.stdout)
    local path = folder.path .. "/moonshift/repl_history"
    assert.matches("21\\040*\\0402\n", support.read(path), 1, true)
    local status = require "luv".fs_stat(path)
    assert.equal(0, status.mode & 0x3f)
    task.sleep(0)
  end)
end)
