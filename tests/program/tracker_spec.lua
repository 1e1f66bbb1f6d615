--- The verbs of the embedded tracker's owner: keys, query.

local cjson = require "cjson"
local moonshift = require "moonshift"
local support = require "support"

local function run(folder, ...)
  return support.run { environment = { MOONSHIFT_DATA = folder.path, LOGNAME = "ada" }, ... }
end

local function printed(folder, ...)
  local result = run(folder, ...)
  assert.equal(0, result.exit_code, result.stderr)
  return result.stdout
end

local function keys_of(folder)
  local keys = {}
  for line in printed(folder, "keys", "--json"):gmatch "[^\n]+" do keys[#keys + 1] = cjson.decode(line) end
  return keys
end

describe("moonshift keys", function()
  it("makes keys that open the server, and takes them back one by one", function()
    local folder <close> = support.folder()
    local server <close> = support.serve { data = folder.path }
    local user = server.environment.FTRACK_API_USER
    local function create(label)
      return printed(folder, "keys", "create", "--user", user, "--label", label):match "^(%x+)\n$"
    end
    local function can_enter(key)
      local ok, session = pcall(moonshift.session, { server_url = server.url, api_user = user, api_key = key })
      if ok then session:close() end
      return ok
    end
    local farm, desk = create "farm", create "desk"
    assert.is_true(can_enter(farm) and can_enter(desk))
    local id
    for _, key in ipairs(keys_of(folder)) do id = key.label == "farm" and key.id or id end
    assert.matches("^revoked " .. id:gsub("%-", "%%-"), printed(folder, "keys", "revoke", id:sub(1, 12)))
    assert.is_false(can_enter(farm))
    assert.is_true(can_enter(desk))
  end)

  it("lists what they are for, never the keys", function()
    local folder <close> = support.folder()
    assert.equal("", printed(folder, "keys"))
    local key = printed(folder, "keys", "create", "--label", "render farm"):match "%x+"
    local list = printed(folder, "keys", "list")
    assert.matches("^ID        USER  CREATED %(UTC%)     LABEL\n%x+  ada   20[%d%-]+ %d%d:%d%d  render farm\n$", list)
    assert.is_nil((list .. printed(folder, "keys", "--json")):find(key, 1, true))
  end)

  it("refuses an inactive user, and their keys", function()
    local folder <close> = support.folder()
    local server <close> = support.serve { data = folder.path }
    local session <close> = moonshift.session { server_url = server.url,
      api_user = server.environment.FTRACK_API_USER, api_key = server.environment.FTRACK_API_KEY }
    local user = session:create("User", { username = "grace", is_active = true })
    session:commit()
    local key = printed(folder, "keys", "create", "--user", "grace"):match "%x+"
    local options = { server_url = server.url, api_user = "grace", api_key = key }
    moonshift.session(options):close()
    user.is_active = false
    session:commit()
    assert.is_false((pcall(moonshift.session, options)))
    local result = run(folder, "keys", "create", "--user", "grace")
    assert.same({ 1, "" }, { result.exit_code, result.stdout })
    assert.matches("user 'grace' is not active", result.stderr)
  end)

  it("tells the server who acts", function()
    local folder <close> = support.folder()
    local server <close> = support.serve { data = folder.path }
    local first = { server_url = server.url, api_user = server.environment.FTRACK_API_USER,
      api_key = server.environment.FTRACK_API_KEY }
    do
      local session <close> = moonshift.session(first)
      session:create("User", { username = "grace" })
      session:commit()
    end
    local key = printed(folder, "keys", "create", "--user", "grace"):match "%x+"
    local session <close> = moonshift.session { server_url = server.url, api_user = "grace", api_key = key }
    local schema = session:query("ProjectSchema"):first()
    local project = session:create("Project", { name = "comet", project_schema = schema })
    session:create("Note", { content = "mine", parent_id = project.id, parent_type = "show" })
    session:commit()
    assert.equal("CREATED_BY.USERNAME\ngrace\n", printed(folder, "query", "select created_by.username from Project"))
    assert.matches("grace", printed(folder, "query", "select author.username from Note"))
    local _, problem = pcall(moonshift.session, { server_url = server.url, api_user = first.api_user, api_key = key })
    assert.equal("authentication", problem.code)
  end)

  it("says what it does not understand", function()
    local folder <close> = support.folder()
    for message, arguments in pairs {
      ["unknown 'crate'"] = { "crate" },
      ["unexpected 'ada'"] = { "create", "ada" },
      ["revoke wants the ids"] = { "revoke" },
    } do
      local result = run(folder, "keys", table.unpack(arguments))
      assert.equal(2, result.exit_code)
      assert.matches(message, result.stderr, 1, true)
    end
    assert.matches("there is no key 'ff'", run(folder, "keys", "revoke", "ff").stderr, 1, true)
  end)
end)

describe("moonshift query", function()
  it("prints a table of what was selected", function()
    local folder <close> = support.folder()
    assert.equal("NAME     STATE.NAME\nOmitted  Blocked\nOn Hold  Blocked\n",
      printed(folder, "query", 'select name, state.name from Status where state.name is "Blocked" order by name'))
    assert.matches("^USERNAME  USER_SECURITY_ROLES%.SECURITY_ROLE%.NAME\nada       Administrator\n",
      printed(folder, "query", "select username, user_security_roles.security_role.name from User"))
  end)

  it("prints something of rows of which nothing was selected, and nothing of none", function()
    local folder <close> = support.folder()
    assert.matches("^ID%s.*USERNAME.*\n%x+%-.*ada", printed(folder, "query", 'User where username is "ada"'))
    assert.equal("", printed(folder, "query", 'User where username is "grace"'))
  end)

  it("prints JSON lines", function()
    local folder <close> = support.folder()
    local line = printed(folder, "query", "--json", 'select username from User where username is "ada"')
    assert.equal("ada", cjson.decode(line).username)
  end)

  it("explains each stage", function()
    local folder <close> = support.folder()
    local text = printed(folder, "query", "--explain", 'select name from Task where name is "sh010"')
    local place = 0
    for _, heading in ipairs { "Tokens", "Tree", "Resolved", "SQL", "Parameters", "Plan" } do
      place = assert(text:find("\n" .. heading .. "\n", 1, true) or text:find("^" .. heading .. "\n"), heading)
    end
    assert.matches("USING INDEX Context.name", text:sub(place), 1, true)
    assert.is_nil(text:match "SQL\n[^\n]*sh010")
  end)

  it("explains a wrong one as far as it goes, and fails", function()
    local folder <close> = support.folder()
    local result = run(folder, "query", "--explain", "select nmae from Task")
    assert.equal(1, result.exit_code)
    assert.matches("(select nmae)", result.stdout, 1, true)
    assert.matches("Did you mean 'name'?", result.stderr, 1, true)
    assert.is_nil(result.stdout:find("SQL", 1, true))
  end)

  it("wants one expression", function()
    local folder <close> = support.folder()
    assert.equal(2, run(folder, "query").exit_code)
    assert.matches("quote it", run(folder, "query", "User", "where").stderr, 1, true)
  end)
end)

describe("moonshift seed", function()
  local function count(folder, query)
    return select(2, printed(folder, "query", "--json", query):gsub("\n", ""))
  end

  it("makes a project with what it says", function()
    local folder <close> = support.folder()
    local said = printed(folder, "seed", "--project", "comet", "--shots", "13", "--sequences", "2")
    assert.matches("^comet: 2 Sequence, 13 Shot, 3 AssetBuild, %d+ Task", said)
    for number, entity_type in said:gmatch "(%d+) (%a+)" do
      if entity_type ~= "Note" then
        assert.equal(tonumber(number), count(folder, ("select id from %s"):format(entity_type)), entity_type)
      end
    end
  end)

  it("makes tasks that somebody does, of a type, in a status, and versions of them", function()
    local folder <close> = support.folder()
    printed(folder, "seed", "--project", "comet", "--shots", "40")
    assert.equal(0, count(folder, "Task where not assignments any (id is_not none)"))
    for _, status in ipairs { "Not started", "In progress", "Approved" } do
      assert.is_true(count(folder, ('select id from Task where status.name is "%s"'):format(status)) > 0, status)
    end
    assert.equal(0, count(folder, 'AssetVersion where task.status.name is "Not started"'))
    assert.is_true(count(folder, "Note where content is_not none") > 0)
  end)

  it("makes a second project with the same artists, but none of the same name", function()
    local folder <close> = support.folder()
    printed(folder, "seed", "--project", "comet", "--shots", "1")
    local users = count(folder, "User")
    printed(folder, "seed", "--project", "tide", "--shots", "1")
    assert.equal(users, count(folder, "User"))
    local tasks = count(folder, "Task")
    local result = run(folder, "seed", "--project", "comet")
    assert.equal(1, result.exit_code)
    assert.matches("there is a project 'comet' already", result.stderr, 1, true)
    assert.equal(tasks, count(folder, "Task"))
  end)

  it("says what it does not understand", function()
    local folder <close> = support.folder()
    for message, arguments in pairs {
      ["--project is missing"] = {},
      ["--shots is 1 or more, not 0"] = { "--project", "x", "--shots", "0" },
      ["from 1 to the number of shots, not 9"] = { "--project", "x", "--shots", "3", "--sequences", "9" },
      ["unexpected 'comet'"] = { "comet" },
    } do
      local result = run(folder, "seed", table.unpack(arguments))
      assert.equal(2, result.exit_code)
      assert.matches(message, result.stderr, 1, true)
    end
  end)
end)
