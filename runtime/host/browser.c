/* xdg-open knows the desktop's browser and ends at once; what it prints would be in the way. */
#include "host/browser.h"

static void
on_opened(uv_process_t *process, int64_t exit_code, int signal)
{
  (void)exit_code, (void)signal;
  uv_close((uv_handle_t *)process, NULL);
}

enum ms_status
ms_browser_open(uv_loop_t *loop, uv_process_t *process, const char *url, struct ms_error *err)
{
  char *arguments[] = {"xdg-open", (char *)url, NULL};
  const uv_process_options_t options = {
      .exit_cb = on_opened,
      .file = arguments[0],
      .args = arguments,
      .flags = UV_PROCESS_DETACHED,
  };
  int failure = uv_spawn(loop, process, &options);
  if (failure < 0) {
    uv_close((uv_handle_t *)process, NULL);
    return ms_fail(err, MS_NOT_FOUND, "cannot open a browser: xdg-open: %s", uv_strerror(failure));
  }
  uv_unref((uv_handle_t *)process);
  return MS_OK;
}
