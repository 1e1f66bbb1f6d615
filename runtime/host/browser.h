/* The browser of whoever sits in front of this machine. */
#ifndef MS_HOST_BROWSER_H
#define MS_HOST_BROWSER_H

#include <uv.h>

#include "base/error.h"

/* Has xdg-open open the URL, without waiting for it. MS_NOT_FOUND where there is no xdg-open. `process`, which
 * the caller provides, must live until the loop is closed. */
enum ms_status
ms_browser_open(uv_loop_t *loop, uv_process_t *process, const char *url, struct ms_error *err);

#endif
