--- Measuring whole processes, in pairs: A, B, A, B, … so that a machine's mood falls on both alike.
---
--- Figures are medians; what counts is their ratio in the same run.

local core = require "moonshift.core.job"
local uv = require "luv"

local measure = {}

local RUNS = tonumber(os.getenv "MOONSHIFT_BENCH_RUNS") or 30

---@class measure.Spec
---@field name string
---@field arguments string[]
---@field environment? table<string, string>
---@field cwd? string
---@field prepare? fun() Called before each run.
---@field figure? string A file in which the command leaves the processor time of its work proper, in seconds.
---@field count? integer What that work was about: how many,
---@field unit? string and of what.

local function read_figure(path)
  local file <close> = assert(io.open(path))
  return assert(tonumber(file:read "a"))
end

--- Runs a command once, with its output thrown away.
---@param spec measure.Spec
---@return number seconds
---@return integer peak_bytes
---@return number? figure Seconds.
local function once(spec)
  if spec.prepare then spec.prepare() end
  local started = uv.hrtime()
  local command <close> = core.command {
    arguments = spec.arguments,
    environment = spec.environment,
    cwd = spec.cwd,
    quiet = true,
  }
  local result = command:wait()
  local seconds = (uv.hrtime() - started) / 1e9
  if result.exit_code ~= 0 then
    error(("'%s' ended with %s"):format(table.concat(spec.arguments, " "), result.exit_code or result.signal))
  end
  return seconds, result.peak_bytes, spec.figure and read_figure(spec.figure)
end

local function median(values)
  table.sort(values)
  return values[(#values + 1) // 2]
end

local function print_figure(figure)
  local rate = ""
  if figure.spec.figure then
    rate = ("   %8.0f %s/s"):format(figure.spec.count / median(figure.work), figure.spec.unit)
  end
  print(("  %-34s %8.2f ms   %6.1f MiB%s"):format(figure.spec.name, figure.median * 1e3, figure.peak / 2 ^ 20, rate))
end

--- Times `subject` beside `peer` and prints a line for each and their ratio.
---@param title string
---@param subject measure.Spec
---@param peer measure.Spec
---@param runs? integer
function measure.pair(title, subject, peer, runs)
  local figures = { { spec = subject }, { spec = peer } }
  for _, figure in ipairs(figures) do
    figure.seconds, figure.work, figure.peak = {}, {}, 0
    once(figure.spec) -- warm
  end
  for _ = 1, runs or RUNS do
    for _, figure in ipairs(figures) do
      local seconds, peak, work = once(figure.spec)
      figure.seconds[#figure.seconds + 1] = seconds
      figure.work[#figure.work + 1] = work
      figure.peak = math.max(figure.peak, peak)
    end
  end
  print(title)
  for _, figure in ipairs(figures) do
    figure.median = median(figure.seconds)
    print_figure(figure)
  end
  print(("  ratio %40.2f"):format(figures[1].median / figures[2].median))
end

--- A temporary folder that is removed with its scope.
---@return { path: string }
function measure.folder()
  local path = assert(uv.fs_mkdtemp "/tmp/moonshift-bench-XXXXXX")
  return setmetatable({ path = path }, { __close = function() os.execute(("rm -rf '%s'"):format(path)) end })
end

return measure
