/* Uploads in parts that nobody goes on with are removed after a day, others of which no component was made when they are
 * a week old. */
#ifndef MS_SERVER_ORPHANS_H
#define MS_SERVER_ORPHANS_H

#include "base/error.h"

struct ms_server;
struct ms_orphans;

enum ms_status
ms_orphans_open(struct ms_server *server, struct ms_orphans **orphans, struct ms_error *err);

/* NULL is fine. */
void
ms_orphans_close(struct ms_orphans *orphans);

#endif
