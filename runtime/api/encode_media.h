/* Media that a batch asked to encode. */
#ifndef MS_API_ENCODE_MEDIA_H
#define MS_API_ENCODE_MEDIA_H

#include "api/batch.h"

/* The batch is committed: hands what it asked for to the encoder. */
void
ms_encode_media_begin(struct ms_batch *batch);

#endif
