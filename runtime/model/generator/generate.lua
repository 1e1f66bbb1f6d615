--- Build step: lua5.4 generate.lua CATALOGUE MODEL_H OUTPUT
--
-- Checks the catalogue and prints it as C. A mistake in it ends the build with FILE:LINE: message.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua"

local read = require("read")
local resolve = require("resolve")
local print_c = require("print")

local function read_all(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

local function main(catalogue_path, header_path, output_path)
  local model = resolve.model(read.catalogue(catalogue_path), read_all(header_path))
  local parts = {}
  print_c.model(model, function(text)
    parts[#parts + 1] = text
  end)
  local output <close> = assert(io.open(output_path, "w"))
  assert(output:write(table.concat(parts)))
end

local ok, message = pcall(main, arg[1], arg[2], arg[3])
if not ok then
  io.stderr:write(message, "\n")
  os.exit(1)
end
