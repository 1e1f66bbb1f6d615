---@meta moonshift.core.job

--- The mechanisms under `moonshift.job` and `moonshift.wrap`; written in C.
---@class moonshift.core.job
local core = {}

---@class moonshift.core.command.Options
---@field arguments string[] The command, looked up in PATH, and its arguments.
---@field environment? table<string, string|false> Changes to our environment; false removes.
---@field cwd? string The folder it runs in; ours when not given.
---@field log? string The file that its output is logged to, as clean lines with times.
---@field log_append? boolean Goes on where an earlier log of this path ended.
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

--- Sends a signal to every process of this user that was started with a variable in its environment, and to
--- their descendants; not to this process.
---@param assignment string "NAME=value".
---@param number integer 0 only counts.
---@return integer count Processes that got it.
function core.signal_variable(assignment, number) end

--- Completes the log of a command whose wrapper is gone. Raises `io` when that cannot be done, as on a
--- full disk; what was in the log stays.
---@param path string
function core.recover_log(path) end

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

--- Puts a line of our own into the log.
---@param line string
function Command:note(line) end

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

--- Replaces the text; not synced to disk, so a power cut may bring back the one before.
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

---@class moonshift.Journal The operations that wait for their trackers. Take it with `<close>`.
local Journal = {}

---@class moonshift.Journal.Entry
---@field sequence integer Rises with every entry; names it.
---@field tracker string The name of the session's tracker.
---@field user string The acting user's name there.
---@field job_id string Entries of one job come in order.
---@field kind string Tells the deliverer what the body is.
---@field title string Tells people what it is.
---@field body string JSON; no secrets.
---@field created_at number Seconds since the epoch.
---@field attempts integer Tries that reached no verdict.
---@field next_try_at number Seconds since the epoch.
---@field refused boolean
---@field error? string Of the last try.

--- Opens the journal of a folder, and creates both. A broken file is moved aside with a warning. Raises
--- `permission` or `io` where nothing can be written.
---
--- ```lua
--- local journal <close> = core.journal "/home/ada/.local/state/moonshift"
--- ```
---@param folder string
---@return moonshift.Journal
function core.journal(folder) end

--- The MD5 of a file, as hexadecimal text, and its size in bytes. Other tasks go on meanwhile. Raises
--- `not_found`, `permission` or `io`.
---@param path string
---@return string md5
---@return integer size
function core.checksum(path) end

--- Adds an entry; it is on the disk when this returns. Raises `limit` when the entry is larger than 4 MiB
--- or there are 100,000 already, `io` when the disk is full.
---@param entry { tracker: string, user: string, job_id: string, kind: string, title: string, body: string }
---@return integer sequence
function Journal:append(entry) end

--- Claims a tracker and user for delivery; false when another process has them. The claim ends with this
--- process, however it ends.
---@param tracker string
---@param user string
---@return boolean claimed
function Journal:claim(tracker, user) end

--- Gives up the claim.
function Journal:release() end

--- Makes every waiting entry of the claim due now.
function Journal:hurry() end

--- The oldest entry of the claim that is due and the first of its job that waits. It stays in the journal
--- until it is removed, refused or put off.
---@param job_id? string Of this job alone.
---@return moonshift.Journal.Entry?
function Journal:take(job_id) end

--- Removes an entry: it was delivered, or is not wanted any more.
---@param sequence integer
function Journal:remove(sequence) end

--- Keeps an entry as refused.
---@param sequence integer
---@param words string Why, in the tracker's words.
function Journal:refuse(sequence, words) end

--- Puts an entry off.
---@param sequence integer
---@param delay number|string Seconds, or text such as "1m"; at most an hour.
---@param words string Why.
function Journal:retry_later(sequence, delay, words) end

--- A refused entry waits again, at its old place.
---@param sequence integer
function Journal:retry(sequence) end

--- Up to 64 entries, in order: those after the one called `after`, or the first.
---@param after? integer
---@return moonshift.Journal.Entry[]
function Journal:list(after) end

--- How many entries wait and how many were refused.
---@param tracker string
---@param user string
---@param job_id? string Of this job alone.
---@return integer waiting
---@return integer refused
function Journal:count(tracker, user, job_id) end

--- Gives up the claim and closes. Further calls do nothing.
function Journal:close() end

return core
