---@meta moonshift.core.tracker

--- The embedded tracker's data folder: what goes past its protocol; written in C. `folder` is the data folder,
--- nil for the usual one.
---@class moonshift.core.tracker
local tracker = {}

--- All API keys as a JSON list, of each: id, username, label, created_at; never the key.
---@param folder? string
---@return string json
function tracker.keys(folder) end

--- A new API key; it is stored as a hash and cannot be shown again. Raises code "not_found" for an unknown user,
--- "permission" for one who is not active.
---@param folder? string
---@param username? string Who runs this when not given.
---@param label? string What it is for.
---@return string key
function tracker.create_key(folder, username, label) end

--- Takes a key back. Raises code "not_found".
---@param folder? string
---@param id string The id that `keys` lists.
function tracker.revoke_key(folder, id) end

--- The stages of a query as text: tokens, tree, resolved tree, SQL, parameters, SQLite's plan. A text that
--- cannot be compiled is shown as far as that goes.
---@param folder? string
---@param expression string
---@return string text
---@return string? problem What is wrong with the expression.
function tracker.explain(folder, expression) end

return tracker
