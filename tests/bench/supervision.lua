--- What supervision costs: many short commands beside the least that keeps a command's output, which is
--- `script -qec` (util-linux: a pseudo-terminal and a file) and `setsid sh -c '… | tee'`; and an entry of
--- the outbox's journal, on the disk, beside the same bytes written and synced by hand.
---
--- MOONSHIFT_BENCH_RUNS sets how many runs (1000) and entries.

local cjson = require "cjson"
local core = require "moonshift.core.job"
local measure = require "measure"
local uv = require "luv"

local RUNS = tonumber(os.getenv "MOONSHIFT_BENCH_RUNS") or 1000

local program = require "moonshift.core.system".program()
local folder <close> = measure.folder()
local environment = { MOONSHIFT_DATA = folder.path .. "/data", XDG_STATE_HOME = folder.path .. "/state" }

-- ---- runs ------------------------------------------------------------------------------------------

local wrapped = {
  name = "moonshift wrap --quiet -- true",
  arguments = { program, "wrap", "--quiet", "--", "true" },
  environment = environment,
}
measure.pair(("%d runs of true"):format(RUNS), wrapped, {
  name = "script -qec true FILE",
  arguments = { "script", "-qec", "true", folder.path .. "/typescript" },
}, RUNS)
measure.pair(("%d runs of true"):format(RUNS), wrapped, {
  name = "setsid sh -c 'true 2>&1 | tee FILE'",
  arguments = { "setsid", "--wait", "sh", "-c", ("true 2>&1 | tee '%s/log'"):format(folder.path) },
}, RUNS)

-- ---- the journal -----------------------------------------------------------------------------------

local BODY = cjson.encode { { action = "update", entity_type = "Job", text = ("x"):rep(400) } }

local function append(journal)
  journal:append {
    tracker = "http://tracker", user = "ada", job_id = "00000000-0000-4000-8000-000000000000",
    kind = "call", title = "Encode sh010: done", body = BODY,
  }
end

local function write_and_sync(file)
  assert(uv.fs_write(file, BODY, -1))
  assert(uv.fs_fdatasync(file))
end

local function milliseconds(f, argument)
  local started = uv.hrtime()
  f(argument)
  return (uv.hrtime() - started) / 1e6
end

local function median(values)
  table.sort(values)
  return values[(#values + 1) // 2]
end

local journal <close> = core.journal(folder.path .. "/journal")
local raw = assert(uv.fs_open(folder.path .. "/raw", "w", 384))
local appended, written = {}, {}
for i = 1, RUNS do
  appended[i] = milliseconds(append, journal)
  written[i] = milliseconds(write_and_sync, raw)
end
assert(uv.fs_close(raw))
print(("%d entries of %d bytes"):format(RUNS, #BODY))
print(("  %-34s %8.3f ms"):format("journal:append", median(appended)))
print(("  %-34s %8.3f ms"):format("write + fdatasync", median(written)))
print(("  ratio %40.2f"):format(median(appended) / median(written)))
