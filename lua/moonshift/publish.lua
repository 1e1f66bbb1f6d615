--- Publishing: files become components of an asset's next version.

local component_source = require "moonshift.component_source"
local errors = require "moonshift.errors"
local session_core = require "moonshift.core.session"
local system = require "moonshift.core.system"
local unfinished = require "moonshift.unfinished"
require "moonshift.session"

---@class moonshift.publish
local publish = {}

local UUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

-- ---- the context -----------------------------------------------------------------------------------

local function names_of(entities)
  local names = {}
  for i, entity in ipairs(entities) do names[i] = entity.name end
  table.sort(names)
  return names
end

local function fail_step(name, path, others)
  local nearest = system.nearest(name, names_of(others))
  errors.raise("not_found", ("'%s': there is no '%s'%s"):format(path, name,
    nearest and ("; did you mean '%s'?"):format(nearest) or ""))
end

-- One step down the tree.
local function step(session, parent, name, path)
  local found
  if parent then
    found = session:query("TypedContext where parent_id is {parent} and name is {name}",
      { parent = parent.id, name = name }):all()
  else
    found = session:query("Project where name is {name} or full_name is {name}", { name = name }):all()
  end
  if #found == 1 then return found[1] end
  if #found > 1 then
    errors.raise("not_unique", ("'%s': more than one is called '%s'; give the id"):format(path, name))
  end
  local others = parent and session:query("select name from TypedContext where parent_id is {parent}",
    { parent = parent.id }):all() or session:query "select name from Project":all()
  fail_step(name, path, others)
end

--- The context with an id, or at a path of names from the project down: `show/sq010/sh010/comp`.
---@param session moonshift.Session
---@param text string
---@return moonshift.Entity
function publish.find_context(session, text)
  if text:find(UUID) then
    local entity = session:get("Context", text:lower())
    if entity then return entity end
    errors.raise("not_found", ("there is no context with the id '%s'"):format(text))
  end
  local entity
  for name in text:gmatch "[^/]+" do entity = step(session, entity, name, text) end
  return entity or errors.raise("usage", "the context is missing: an id, or a path such as show/sq010/sh010/comp")
end

-- ---- asset and version -----------------------------------------------------------------------------

-- Nil when none was named.
local function asset_type(session, name)
  if not name then return nil end
  local found = session:query("AssetType where name is {name} or short is {name}", { name = name }):first()
  if found then return found end
  local known = names_of(session:query "select name from AssetType":all())
  errors.raise("not_found", ("there is no asset type '%s'; there are: %s"):format(name, table.concat(known, ", ")))
end

-- Assets belong to what the task is for.
local function find_parent(context)
  if context.__entity_type__ == "Task" then return context.parent, context end
  return context, nil
end

-- Two who publish at the same time make one asset: its id follows from its name. One that was renamed keeps its id, and
-- a session may know one that is gone: then any other will do.
local function create_asset(session, attributes, follows_name)
  attributes.id = follows_name and session_core.id_of_name(attributes.parent.id, attributes.name) or nil
  local ok, result = pcall(session.create, session, "Asset", attributes)
  if ok then return result end
  if not follows_name or errors.code(result) ~= "exists" then error(result, 0) end
  return create_asset(session, attributes, false)
end

local function find_asset(session, parent, options, follows_name)
  local type = asset_type(session, options.type)
  local asset = session:query("Asset where name is {name} and context_id is {parent}",
    { name = options.asset, parent = parent.id }):first()
  if asset then return asset, false end
  return create_asset(session, {
    name = options.asset, parent = parent, type = type or session:query "AssetType":first(),
  }, follows_name), true
end

---@class moonshift.publish.Options
---@field files string[] Files, sequences and patterns.
---@field context string|moonshift.Entity A task, or what the asset is for; an id or a path of names.
---@field asset string The asset's name; it is created when it is new.
---@field type? string The asset's type, for a new one.
---@field comment? string
---@field location? moonshift.Entity Where the data go; see `create_component`.
---@field progress? fun(label: string): fun(done: integer, total: integer) Makes the progress function of a component.

local function find_files(files)
  local all = {}
  for _, file in ipairs(files) do
    local found = component_source.find_all(file)
    table.move(found, 1, #found, #all + 1, all)
  end
  return all
end

-- Components of a version have names of their own.
local function unique_name(name, taken)
  local free, number = name, 1
  while taken[free] do
    number = number + 1
    free = ("%s-%d"):format(name, number)
  end
  taken[free] = true
  return free
end

-- What a component is called while it is sent: a sequence by its pattern and numbers.
local function label_of(one, name)
  return one.items[1].is_sequence and one.path:match "[^/]*$" or name .. one.items[1].file_type
end

local function add_components(session, version, found, options)
  local components, taken = {}, {}
  for i, one in ipairs(found) do
    local name = unique_name(one.items[1].name, taken)
    components[i] = session:create_component(one.path, { name = name, version_id = version.id }, options.location, {
      progress = options.progress and options.progress(label_of(one, name)),
    })
  end
  return components
end

local function settle(lease, is_settled)
  if not lease then return end
  if is_settled then lease:release() else lease:abandon() end
end

local function take_back(session, record, lease)
  session:rollback()
  settle(lease, (pcall(unfinished.take_back, session, record)))
end

local function folders_of(found)
  local paths = {}
  for i, one in ipairs(found) do paths[i] = one.path end
  return unfinished.folders(paths)
end

local function try_begin(session, context, found, options, follows_name)
  local parent, task = find_parent(context)
  local asset, is_new = find_asset(session, parent, options, follows_name)
  local version = session:create("AssetVersion", {
    asset = asset, task = task, comment = options.comment or "", is_published = false,
  })
  local record = { version_id = version.id, asset_id = asset.id, is_new = is_new, folders = folders_of(found) }
  local lease = unfinished.remember(session, record)
  local ok, err = pcall(session.commit, session)
  if ok then return version, record, lease end
  take_back(session, record, lease)
  if is_new and follows_name and errors.code(err) == "exists" then return nil end
  error(err, 0)
end

local function begin(session, context, found, options)
  local version, record, lease = try_begin(session, context, found, options, true)
  if version then return version, record, lease end
  return try_begin(session, context, found, options, false)
end

local function finish(session, version, found, options)
  local components = add_components(session, version, found, options)
  version.is_published = true
  session:commit()
  return components
end

--- Publishes files as the next version of an asset. The version is published when all of its files are there; when
--- one cannot be sent nothing of it stays.
---
--- ```lua
--- local version = publish.run(session, {
---   files = { "/renders/sh010.%04d.exr [1001-1096]" }, context = "show/sq010/sh010/comp", asset = "comp",
--- })
--- ```
---@param session moonshift.Session
---@param options moonshift.publish.Options
---@return moonshift.Entity version An AssetVersion.
---@return moonshift.Entity[] components
function publish.run(session, options)
  local found = find_files(options.files)
  local context = options.context
  if not session_core.is_entity(context) then context = publish.find_context(session, context) end
  unfinished.clean(session)
  local version, record, lease = begin(session, context, found, options)
  local ok, result = pcall(finish, session, version, found, options)
  if not ok then
    take_back(session, record, lease)
    error(result, 0)
  end
  settle(lease, true)
  return version, result
end

return publish
