/* Birth and death of the host. The order of closing is that of the libraries' needs: tasks unwind on a
 * running loop; handles of luv close before the Lua state that owns them; the loop goes last. */
#include "host/host.h"

#include <string.h>

#include "host/signal.h"
#include "loop/loop.h"

enum ms_status
ms_host_open(struct ms_host *host, struct ms_error *err)
{
  memset(host, 0, sizeof *host);
  enum ms_status status = ms_loop_open(&host->loop, err);
  if (status != MS_OK) {
    return status;
  }
  host->L = ms_state_new(&host->loop);
  if (host->L == NULL) {
    ms_loop_close(&host->loop);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  host->tasks = ms_tasks_of(host->L);
  status = ms_signals_open(&host->loop, host->tasks, host->L, &host->signals, err);
  if (status != MS_OK) {
    ms_host_close(host);
  }
  return status;
}

void
ms_host_close(struct ms_host *host)
{
  ms_tasks_unwind(host->tasks); /* a signal may still end this */
  ms_signals_close(host->signals);
  ms_tasks_free(host->tasks);
  ms_loop_close_handles(&host->loop);
  lua_close(host->L);
  ms_loop_close(&host->loop);
}
