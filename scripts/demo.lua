--- Try it: run a small render as a job on the embedded server and look at what came of it.
---
--- Usage: moonshift demo [--data DIR]
---
--- A shell loop renders a few PPM frames and a log; `moonshift wrap` shows it as a job with progress and
--- attaches the frames. Then the job is listed and shown, and the next commands to try are printed.

local jobs = require "moonshift.jobs"
local moonshift = require "moonshift"
local options = require "moonshift.options"
local system = require "moonshift.core.system"
local wrap = require "moonshift.wrap"
local uv = require "luv"

local given = options.parse { verb = "demo", arguments = { ... }, spec = { { name = "data", argument = "DIR" } } }

local FRAMES = 5

-- Each frame is a gradient of 64 × 64 pixels in the plain PPM format.
local RENDER = [[
set -e
for frame in $(seq 1 "$1"); do
  file=$(printf 'frame.%04d.ppm' "$frame")
  awk -v frame="$frame" -v frames="$1" 'BEGIN {
    print "P3 64 64 255"
    for (y = 0; y < 64; y++)
      for (x = 0; x < 64; x++)
        print int(x * 4), int(y * 4), int(255 * frame / frames)
  }' > "$file"
  echo "rendered $file" | tee -a render.log
  awk -v f="$frame" -v n="$1" 'BEGIN { printf "moonshift::progress %.2f frame %d of %d\n", f / n, f, n }'
  sleep 0.3
done
]]

local function step(line)
  print("\27[1m" .. line .. "\27[0m")
end
if uv.guess_handle(1) ~= "tty" then step = print end

local folder = assert(uv.fs_mkdtemp((os.getenv "TMPDIR" or "/tmp") .. "/moonshift-demo-XXXXXX"))
do
  local script <close> = assert(io.open(folder .. "/render.sh", "w"))
  assert(script:write(RENDER))
end

local session <close> = moonshift.session { data = given.data, server_url = "embedded:" }

step("Rendering in " .. folder .. ", as a job on the embedded server:\n")
local code = wrap.run(session, {
  arguments = { "sh", "render.sh", tostring(FRAMES) },
  description = ("Render %d frames"):format(FRAMES),
  attach = { "frame.*.ppm", "render.log" },
  require_attach = true,
  log = "always",
  cwd = folder,
})
if code ~= 0 then return code end

local job = jobs.list(session, { limit = 1 })[1]
step "\nThe newest jobs (moonshift jobs):\n"
io.write(jobs.format_list(jobs.list(session, { limit = 5 })))
step(("\nThis one (moonshift jobs show %s):\n"):format(job.id:sub(1, 8)))
io.write(jobs.format(job))

local data = given.data and (" --data " .. given.data) or ""
local function command(line) return ("  %s %s%s"):format(system.program(), line, data) end

print(([[

The frames are in %s; the tracker keeps its own copies in %s.

Next, fetch the attachments, look at the Jobs page, see every verb:
%s
%s
  %s help]]):format(folder, (session.name:gsub("^embedded:", "")),
  command(("download %s -o results"):format(job.id:sub(1, 8))), command "serve --open", system.program()))
