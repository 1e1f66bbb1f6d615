/* What the tracker is told of media that are encoded: batches like any client's, without a user. */
#ifndef MS_SERVER_ENCODE_REPORT_H
#define MS_SERVER_ENCODE_REPORT_H

#include <stdint.h>

#include "api/api.h"
#include "server/encode_probe.h"

/* The job runs. */
enum ms_status
ms_encode_report_started(struct ms_api *api, const char *job_id, struct ms_error *err);

/* An output that was made. */
struct ms_encode_output {
  int64_t size_bytes;
  char meta[MS_ENCODE_META_SIZE]; /* its `ftr_meta`; "" when that is not known */
};

/* Its outputs have data: they are in the server's location, the picture is the version's thumbnail, and the
 * source goes where it was not to be kept. `video` counts only where one was asked for. */
enum ms_status
ms_encode_report_done(struct ms_api *api, const struct ms_encoding *encoding,
                      const struct ms_encode_output *video, const struct ms_encode_output *image,
                      struct ms_error *err);

/* It failed for `reason`, a sentence; its outputs go. */
enum ms_status
ms_encode_report_failed(struct ms_api *api, const struct ms_encoding *encoding, const char *reason,
                        struct ms_error *err);

/* Jobs that were left when a server ended have failed. */
enum ms_status
ms_encode_report_interrupted(struct ms_api *api, struct ms_error *err);

#endif
