--- Components up and down beside curl and cp: one file of a gibibyte, and 2,000 files of 500 KB. Everything that a
--- component needs is in the figures: rows, checksums, a durable copy.
---
--- What is copied on this machine is measured before there is a server, which goes on comparing what it was sent.

package.path = "tests/lua/?.lua;" .. package.path

local core = require "moonshift.core.session"
local measure = require "measure"
local moonshift = require "moonshift"
local support = require "support"

local GIB = 1024 * 1024 * 1024
local FILES, FILE_BYTES = 2000, 500 * 1000
local RUNS = tonumber(os.getenv "MOONSHIFT_BENCH_RUNS") or 3

local program = require "moonshift.core.system".program()
local folder <close> = measure.folder()
local embedded = folder.path .. "/embedded"
local environment = {
  XDG_STATE_HOME = folder.path .. "/state", XDG_CACHE_HOME = folder.path .. "/cache",
  MOONSHIFT_CONFIG = support.write(folder.path .. "/config.lua",
    ('return { locations = { { name = "disk", prefix = "%s/disk", structure = "id", priority = 900 } } }')
      :format(folder.path)),
}

local function shell(format, ...)
  local command = format:format(...)
  assert(os.execute(command), command)
end

local function script(name, text)
  return support.write(("%s/%s.lua"):format(folder.path, name), text)
end

local UPLOAD = script("upload", [[
local path, place, data = ...
local session <close> = require "moonshift".session { data = data }
local location = session:query("Location where name is {name}", { name = place or "ftrack.server" }):first()
  or session:ensure("Location", { name = place }, { "name" })
session:create_component(path, nil, location)
]])
local DOWNLOAD = script("download", [[
local session <close> = require "moonshift".session()
local id, target = ...
os.remove(target .. "/large.bin")
session:download(session:get("Component", id), target)
]])

local function ours(title, ...)
  return { name = title, arguments = { program, "run", ... }, environment = environment }
end

local large = folder.path .. "/large.bin"
shell("head -c %d /dev/urandom > '%s'", GIB, large)

-- ---- on this machine -------------------------------------------------------------------------------

-- Every copy is a new file, and nothing of an earlier one waits for the disk.
local function remove_copies()
  shell("find '%s' -type f -size +%dc ! -name large.bin -delete && sync", folder.path, GIB - 1)
end

local function measure_copy(title, name, place)
  local subject = ours(name, UPLOAD, large, place, embedded)
  local peer = { name = "cp, sync", arguments = {
    "sh", "-c", ("cp '%s' '%s/cp.bin' && sync '%s/cp.bin'"):format(large, folder.path, folder.path),
  } }
  subject.prepare, peer.prepare = remove_copies, remove_copies
  measure.pair(title, subject, peer, RUNS)
end

measure_copy("1 GiB into the embedded tracker", "create_component", "ftrack.server")
measure_copy("1 GiB to a disk location", "create_component", "disk")
remove_copies()

-- ---- to and from a server --------------------------------------------------------------------------

local server <close> = support.serve { data = folder.path .. "/data" }
for name, value in pairs(server.environment) do environment[name] = value end
local session <close> = moonshift.session {
  server_url = server.url, api_user = environment.FTRACK_API_USER, api_key = environment.FTRACK_API_KEY,
}

local function put_url(id)
  return session:call({ {
    action = "get_upload_metadata", component_id = id, file_name = "x", file_size = 1,
  } })[1].url
end

measure.pair("1 GiB to the server", ours("create_component", UPLOAD, large),
  { name = "curl -T", arguments = { "curl", "-sf", "-o", "/dev/null", "-T", large, put_url(core.new_id()) } }, RUNS)

local component = session:create_component(large)
local row = session:query(('select url from ComponentLocation where component_id is "%s"'):format(component.id)):one()
local url = row.url.url or row.url.value
measure.pair("1 GiB from the server", ours("download", DOWNLOAD, component.id, folder.path),
  { name = "curl -o", arguments = { "curl", "-sf", "-o", folder.path .. "/curl.bin", url } }, RUNS)

-- ---- many small ones -------------------------------------------------------------------------------

local frames = folder.path .. "/frames"
shell("mkdir '%s' && head -c %d /dev/urandom | split -a 4 --numeric-suffixes=1 -b %d - '%s/f.'", frames,
  FILES * FILE_BYTES, FILE_BYTES, frames)
local commands = {}
for i = 1, FILES do
  commands[i] = ("curl -sf -o /dev/null -T '%s/f.%04d' '%s' || exit 1"):format(frames, i, put_url(core.new_id()))
end
local peer = support.write(folder.path .. "/curls.sh", table.concat(commands, "\n"))

measure.pair(("%d files of %d KB to the server"):format(FILES, FILE_BYTES // 1000),
  ours("create_component of a sequence", UPLOAD, ("%s/f.%%04d [1-%d]"):format(frames, FILES)),
  { name = "curl -T for each", arguments = { "sh", peer } }, 1)
