-- Scripts as jobs: session:job in a script, and moonshift run --job. However the script ends, the job says so.

local support = require "support"
local workplace = require "workplace"

-- Runs a script of this text; `options` are those of a run, behind the file's name.
local function run_text(place, text, options)
  support.write(place.path .. "/script.lua", text)
  return place:run(options or { "run", "script.lua" })
end

-- Starts one that says when it has begun, and waits for that.
local function start_text(place, text, options)
  support.write(place.path .. "/script.lua", text)
  local process = place:start(options or { "run", "script.lua" })
  process:wait_for "begun"
  return process
end

local AS_JOB = { "run", "--job", "Count the shots", "script.lua" }

-- A script with a job of its own, whose block is `body`.
local function with_job(body)
  return ([[
    local moonshift = require "moonshift"
    local session <close> = moonshift.session()
    do
      local job <close> = session:job { description = "Count the shots" }
      %s
    end]]):format(body)
end

local WAIT = [[print "begun"; io.stdout:flush(); require "moonshift".sleep(600)]]

-- What both ways make of the same ends.
local ENDS = {
  { body = "local x = 1", exit_code = 0, status = "done" },
  { body = "os.exit(0)", exit_code = 0, status = "done" },
  { body = "os.exit(3)", exit_code = 3, status = "failed", reason = "called os%.exit%(3%)$" },
  { body = "error 'no frames'", exit_code = 1, status = "failed", reason = "script%.lua:%d+: no frames$",
    traceback = "stack traceback:.*script%.lua:%d+" },
  { body = "local x = nothing.here", exit_code = 1, status = "failed", reason = "'nothing'",
    traceback = "script%.lua" },
}

local function check_end(place, process, expected)
  assert.equal(expected.exit_code, process.exit_code, process.stderr)
  local job = place:job()
  assert.equal("Count the shots", job.data.description)
  assert.equal(expected.status, job.status)
  if expected.reason then assert.matches(expected.reason, job.data.reason) end
  if expected.traceback then assert.matches(expected.traceback, job.data.traceback) end
  assert.is_true(expected.traceback ~= nil or job.data.traceback == nil)
  assert.same({}, place:leftovers())
end

for title, way in pairs {
  ["session:job in a script"] = { text = with_job },
  ["moonshift run --job"] = { text = function(body) return body end, options = AS_JOB },
} do
  describe(title, function()
    for _, expected in ipairs(ENDS) do
      it(("is %s after %s"):format(expected.status, expected.body), function()
        local place <close> = workplace.new()
        check_end(place, run_text(place, way.text(expected.body), way.options), expected)
      end)
    end

    it("is failed when it is stopped by Ctrl-C", function()
      local place <close> = workplace.new()
      local process <close> = start_text(place, way.text(WAIT), way.options)
      process:kill "sigint"
      process:wait()
      check_end(place, process, { exit_code = 130, status = "failed", reason = "^stopped by SIGINT$" })
    end)

    it("is failed by the next process when it was killed", function()
      local place <close> = workplace.new()
      local process <close> = start_text(place, way.text(WAIT), way.options)
      process:kill "sigkill"
      process:wait()
      local listed = place:run { "jobs" }
      assert.matches("'Count the shots' was left running by a process that is gone", listed.stderr)
      assert.matches("failed", listed.stdout)
      assert.matches("moonshift stopped while the job was running", place:job().data.reason)
      assert.same({}, place:leftovers())
    end)
  end)
end

describe("session:job in a script", function()
  it("gives signs of life while the script waits", function()
    local place <close> = workplace.new()
    local closing <close> = start_text(place, with_job("job:progress(0.1); job:progress(0.4, 'shots') " .. WAIT))
    support.wait_until(function() return place:job().data.progress == 0.4 end)
    assert.equal("shots", place:job().data.phase)
  end)
end)

describe("moonshift run --job", function()
  it("gives the script its arguments and its job", function()
    local place <close> = workplace.new()
    local result = run_text(place, [[
      local job = require "moonshift".current_job()
      job:progress(0.5, "half")
      assert(job.id == os.getenv "MOONSHIFT_JOB_ID")
      job:attach "script.lua"
      print(...)]], { "run", "--job", "Count", "script.lua", "a", "--token=secret-word" })
    assert.equal(0, result.exit_code, result.stderr)
    assert.equal("a\t--token=secret-word\n", result.stdout)
    local job = place:job()
    assert.same({ "script.lua" }, place.attachments(job))
    assert.same({ "moonshift", "run", "script.lua", "a" }, { table.unpack(job.data.command, 1, 4) })
    assert.not_matches("secret%-word", job.data.command[5])
  end)

  it("is failed when the script returns an exit code, and done when it returns 0", function()
    for code, status in pairs { [4] = "failed", [0] = "done" } do
      local place <close> = workplace.new()
      assert.equal(code, run_text(place, "return " .. code, AS_JOB).exit_code)
      assert.equal(status, place:job().status)
    end
  end)

  it("takes a script from standard input", function()
    local place <close> = workplace.new()
    local process <close> = support.start {
      "run", "--job", "Typed", "-", environment = place.environment, input = "print 'typed'",
    }
    process:wait()
    assert.equal("typed\n", process.stdout)
    assert.equal("done", place:job().status)
  end)

  it("is stopped by whoever cancels the job", function()
    local place <close> = workplace.new()
    local process <close> = start_text(place, WAIT, AS_JOB)
    assert.equal(0, place:run({ "jobs", "cancel", place:job().id }).exit_code)
    process:wait()
    assert.equal(143, process.exit_code)
    assert.matches("^cancelled by %S+$", place:job().data.reason)
  end)

  it("runs when the tracker is away, and tells it later", function()
    local place <close> = workplace.new()
    place:stop_server()
    local result = run_text(place, "return 2", AS_JOB)
    assert.equal(2, result.exit_code, result.stderr)
    place:start_server()
    place:recover()
    assert.equal("exit code 2", place:job().data.reason)
    assert.same({}, place:leftovers())
  end)

  it("wants a description and a script", function()
    for _, arguments in ipairs { { "run", "--job" }, { "run", "--job", "Count" } } do
      assert.equal(2, support.run(arguments).exit_code)
    end
  end)
end)

it("a script without a job has none", function()
  local result = support.run { "run", "-", input = "print(require 'moonshift'.current_job())" }
  assert.equal("nil\n", result.stdout)
end)
