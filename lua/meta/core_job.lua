---@meta moonshift.core.job

--- The mechanisms under `moonshift.job` and `moonshift.wrap`; written in C.
---@class moonshift.core.job
local core = {}

---@class moonshift.core.command.Options
---@field arguments string[] The command, looked up in PATH, and its arguments.
---@field environment? table<string, string|false> Changes to our environment; false removes.
---@field cwd? string The folder it runs in; ours when not given.
---@field log? string The file that its output is logged to, as clean lines with times.
---@field log_limit? integer Size of that file at the most, in bytes; 64 MiB when not given.
---@field secrets? string[] Texts to mask in the log.
---@field nice? integer Added to our niceness; 0 when not given.
---@field memory_max? integer Address space of the command, in bytes; unlimited when not given.
---@field quiet? boolean The output goes to the log alone.

---@class moonshift.Command A running command; end it with close, or take it with `<close>`.
---@field pid integer
---@field start_ticks integer When the kernel started it: names the process together with the pid.
---@field ended boolean
local Command = {}

---@class moonshift.Command.Result
---@field exit_code? integer 0 to 255, when it ended by itself.
---@field signal? integer The signal that ended it otherwise.
---@field user_s number Processor seconds in user mode.
---@field system_s number Processor seconds in the kernel.
---@field peak_bytes integer Largest resident size of one process.
---@field output_bytes integer What it wrote.

--- Starts a command. Raises `not_found` (a shell's 127), `permission` (126) or `io`.
---
--- ```lua
--- local command <close> = core.command { arguments = { "sleep", "1" } }
--- print(command:wait().exit_code)
--- ```
---@param options moonshift.core.command.Options
---@return moonshift.Command
function core.command(options) end

--- Hands orphans of commands to this process from now on, so that `signal_tree` finds them.
function core.become_subreaper() end

--- When the kernel started a process, in clock ticks since boot; nil when there is none of that pid.
---@param pid integer
---@return integer?
function core.start_ticks(pid) end

--- Waits until the command has ended and its output is complete. Raises `usage` where Lua cannot yield,
--- `busy` when another task waits already, `cancelled` when this task is cancelled.
---@return moonshift.Command.Result
function Command:wait() end

--- Sends a signal to the command's process group; does nothing when it has ended.
---@param number integer
function Command:signal(number) end

--- Sends a signal to everything that the command started, also what left its group.
---@param number integer
---@return integer count Processes that got it.
function Command:signal_tree(number) end

--- Tells the command's terminal the size of ours.
function Command:resize() end

--- The last lines of output, at most 64 KiB, as they are in the log.
---@return string
function Command:tail() end

--- Completes the log.
---@return integer? size_bytes
---@return string? problem Why it is not whole.
function Command:finish_log() end

--- Ends the command when it still runs.
function Command:close() end

---@class moonshift.Lease The promise that this process looks after something. See README, "leases".
local Lease = {}

--- Makes and holds a lease. Raises `exists` when there is one of that name, `io` without file locks.
---@param folder string Created when missing.
---@param name string
---@param text string Kept in it, at most 64 KiB.
---@return moonshift.Lease
function core.lease(folder, name, text) end

--- Takes over leases whose holders are gone, a few dozen a call.
---@param folder string
---@return moonshift.Lease[]
function core.abandoned_leases(folder) end

--- Replaces the text, durably.
---@param text string
function Lease:update(text) end

---@return string
function Lease:text() end

---@return string
function Lease:name() end

--- Removes the lease: its matter is settled.
function Lease:release() end

--- Lets go of the lease without removing it: somebody else may take it over.
function Lease:abandon() end

return core
