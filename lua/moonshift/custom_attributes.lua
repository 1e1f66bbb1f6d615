--- Custom attributes by the server's configurations: which an entity has that is not committed yet, and what they
--- take.

local core = require "moonshift.core.session"
local custom_value = require "moonshift.custom_value"
local errors = require "moonshift.errors"

---@class moonshift.custom_attributes
local custom_attributes = {}

-- What configurations call the types: the first that the entity is one of.
local WORDS = {
  { type = "Project", word = "show" },
  { type = "Context", word = "task" },
  { type = "AssetVersion", word = "assetversion" },
  { type = "Asset", word = "asset" },
  { type = "List", word = "list" },
  { type = "User", word = "user" },
}

local function is_a(session, type_name, base)
  while type_name do
    if type_name == base then return true end
    type_name = session.types[type_name].base
  end
  return false
end

local function word_of(session, entity)
  for _, entry in ipairs(WORDS) do
    if is_a(session, entity.__entity_type__, entry.type) then return entry.word end
  end
end

-- The configurations of one word, asked for once.
local function configurations_of(session, word)
  local notes = core.notes(session)
  notes.configurations = notes.configurations or {}
  notes.configurations[word] = notes.configurations[word] or session:query([[
    select key, default, config, type.name, is_hierarchical, object_type_id, project_id
    from CustomAttributeConfiguration
    where entity_type is {word} or is_hierarchical is true]], { word = word }):all()
  return notes.configurations[word]
end

-- The id of the project that an entity will be in, as far as the session can tell.
local function project_of(session, entity)
  local attributes = session.types[entity.__entity_type__].attributes
  if not rawget(attributes, "project_id") then return nil end
  if entity.project_id then return entity.project_id end
  local parent = rawget(attributes, "parent") and entity.parent
  if not parent then return nil end
  return is_a(session, parent.__entity_type__, "Project") and parent.id or project_of(session, parent)
end

-- Key → the configuration that counts: one of the project shadows one of all projects.
local function choose(configurations, object_type_id, project_id)
  local chosen = {}
  for _, configuration in ipairs(configurations) do
    local fits_type = configuration.is_hierarchical or not configuration.object_type_id
      or configuration.object_type_id == object_type_id
    local is_global = not configuration.project_id
    if fits_type and (configuration.project_id == project_id or (is_global and not chosen[configuration.key])) then
      chosen[configuration.key] = configuration
    end
  end
  return chosen
end

--- Gives an entity that was created here its custom attributes, with their defaults.
---@param entity moonshift.Entity
---@param name string The attribute that maps them.
function custom_attributes.load(entity, name)
  local session = core.session_of(entity)
  local description = session.types[entity.__entity_type__]
  local target = description.attributes[name].target
  local object_type_id = rawget(description.attributes, "object_type_id") and entity.object_type_id
  local word = word_of(session, entity)
  local rows = {}
  local all = word and configurations_of(session, word) or {}
  for key, configuration in pairs(choose(all, object_type_id, project_of(session, entity))) do
    rows[#rows + 1] = core.entity(session, target, {
      configuration_id = configuration.id, entity_id = entity.id, key = key, value = configuration.default,
    })
  end
  core.load(entity, name, rows)
end

-- ---- what they take ------------------------------------------------------------------------------------

-- Errors that are not about the question: it may be asked again.
local PASSING = { network = true, timeout = true, cancelled = true, closed = true }

-- As configurations_of, but none where the server does not let them be read.
local function readable_configurations(session, word)
  local ok, found = pcall(configurations_of, session, word)
  if ok then return found end
  if PASSING[errors.code(found)] then error(found, 0) end
  core.notes(session).configurations[word] = {}
  return {}
end

local function find_configuration(session, word, id)
  for _, configuration in ipairs(readable_configurations(session, word)) do
    if configuration.id == id then return configuration end
  end
end

-- Why the value does not fit, by what is known; nil and the fitting value when it does.
local function judge(session, word, row, value)
  local configuration = find_configuration(session, word, row.configuration_id)
  if not configuration then return nil, value end
  local fitting, reason = custom_value.fit(configuration, value)
  return reason, fitting
end

--- The value as it is sent for a custom attribute. Raises code "invalid" for one that does not fit; somebody may
--- have changed the configurations since they were read, so before that they are read again.
---@param owner moonshift.Entity
---@param row moonshift.AnyEntity The attribute's row.
---@param value any
---@return any
function custom_attributes.fit(owner, row, value)
  local session = core.session_of(owner)
  local word = word_of(session, owner)
  if value == nil or value == core.null or not word then return value end
  local was_known = (core.notes(session).configurations or {})[word] ~= nil
  local reason, fitting = judge(session, word, row, value)
  if reason and was_known then
    core.notes(session).configurations[word] = nil
    reason, fitting = judge(session, word, row, value)
  end
  if reason then custom_value.refuse(owner.__entity_type__, row.key, reason) end
  return fitting
end

return custom_attributes
