--- A project to try things on: asset builds, sequences, shots, tasks with types, statuses and people, versions
--- and notes, as a production a few weeks in would have them.
---
--- The same name and size give the same project but for its ids: what looks like chance comes from the name.

local core = require "moonshift.core.session"
local errors = require "moonshift.errors"

---@class moonshift.seed
local seed = {}

local BATCH_OPERATIONS = 20000 -- a project of 1,000 shots is one batch: all or nothing
local DAY_S = 24 * 3600
local LEAD_DAYS = 56 -- the production began so long ago
local SHOT_DAYS = 3  -- between the starts of two shots of a sequence

local ARTISTS = {
  { "mira", "Mira", "Novak" }, { "tomas", "Tomas", "Lind" }, { "yuki", "Yuki", "Arai" },
  { "imani", "Imani", "Okoye" }, { "luca", "Luca", "Ferro" }, { "sofie", "Sofie", "Brandt" },
  { "omar", "Omar", "Haddad" }, { "clara", "Clara", "Reyes" },
}

-- What is done for a shot, in order: type, days, how many of ten shots need it, what its versions are.
local SHOT_TASKS = {
  { "Tracking", 2, 6, "Camera" }, { "Animation", 8, 10, "Animation" }, { "FX", 6, 4, "Cache" },
  { "Lighting", 4, 10, "Render" }, { "Compositing", 5, 10, "Comp" },
}

local BUILD_TASKS = {
  Character = { { "Modeling", 10, 10, "Geometry" }, { "Rigging", 8, 10, "Rig" }, { "Lookdev", 6, 10, "Texture" } },
  Prop = { { "Modeling", 3, 10, "Geometry" }, { "Lookdev", 2, 10, "Texture" } },
  Environment = { { "Modeling", 12, 10, "Geometry" }, { "Lookdev", 8, 10, "Texture" } },
}

local BUILDS = {
  { "Character", { "pilot", "mechanic", "courier", "captain", "twin" } },
  { "Prop", { "lantern", "rover", "toolbox", "radio", "kite", "compass", "ladder", "cart" } },
  { "Environment", { "harbour", "hangar", "canyon", "market", "observatory" } },
}

local REMARKS = {
  "Silhouette reads well; please hold the last pose a little longer.",
  "Grain is missing on the left third.",
  "Approved for the edit.",
  "The contact shadow floats from frame 1032 on.",
  "Can we see this with the warmer key?",
  "Timing is right. Polish the fingers and publish.",
}

-- ---- the plan -----------------------------------------------------------------------------------------

---@class moonshift.seed.Plan
---@field operations table[] Of the batch that is being filled.
---@field counts table<string, integer> Entities by type.

local function random_from(name)
  local state = 1
  for i = 1, #name do state = (state * 131 + name:byte(i)) % 2147483647 end
  return function(limit)
    state = (state * 48271) % 2147483647
    return state // 7 % limit + 1
  end
end

local function send(plan)
  if #plan.operations == 0 then return end
  plan.session:call(plan.operations)
  plan.operations = {}
  plan.progress(plan.counts)
end

local function create(plan, entity_type, data)
  data.id = core.new_id()
  plan.operations[#plan.operations + 1] = {
    action = "create", entity_type = entity_type, entity_key = { data.id }, entity_data = data,
  }
  plan.counts[entity_type] = (plan.counts[entity_type] or 0) + 1
  if #plan.operations >= BATCH_OPERATIONS then send(plan) end
  return data.id
end

local function date(plan, day)
  return { __type__ = "datetime", value = os.date("!%Y-%m-%dT09:00:00", plan.began_at + day * DAY_S) }
end

-- ---- words of the studio ------------------------------------------------------------------------------

local function ids_by_name(session, entity_type)
  local ids = {}
  for _, row in ipairs(session:call { { action = "query",
    expression = ("select id, name from %s"):format(entity_type) } }[1].data) do
    ids[row.name] = row.id
  end
  return ids
end

local function named(plan, entity_type, name)
  return plan.words[entity_type][name] or errors.raise("not_found",
    ("this tracker has no %s '%s': seed wants the studio that a data folder has unless it was begun with --empty")
    :format(entity_type, name))
end

local function find_artists(plan)
  local present = {}
  local answer = plan.session:call { { action = "query", expression = "select id, username from User" } }
  for _, row in ipairs(answer[1].data) do present[row.username] = row.id end
  for i, artist in ipairs(ARTISTS) do
    plan.artists[i] = present[artist[1]] or create(plan, "User", {
      username = artist[1], first_name = artist[2], last_name = artist[3],
      email = artist[1] .. "@studio.example", is_active = true,
    })
  end
end

-- ---- entities -----------------------------------------------------------------------------------------

local function add_note(plan, parent_id, parent_type, day)
  create(plan, "Note", {
    parent_id = parent_id, parent_type = parent_type, content = REMARKS[plan.random(#REMARKS)],
    user_id = plan.artists[plan.random(#plan.artists)], date = date(plan, day),
  })
end

local function add_versions(plan, task, place, kind, day)
  local asset_id = create(plan, "Asset", {
    name = task.name, context_id = place, type_id = named(plan, "AssetType", kind),
  })
  for version = 1, plan.random(3) do
    local version_id = create(plan, "AssetVersion", {
      asset_id = asset_id, task_id = task.id, version = version, user_id = task.artist,
      comment = version == 1 and "First pass" or ("Notes of v%03d addressed"):format(version - 1),
      date = date(plan, day + version),
      status_id = named(plan, "Status", task.status == "Approved" and "Approved" or "Pending"),
    })
    if plan.random(3) == 1 then add_note(plan, version_id, "asset_version", day + version) end
  end
end

-- How far a task is that begins and ends on these days, seen from today.
local function status_on(plan, first_day, last_day)
  if last_day + plan.random(6) < LEAD_DAYS then return "Approved" end
  if last_day < LEAD_DAYS then return "Awaiting approval" end
  return first_day < LEAD_DAYS and "In progress" or "Not started"
end

local function add_task(plan, parent_id, work, day)
  local kind, days, _, product = table.unpack(work)
  local status = status_on(plan, day, day + days)
  local task = { name = kind, status = status, artist = plan.artists[plan.random(#plan.artists)] }
  task.id = create(plan, "Task", {
    name = kind, parent_id = parent_id, project_id = plan.project_id,
    type_id = named(plan, "Type", kind), status_id = named(plan, "Status", status),
    start_date = date(plan, day), end_date = date(plan, day + days), bid = days * 8 * 3600,
  })
  create(plan, "Appointment", { context_id = task.id, resource_id = task.artist, type = "assignment" })
  if status ~= "Not started" then add_versions(plan, task, parent_id, product, day) end
  return day + days
end

local function add_tasks(plan, parent_id, works, day)
  for _, work in ipairs(works) do
    if plan.random(10) <= work[3] then day = add_task(plan, parent_id, work, day) end
  end
end

local function add_builds(plan, count)
  for i = 0, count - 1 do
    local kind, names = table.unpack(BUILDS[i % #BUILDS + 1])
    local turn = i // #BUILDS
    local round = turn // #names
    local build_id = create(plan, "AssetBuild", {
      name = names[turn % #names + 1] .. (round > 0 and ("_%02d"):format(round + 1) or ""),
      parent_id = plan.project_id, project_id = plan.project_id,
      type_id = named(plan, "Type", kind), status_id = named(plan, "Status", "Normal"),
    })
    add_tasks(plan, build_id, BUILD_TASKS[kind], i % 30)
  end
end

local function add_shot(plan, sequence_id, number, day)
  local shot_id = create(plan, "Shot", {
    name = ("sh%03d"):format(number * 10), parent_id = sequence_id, project_id = plan.project_id,
    status_id = named(plan, "Status", plan.random(30) == 1 and "On Hold" or "Normal"),
    description = ("%d frames"):format(48 + plan.random(96)),
  })
  add_tasks(plan, shot_id, SHOT_TASKS, day)
  if plan.random(4) == 1 then add_note(plan, shot_id, "task", day) end
end

local function add_sequences(plan, sequence_count, shot_count)
  for i = 1, sequence_count do
    local sequence_id = create(plan, "Sequence", {
      name = ("sq%03d"):format(i * 10), parent_id = plan.project_id, project_id = plan.project_id,
      status_id = named(plan, "Status", "Normal"),
    })
    local shots = shot_count // sequence_count + (i <= shot_count % sequence_count and 1 or 0)
    for number = 1, shots do
      add_shot(plan, sequence_id, number, (i - 1) % 8 * 7 + number % 20 * SHOT_DAYS)
    end
  end
end

local SHOTS_PER_SEQUENCE = 10
local SHOTS_PER_BUILD = 4

local function check(options)
  local shots, sequences = options.shots or 30, options.sequences
  if shots < 1 then errors.raise("usage", ("a project has at least one shot, not %d"):format(shots)) end
  sequences = sequences or math.max(1, shots // SHOTS_PER_SEQUENCE)
  if sequences < 1 or sequences > shots then
    errors.raise("usage", ("%d sequences for %d shots: each has at least one"):format(sequences, shots))
  end
  return shots, sequences
end

--- Makes a project. Up to about 1,000 shots it is one batch, all or nothing; a larger one comes in several. Raises
--- code "exists" when there is a project of that name, and "usage" for numbers that make none.
---
---     local seed = require "moonshift.seed"
---     print(seed.project(session, { name = "comet", shots = 40 }).Task, "tasks")
---
---@param session moonshift.Session
---@param options { name: string, shots?: integer, sequences?: integer, progress?: fun(counts: table<string, integer>) }
--- `shots`: 30 when not given; `sequences`: one for ten shots. `progress` is called after each batch.
---@return table<string, integer> counts How many entities of each type were made.
function seed.project(session, options)
  local shots, sequences = check(options)
  local plan = {
    session = session,
    operations = {},
    counts = {},
    artists = {},
    words = {},
    random = random_from(options.name),
    progress = options.progress or function() end,
    began_at = os.time() - LEAD_DAYS * DAY_S,
  }
  for _, entity_type in ipairs { "Type", "Status", "AssetType", "ProjectSchema", "Project" } do
    plan.words[entity_type] = ids_by_name(session, entity_type)
  end
  if plan.words.Project[options.name] then
    errors.raise("exists", ("there is a project '%s' already"):format(options.name))
  end
  find_artists(plan)
  plan.project_id = create(plan, "Project", {
    name = options.name, full_name = (options.name:gsub("^%l", string.upper)),
    project_schema_id = named(plan, "ProjectSchema", "VFX Scheme"),
    start_date = date(plan, 0), end_date = date(plan, 4 * LEAD_DAYS),
  })
  add_builds(plan, math.max(3, shots // SHOTS_PER_BUILD))
  add_sequences(plan, sequences, shots)
  send(plan)
  return plan.counts
end

return seed
