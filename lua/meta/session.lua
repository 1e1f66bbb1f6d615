---@meta

--- Methods of sessions that are written in C; the others are in lua/moonshift/session.lua.
---@class moonshift.Session
local Session = {}

--- A new entity, which the next commit creates. Its id is made here. What the data leave out gets the schema's
--- default, and the server's after the commit.
---
---     local job = session:create("Job", { user = user, status = "running" })
---
--- Raises `not_found` for an unknown type or attribute (with the nearest), `invalid` for a value that its
--- attribute cannot hold, `exists` for a key that is taken.
---@param type_name string
---@param data? table<string, any>
---@return moonshift.AnyEntity
function Session:create(type_name, data) end

--- The next commit deletes the entity. One that was not committed yet is forgotten.
---@param entity moonshift.Entity
function Session:delete(entity) end

--- Forgets everything since the last commit.
function Session:rollback() end

--- Ends the session; a `<close>` variable does it by itself. What waits for an answer raises `closed`, and so does
--- every later use but reading what was loaded.
function Session:close() end

---@class moonshift.TypeDescription
---@field name string
---@field base string? The type that it inherits from.
---@field family string The top of that chain.
---@field primary_key string[]
---@field default_projections string[]
---@field attributes table<string, moonshift.AttributeDescription> Reading an unknown name raises `not_found`.

---@class moonshift.AttributeDescription
---@field name string
---@field kind "scalar"|"reference"|"collection"|"mapped"
---@field type? "string"|"json"|"boolean"|"integer"|"number"|"datetime"|"object"|"variable" Of scalars.
---@field target? string The type that a relation leads to.
---@field key_attribute? string Of a mapped collection: the attribute of its rows that is the key,
---@field value_attribute? string and the one that is the value.
---@field values? string[] The only values allowed.
---@field required? boolean
---@field immutable? boolean
---@field computed? boolean
---@field restricted? boolean In conditions of queries alone.
---@field key? boolean Part of the primary key.
