--- Components over a line with 50 ms of delay and 1 % of loss, where one stream stays slow whatever the line could
--- carry: a file in 64 parts beside one curl.
---
--- The line is a pair of virtual interfaces into a network namespace, which takes root, iproute2 and the kernel's
--- netem. MOONSHIFT_BENCH_LINE="NAMESPACE ADDRESS" names one that is there already, and our address seen from it.

package.path = "tests/lua/?.lua;" .. package.path

local core = require "moonshift.core.session"
local measure = require "measure"
local moonshift = require "moonshift"
local support = require "support"

local PARTS, PART_BYTES = 64, 256 * 1024
local RUNS = tonumber(os.getenv "MOONSHIFT_BENCH_RUNS") or 3
local NAMESPACE, ADDRESS = "moonshift-bench", "10.213.7.1"

local SET_UP = {
  "ip netns add moonshift-bench",
  "ip link add ms-bench-a type veth peer name ms-bench-b netns moonshift-bench",
  "ip addr add 10.213.7.1/24 dev ms-bench-a",
  "ip link set ms-bench-a up",
  "ip -n moonshift-bench addr add 10.213.7.2/24 dev ms-bench-b",
  "ip -n moonshift-bench link set ms-bench-b up",
  "ip route replace 10.213.7.0/24 dev ms-bench-a src 10.213.7.1 congctl cubic", -- what most machines have
  "ip -n moonshift-bench route replace 10.213.7.0/24 dev ms-bench-b src 10.213.7.2 congctl cubic",
  "tc qdisc add dev ms-bench-a root netem delay 25ms loss 1% limit 10000",
  "ip netns exec moonshift-bench tc qdisc add dev ms-bench-b root netem delay 25ms loss 1% limit 10000",
}
local TEAR_DOWN = { "ip netns del moonshift-bench", "ip link del ms-bench-a" }

local function run(command)
  return os.execute(command .. " > /dev/null 2>&1")
end

local function tear_down()
  for _, command in ipairs(TEAR_DOWN) do run(command) end
end

-- The namespace and our address; nil and the command that failed where there can be none.
local function open_line()
  local namespace, address = (os.getenv "MOONSHIFT_BENCH_LINE" or ""):match "^(%S+) (%S+)$"
  if namespace then return setmetatable({ namespace = namespace, address = address }, { __close = function() end }) end
  for _, command in ipairs(SET_UP) do
    if not run(command) then
      tear_down()
      return nil, command
    end
  end
  return setmetatable({ namespace = NAMESPACE, address = ADDRESS }, { __close = tear_down })
end

local line <close>, problem = open_line()
if not line then
  print(("no line with delay and loss can be made here: '%s' fails"):format(problem))
  return
end

local program = require "moonshift.core.system".program()
local folder <close> = measure.folder()
local server <close> = support.serve { data = folder.path .. "/data", listen = line.address .. ":0" }
local environment = {
  XDG_STATE_HOME = folder.path .. "/state", XDG_CACHE_HOME = folder.path .. "/cache",
  XDG_CONFIG_HOME = folder.path .. "/config", MOONSHIFT_PART_BYTES = tostring(PART_BYTES),
}
for name, value in pairs(server.environment) do environment[name] = value end

local function there(title, ...)
  return { name = title, arguments = { "ip", "netns", "exec", line.namespace, ... }, environment = environment }
end

local function script(name, text)
  return support.write(("%s/%s.lua"):format(folder.path, name), text)
end

local UPLOAD = script("upload", [[
local session <close> = require "moonshift".session()
session:create_component(...)
]])
local DOWNLOAD = script("download", [[
local session <close> = require "moonshift".session()
local id, target = ...
os.remove(target .. "/plate.bin")
session:download(session:get("Component", id), target)
]])

local file = folder.path .. "/plate.bin"
assert(os.execute(("head -c %d /dev/urandom > '%s'"):format(PARTS * PART_BYTES, file)))
local session <close> = moonshift.session {
  server_url = server.url, api_user = environment.FTRACK_API_USER, api_key = environment.FTRACK_API_KEY,
}
local put = session:call({ {
  action = "get_upload_metadata", component_id = core.new_id(), file_name = "x", file_size = 1,
} })[1].url

measure.pair(("%d parts to the server, 50 ms, 1 %% lost"):format(PARTS),
  there("create_component", program, "run", UPLOAD, file),
  there("curl -T", "curl", "-sf", "-o", "/dev/null", "-T", file, put), RUNS)

local copy = folder.path .. "/copy"
assert(os.execute(("mkdir '%s'"):format(copy)))
local component = session:query 'select name, file_type from Component where name is "plate"':first()
local row = session:query(('select url from ComponentLocation where component_id is "%s"'):format(component.id)):one()
measure.pair(("%d parts from the server, 50 ms, 1 %% lost"):format(PARTS),
  there("download", program, "run", DOWNLOAD, component.id, copy),
  there("curl -o", "curl", "-sf", "-o", folder.path .. "/curl.bin", row.url.url or row.url.value), RUNS)
