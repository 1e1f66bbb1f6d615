/* Encodes media for browsers with ffmpeg, one at a time, so that the server stays responsive on a small
 * machine: H.264 in MP4 for what moves, and a JPEG picture.
 *
 * Input is whatever people upload: ffmpeg may open that one file and nothing else, runs at a lower
 * priority, and not longer than MS_ENCODER_TIME_MAX_MS. Without ffmpeg every job fails and says so. What the outputs
 * measure is asked of ffprobe, and left out without it. */
#ifndef MS_SERVER_ENCODER_H
#define MS_SERVER_ENCODER_H

#include "base/error.h"

struct ms_encoder;
struct ms_server;

enum {
  MS_ENCODER_QUEUE_MAX = 1000, /* jobs that wait; further ones fail */
  MS_ENCODER_TIME_MAX_MS = 2 * 60 * 60 * 1000,
  MS_ENCODER_PROBE_TIME_MAX_MS = 60 * 1000, /* to find out what an output measures */
  MS_ENCODER_WAIT_MS = 10 * 1000, /* for ffmpeg to be there, since the job was asked for */
  MS_ENCODER_NICE = 10
};

/* Jobs that an earlier server left have failed from now on; new ones of the server's API come here. */
enum ms_status
ms_encoder_open(struct ms_server *server, struct ms_encoder **encoder, struct ms_error *err);

/* Kills what runs; what has not ended has failed. To be called after ms_offload_drain. The memory is freed when the
 * loop runs next. NULL is fine. */
void
ms_encoder_close(struct ms_encoder *encoder);

#endif
