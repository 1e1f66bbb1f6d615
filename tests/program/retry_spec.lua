-- Running a job's command again: what is recorded, what is run, and what is refused.

local cjson = require "cjson"
local support = require "support"
local uv = require "luv"
local workplace = require "workplace"

local SECRET = "a-long-studio-secret"

-- ---- helpers ---------------------------------------------------------------------------------------

-- Wraps a shell script so that it can be retried; `options` are those of wrap.
local function wrap(place, script, options)
  local run = { "wrap", "--allow-retry", table.unpack(options or {}) }
  table.move({ "--", "sh", "-c", script }, 1, 4, #run + 1, run)
  run.environment = options and options.environment
  return place:run(run)
end

local function retry(place, id, options)
  local run = { "jobs", "retry", id, table.unpack(options or {}) }
  run.environment, run.cwd = options and options.environment, options and options.cwd
  return place:run(run)
end

local function record_path(place, job)
  return ("%s/runs/%s.json"):format(place.state, job.id)
end

-- Nothing was run, and the words were said.
local function refused(words, process)
  assert.equal(1, process.exit_code, process.stdout)
  assert.is_truthy(process.stderr:find(words, 1, true), process.stderr)
end

local function run_script(place, text)
  local process = place:run { "run", "-", input = [[
    local session <close> = require "moonshift".session()
    local cjson = require "cjson"
  ]] .. text }
  assert.equal(0, process.exit_code, process.stderr)
end

local function change_data(place, job, changes)
  run_script(place, ([[
    local job = session:get("Job", %q)
    local data = cjson.decode(job.data)
    for key, value in pairs(cjson.decode %q) do data[key] = value end
    job.data = cjson.encode(data)
    session:commit()
  ]]):format(job.id, cjson.encode(changes)))
end

local function exists(path)
  return uv.fs_stat(path) ~= nil
end

local function labels(place)
  return place:run({ "keys", "--data", place.data }).stdout
end

local NO_TRACKER = { FTRACK_SERVER = false, FTRACK_API_USER = false, FTRACK_API_KEY = false }

-- ---- specs -----------------------------------------------------------------------------------------

describe("a run that may be retried", function()
  it("leaves a record for its owner alone, without secrets", function()
    local place <close> = workplace.new()
    wrap(place, "exit 1", { environment = {
      SHOT = "sh010", STUDIO_TOKEN = SECRET, DATABASE = "postgres://ada:hunter22@db/jobs", CONTAINS = "x" .. SECRET,
    } })
    local job = place:job()
    assert.is_true(job.data.retry)
    local path = record_path(place, job)
    assert.equal("600", ("%o"):format(uv.fs_stat(path).mode & 511))
    assert.equal("700", ("%o"):format(uv.fs_stat(place.state .. "/runs").mode & 511))
    local text = support.read(path)
    for _, secret in ipairs { SECRET, "hunter22", place.environment.FTRACK_API_KEY } do
      assert.is_nil(text:find(secret, 1, true), secret)
    end
    local record = cjson.decode(text)
    assert.equal("sh010", record.environment.SHOT)
    assert.equal(place.path, record.cwd)
    table.sort(record.hidden)
    assert.same({ "CONTAINS", "DATABASE", "STUDIO_TOKEN" }, record.hidden)
  end)

  it("is not recorded with a secret on its command line, and runs all the same", function()
    local place <close> = workplace.new()
    local process = place:run { "wrap", "--allow-retry", "--", "echo", "--token", SECRET }
    assert.equal(0, process.exit_code)
    assert.matches("cannot be retried later: there is a secret", process.stderr)
    assert.is_nil(place:job().data.retry)
    assert.is_false(exists(record_path(place, place:job())))
    refused("was not recorded: moonshift wrap --allow-retry", retry(place, place:job().id))
  end)

  it("is one where config.lua says so, and no other", function()
    local place <close> = workplace.new()
    assert.equal(0, place:run({ "wrap", "--", "true" }).exit_code)
    assert.is_nil(place:job().data.retry)
    support.write(place.environment.XDG_CONFIG_HOME .. "/moonshift/config.lua", "return { allow_retry = true }")
    assert.equal(0, place:run({ "wrap", "--", "true" }).exit_code)
    assert.is_true(place:jobs()[1].data.retry)
  end)

  it("is forgotten after thirty days", function()
    local place <close> = workplace.new()
    wrap(place, "exit 1")
    local path, old = record_path(place, place:job()), os.time() - 31 * 24 * 3600
    assert(uv.fs_utime(path, old, old))
    wrap(place, "true")
    assert.is_false(exists(path))
    assert.is_true(exists(record_path(place, place:jobs()[1])))
  end)
end)

describe("jobs retry", function()
  it("runs the same command in the same place, as a new job", function()
    local place <close> = workplace.new()
    local script = 'echo "$SHOT $STUDIO_TOKEN $ONLY_NOW" > seen.txt; test -e ok'
    local first = wrap(place, script, {
      "--description", "Flaky", "--name", "flaky", "--attach", "*.txt", "--env", "SHOT=sh010",
      environment = { STUDIO_TOKEN = SECRET },
    })
    assert.equal(1, first.exit_code)
    local job = place:job()
    support.write(place.path .. "/ok", "")
    local process = retry(place, job.id:sub(1, 8), {
      cwd = "/", environment = { STUDIO_TOKEN = "another-secret", ONLY_NOW = "new" },
    })
    assert.equal(0, process.exit_code, process.stderr)
    assert.equal("sh010 another-secret \n", support.read(place.path .. "/seen.txt"))
    local again = place:jobs()[1]
    assert.equal("done", again.status)
    assert.equal(job.id, again.data.retry_of)
    assert.equal("flaky", again.data.name)
    assert.equal(job.user, again.user)
    assert.same({ "seen.txt" }, place.attachments(again))
    assert.is_true(again.data.retry)
    assert.equal(job.id, place:run({ "jobs", "show", again.id }).stdout:match "Retry of +(%S+)")
    assert.equal(job.id:sub(1, 8), place:run({ "jobs", "show", job.id }).stdout:match "moonshift jobs retry (%S+)")
  end)

  it("says which secret is missing", function()
    local place <close> = workplace.new()
    wrap(place, "true", { environment = { STUDIO_TOKEN = SECRET } })
    assert.matches("STUDIO_TOKEN is secret", retry(place, place:job().id).stderr)
  end)

  it("works on the embedded tracker, too", function()
    local place <close> = workplace.new()
    local here = { environment = NO_TRACKER }
    place.environment.MOONSHIFT_DATA = place.data
    wrap(place, "test -z $FTRACK_SERVER && exit 4", here)
    assert.equal(4, retry(place, place:jobs()[1].id, here).exit_code)
    assert.equal(place:jobs()[2].id, place:jobs()[1].data.retry_of)
  end)

  it("waits for the end of a job, and of its retry", function()
    local place <close> = workplace.new()
    local script = "while [ ! -e go ]; do sleep 0.05; done"
    local run <close> = place:start { "wrap", "--allow-retry", "--", "sh", "-c", script }
    support.wait_until(function() return #place:jobs() == 1 end)
    local job = place:job()
    refused("is running: it can be retried when it has ended", retry(place, job.id))
    support.write(place.path .. "/go", "")
    assert.equal(0, run:wait().exit_code)
    assert(uv.fs_unlink(place.path .. "/go"))

    local again <close> = place:start { "jobs", "retry", job.id }
    support.wait_until(function() return #place:jobs() == 2 end)
    refused("is being retried already: it is the job " .. place:jobs()[1].id, retry(place, job.id))
    again:kill "sigkill"
    again:wait()
    support.write(place.path .. "/go", "")
    assert.equal(0, retry(place, job.id).exit_code)
    assert.equal(3, #place:jobs())
  end)

  it("makes no job where the folder is gone, and a failed one where the command is", function()
    local place <close> = workplace.new()
    local folder, command = place.path .. "/shot", place.path .. "/encode"
    assert(uv.fs_mkdir(folder, 448))
    support.write(command, "#!/bin/sh\nexit 1\n")
    assert(uv.fs_chmod(command, 448))
    assert.equal(1, place:run({ "wrap", "--allow-retry", "--", command, cwd = folder }).exit_code)
    local job = place:job()
    assert(uv.fs_rmdir(folder))
    refused(("the folder '%s', where it ran, is gone"):format(folder), retry(place, job.id))
    assert.equal(1, #place:jobs())
    assert(uv.fs_mkdir(folder, 448))
    assert(uv.fs_unlink(command))
    assert.equal(127, retry(place, job.id).exit_code)
    assert.equal("failed", place:jobs()[1].status)
  end)

  it("names the machine that has the record", function()
    local place <close> = workplace.new()
    wrap(place, "exit 1")
    local job = place:job()
    assert(uv.fs_unlink(record_path(place, job)))
    refused("not recorded here: another user of " .. job.data.host, retry(place, job.id))
    change_data(place, job, { host = "render07" })
    refused("recorded on render07, where it ran. There, type: moonshift jobs retry " .. job.id, retry(place, job.id))
  end)

  it("runs nothing that stands in a job's data", function()
    local place <close> = workplace.new()
    run_script(place, ([[
      session:create("Job", { status = "failed", type = "api_job", user = session:query("User"):first(),
        data = cjson.encode { retry = true, command = { "touch", %q }, cwd = "/", description = "Trap" } })
      session:commit()
    ]]):format(place.path .. "/trapped"))
    refused("recorded on nil", retry(place, place:job().id))
    wrap(place, "exit 1")
    change_data(place, place:jobs()[1], { command = { "touch", place.path .. "/trapped" } })
    assert.equal(1, retry(place, place:jobs()[1].id).exit_code)
    assert.is_false(exists(place.path .. "/trapped"))
  end)

  it("uses no record that others could have written, or that is cut", function()
    local place <close> = workplace.new()
    wrap(place, "exit 1")
    local job = place:job()
    local path = record_path(place, job)
    assert(uv.fs_chmod(path, tonumber("666", 8)))
    refused("only you can write", retry(place, job.id))
    assert(uv.fs_rename(path, path .. ".moved"))
    assert(uv.fs_symlink(path .. ".moved", path))
    refused("only you can write", retry(place, job.id))
    assert(uv.fs_unlink(path))
    support.write(path, '{"job_id":')
    assert(uv.fs_chmod(path, 384))
    refused("cannot be read", retry(place, job.id))
    assert.equal(1, #place:jobs())
  end)

  it("uses no record of another tracker's job", function()
    local place <close> = workplace.new()
    wrap(place, "exit 1")
    local job = place:job()
    local folder <close> = support.folder()
    local other <close> = support.serve { data = folder.path }
    for name, value in pairs(other.environment) do place.environment[name] = value end
    run_script(place, ([[
      session:create("Job", { id = %q, status = "failed", type = "api_job", user = session:query("User"):first(),
        data = cjson.encode { retry = true } })
      session:commit()
    ]]):format(job.id))
    refused("the command was recorded for a job of http://", retry(place, job.id))
  end)

  it("lends a key to what ran over HTTP, to whoever has the data folder", function()
    local place <close> = workplace.new()
    run_script(place, [[session:create("User", { username = "grace" }); session:commit()]])
    local key = place:run { "keys", "create", "--user", "grace", "--data", place.data }
    local as_grace = { environment = { FTRACK_API_USER = "grace", FTRACK_API_KEY = key.stdout:match "%S+" } }
    wrap(place, [[echo $FTRACK_SERVER $FTRACK_API_USER $FTRACK_API_KEY > seen; test -e ok]], as_grace)
    local job = place:job()
    assert.equal("grace", job.user)
    support.write(place.path .. "/ok", "")
    local options = { "--data", place.data, "--asked-by", "ada", "--quiet", environment = NO_TRACKER }
    local process = retry(place, job.id, options)
    assert.equal(0, process.exit_code, process.stderr)
    local server, user, lent = support.read(place.path .. "/seen"):match "(%S+) (%S+) (%S+)"
    assert.equal(place.environment.FTRACK_SERVER, server)
    assert.equal("grace", user)
    assert.not_equal(as_grace.environment.FTRACK_API_KEY, lent)
    assert.equal("grace", place:jobs()[1].user)
    assert.equal("ada", place:jobs()[1].data.retry_by)
    assert.is_nil(labels(place):find("retry", 1, true))
    local refusal = place:run { "jobs", environment = { FTRACK_API_USER = "grace", FTRACK_API_KEY = lent } }
    assert.equal(1, refusal.exit_code)
  end)

  it("takes back the key of a retry that was killed", function()
    local place <close> = workplace.new()
    wrap(place, "echo begun; test ! -e slow || exec sleep 600; exit 5")
    local job = place:job()
    support.write(place.path .. "/slow", "")
    local again <close> = place:start {
      "jobs", "retry", job.id, "--data", place.data, environment = NO_TRACKER,
    }
    again:wait_for "begun"
    assert.matches("retry %x+", labels(place))
    again:kill "sigkill"
    again:wait()
    assert(uv.fs_unlink(place.path .. "/slow"))
    assert.equal(5, retry(place, job.id).exit_code)
    assert.is_nil(labels(place):find("retry", 1, true))
  end)
end)
