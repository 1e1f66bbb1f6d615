---@meta

--- An entity of the tracker. Its attributes are those of its type in the server's schema:
---
---     job.status = "done"           --> recorded; session:commit() sends it
---     print(job.user.username)      --> fetched when missing, for all jobs of the same query at once
---     task.metadata.reviewer = "ada"
---
--- One entity is one object: two ways to it are `==`. Null is nil. An attribute of the schema hides a
--- method of the same name. Raises `not_found` for an unknown attribute (with the nearest), `invalid` for a
--- value that it cannot hold, and for one that is immutable or computed.
---@class moonshift.Entity
---@field __entity_type__ string The name of its type.
local Entity = {}

--- The names of its attributes, sorted.
---@return string[]
function Entity:keys() end

--- The attributes of its primary key and their values.
---@return table<string, string>
function Entity:primary_key() end

--- A relation to many: `#`, indices, ipairs and pairs, and the methods below. Its entities are fetched when they
--- are first looked at, and again after a commit that changed who belongs to it. A list can be assigned to
--- the attribute.
---@class moonshift.Collection
---@operator len: integer
---@field [integer] moonshift.AnyEntity
local Collection = {}

--- Puts an entity at the end, unless it is there already.
---@param entity moonshift.Entity
function Collection:add(entity) end

--- Takes an entity out; false when it was not there.
---@param entity moonshift.Entity
---@return boolean
function Collection:remove(entity) end

---@param entity moonshift.Entity
---@return boolean
function Collection:contains(entity) end

--- Its entities as a table, which stays as it is.
---@return moonshift.AnyEntity[]
function Collection:list() end

--- Metadata or custom attributes: keys and values. Assigning nil removes a key of metadata; custom attributes have
--- the keys that the server configures. `#` is the number of keys; pairs goes through them.
---@class moonshift.Mapped
---@operator len: integer
---@field [string] any

--- An entity of a type that the editor cannot tell: every attribute is allowed. `moonshift types` writes a class for
--- each type; `---@type moonshift.entity.Task` in front of a variable makes the editor check it.
---@class moonshift.AnyEntity : moonshift.Entity
---@field [string] any

---@alias moonshift.CreateNote
---| fun(self, content: string, author: moonshift.Entity, options?: moonshift.NoteOptions): moonshift.AnyEntity

---@class moonshift.entity.Context : moonshift.Entity
---@field create_note moonshift.CreateNote
---@field create_thumbnail fun(self, path: string): moonshift.AnyEntity

---@class moonshift.entity.AssetVersion : moonshift.Entity
---@field create_component fun(self, path: string, data?: table, location?: moonshift.Entity): moonshift.AnyEntity
---@field create_note moonshift.CreateNote
---@field create_thumbnail fun(self, path: string): moonshift.AnyEntity
---@field encode_media fun(self, file: string|moonshift.Entity, keep_original?: boolean): moonshift.AnyEntity

---@class moonshift.entity.Component : moonshift.Entity
---@field get_availability fun(self, locations?: moonshift.Entity[]): table<string, number>

---@class moonshift.entity.Location : moonshift.Entity
---@field get_url fun(self, component: moonshift.Entity): string

---@class moonshift.entity.Note : moonshift.Entity
---@field create_reply fun(self, content: string, author: moonshift.Entity): moonshift.AnyEntity

---@class moonshift.entity.ProjectSchema : moonshift.Entity
---@field get_statuses fun(self, type_name: string, type_id?: string): moonshift.AnyEntity[]
---@field get_types fun(self, type_name: string): moonshift.AnyEntity[]

---@class moonshift.entity.User : moonshift.Entity
---@field start_timer fun(self, options?: moonshift.TimerOptions): moonshift.AnyEntity
---@field stop_timer fun(self): moonshift.AnyEntity
