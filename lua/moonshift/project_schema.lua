--- Which statuses and types a project allows: `project.project_schema:get_statuses("Task")`.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"

---@class moonshift.project_schema
local project_schema = {}

local STATUS_PROJECTIONS = "_overrides.type_id, _overrides.workflow_schema.statuses.name, "
  .. "_task_workflow.statuses.name, _version_workflow.statuses.name, "
  .. "_schemas.type_id, _schemas.statuses.task_status.name"
local TYPE_PROJECTIONS = "_task_type_schema.types.name, _schemas.type_id, _schemas.types.task_type.name"

-- The schema of an object type that is neither Task nor AssetVersion, by the type's name.
local function find_schema(self, type_name)
  local attribute = core.session_of(self).types[type_name].attributes
  local object_type = rawget(attribute, "object_type_id")
    and core.session_of(self):query("ObjectType where name is {name}", {
      name = type_name:gsub("(%l)(%u)", "%1 %2"),
    }):first()
  for _, schema in ipairs(self._schemas) do
    if object_type and schema.type_id == object_type.id then return schema end
  end
  errors.raise("not_found", ("the project schema says nothing about %s"):format(type_name))
end

local function statuses_of_task(self, type_id)
  for _, override in ipairs(self._overrides) do
    if type_id and override.type_id == type_id then return override.workflow_schema.statuses:list() end
  end
  return self._task_workflow.statuses:list()
end

--- The statuses that entities of a type may have.
---@param self moonshift.Entity A ProjectSchema.
---@param type_name string "Task", "AssetVersion", "Shot", …
---@param type_id? string Of tasks: the id of a Type with a workflow of its own.
---@return moonshift.Entity[] statuses
function project_schema.get_statuses(self, type_name, type_id)
  core.session_of(self):populate(self, STATUS_PROJECTIONS)
  if type_name == "Task" then
    return statuses_of_task(self, type_id)
  elseif type_name == "AssetVersion" then
    return self._version_workflow.statuses:list()
  end
  local list = {}
  for i, status in ipairs(find_schema(self, type_name).statuses) do list[i] = status.task_status end
  return list
end

--- The types that entities of a type may have.
---@param self moonshift.Entity A ProjectSchema.
---@param type_name string "Task", "AssetBuild", …
---@return moonshift.Entity[] types
function project_schema.get_types(self, type_name)
  core.session_of(self):populate(self, TYPE_PROJECTIONS)
  if type_name == "Task" then return self._task_type_schema.types:list() end
  local list = {}
  for i, entry in ipairs(find_schema(self, type_name).types) do list[i] = entry.task_type end
  return list
end

local ProjectSchema = core.methods "ProjectSchema"
ProjectSchema.get_statuses = project_schema.get_statuses
ProjectSchema.get_types = project_schema.get_types

return project_schema
