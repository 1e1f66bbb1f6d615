/* A hash of bytes for tables in memory: fast, eight bytes at a time, and no secret. Not for anything that is
 * stored, or that a stranger could fill with collisions to harm us: tables that use it are bounded. */
#ifndef MS_BASE_HASH_H
#define MS_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t
ms_hash(const void *data, size_t size_bytes);

#endif
