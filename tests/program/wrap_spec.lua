-- Real commands as jobs, over both transports with the same specs.

local cjson = require "cjson"
local support = require "support"
local uv = require "luv"

-- ---- the trackers ----------------------------------------------------------------------------------

-- Calls `body(run)` with a function that runs moonshift on a tracker of its own, in a folder of its own.
local function with_tracker(over_http, body)
  local folder <close> = support.folder()
  local server <close> = over_http and support.serve { data = folder.path .. "/data" } or nil
  local environment = {
    FTRACK_SERVER = false,
    FTRACK_API_USER = false,
    FTRACK_API_KEY = false,
    MOONSHIFT_DATA = folder.path .. "/data",
    XDG_STATE_HOME = folder.path .. "/state",
    XDG_CACHE_HOME = folder.path .. "/cache",
    XDG_CONFIG_HOME = folder.path .. "/config",
  }
  for name, value in pairs(server and server.environment or {}) do environment[name] = value end
  local work = folder.path .. "/work"
  assert(uv.fs_mkdir(work, 448))
  local tracker = { path = work, state = folder.path .. "/state/moonshift" }
  local function options_of(options)
    local all = { environment = {}, cwd = options.cwd or work, input = options.input, table.unpack(options) }
    for name, value in pairs(environment) do all.environment[name] = value end
    for name, value in pairs(options.environment or {}) do all.environment[name] = value end
    return all
  end
  function tracker.run(options) return support.run(options_of(options)) end
  function tracker.start(options) return support.start(options_of(options)) end
  function tracker.jobs()
    local list = {}
    for line in tracker.run({ "jobs", "--json" }).stdout:gmatch "[^\n]+" do list[#list + 1] = cjson.decode(line) end
    return list
  end
  -- The only job, or the newest.
  function tracker.job() return tracker.jobs()[1] end
  -- The text of an attachment of the newest job.
  function tracker.attachment(name)
    local results = folder.path .. "/results"
    local result = tracker.run { "download", tracker.job().id, name, "-o", results }
    assert.equal(0, result.exit_code, result.stderr)
    local path = result.stdout:match "^(%S+) "
    return support.read(path), path
  end
  body(tracker)
end

local function names(job)
  local list = {}
  for i, file in ipairs(job.attachments) do list[i] = file.name end
  table.sort(list)
  return list
end

local function sh(script, ...)
  local arguments = { "wrap", ... }
  table.move({ "--", "sh", "-c", script }, 1, 4, #arguments + 1, arguments)
  return arguments
end

-- ---- the specs -------------------------------------------------------------------------------------

for _, over_http in ipairs { false, true } do
  local function spec(title, body)
    it(title, function() with_tracker(over_http, body) end)
  end

  describe(over_http and "wrap over http" or "wrap, embedded", function()
    spec("passes output and exit code through, and tells the job", function(tracker)
      local result = tracker.run(sh("echo out; echo err >&2; exit 3", "--description", "Three"))
      assert.equal(3, result.exit_code)
      assert.equal("out\n", result.stdout)
      assert.matches("^err\nmoonshift: failed: exit code 3 %(job %x+", result.stderr)
      local job = tracker.job()
      assert.equal("failed", job.status)
      assert.equal("Three", job.data.description)
      assert.equal("exit code 3", job.data.reason)
      assert.equal(3, job.data.exit_code)
      assert.same({ "sh", "-c", "echo out; echo err >&2; exit 3" }, job.data.command)
      assert.equal(uv.os_gethostname(), job.data.host)
      assert.matches("^%d+%-%d+%-%d+T%d+:%d+:%d+Z$", job.data.started_at)
      assert.is_true(job.data.ended_at >= job.data.started_at)
      assert.is_true(job.data.duration_s >= 0)
    end)

    spec("attaches what matches, with the right bytes", function(tracker)
      local result = tracker.run(sh("mkdir out; printf a > out/1.txt; head -c 300000 /dev/urandom > 'out/b c.bin'",
        "--attach", "out/*", "--log", "never"))
      assert.equal(0, result.exit_code, result.stderr)
      assert.equal("done", tracker.job().status)
      assert.equal(1, tracker.job().data.progress)
      assert.same({ "1.txt", "b c.bin" }, names(tracker.job()))
      assert.equal("a", tracker.attachment "1.txt")
      local original = support.read(tracker.path .. "/out/b c.bin")
      assert.equal(300000, #original)
      local downloaded = tracker.run { "download", tracker.job().id, "-o", tracker.path .. "/again" }
      assert.equal(0, downloaded.exit_code, downloaded.stderr)
      assert.is_true(original == support.read(tracker.path .. "/again/b c.bin"))
    end)

    spec("attaches the log of a failure: clean, with times, without secrets", function(tracker)
      local options = sh([[printf '\033[31mred\033[0m\n10%%\r100%%\n'; echo "key $STUDIO_API_KEY"; exit 1]])
      options.environment = { STUDIO_API_KEY = "correct-horse" }
      local result = tracker.run(options)
      assert.matches("key correct%-horse", result.stdout)
      local job = tracker.job()
      assert.same({ "output.log" }, names(job))
      assert.equal(job.data.log, job.attachments[1].id)
      local log = tracker.attachment "output.log"
      assert.matches("^%d+%-%d+%-%d+T%d+:%d+:%d+Z red\n", log)
      assert.matches("Z 100%%\n", log)
      assert.matches("Z key %*%*%*\n", log)
      assert.not_matches("correct", log)
      assert.is_nil(uv.fs_scandir_next(assert(uv.fs_scandir(tracker.state .. "/logs"))))
    end)

    spec("a pattern without a match is a warning, or a failure when outputs are required", function(tracker)
      local result = tracker.run(sh("true", "--attach", "no/*.exr"))
      assert.equal(0, result.exit_code)
      assert.matches("warning: output was not found: no/%*%.exr", result.stderr)
      assert.equal("done", tracker.job().status)
      result = tracker.run(sh("true", "--attach", "no/*.exr", "--require-attach"))
      assert.equal(1, result.exit_code)
      assert.equal("failed", tracker.job().status)
      assert.equal("output was not found: no/*.exr", tracker.job().data.reason)
    end)

    spec("a folder among the outputs fails the job, not the other outputs", function(tracker)
      local result = tracker.run(sh("mkdir -p out/folder; echo x > out/file", "--attach", "out/*"))
      assert.equal(1, result.exit_code)
      assert.matches("it is a folder", tracker.job().data.reason)
      assert.same({ "file" }, names(tracker.job()))
    end)

    spec("what cannot be started fails with a shell's codes", function(tracker)
      assert.equal(127, tracker.run({ "wrap", "--", "no-such-command" }).exit_code)
      assert.matches("command not found: 'no%-such%-command'", tracker.job().data.reason)
      assert.equal(126, tracker.run({ "wrap", "--", "/etc/passwd" }).exit_code)
      assert.equal("cannot execute '/etc/passwd': Permission denied", tracker.job().data.reason)
      assert.equal(126, tracker.run({ "wrap", "--cwd", "/no/folder", "--", "true" }).exit_code)
      assert.equal("failed", tracker.job().status)
    end)

    spec("a log limit that holds nothing is a usage error, and no job", function(tracker)
      local result = tracker.run { "wrap", "--log-limit", "100", "--", "true" }
      assert.equal(2, result.exit_code)
      assert.matches("%-%-log%-limit 100: at least 4096 bytes", result.stderr)
      assert.same({}, tracker.jobs())
    end)

    spec("a time limit ends the command", function(tracker)
      local result = tracker.run(sh("sleep 600", "--timeout", "200ms"))
      assert.equal(124, result.exit_code)
      assert.equal("timed out after 0.2 s", tracker.job().data.reason)
    end)

    spec("a signal to the command is told", function(tracker)
      assert.equal(128 + 9, tracker.run(sh("kill -9 $$")).exit_code)
      assert.equal("killed by signal 9, SIGKILL (out of memory?)", tracker.job().data.reason)
    end)

    for _, name in ipairs { "sigint", "sigterm", "sighup" } do
      spec(name .. " to us ends the command's group and fails the job", function(tracker)
        local process <close> = tracker.start(sh("sleep 600 & echo $!; wait"))
        local pid = tonumber(process:wait_for "(%d+)\n")
        process:kill(name)
        process:wait()
        local number = uv.constants[name:upper()]
        assert.equal(128 + number, process.exit_code)
        assert.equal("failed", tracker.job().status)
        assert.equal("stopped by " .. name:upper(), tracker.job().data.reason)
        support.wait_until(function() return not support.lives(pid) end)
      end)
    end

    spec("a wrapper that was killed leaves a job that the next one fails, with its log", function(tracker)
      local process <close> = tracker.start(sh("echo half-way; exec sleep 600"))
      process:wait_for "half%-way\n"
      support.wait_until(function() return #tracker.jobs() == 1 end)
      process:kill "sigkill"
      process:wait()
      local result = tracker.run(sh("true"))
      assert.equal(0, result.exit_code)
      local jobs = tracker.jobs()
      assert.equal(2, #jobs)
      local abandoned = jobs[1].status == "failed" and jobs[1] or jobs[2]
      assert.equal("failed", abandoned.status)
      assert.matches("stopped while the job was running", abandoned.data.reason)
      assert.same({ "output.log" }, names(abandoned))
      for _, folder in ipairs { "leases", "logs" } do
        assert.is_nil(uv.fs_scandir_next(assert(uv.fs_scandir(tracker.state .. "/" .. folder))))
      end
    end)

    spec("what the command of a killed wrapper had made is attached once, and nothing older", function(tracker)
      support.write(tracker.path .. "/old.txt", "of an earlier run")
      uv.sleep(1100) -- file times are told apart by seconds
      local process <close> = tracker.start(sh("echo frame 1 > new.txt; echo made; exec sleep 600",
        "--attach", "*.txt", "--attach", "new.*"))
      process:wait_for "made\n"
      support.wait_until(function() return #tracker.jobs() == 1 end)
      process:kill "sigkill"
      process:wait()
      for _ = 1, 2 do assert.equal(0, tracker.run({ "jobs", "reap" }).exit_code) end
      assert.same({ "new.txt", "output.log" }, names(tracker.job()))
    end)

    spec("the command finds its job, its tracker and what --env sets", function(tracker)
      local result = tracker.run(sh('"$PROGRAM" attach "$MOONSHIFT_JOB_ID" made.txt; echo "$COLOUR"',
        "--env", "COLOUR=blue", "--env", "PROGRAM=" .. require "moonshift.core.system".program()))
      assert.equal("", result.stdout:gsub("blue\n", ""))
      support.write(tracker.path .. "/made.txt", "made")
      result = tracker.run(sh('"$PROGRAM" attach "$MOONSHIFT_JOB_ID" made.txt',
        "--env", "PROGRAM=" .. require "moonshift.core.system".program()))
      assert.equal(0, result.exit_code, result.stderr)
      assert.same({ "made.txt" }, names(tracker.job()))
    end)

    spec("progress lines of the command are the job's progress", function(tracker)
      local process <close> = tracker.start(sh("echo moonshift::progress 0.25 Half; exec sleep 600"))
      support.wait_until(function()
        local job = tracker.job()
        return job and job.data.progress == 0.25 and job.data.phase == "Half"
      end)
      assert.matches("running 25 %%", tracker.run({ "jobs" }).stdout)
      process:kill "sigterm"
      process:wait()
    end)

    spec("a failed command is tried again, and each attempt is in the log", function(tracker)
      local result = tracker.run(sh('echo try >> tries; test "$(wc -l < tries)" = 3', "--retries", "5"))
      assert.equal(0, result.exit_code, result.stderr)
      assert.equal(3, tracker.job().data.attempt)
      assert.equal("done", tracker.job().status)
      result = tracker.run(sh("echo no; exit 7", "--retries", "1", "--retry-delay", "10ms"))
      assert.equal(7, result.exit_code)
      assert.matches("attempt 1 failed: exit code 7; trying again in", result.stderr)
      assert.matches("Z no\n%S+ moonshift: attempt 2\n%S+ no\n", tracker.attachment "output.log")
    end)

    spec("a cancelled job ends its command, and says who cancelled it", function(tracker)
      local process <close> = tracker.start(sh("sleep 600 & echo $!; wait"))
      local pid = tonumber(process:wait_for "(%d+)\n")
      support.wait_until(function() return tracker.job() end)
      local result = tracker.run { "jobs", "cancel", tracker.job().id:sub(1, 13) }
      assert.equal(0, result.exit_code, result.stderr)
      process:wait()
      assert.equal(143, process.exit_code)
      local job = tracker.job()
      assert.equal("failed", job.status)
      assert.matches("^cancelled by %S+$", job.data.reason)
      assert.matches("moonshift: cancelled by", tracker.attachment "output.log")
      support.wait_until(function() return not support.lives(pid) end)
      assert.equal(1, tracker.run({ "jobs", "cancel", job.id }).exit_code)
    end)

    spec("silent jobs of other machines are failed by hand", function(tracker)
      support.write(tracker.path .. "/make.lua", [[
        local cjson = require "cjson"
        local session <close> = require "moonshift".session()
        for _, heartbeat in ipairs { "2020-01-01T00:00:00Z", os.date "!%Y-%m-%dT%H:%M:%SZ" } do
          session:create("Job", { status = "running",
            data = cjson.encode { description = heartbeat, host = "elsewhere", heartbeat_at = heartbeat } })
        end
        session:commit()]])
      assert.equal(0, tracker.run({ "run", "make.lua" }).exit_code)
      local result = tracker.run { "jobs", "reap", "--older-than", "1h" }
      assert.matches("^failed, no sign of life since 2020%-01%-01 00:00:00 UTC from elsewhere: 2020", result.stdout)
      local count = {}
      for _, job in ipairs(tracker.jobs()) do count[job.status] = (count[job.status] or 0) + 1 end
      assert.same({ failed = 1, running = 1 }, count)
    end)

    spec("a script hears of the failure", function(tracker)
      support.write(tracker.path .. "/tell.lua", [[print("heard: " .. os.getenv "MOONSHIFT_JOB_REASON")]])
      local result = tracker.run(sh("exit 9", "--on-failure", "tell.lua"))
      assert.equal(9, result.exit_code)
      assert.equal("heard: exit code 9\n", result.stdout)
    end)

    spec("the end of the output is shown while the command runs, and not afterwards", function(tracker)
      local process <close> = tracker.start(sh("echo first line; until test -e seen; do sleep 0.1; done; exit 1"))
      support.wait_until(function()
        local job = tracker.job()
        return job and type(job.data.tail) == "string" and job.data.tail:find "Z first line\n$"
      end)
      support.write(tracker.path .. "/seen", "")
      process:wait()
      assert.equal("failed", tracker.job().status)
      assert.not_equal("string", type(tracker.job().data.tail))
    end)

    spec("a lot of binary output goes through whole", function(tracker)
      local result = tracker.run(sh("head -c 5000000 /dev/urandom | tee copy", "--log", "never"))
      assert.equal(0, result.exit_code)
      assert.is_true(result.stdout == support.read(tracker.path .. "/copy"))
    end)
  end)
end

describe("wrap", function()
  it("says what is wrong with its arguments, and exits 2", function()
    local cases = {
      { { "wrap" }, "the command is missing" },
      { { "wrap", "--" }, "the command is missing" },
      { { "wrap", "true" }, "put '%-%-' in front of the command: moonshift wrap %-%- true" },
      { { "wrap", "--attch", "x", "--", "true" }, "'%-%-attch'; did you mean '%-%-attach'%?" },
      { { "wrap", "--timeout", "soon", "--", "true" }, "'soon' is no duration" },
      { { "wrap", "--log", "maybe", "--", "true" }, "%-%-log is one of always, failure, never, not 'maybe'" },
      { { "wrap", "--env", "NAME", "--", "true" }, "%-%-env 'NAME' is not of the form NAME=VALUE" },
      { { "wrap", "--max-memory", "lots", "--", "true" }, "%-%-max%-memory takes a size such as 512M" },
      { { "wrap", "--progress", "ffmpg", "--", "true" }, "not 'ffmpg'; did you mean 'ffmpeg'%?" },
      { { "wrap", "x", "--", "true" }, "'x' is neither an option nor behind '%-%-'" },
    }
    for _, case in ipairs(cases) do
      local result = support.run(case[1])
      assert.equal(2, result.exit_code)
      assert.matches(case[2], result.stderr)
      assert.equal(1, select(2, result.stderr:gsub("\n", "")))
    end
  end)
end)
