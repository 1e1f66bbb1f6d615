/* Puts the module together. */
#include "job/job.h"

int
luaopen_moonshift_core_job(lua_State *L)
{
  lua_newtable(L);
  ms_job_open_command(L);
  ms_job_open_lease(L);
  ms_job_open_outbox(L);
  ms_job_open_checksum(L);
  return 1;
}
