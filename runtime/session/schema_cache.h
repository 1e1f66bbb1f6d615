/* Schema documents on disk, by their hash: $XDG_CACHE_HOME/moonshift/schemas/HASH.json.
 *
 * Shared by all processes and all servers; a document is written whole or not at all. The cache
 * never fails a session: what cannot be read is fetched again, what cannot be written is logged. */
#ifndef MS_SESSION_SCHEMA_CACHE_H
#define MS_SESSION_SCHEMA_CACHE_H

#include <stddef.h>

#include "model/model.h"

/* The model of the cached document, owned; NULL when there is none that can be read. */
struct ms_model *
ms_schema_cache_read(const char *hash);

/* Keeps a document. */
void
ms_schema_cache_write(const char *hash, const char *text, size_t text_bytes);

#endif
