--- The Jobs page over 50,000 jobs, in Chromium: how soon it is there when it is opened, and how soon it shows what
--- changes while 200 updates a second come in and 50 pages look on, one of them Chromium's; and what that costs
--- the server. Aims: the list within 200 ms, an update within 250 ms.
---
--- playwright-core is looked for where the page's tests install it, or in MOONSHIFT_PAGE_MODULES; without it, or
--- without node and Chromium, nothing is measured. The delay of an update is from before its request is sent
--- to when the list shows it, or a later one of the same job: the disk's time is in it.

local core = require "moonshift.core.job"
local uv = require "luv"

local here = arg[0]:match "^(.*)/[^/]*$" or "."

local function find_modules()
  local folders = { os.getenv "MOONSHIFT_PAGE_MODULES" or "" }
  for _, build in ipairs { "build", "build/dev", "build/release" } do
    folders[#folders + 1] = build .. "/tests/page/npm"
  end
  for _, folder in ipairs(folders) do
    if uv.fs_stat(folder .. "/node_modules/playwright-core") then return uv.fs_realpath(folder) end
  end
end

local function find_program(...)
  for _, name in ipairs { ... } do
    local pipe = assert(io.popen(("command -v '%s'"):format(name)))
    local path = pipe:read "l"
    pipe:close()
    if path then return path end
  end
end

local modules = find_modules()
local node, chromium = find_program("node", "nodejs"), find_program("chromium", "chromium-browser")
if not (modules and node and chromium) then
  print "the Jobs page: not measured, node, Chromium or playwright-core is missing"
  return
end

local command <close> = core.command {
  arguments = { node, here .. "/page.mjs" },
  environment = {
    MOONSHIFT_PROGRAM = require "moonshift.core.system".program(),
    MOONSHIFT_PAGE_MODULES = modules,
    CHROMIUM_PROGRAM = chromium,
  },
}
return command:wait().exit_code
