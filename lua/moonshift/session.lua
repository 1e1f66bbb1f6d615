--- Sessions: a script's view of a tracker.
---
---     local session <close> = moonshift.session()
---     local user = session:query('User where username is "ada"'):one()
---     local job = session:create("Job", { user = user, status = "running" })
---     session:commit()
---
--- Everything that goes wrong raises an error object with `code` and `message`.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"
local expression = require "moonshift.expression"
local line = require "moonshift.line"
local populate = require "moonshift.populate"
local query = require "moonshift.query"
local settings = require "moonshift.settings"
local system = require "moonshift.core.system"
local task = require "moonshift.task"

local session = {}

local MOMENT_S = 15
local AWAY = { network = true, timeout = true }

---@class moonshift.SessionOptions
---@field server_url? string The tracker; FTRACK_SERVER or config.lua when not given, else the embedded server.
--- "embedded:" asks for the embedded one whatever the environment says.
---@field api_user? string FTRACK_API_USER when not given.
---@field api_key? string FTRACK_API_KEY when not given; "file:PATH" reads it from that file.
---@field data? string Folder of the embedded server, which this asks for; MOONSHIFT_DATA when not given.
---@field timeout? number|string Of one request: seconds, or text such as "30s". 60 s when not given.
---@field connections? integer How many files, or parts of large ones, travel at a time: 1 to 32; 6 when not given.
---@field limit_rate? integer|string How fast all transfers of the session together may be: bytes a second, or text
--- such as "10M". As fast as the line is when not given.
---@field auto_populate? boolean Whether reading a missing attribute asks the server; true when not given.

---@class moonshift.Session
---@field api_user string Who acts.
---@field name string "http://host:port" or "embedded:FOLDER".
---@field closed boolean
---@field server_information table What the server says about itself.
---@field types table<string, moonshift.TypeDescription> The server's entity types by name.
---@field schemas table[] The schema document as the server wrote it; `types` is easier to use.
---@field event_hub moonshift.EventHub Publishes events and listens to them.
---@field created moonshift.AnyEntity[] Entities to be created by the next commit.
---@field modified moonshift.AnyEntity[] Entities to be updated by it.
---@field deleted moonshift.AnyEntity[] Entities to be deleted by it.
local Session = core.Session
local properties = core.properties

-- ---- types ------------------------------------------------------------------------------------------

local function nearest_hint(word, candidates)
  local nearest = system.nearest(word, candidates)
  return nearest and ("; did you mean '%s'?"):format(nearest) or ""
end

-- Reading an unknown attribute of a description raises.
local function make_strict(description)
  setmetatable(description.attributes, {
    __index = function(attributes, name)
      local names = {}
      for known in next, attributes do names[#names + 1] = known end
      table.sort(names)
      errors.raise("not_found", ("%s has no attribute '%s'%s"):format(description.name, tostring(name),
        nearest_hint(tostring(name), names)))
    end,
  })
  return description
end

-- Name → description, made when it is looked at; pairs goes through all.
local function make_types(self)
  return setmetatable({}, {
    __index = function(types, name)
      local description = make_strict(core.describe(self, name))
      rawset(types, name, description)
      return description
    end,
    __pairs = function(types)
      for _, name in ipairs(core.types(self)) do local _ = types[name] end
      return next, types, nil
    end,
  })
end

function properties.types(self)
  local notes = core.notes(self)
  notes.types = notes.types or make_types(self)
  return notes.types
end

-- ---- properties --------------------------------------------------------------------------------------

properties.api_user = core.user
properties.name = core.name

function properties.closed(self)
  return not core.is_open(self)
end

function properties.server_information(self)
  local notes = core.notes(self)
  notes.server_information = notes.server_information or self:call { { action = "query_server_information" } }[1]
  return notes.server_information
end

function properties.schemas(self)
  local notes = core.notes(self)
  notes.schemas = notes.schemas or self:call { { action = "query_schemas" } }[1]
  return notes.schemas
end

function properties.event_hub(self)
  local notes = core.notes(self)
  notes.event_hub = notes.event_hub or require "moonshift.event_hub".new(self)
  return notes.event_hub
end

function properties.created(self)
  return (core.changes(self))
end

function properties.modified(self)
  return (select(2, core.changes(self)))
end

function properties.deleted(self)
  return (select(3, core.changes(self)))
end

-- ---- reading -----------------------------------------------------------------------------------------

--- A query in ftrack's query language. Nothing is asked until it is looked at: `:one()`, `:first()`, `:all()`,
--- `:iterate()`, `#query`, `query[i]`.
---
--- {name} stands for the value of that name in `parameters`, quoted and escaped by its type.
---
---     local shots = session:query("Shot where name like {pattern}", { pattern = "sh01%" }):all()
---
---@param text string
---@param parameters? table<string, any>
---@return moonshift.Query
function Session:query(text, parameters)
  return query.new(self, text, parameters)
end

-- The parts of a primary key in the type's order.
local function key_parts(description, key)
  local names, parts = description.primary_key, {}
  if type(key) ~= "table" then key = { key } end
  for i, name in ipairs(names) do
    local part = key[name] or key[i]
    if part == nil then
      errors.raise("usage", ("get: the key of %s is made of: %s"):format(description.name, table.concat(names, ", ")))
    end
    parts[i] = tostring(part)
  end
  return parts
end

--- The entity of a primary key, or nil when there is none. What the session has met already is not asked for
--- again.
---
---     local job = session:get("Job", id)
---     local link = session:get("JobComponent", { component_id = component.id, job_id = job.id })
---
---@param type_name string
---@param key string|table A key, a list of its parts, or a table of them by name.
---@return moonshift.AnyEntity?
function Session:get(type_name, key)
  local description = self.types[type_name]
  local parts = key_parts(description, key)
  local entity = core.find(self, type_name, table.unpack(parts))
  if entity then return entity end
  local conditions = {}
  for i, name in ipairs(description.primary_key) do
    conditions[i] = ("%s is %s"):format(name, expression.literal(parts[i]))
  end
  return self:query(("%s where %s"):format(type_name, table.concat(conditions, " and "))):first()
end

core.hooks.get = Session.get

function core.hooks.fit_custom(owner, row, value)
  return require "moonshift.custom_attributes".fit(owner, row, value)
end

--- Fetches attributes of many entities in one request.
---
---     session:populate(tasks, "name, status.name, assignments.resource")
---
---@param entities moonshift.Entity|moonshift.Entity[]|moonshift.Query
---@param projections string|string[]
function Session:populate(entities, projections)
  populate.entities(self, entities, projections)
end

--- Sends operations as they are and returns their results as the server wrote them: plain tables, nothing
--- becomes an entity. For what the other methods do not cover.
---@param operations table[] E.g. { { action = "query_server_information" } }
---@return table[] results
function Session:call(operations)
  return core.call(self, operations)
end

--- Calls `f(...)` with auto-population on or off, and returns its results. Off, an attribute that was not
--- loaded reads as nil. Other tasks do not notice.
---@param on boolean
---@param f function
---@param ... any
---@return any ...
function Session:auto_populating(on, f, ...)
  if type(on) ~= "boolean" then
    errors.raise("usage", ("auto_populating: say true or false first, not %s"):format(tostring(on)))
  end
  local before = core.set_auto_populate(self, on)
  local _ <close> = setmetatable({}, { __close = function() core.set_auto_populate(self, before) end })
  return f(...)
end

-- ---- writing -----------------------------------------------------------------------------------------

--- Sends everything that was created, changed and deleted as one batch, which the server takes whole or not at
--- all. When it fails the session is as it was before. A batch whose answer was lost is sent again and
--- takes effect once.
function Session:commit()
  require "moonshift.commit".run(self)
end

--- The entity that has the values of the identifying keys: it is created with `data`, or brought up to `data`,
--- and committed.
---
---     local status = session:ensure("Status", { name = "Ready", color = "#00ff00" }, { "name" })
---
---@param type_name string
---@param data table<string, any>
---@param identifying_keys? string[] All keys of `data` when not given.
---@return moonshift.AnyEntity
function Session:ensure(type_name, data, identifying_keys)
  return require "moonshift.ensure".run(self, type_name, data, identifying_keys)
end

--- Forgets all entities and every change that was not committed.
function Session:reset()
  core.forget(self)
  local notes = core.notes(self)
  notes.server_information, notes.configurations, notes.schemas = nil, nil, nil
end

-- ---- entities ----------------------------------------------------------------------------------------

---@class moonshift.Entity
local Entity = core.methods "Entity"

--- What the next commit does with it; "gone" when it was deleted, nil when there is nothing to commit.
---@return "created"|"modified"|"deleted"|"gone"|nil
function Entity:state()
  return core.state(self)
end

-- ---- parts that other modules bring ------------------------------------------------------------------------

-- A method that loads its module when it is first called; the module puts itself in its place, unless it was
-- loaded before and is there already.
local function defer(methods, name, module)
  if methods[name] then return end
  methods[name] = function(...)
    local placeholder = methods[name]
    require(module)
    assert(methods[name] ~= placeholder, module)
    return methods[name](...)
  end
end

-- Module → the type whose entities get methods of it ("Session": sessions) → the methods.
local DEFERRED = {
  ["moonshift.availability"] = { Session = { "get_component_availabilities", "get_component_availability" } },
  ["moonshift.component"] = {
    Session = { "component_url", "create_component", "download" },
    Location = { "get_url" },
  },
  ["moonshift.job"] = { Session = { "job" } },
  ["moonshift.locations"] = {
    Location = {
      "add_component", "add_components", "get_component_availability", "get_filesystem_path",
      "get_resource_identifier", "remove_component",
    },
  },
  ["moonshift.media"] = {
    AssetVersion = { "create_component", "create_thumbnail", "encode_media" },
    Component = { "get_availability" },
    Context = { "create_thumbnail" },
    ReviewSession = { "create_thumbnail" },
    User = { "create_thumbnail" },
  },
  ["moonshift.notes"] = {
    AssetVersion = { "create_note" },
    Context = { "create_note" },
    Note = { "create_reply" },
    ReviewSessionObject = { "create_note" },
  },
  ["moonshift.project_schema"] = { ProjectSchema = { "get_statuses", "get_types" } },
  ["moonshift.timers"] = { User = { "start_timer", "stop_timer" } },
}

for module, types in pairs(DEFERRED) do
  for type_name, names in pairs(types) do
    local methods = type_name == "Session" and Session or core.methods(type_name)
    for _, name in ipairs(names) do defer(methods, name, module) end
  end
end

-- ---- opening -----------------------------------------------------------------------------------------

local function ask_information(self)
  local ok, answer = pcall(self.call, self, { { action = "query_server_information" } })
  if ok then return answer[1] end
  if errors.code(answer) ~= "not_found" then error(answer, 0) end
  errors.raise("not_found", ("%s is not where a tracker's URL begins: %s; give FTRACK_SERVER without a path behind it")
    :format(self.name, errors.message(answer)))
end

-- Over HTTP the session asks once who the server is; its schema is mostly known by hash.
local function start(self)
  if core.has_schema(self) then return end
  local information = ask_information(self)
  if type(information) ~= "table" or not information.version then
    errors.raise("protocol", ("%s does not answer as a tracker does: it tells no version"):format(self.name))
  end
  core.notes(self).server_information = information
  local hash = information.schema_hash ~= "" and information.schema_hash or nil
  if not (hash and core.adopt_schema(self, hash)) then core.fetch_schema(self, hash) end
end

local function new(options)
  if options ~= nil and type(options) ~= "table" then
    errors.raise("usage", ("session: expected a table of options, found %s"):format(type(options)))
  end
  local resolved = settings.resolve(options or {})
  local limits = line.take(resolved)
  local self = core.open(resolved)
  line.set(self, limits)
  return self
end

--- Opens a session. Take it with `<close>`.
---
---     local session <close> = moonshift.session { server_url = "https://studio.ftrackapp.com" }
---
--- Raises code "usage" for options that are wrong or half a configuration, "authentication" for a wrong
--- user or key, "network" and "timeout" for a server that cannot be reached.
---@param options? moonshift.SessionOptions
---@return moonshift.Session
function session.open(options)
  local self = new(options)
  local ok, problem = pcall(start, self)
  if not ok then
    self:close()
    error(problem, 0)
  end
  return self
end

local function start_within(self, limit_s)
  local worker <close> = task.spawn(start, self)
  if not worker:join(limit_s) then
    errors.raise("timeout", ("%s gave no answer within %d s"):format(self.name, limit_s))
  end
  worker:wait()
end

--- As `open`, for those who can tell the tracker later (moonshift.outbox): one that cannot be reached within a
--- moment is no failure. The session then knows no types, and is of use for `call` alone.
---@param options? moonshift.SessionOptions
---@return moonshift.Session
---@return any? problem Why the tracker cannot be reached.
function session.open_anyway(options)
  local self = new(options)
  local ok, problem = pcall(start_within, self, MOMENT_S)
  if ok then return self end
  if AWAY[errors.code(problem)] then return self, problem end
  self:close()
  error(problem, 0)
end

return session
