--- Check what scripts need, and say what to do where something is wrong.
---
--- Usage: moonshift doctor [OPTIONS]
---
--- Looks at the folders, the configuration, the tracker, the key and the clock. Ends with 1 when something is wrong.
---
--- Options:
---   --data DIR   the embedded server's folder
---
--- Example:
---   moonshift doctor
---
--- Sample output:
---   ok     tracker        https://studio.ftrackapp.com, version 4.13.8, ready in 48 ms
---   WRONG  clock          190 s behind the server's: set it (timedatectl set-ntp true)

local doctor = require "moonshift.doctor"
local options = require "moonshift.options"

local given = options.parse {
  verb = "doctor",
  arguments = { ... },
  spec = { { name = "data", argument = "DIR" } },
}
if given[1] then options.fail("doctor", ("unexpected '%s'"):format(given[1])) end

local all_fine = true
for _, finding in ipairs(doctor.examine { data = given.data }) do
  all_fine = all_fine and finding.fine
  print(("%-6s %-14s %s"):format(finding.fine and "ok" or "WRONG", finding.what, finding.text))
end
return all_fine and 0 or 1
