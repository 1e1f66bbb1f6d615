/* The browser of whoever sits in front of this machine. */
#ifndef MS_HOST_BROWSER_H
#define MS_HOST_BROWSER_H

#include <uv.h>

#include "base/error.h"

/* Has xdg-open open the URL, without waiting for it. MS_NOT_FOUND where there is no xdg-open. The handle
 * closes itself while the loop runs. */
enum ms_status
ms_browser_open(uv_loop_t *loop, const char *url, struct ms_error *err);

#endif
