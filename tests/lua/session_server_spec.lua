-- Sessions with servers that are not ours: their schema, their way of answering, their refusals.

local errors = require "moonshift.errors"
local moonshift = require "moonshift"
local support = require "support"

local HASH = "0123456789abcdef0123456789abcdef"

local SCHEMAS = [==[[
  {"id": "Shelf", "type": "object", "primary_key": ["id"], "default_projections": ["id"], "required": ["id"],
   "immutable": ["id"], "properties": {
    "id": {"type": "string", "default": "{uid}"}, "title": {"type": "string"},
    "books": {"type": "array", "items": {"$ref": "Book"}}}},
  {"id": "Book", "type": "object", "primary_key": ["id"], "default_projections": ["id", "title"],
   "required": ["id"], "immutable": ["id"], "properties": {
    "id": {"type": "string", "default": "{uid}"}, "title": {"type": "string"}, "pages": {"type": "integer"},
    "shelf_id": {"type": "string", "format": "foreign_key", "description": "Foreign key(s): Shelf.id"},
    "shelf": {"$ref": "Shelf"}}}
]]==]

local function information(hash)
  return ('[{"version":"dev","schema_hash":"%s","is_timezone_support_enabled":true,'
    .. '"storage_scenario":{"scenario":"ftrack.automatic","data":{}}}]'):format(hash)
end

describe("a session with another server", function()
  local folder
  before_each(function() folder = support.folder() end)
  after_each(function() getmetatable(folder).__close(folder) end)

  local function serve(answers)
    local lines = {}
    for i, answer in ipairs(answers) do lines[i] = ("%q"):format(answer) end
    local path = support.write(folder.path .. "/answers.lua", "return {" .. table.concat(lines, ",") .. "}")
    local server = support.start { "run", "tests/lua/canned_server.lua", path }
    server.url = "http://127.0.0.1:" .. server:wait_for "listening on (%d+)"
    return server
  end

  local function open(server)
    return moonshift.session { server_url = server.url, api_user = "ada", api_key = "key" }
  end

  local function requests(server)
    local list = {}
    for body in server.stdout:gmatch "request ([^\n]*)\n" do list[#list + 1] = body end
    return list
  end

  -- Sessions of processes of their own share what is on disk.
  local function run(server, script)
    local path = support.write(folder.path .. "/script.lua", script)
    local result = support.run {
      "run", path,
      environment = {
        FTRACK_SERVER = server.url, FTRACK_API_USER = "ada", FTRACK_API_KEY = "key",
        XDG_CACHE_HOME = folder.path .. "/cache", XDG_CONFIG_HOME = folder.path .. "/config",
      },
    }
    return result.stdout .. result.stderr
  end

  it("reads its schema once and keeps it", function()
    local server <close> = serve {
      information(HASH), "[" .. SCHEMAS .. "]",
      '[{"action":"query","data":[{"__entity_type__":"Book","id":"b","title":"Lua"}],"metadata":{}}]',
      information(HASH),
      '[{"action":"query","data":[{"__entity_type__":"Book","id":"b","title":"Lua"}],"metadata":{}}]',
    }
    local script = [[
      local session <close> = require "moonshift".session()
      print(session:query("Book"):first().title, session.types.Book.attributes.pages.type)
    ]]
    assert.equal("Lua\tinteger\n", run(server, script))
    assert.equal("Lua\tinteger\n", run(server, script))
    assert.truthy(support.read(folder.path .. "/cache/moonshift/schemas/" .. HASH .. ".json"):find "Shelf")
    server:wait_for "Book.*Book"
    local actions = {}
    for i, body in ipairs(requests(server)) do actions[i] = body:match '"action":"([%a_]+)"' end
    assert.same({ "query_server_information", "query_schemas", "query", "query_server_information", "query" }, actions)
    assert.truthy(requests(server)[3]:find("select id, title from Book limit 1", 1, true))
  end)

  it("fetches a schema again that was spoilt on disk", function()
    local server <close> = serve { information(HASH), "[" .. SCHEMAS .. "]" }
    support.write(folder.path .. "/cache/moonshift/schemas/" .. HASH .. ".json", "[{]")
    local out = run(server, [[
      local session <close> = require "moonshift".session()
      print(session.types.Shelf.name)
    ]])
    assert.truthy(out:find "Shelf\n")
    assert.truthy(out:find "fetched again")
  end)

  it("works out what a lost answer meant, with a server that refuses repetitions", function()
    local empty = '[{"action":"query","data":[],"metadata":{}}]'
    local created = '[{"action":"create","data":{"__entity_type__":"Book","id":"b1"}}]'
    local there = '[{"action":"query","data":[{"__entity_type__":"Book","id":"b1"}],"metadata":{}}]'
    local server <close> = serve {
      information "", "[" .. SCHEMAS .. "]",
      false, there,           -- taken, and the answer lost
      false, empty, created,  -- not taken: sent again
      '{"exception":"DuplicateEntryError","content":"twice","error_code":null}', there, -- delivered twice
      '{"exception":"ValidationError","content":"no title","error_code":null}',
    }
    local session <close> = open(server)
    for i = 1, 3 do
      local book = session:create("Book", { title = "number " .. i })
      session:commit()
      assert.same({}, session.created)
      assert.equal("number " .. i, book.title)
    end
    local book = session:create("Book", { title = "" })
    local ok, problem = pcall(session.commit, session)
    assert.is_false(ok)
    assert.truthy(errors.message(problem):find "no title")
    assert.same({ book }, session.created)
    server:wait_for(("request [^\n]*\n"):rep(10, ".*"))
    assert.equal(10, #requests(server))
  end)

  it("names what a server refused that tells no number", function()
    local function refusal(text)
      return ('{"exception":"ValidationError","content":"%s","error_code":null}'):format(text)
    end
    local id = "0a8e0ff2-5b1c-4b9e-8ad1-000000000002"
    local server <close> = serve {
      information "", "[" .. SCHEMAS .. "]",
      refusal(("Book %s is not allowed."):format(id)), refusal "Attribute 'title' cannot be 'Second'.",
      refusal "No shelf is free.", refusal "'pages' is too large.", refusal "It was not you.",
    }
    local session <close> = open(server)
    local function message()
      local ok, problem = pcall(session.commit, session)
      assert.is_false(ok)
      return errors.message(problem)
    end
    session:create("Shelf", { id = "s", title = "Shelf" })
    session:create("Book", { id = "b1", pages = 1 })
    session:create("Book", { id = id, title = "Second" })
    local probably = ("probably create Book (%s), operation 3 of 3: "):format(id)
    for _ = 1, 2 do assert.equal(probably, message():sub(1, #probably)) end
    assert.equal("commit of 3 operations: No shelf is free.\nThe server does not tell which it refuses. One of:\n"
      .. "  1. create Shelf (s): title\n  2. create Book (b1): pages\n"
      .. ("  3. create Book (%s): title"):format(id), message())
    assert.truthy(message():find "^probably create Book %(b1%), operation 2 of 3: ")
    for i = 1, 20 do session:create("Shelf", { id = "shelf" .. i }) end
    assert.truthy(message():find "8%. create Shelf %(shelf5%)\n  and 15 more$")
    assert.equal(23, #session.created)
  end)

  it("tells a misspelt name without asking, and asks for what its schema does not know", function()
    local server <close> = serve {
      information "", "[" .. SCHEMAS .. "]",
      '[{"action":"query","data":[{"__entity_type__":"Book","id":"b"}],"metadata":{}}]',
    }
    local session <close> = open(server)
    local ok, problem = pcall(session.query, session, "select shelf.titel from Book")
    assert.is_false(ok)
    assert.equal("parse", problem.code)
    assert.truthy(problem.message:find("Did you mean 'title'?", 1, true))
    assert.equal(2, #requests(server))
    assert.equal("b", session:query("select colour, shelf[Case].nothing from Book"):first().id)
    assert.equal(3, #requests(server))
  end)

  it("names what the server answered instead of information", function()
    local server <close> = serve { '[{"hello":"world"}]' }
    local ok, problem = pcall(open, server)
    assert.is_false(ok)
    assert.equal("protocol", problem.code)
    assert.truthy(problem.message:find "tells no version")
  end)

  it("keeps a relation of a type that it does not know as it came", function()
    local server <close> = serve {
      information "", "[" .. SCHEMAS .. "]",
      '[{"action":"query","data":[{"__entity_type__":"Book","id":"b","x":{"__entity_type__":"New","id":"n"}}]}]',
    }
    local session <close> = open(server)
    assert.equal("b", session:query("Book"):first().id)
  end)
end)
