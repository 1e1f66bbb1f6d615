/* The Lua module moonshift.core.job: mechanisms under lua/moonshift/job.lua and wrap.lua.
 *
 * A command under supervision (command.c), leases (lease_binding.c), the outbox's journal
 * (outbox_binding.c) and checksums of files (checksum_binding.c). Policy (what a job's data says, when it
 * is told, what is attached) lives in Lua. Annotated in lua/meta/core_job.lua. */
#ifndef MS_JOB_JOB_H
#define MS_JOB_JOB_H

#include <lua.h>

int
luaopen_moonshift_core_job(lua_State *L);

/* Registers the classes and functions of each part; L has the module's table on top. */
void
ms_job_open_command(lua_State *L);
void
ms_job_open_lease(lua_State *L);
void
ms_job_open_outbox(lua_State *L);
void
ms_job_open_checksum(lua_State *L);

#endif
