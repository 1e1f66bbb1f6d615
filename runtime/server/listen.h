/* The listening socket: from "HOST:PORT" to a descriptor and the URL that reaches it. */
#ifndef MS_SERVER_LISTEN_H
#define MS_SERVER_LISTEN_H

#include "base/error.h"

/* Binds and listens. `address` is HOST:PORT, [IPv6]:PORT, or :PORT for every interface; port 0 lets
 * the system choose. *fd is owned (close-on-exec, non-blocking), *url too. MS_USAGE for an address
 * that cannot be read or is not of this machine, MS_BUSY for one in use. */
enum ms_status
ms_listen(const char *address, int *fd, char **url, struct ms_error *err);

#endif
