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
/* GET /: the Jobs page, and the one-time link that signs in; GET /page/NAME: its other files. */
extern const struct ms_endpoint ms_endpoint_page;
extern const struct ms_endpoint ms_endpoint_page_file;
/* POST /page/sign-in, POST /page/sign-out; GET /page/session: who is signed in, also when nobody
 * is. */
extern const struct ms_endpoint ms_endpoint_sign_in;
extern const struct ms_endpoint ms_endpoint_sign_out;
extern const struct ms_endpoint ms_endpoint_session;
/* What page/jobs.h answers, under /jobs/: GET list, users, detail, removable; POST cancel, remove. */
extern const struct ms_endpoint ms_endpoint_jobs_list;
extern const struct ms_endpoint ms_endpoint_jobs_users;
extern const struct ms_endpoint ms_endpoint_jobs_detail;
extern const struct ms_endpoint ms_endpoint_jobs_removable;
extern const struct ms_endpoint ms_endpoint_jobs_cancel;
extern const struct ms_endpoint ms_endpoint_jobs_remove;
/* POST /jobs/retry: runs a job's command again. */
extern const struct ms_endpoint ms_endpoint_jobs_retry;
/* GET /jobs/changes: an event whenever something has changed. */
extern const struct ms_endpoint ms_endpoint_jobs_changes;
/* GET /jobs/zip: all attachments of a job. */
extern const struct ms_endpoint ms_endpoint_jobs_zip;
/* GET /events: the journal of events. */
extern const struct ms_endpoint ms_endpoint_events;
/* GET /healthz: whether we are alive. */
extern const struct ms_endpoint ms_endpoint_health;

/* The route of a path, or NULL. */
const struct ms_route *
ms_route_find(const char *path);

/* The method's bit, 0 for one that no route has. */
unsigned
ms_method_bit(const char *method);

#endif
