---@meta moonshift.core.session

--- What reading an attribute calls when it was not loaded.
---@class moonshift.core.session.Hooks
---@field populate fun(entity: moonshift.Entity, attribute: string)
---@field get fun(session: moonshift.Session, type: string, key: string): moonshift.Entity?
---@field fit_custom fun(owner: moonshift.Entity, row: moonshift.Entity, value: any): any

--- The mechanisms under `moonshift.session`; written in C.
---@class moonshift.core.session
---@field Session table Methods of every session: a module adds its own.
---@field properties table<string, fun(session: moonshift.Session): any> What reading a field of a session calls.
---@field hooks moonshift.core.session.Hooks
---@field null lightuserdata Null within lists of raw results; the same as cjson.null.
local core = {}

--- A session; without `server_url` on the embedded server. Nothing is sent. Options as moonshift.session, none
--- of them looked up anywhere else.
---@param options moonshift.SessionOptions
---@return moonshift.Session
function core.open(options) end

--- Gives the session the schema of that hash, if it is the built-in one, was used in this process before, or is
--- in the cache on disk.
---@param session moonshift.Session
---@param hash string
---@return boolean known
function core.adopt_schema(session, hash) end

--- Asks the server for its schema, gives it to the session and keeps it in the cache. Raises `parse` and
--- `protocol` for a document that does not hang together.
---@param session moonshift.Session
---@param hash string? Without one it is not kept.
function core.fetch_schema(session, hash) end

---@param session moonshift.Session
---@return boolean
function core.has_schema(session) end

--- Sends query expressions as one batch and merges the answers.
---@param session moonshift.Session
---@param groups table? Where entities that belong to one result are grouped, so that what one lacks is fetched for all.
---@param keeps_groups boolean Entities that were asked for stay in the group that they have.
---@param ... string Expressions, each with its select.
---@return moonshift.Entity[] entities For each expression: its entities,
---@return integer? next_offset and where the next page begins; nil on the last.
---@return any ...
function core.fetch(session, groups, keeps_groups, ...) end

--- Raises `parse` for a misspelt name in a query, with its place and the nearest right one, as far as the schema
--- tells; what nothing in it resembles is left to the server. Nothing is sent.
---@param session moonshift.Session
---@param text string
function core.check_query(session, text) end

--- Sends operations as they are; the results are plain tables.
---@param session moonshift.Session
---@param operations table[]
---@return table[] results
function core.call(session, operations) end

--- Sends the recorded operations, or once more those that an earlier call left uncertain. Waits while another task
--- commits.
---@param session moonshift.Session
---@return boolean? was_uncertain More may have been recorded since.
function core.commit(session) end

--- What an uncertain batch holds that the server can be asked for.
---@param session moonshift.Session
---@return "create"|"update"|"delete"|nil kind nil when nothing is uncertain.
---@return moonshift.Entity? entity
function core.uncertain(session) end

--- The uncertain batch turned out to have been taken.
---@param session moonshift.Session
function core.settle(session) end

--- The uncertain batch turned out not to have been taken: it is as if it had not been sent.
---@param session moonshift.Session
function core.thaw(session) end

--- Entities that wait to be committed.
---@param session moonshift.Session
---@return moonshift.Entity[] created
---@return moonshift.Entity[] modified
---@return moonshift.Entity[] deleted
function core.changes(session) end

--- Empties the session: entities that were met, changes that were not committed.
---@param session moonshift.Session
function core.forget(session) end

--- The entity of a primary key, if the session has met it.
---@param session moonshift.Session
---@param type_name string The type or one of its bases.
---@param ... string The parts of the key.
---@return moonshift.Entity?
function core.find(session, type_name, ...) end

--- The entity with the primary key in `values`, made when the session has not met it: it exists on the server.
---@param session moonshift.Session
---@param type_name string
---@param values table<string, any>
---@return moonshift.Entity
function core.entity(session, type_name, values) end

--- The entity, if it lacks the attribute, and those of its group that lack it as well.
---@param entity moonshift.Entity
---@param attribute string
---@param maximum integer
---@return moonshift.Entity[]
function core.lacking(entity, attribute, maximum) end

--- What stands for the entities that this one came with: the same value for all of them. Not to be changed.
---@param entity moonshift.Entity
---@return table?
function core.group(entity) end

--- Sets what the server is known to have: nil for null, a list of entities for a collection.
---@param entity moonshift.Entity
---@param attribute string
---@param value any
function core.load(entity, attribute, value) end

---@param entity moonshift.Entity
---@return "created"|"modified"|"deleted"|"gone"|nil state nil: nothing to commit.
function core.state(entity) end

---@param entity moonshift.Entity
---@return moonshift.Session
function core.session_of(entity) end

--- What a script would read, if that is known without a request; else nil.
---@param entity moonshift.Entity
---@param attribute string
---@return any
function core.peek(entity, attribute) end

---@param value any
---@return boolean
function core.is_entity(value) end

---@param session moonshift.Session
---@return boolean
function core.is_open(session) end

--- "http://host:port" or "embedded:FOLDER".
---@param session moonshift.Session
---@return string
function core.name(session) end

--- Who acts.
---@param session moonshift.Session
---@return string
function core.user(session) end

--- A table that lives as long as the session.
---@param session moonshift.Session
---@return table
function core.notes(session) end

--- Switches the fetching of missing attributes for the running task alone; returns what it was.
---@param session moonshift.Session
---@param on? boolean nil: as the session was opened.
---@return boolean? before
function core.set_auto_populate(session, on) end

--- The names of the server's entity types, sorted.
---@param session moonshift.Session
---@return string[]
function core.types(session) end

--- What the schema says of a type. Raises `not_found` for an unknown one.
---@param session moonshift.Session
---@param type_name string
---@return moonshift.TypeDescription
function core.describe(session, type_name) end

--- The table of the methods that entities of a type and of those below it have; "Entity" is every type.
---@param type_name string
---@return table<string, function>
function core.methods(type_name) end

--- The table itself, which is sent as a list even when it is empty.
---@param items table
---@return table items
function core.list(items) end

--- A new UUID.
---@return string
function core.new_id() end

--- The UUID of a name in a namespace, which is a UUID: version 3 of RFC 4122, always the same for both.
--- Raises `usage` when `space` is no UUID.
---@param space string
---@param name string
---@return string
function core.id_of_name(space, name) end

--- See moonshift.datetime.
---@param value? string|number|moonshift.DateTimeFields|moonshift.DateTime
---@return moonshift.DateTime
function core.datetime(value) end

return core
