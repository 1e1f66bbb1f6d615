--- What wrap adds to a command: `true` as a job on the embedded tracker beside `env true`; and how fast
--- output passes through, beside cat, which keeps nothing, and tee, which keeps all of it in a file.

local measure = require "measure"

local program = require "moonshift.core.system".program()
local folder <close> = measure.folder()
local environment = { MOONSHIFT_DATA = folder.path .. "/data", XDG_STATE_HOME = folder.path .. "/state" }

measure.pair("true, as a job",
  {
    name = "moonshift wrap --quiet -- true",
    arguments = { program, "wrap", "--quiet", "--", "true" },
    environment = environment,
  },
  { name = "env true", arguments = { "env", "true" } })

local MEBIBYTES = 512
local produce = ("yes 'frame 0001: 42 %% of the tiles are rendered, 3.2 s to go' | head -c %dM"):format(MEBIBYTES)
local through = {
  name = "moonshift wrap -- … | cat",
  arguments = { "sh", "-c", ('"%s" wrap --quiet -- sh -c "%s" | cat > /dev/null'):format(program, produce) },
  environment = environment,
}
local title = ("%d MiB of output"):format(MEBIBYTES)
measure.pair(title, through,
  { name = "… | cat | cat", arguments = { "sh", "-c", produce .. " | cat | cat > /dev/null" } }, 5)
measure.pair(title .. ", logged", through, {
  name = "… | tee FILE | cat",
  arguments = { "sh", "-c", ("%s | tee '%s/log' | cat > /dev/null"):format(produce, folder.path) },
}, 5)
