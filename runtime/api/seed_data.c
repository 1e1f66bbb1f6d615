/* A studio to start with: locations, object types, the "VFX Scheme" and the words that it chooses from.
 *
 * Ids that clients know by heart are written out; see seed.h for "@WORDS". */
#include "api/seed.h"

#define TASK "11c137c0-ee7e-4f9c-91c5-8c77cec22b2c"
#define SHOT "bad911de-3bd6-47b9-8b46-3476e237cb36"
#define SEQUENCE "e5139355-61da-4c8f-9db4-3abc870166bc"
#define ASSET_BUILD "4be63b64-5010-42fb-bf1f-428af9d638f0"
#define FOLDER "3c133785-51cb-11e3-980a-20c9d0831e59"
#define EPISODE "22139355-61da-4c8f-9db4-3abc870166bc"
#define MILESTONE "01decdd1-51cb-11e3-9d5b-20c9d0831e59"
#define VFX_SCHEME "69cb7f92-4dbf-11e1-9902-f23c91df25eb"
#define NOT_STARTED "44dd9fb2-4164-11df-9218-0019bb4983d8"
#define APPROVED "44de097a-4164-11df-9218-0019bb4983d8"
#define GENERIC "44dbfca2-4164-11df-9218-0019bb4983d8"
#define GEOMETRY "44eb3ca8-4164-11df-9218-0019bb4983d8"
#define DEFAULT_LISTS "87d974d2-d6f7-11e1-8930-f23c91df25eb"
#define PERSON "ac9fa5aa-4361-11e0-b7cc-0019bb4983d8"

/* clang-format off */

static const char *const location_names[] = {"id", "name", "label", "description", NULL};
static const char *const locations[] = {
    "ce9b348f-8809-11e3-821c-20c9d081909b", "ftrack.origin", "Origin", "Where files come from",
    "cb268ecc-8809-11e3-a7e2-20c9d081909b", "ftrack.unmanaged", "Unmanaged", "Files that stay where they are",
    "3a372bde-05bc-11e4-8908-20c9d081909b", "ftrack.server", "Server", "Files that the tracker keeps",
    "cd41be70-8809-11e3-b98a-20c9d081909b", "ftrack.review", "Review", "Files for the review in the browser",
    "07b82a97-8cf9-11e3-9383-20c9d081909b", "ftrack.connect", "Connect", "Files of the desktop application",
};

static const char *const object_type_names[] = {
    "id", "name", "icon", "sort", "is_leaf", "is_schedulable", "is_taskable", "is_time_reportable", "is_typeable", NULL};
static const char *const object_types[] = {
    TASK, "Task", "task", "0", "true", "true", "false", "true", "true",
    SHOT, "Shot", "shot", "1", "false", "false", "true", "false", "false",
    SEQUENCE, "Sequence", "sequence", "2", "false", "false", "true", "false", "false",
    ASSET_BUILD, "Asset Build", "asset_build", "3", "false", "false", "true", "false", "true",
    FOLDER, "Folder", "folder", "4", "false", "false", "true", "false", "false",
    EPISODE, "Episode", "episode", "5", "false", "false", "true", "false", "false",
    MILESTONE, "Milestone", "milestone", "6", "true", "true", "false", "false", "true",
};

static const char *const state_names[] = {"id", "name", "short", NULL};
static const char *const states[] = {
    "@state Not Started", "Not Started", "NOT_STARTED",
    "@state In Progress", "In Progress", "IN_PROGRESS",
    "@state Done", "Done", "DONE",
    "@state Blocked", "Blocked", "BLOCKED",
};

static const char *const status_names[] = {"id", "name", "color", "sort", "state_id", NULL};
static const char *const statuses[] = {
    NOT_STARTED, "Not started", "#95A5A6", "0", "@state Not Started",
    "@status In progress", "In progress", "#3498DB", "1", "@state In Progress",
    "@status Awaiting approval", "Awaiting approval", "#F1C40F", "2", "@state In Progress",
    APPROVED, "Approved", "#2ECC71", "3", "@state Done",
    "@status Pending", "Pending", "#E67E22", "4", "@state In Progress",
    "@status Normal", "Normal", "#BDC3C7", "5", "@state Not Started",
    "@status Omitted", "Omitted", "#34495E", "6", "@state Blocked",
    "@status On Hold", "On Hold", "#E74C3C", "7", "@state Blocked",
};

static const char *const type_names[] = {"id", "name", "color", "sort", NULL};
static const char *const types[] = {
    GENERIC, "Generic", "#7F8C8D", "0",
    "@type Animation", "Animation", "#27AE60", "1",
    "@type Modeling", "Modeling", "#2980B9", "2",
    "@type Previz", "Previz", "#8E44AD", "3",
    "@type Lookdev", "Lookdev", "#D35400", "4",
    "@type Hair", "Hair", "#A04000", "5",
    "@type Cloth", "Cloth", "#C0392B", "6",
    "@type FX", "FX", "#16A085", "7",
    "@type Lighting", "Lighting", "#F39C12", "8",
    "@type Compositing", "Compositing", "#2C3E50", "9",
    "@type Tracking", "Tracking", "#1ABC9C", "10",
    "@type Rigging", "Rigging", "#9B59B6", "11",
    "@type test 1", "test 1", "#5D6D7E", "12",
    "@type test type 2", "test type 2", "#85929E", "13",
    "@type Character", "Character", "#E74C3C", "14",
    "@type Prop", "Prop", "#3498DB", "15",
    "@type Environment", "Environment", "#2ECC71", "16",
    "@type Matte Painting", "Matte Painting", "#F1C40F", "17",
};

static const char *const priority_names[] = {"id", "name", "color", "sort", "value", NULL};
static const char *const priorities[] = {
    "9661b320-3a0c-11e2-81c1-0800200c9a66", "None", "#FFFFFF", "0", "0",
    "@priority Low", "Low", "#3498DB", "1", "1",
    "@priority Medium", "Medium", "#F1C40F", "2", "2",
    "@priority High", "High", "#E67E22", "3", "3",
    "@priority Urgent", "Urgent", "#E74C3C", "4", "4",
};

static const char *const asset_type_names[] = {"id", "name", "short", NULL};
static const char *const asset_types[] = {
    "@asset type Upload", "Upload", "upload",
    GEOMETRY, "Geometry", "geo",
    "@asset type Rig", "Rig", "rig",
    "@asset type Animation", "Animation", "anim",
    "@asset type Camera", "Camera", "cam",
    "@asset type Texture", "Texture", "tex",
    "@asset type Light Rig", "Light Rig", "lgt",
    "@asset type Cache", "Cache", "cache",
    "@asset type Render", "Render", "render",
    "@asset type Comp", "Comp", "comp",
    "@asset type Image Sequence", "Image Sequence", "img",
    "@asset type Script", "Script", "script",
    "@asset type Audio", "Audio", "audio",
};

static const char *const workflow_names[] = {"id", "name", NULL};
static const char *const workflows[] = {
    "@workflow Task", "VFX Task Workflow",
    "@workflow Version", "VFX Version Workflow",
};

static const char *const workflow_status_names[] = {"workflow_schema_id", "status_id", NULL};
static const char *const workflow_statuses[] = {
    "@workflow Task", NOT_STARTED,
    "@workflow Task", "@status In progress",
    "@workflow Task", "@status Awaiting approval",
    "@workflow Task", APPROVED,
    "@workflow Version", APPROVED,
    "@workflow Version", "@status Pending",
};

static const char *const task_type_schema_names[] = {"id", "name", NULL};
static const char *const task_type_schemas[] = {"@task types VFX", "VFX Tasks"};

static const char *const task_type_names[] = {"task_type_schema_id", "type_id", NULL};
static const char *const task_types[] = {
    "@task types VFX", GENERIC,
    "@task types VFX", "@type Animation",
    "@task types VFX", "@type Modeling",
    "@task types VFX", "@type Previz",
    "@task types VFX", "@type Lookdev",
    "@task types VFX", "@type Hair",
    "@task types VFX", "@type Cloth",
    "@task types VFX", "@type FX",
    "@task types VFX", "@type Lighting",
    "@task types VFX", "@type Compositing",
    "@task types VFX", "@type Tracking",
    "@task types VFX", "@type Rigging",
    "@task types VFX", "@type test 1",
    "@task types VFX", "@type test type 2",
};

static const char *const project_schema_names[] = {
    "id", "name", "task_workflow_schema_id", "asset_version_workflow_schema_id", "task_type_schema_id", NULL};
static const char *const project_schemas[] = {
    VFX_SCHEME, "VFX Scheme", "@workflow Task", "@workflow Version", "@task types VFX",
};

static const char *const schema_object_type_names[] = {"project_schema_id", "object_type_id", NULL};
static const char *const schema_object_types[] = {
    VFX_SCHEME, TASK, VFX_SCHEME, SHOT, VFX_SCHEME, SEQUENCE, VFX_SCHEME, ASSET_BUILD,
    VFX_SCHEME, FOLDER, VFX_SCHEME, EPISODE, VFX_SCHEME, MILESTONE,
};

static const char *const schema_names[] = {"id", "project_schema_id", "type_id", NULL};
static const char *const schemas[] = {
    "@schema Shot", VFX_SCHEME, SHOT,
    "@schema Sequence", VFX_SCHEME, SEQUENCE,
    "@schema AssetBuild", VFX_SCHEME, ASSET_BUILD,
    "@schema Milestone", VFX_SCHEME, MILESTONE,
};

static const char *const schema_status_names[] = {"schema_id", "status_id", "sort", NULL};
static const char *const schema_statuses[] = {
    "@schema Shot", "@status Normal", "0",
    "@schema Shot", "@status Omitted", "1",
    "@schema Shot", "@status On Hold", "2",
    "@schema Sequence", "@status Normal", "0",
    "@schema Sequence", "@status Omitted", "1",
    "@schema Sequence", "@status On Hold", "2",
    "@schema AssetBuild", "@status Normal", "0",
    "@schema AssetBuild", "@status Omitted", "1",
    "@schema AssetBuild", "@status On Hold", "2",
    "@schema Milestone", NOT_STARTED, "0",
    "@schema Milestone", APPROVED, "1",
};

static const char *const schema_type_names[] = {"schema_id", "type_id", "sort", NULL};
static const char *const schema_types[] = {
    "@schema AssetBuild", "@type Character", "0",
    "@schema AssetBuild", "@type Prop", "1",
    "@schema AssetBuild", "@type Environment", "2",
    "@schema AssetBuild", "@type Matte Painting", "3",
    "@schema Milestone", GENERIC, "0",
};

static const char *const role_names[] = {"id", "name", "type", NULL};
static const char *const roles[] = {
    MS_SEED_ADMINISTRATOR, "Administrator", "ASSIGNED",
    "@role Project Manager", "Project Manager", "PROJECT",
    "@role User", "User", "PROJECT",
    "@role API", "API", "ASSIGNED",
};

static const char *const label_names[] = {"id", "name", "color", "sort", NULL};
static const char *const labels[] = {
    "@label Internal", "Internal", "#3498DB", "0",
    "@label Client feedback", "Client feedback", "#E67E22", "1",
    "@label Technical", "Technical", "#95A5A6", "2",
};

static const char *const named[] = {"id", "name", NULL};
static const char *const list_categories[] = {
    DEFAULT_LISTS, "Default",
    "@list category Dailies", "Dailies",
};
static const char *const manager_types[] = {
    "@manager type Supervisor", "Supervisor",
    "@manager type Coordinator", "Coordinator",
};
static const char *const user_types[] = {PERSON, "User"};
static const char *const custom_attribute_types[] = {
    "6268aef0-381c-11e0-acff-0019bb49847a", "text",
    "79968e9e-381c-11e0-acff-0019bb49847a", "date",
    "ec616dcd-56e2-4147-99f8-7e4a4f040cf9", "url",
    "882e4aee-fae6-11e3-b623-20c9d0831e59", "dynamic enumerator",
    "@custom attribute type boolean", "boolean",
    "@custom attribute type number", "number",
    "@custom attribute type enumerator", "enumerator",
    "@custom attribute type expression", "expression",
};

#define TABLE(type, names, values, is_needed) {type, names, values, sizeof(values) / sizeof((values)[0]), is_needed}
#define NEEDED(type, names, values) TABLE(type, names, values, true)
#define STUDIO(type, names, values) TABLE(type, names, values, false)

const struct ms_seed_table ms_seed_tables[] = {
    NEEDED("Location", location_names, locations),
    NEEDED("ObjectType", object_type_names, object_types),
    NEEDED("State", state_names, states),
    STUDIO("Status", status_names, statuses),
    STUDIO("Type", type_names, types),
    NEEDED("Priority", priority_names, priorities),
    STUDIO("AssetType", asset_type_names, asset_types),
    STUDIO("WorkflowSchema", workflow_names, workflows),
    STUDIO("WorkflowSchemaStatus", workflow_status_names, workflow_statuses),
    STUDIO("TaskTypeSchema", task_type_schema_names, task_type_schemas),
    STUDIO("TaskTypeSchemaType", task_type_names, task_types),
    STUDIO("ProjectSchema", project_schema_names, project_schemas),
    STUDIO("ProjectSchemaObjectType", schema_object_type_names, schema_object_types),
    STUDIO("Schema", schema_names, schemas),
    STUDIO("SchemaStatus", schema_status_names, schema_statuses),
    STUDIO("SchemaType", schema_type_names, schema_types),
    NEEDED("SecurityRole", role_names, roles),
    STUDIO("NoteCategory", label_names, labels),
    STUDIO("ListCategory", named, list_categories),
    STUDIO("ManagerType", named, manager_types),
    NEEDED("UserType", named, user_types),
    NEEDED("CustomAttributeType", named, custom_attribute_types),
};
const size_t ms_seed_table_count = sizeof ms_seed_tables / sizeof *ms_seed_tables;
/* clang-format on */
