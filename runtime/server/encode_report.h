/* What the tracker is told of media that are encoded: batches like any client's, without a user. */
#ifndef MS_SERVER_ENCODE_REPORT_H
#define MS_SERVER_ENCODE_REPORT_H

#include <stdint.h>

#include "api/api.h"

/* The job runs. */
enum ms_status
ms_encode_report_started(struct ms_api *api, const char *job_id, struct ms_error *err);

/* Its outputs have data of these sizes: they are in the server's location, the picture is the version's
 * thumbnail, and the source goes where it was not to be kept. */
enum ms_status
ms_encode_report_done(struct ms_api *api, const struct ms_encoding *encoding,
                      int64_t video_size_bytes, int64_t image_size_bytes, struct ms_error *err);

/* It failed for `reason`, a sentence; its outputs go. */
enum ms_status
ms_encode_report_failed(struct ms_api *api, const struct ms_encoding *encoding, const char *reason,
                        struct ms_error *err);

/* Jobs that were left when a server ended have failed. */
enum ms_status
ms_encode_report_interrupted(struct ms_api *api, struct ms_error *err);

#endif
