/* The table of routes: which paths there are, and who serves them to whom. */
#ifndef MS_SERVER_ROUTES_H
#define MS_SERVER_ROUTES_H

#include "server/request.h"

/* POST /api: a batch of operations. */
extern const struct ms_endpoint ms_endpoint_api;
/* GET /component/get: the bytes of a component, whole or in part. */
extern const struct ms_endpoint ms_endpoint_download;
/* PUT /component/put: the bytes of a component come in. */
extern const struct ms_endpoint ms_endpoint_upload;
/* PUT /component/part: a part of an upload in parts. */
extern const struct ms_endpoint ms_endpoint_part;
/* GET /component/remove: deletes the bytes of a component. */
extern const struct ms_endpoint ms_endpoint_remove;
/* GET /component/thumbnail: a picture of a component. */
extern const struct ms_endpoint ms_endpoint_thumbnail;
/* GET /img/thumbnail2.png: the picture of what has none; clients know the path. */
extern const struct ms_endpoint ms_endpoint_placeholder;
/* GET /socket.io/1/: a session with the event hub. */
extern const struct ms_endpoint ms_endpoint_handshake;
/* GET /socket.io/1/websocket/SESSION: its WebSocket. */
extern const struct ms_endpoint ms_endpoint_socket;
/* GET /: what this is. */
extern const struct ms_endpoint ms_endpoint_welcome;
/* GET /healthz: whether we are alive. */
extern const struct ms_endpoint ms_endpoint_health;

/* The route of a path, or NULL. */
const struct ms_route *
ms_route_find(const char *path);

/* The method's bit, 0 for one that no route has. */
unsigned
ms_method_bit(const char *method);

#endif
