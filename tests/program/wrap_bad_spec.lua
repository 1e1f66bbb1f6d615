-- Commands that behave badly, and state folders that cannot be used: the job is true all the same.

local core = require "moonshift.core.job"
local support = require "support"
local uv = require "luv"
local workplace = require "workplace"

local OUTPUT_MIB = os.getenv "MOONSHIFT_LONG" and 1024 or 64

local function sh(script, ...)
  local arguments = { "wrap", ... }
  return table.move({ "--", "sh", "-c", script }, 1, 4, #arguments + 1, arguments)
end

-- ---- commands --------------------------------------------------------------------------------------

describe("a command that", function()
  it("writes binary has a log that is text", function()
    local place <close> = workplace.new()
    local result = place:run(sh "head -c 300000 /dev/urandom | tee copy; exit 1")
    assert.equal(1, result.exit_code)
    assert.is_true(result.stdout == support.read(place.path .. "/copy"))
    local log = place:attachment(place:job(), "output.log")
    assert.is_nil(log:find("[%z\27]"))
    for line in log:gmatch "[^\n]+" do assert.matches("^%d+%-%d+%-%d+T%d+:%d+:%d+Z ", line) end
  end)

  it("closes its output is waited for", function()
    local place <close> = workplace.new()
    local result = place:run(sh "echo said; exec >&- 2>&-; sleep 0.5; echo > later; exit 5")
    assert.equal(5, result.exit_code)
    assert.equal("exit code 5", place:job().data.reason)
    assert.is_truthy(uv.fs_stat(place.path .. "/later"))
  end)

  it("forks and leaves is done, and what it left goes on", function()
    local place <close> = workplace.new()
    local result = place:run(sh "sleep 600 & echo $!")
    local pid = tonumber(result.stdout)
    assert.equal(0, result.exit_code, result.stderr)
    assert.equal("done", place:job().status)
    assert.is_true(support.lives(pid))
    assert.equal(1, core.signal_variable("MOONSHIFT_JOB_ID=" .. place:job().id, uv.constants.SIGKILL))
  end)

  it("ignores TERM is killed after the grace, with what left its group", function()
    local place <close> = workplace.new()
    local process <close> = place:start(sh([[trap "" TERM
      setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 0.1; done' & while :; do sleep 0.1; done]],
      "--grace", "500ms"))
    local pid = tonumber(process:wait_for "(%d+)\n")
    local told = uv.hrtime()
    process:kill "sigterm"
    support.wait_until(function() return not support.lives(pid) end)
    assert.is_true((uv.hrtime() - told) / 1e9 < 9, "the grace of 10 s was waited for")
    process:wait()
    assert.equal(128 + 15, process.exit_code)
    assert.equal("stopped by SIGTERM", place:job().data.reason)
    assert.same({}, place:leftovers())
  end)

  it("writes a lot keeps the log within its limit, with both ends", function()
    local place <close> = workplace.new()
    local bytes = OUTPUT_MIB << 20
    local process <close> = place:start {
      program = "sh", "-c", '"$0" "$@" | wc -c', require "moonshift.core.system".program(),
      "wrap", "--quiet", "--log", "always", "--log-limit", "100k", "--",
      "sh", "-c", ("echo first; yes 'frame 0001 is rendered' | head -c %d; echo; echo last"):format(bytes - 12),
    }
    process:wait()
    assert.equal(bytes, tonumber(process.stdout), process.stderr)
    local log = place:attachment(place:job(), "output.log")
    assert.is_true(#log > 50000 and #log < 110000, #log)
    assert.matches("^%S+ first\n", log)
    assert.matches("bytes are left out here%]\n.* last\n$", log)
    assert.same({}, place:leftovers())
  end)
end)

-- ---- dead wrappers ---------------------------------------------------------------------------------

-- A wrapper that was killed when its command had said something (of this pattern). Returns that.
local function kill_wrapper(place, arguments, pattern)
  local process <close> = place:start(arguments)
  local said = process:wait_for(pattern or "([^\n]+)\n")
  support.wait_until(function() return #place:jobs() == 1 end)
  process:kill "sigkill"
  return said
end

-- Of the only job; asking the tracker for its id would reap it.
local function lease_path(place)
  local folder = place.state .. "/leases"
  local paths = {}
  for name in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do paths[#paths + 1] = folder .. "/" .. name end
  assert.equal(1, #paths)
  return paths[1]
end

describe("a wrapper that was killed", function()
  it("leaves nothing that runs, whatever group it is in", function()
    local place <close> = workplace.new()
    local pid = tonumber(kill_wrapper(place,
      sh [[setsid sh -c 'trap "" TERM HUP; echo $$; while :; do sleep 0.1; done' & wait]]))
    assert.is_true(support.lives(pid))
    assert.equal(0, place:run({ "jobs", "reap" }).exit_code)
    assert.is_false(support.lives(pid))
    assert.same({}, place:leftovers())
  end)

  it("leaves its whole log, also beyond the limit", function()
    local place <close> = workplace.new()
    kill_wrapper(place, sh("echo first; seq 20000; echo said; exec sleep 600", "--log-limit", "20k"), "said\n")
    place:run { "jobs", "reap" }
    local log = place:attachment(place:job(), "output.log")
    assert.matches("^%S+ first\n", log)
    assert.matches("left out here%]\n.*%S+ said\n$", log)
    assert.same({}, place:leftovers())
  end)

  it("leaves no log where none was wanted", function()
    local place <close> = workplace.new()
    kill_wrapper(place, sh("echo said; exec sleep 600", "--log", "never"))
    place:run { "jobs", "reap" }
    assert.same({}, place.attachments(place:job()))
    assert.same({}, place:leftovers())
  end)

  for title, keep in pairs { ["half of its lease"] = 0.5, ["an empty lease"] = 0 } do
    it("and of which only " .. title .. " is left has a failed job", function()
      local place <close> = workplace.new()
      kill_wrapper(place, sh "echo said; exec sleep 600")
      local path = lease_path(place)
      local text = support.read(path)
      support.write(path, text:sub(1, math.floor(#text * keep)))
      assert.matches("process is gone", place:run({ "jobs", "reap" }).stdout)
      assert.matches("moonshift stopped while", place:job().data.reason)
      assert.same({ "output.log" }, place.attachments(place:job()))
      assert.same({}, place:leftovers())
    end)
  end

  it("is found by one of two who look at once", function()
    local place <close> = workplace.new()
    kill_wrapper(place, sh "echo said; exec sleep 600")
    local first <close> = place:start { "jobs", "reap" }
    local second <close> = place:start { "jobs", "reap" }
    first:wait()
    second:wait()
    assert.equal(1, select(2, (first.stdout .. second.stdout):gsub("process is gone", "")))
    assert.same({ "output.log" }, place.attachments(place:job()))
    assert.same({}, place:leftovers())
  end)

  it("is not to be mixed up with files that are no leases", function()
    local place <close> = workplace.new()
    support.write(place.state .. "/leases/x\".json", "{")
    assert.equal(0, place:run({ "jobs", "reap" }).exit_code)
    assert.same({}, place:leftovers())
  end)
end)

-- ---- state folders ---------------------------------------------------------------------------------

-- The command runs, its outputs are attached and its end is told.
local function check_works(place, environment)
  local options = sh("echo said; echo out > a.txt; exit 4", "--attach", "a.txt")
  options.environment = environment
  local result = place:run(options)
  assert.equal(4, result.exit_code, result.stderr)
  assert.equal("said\n", result.stdout)
  local job = place:job()
  assert.equal("exit code 4", job.data.reason)
  assert.equal("a.txt", place.attachments(job)[1])
  return result.stderr
end

-- Locks fail as on a network disk without them.
local NO_LOCKS = [[
#include <errno.h>
int flock(int fd, int operation) { (void)fd, (void)operation; errno = ENOLCK; return -1; }
]]

describe("a state folder that", function()
  it("cannot be written keeps no command from running", function()
    local disk <close> = support.disk "1M"
    if not disk then return pending "no small disk can be mounted here" end
    local place <close> = workplace.new { state = disk.path }
    support.run { program = "mount", "-o", "remount,ro", disk.path }
    assert.matches("output will not be kept.*Read%-only", check_works(place))
  end)

  it("is full keeps no command from running", function()
    local disk <close> = support.disk "1M"
    if not disk then return pending "no small disk can be mounted here" end
    local place <close> = workplace.new { state = disk.path }
    workplace.fill(disk.path)
    assert.matches("No space left", check_works(place))
    assert.same({}, place:leftovers())
  end)

  it("has no locks keeps no command from running", function()
    local place <close> = workplace.new()
    local source = support.write(place.folder.path .. "/no_locks.c", NO_LOCKS)
    local library = place.folder.path .. "/no_locks.so"
    local compiled = support.run { program = "cc", "-shared", "-fPIC", "-o", library, source }
    assert.equal(0, compiled.exit_code, compiled.stderr)
    local said = check_works(place, {
      LD_PRELOAD = library, ASAN_OPTIONS = (os.getenv "ASAN_OPTIONS" or "") .. ":verify_asan_link_order=0",
    })
    assert.matches("cannot be watched over after a crash.*cannot lock files", said)
    assert.same({}, place:leftovers())
  end)
end)
