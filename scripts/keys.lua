--- List, create or revoke API keys of the embedded tracker.
---
--- Usage: moonshift keys [list] [--json]
---        moonshift keys create [--user NAME] [--label TEXT]
---        moonshift keys revoke ID…
---
--- A key lets a client act as its user on `moonshift serve`: FTRACK_API_USER and FTRACK_API_KEY. It is shown once,
--- when it is made; what is kept is a hash. A user may have several, say one for each machine, each revoked by
--- its own ID (the beginning is enough), also while the server runs.
---
--- Options:
---   --user NAME    create: whose it is (who runs this)
---   --label TEXT   create: what it is for, shown in the list
---   --json         list: one JSON object a line, for programs
---   --data DIR     the data folder
---
--- Example:
---   moonshift keys create --user ada --label "render farm"
---
--- Sample output of list:
---   ID        USER  CREATED (UTC)     LABEL
---   91d0c3a4  ada   2024-05-02 21:14  render farm

local cjson = require "cjson"
local options = require "moonshift.options"
local tracker = require "moonshift.tracker"

local given = options.parse {
  verb = "keys",
  arguments = { ... },
  spec = {
    { name = "user", argument = "NAME" },
    { name = "label", argument = "TEXT" },
    { name = "json" },
    { name = "data", argument = "DIR" },
  },
}

local function list()
  local keys = tracker.keys(given.data)
  if given.json then
    for _, key in ipairs(keys) do print(cjson.encode(key)) end
  elseif #keys == 0 then
    io.stderr:write "no keys yet: moonshift keys create makes one\n"
  else
    io.write(tracker.format_keys(keys))
  end
end

local function create()
  io.stderr:write "The key is shown this once:\n"
  print(tracker.create_key { data = given.data, user = given.user, label = given.label })
end

local function revoke()
  for i = 2, #given do
    local key = tracker.revoke_key(given[i], given.data)
    print(("revoked %s of %s"):format(key.id, key.username))
  end
end

local what = given[1] or "list"
if what == "revoke" and #given < 2 then
  options.fail("keys", "revoke wants the ids of keys: moonshift keys lists them")
elseif what ~= "revoke" and #given > 1 then
  options.fail("keys", ("unexpected '%s'"):format(given[2]))
end

local ACTIONS = { list = list, create = create, revoke = revoke }
if not ACTIONS[what] then
  options.fail("keys", ("unknown '%s'; list, create and revoke are known"):format(what))
end
ACTIONS[what]()
