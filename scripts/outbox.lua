--- See, send or drop what waits for a tracker that could not be reached.
---
--- Usage: moonshift outbox [list] [--json]
---        moonshift outbox send [ID…]
---        moonshift outbox drop ID…
---
--- When the tracker cannot be reached, jobs and their attachments are noted in the outbox, in order. The next
--- moonshift process that reaches the tracker delivers them; `send` does so now. What the tracker refuses
--- stays in the list with the tracker's words, until it is dropped or, by its ID, sent again. A file that
--- waits must stay where it is: one that was changed or removed is refused.
---
--- Options:
---   --json       list: one JSON object a line, for programs
---   --data DIR   the embedded server's folder
---
--- Example:
---   moonshift outbox send
---
--- Sample output of list:
---   http://tracker:8080 (user ada)
---   ID     STATE    SINCE (UTC)       TRIES  WHAT
---      12  waiting  2024-05-02 21:14      3  start of Encode sh010
---      13  waiting  2024-05-02 21:15      0  attach sh010.mov (84.1 MiB)

local cjson = require "cjson"
local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local options = require "moonshift.options"
local outbox = require "moonshift.outbox"
local outbox_list = require "moonshift.outbox_list"
local text = require "moonshift.text"

local given = options.parse {
  verb = "outbox",
  arguments = { ... },
  spec = { { name = "json" }, { name = "data", argument = "DIR" } },
}

-- The entries that the arguments name; wrong usage for anything else.
local function named()
  local by_sequence, found = {}, {}
  for _, entry in ipairs(outbox.list()) do by_sequence[entry.sequence] = entry end
  for i = 2, #given do
    local entry = by_sequence[math.tointeger(tonumber(given[i]))]
    if not entry then
      options.fail("outbox", ("there is no entry '%s': moonshift outbox lists them"):format(given[i]))
    end
    found[#found + 1] = entry
  end
  return found
end

local function list()
  local entries = outbox.list()
  if given.json then
    for _, entry in ipairs(entries) do print(cjson.encode(entry)) end
  elseif #entries == 0 then
    io.stderr:write "nothing waits\n"
  else
    io.write(outbox_list.format(entries))
  end
end

local function send()
  for _, entry in ipairs(named()) do outbox.retry(entry) end
  local session <close> = moonshift.session { data = given.data }
  local result = outbox.deliver(session, { hurry = true })
  print(("%s delivered"):format(text.count(result.delivered, "operation")))
  if result.busy then errors.warn "another process delivers just now" end
  if result.problem then errors.warn(errors.message(result.problem)) end
  local waiting, refused = outbox.count(session)
  if waiting > 0 then errors.warn(("%s wait on"):format(text.count(waiting, "operation"))) end
  if refused > 0 then errors.warn(("%s refused: moonshift outbox"):format(text.count(refused, "operation"))) end
  for _, sentence in ipairs(outbox_list.others(outbox.list(), session)) do errors.warn(sentence) end
  return waiting + refused > 0 and 1 or 0
end

local function drop()
  for _, entry in ipairs(named()) do
    outbox.drop(entry)
    print(("dropped %d: %s"):format(entry.sequence, entry.title))
  end
end

local what = given[1] or "list"
if what == "list" and #given > 1 then
  options.fail("outbox", ("unexpected '%s'"):format(given[2]))
elseif what == "drop" and #given < 2 then
  options.fail("outbox", "drop wants the ids of entries: moonshift outbox lists them")
end

local ACTIONS = { list = list, send = send, drop = drop }
if not ACTIONS[what] then
  options.fail("outbox", ("unknown '%s'; list, send and drop are known"):format(what))
end
return ACTIONS[what]()
