/* A zip archive that is made while it is read.
 *
 * Nothing is compressed (renders and movies are already) and nothing is read twice: sizes are known before
 * the first byte, checksums follow each file's data. The data is framed as stored blocks of deflate, because
 * only then every reader finds its end, also one that reads from a pipe. Files above 4 GiB and archives above
 * 4 GiB use zip64. Memory is bounded by the entries' names. */
#ifndef MS_PAGE_ZIP_H
#define MS_PAGE_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ms_zip;

/* Opens entry `index` for reading: a descriptor that the archive closes. */
typedef enum ms_status (*ms_zip_opener)(void *context, size_t index, int *fd, struct ms_error *err);

/* An empty archive. `context` is the opener's. */
struct ms_zip *
ms_zip_new(ms_zip_opener open_entry, void *context);

void
ms_zip_free(struct ms_zip *zip);

/* Adds an entry, before the first read. Only the name behind the last slash counts; a name that was there
 * already gets a number. */
enum ms_status
ms_zip_add(struct ms_zip *zip, const char *name, uint64_t size_bytes, struct ms_error *err);

/* How many bytes the archive will have. */
uint64_t
ms_zip_size(const struct ms_zip *zip);

/* Writes the next bytes of the archive into `data`, up to `capacity_bytes`; *size_bytes is 0 at the end.
 * MS_IO when an entry could not be read or is no longer of the size that was told. */
enum ms_status
ms_zip_read(struct ms_zip *zip, char *data, size_t capacity_bytes, size_t *size_bytes,
            struct ms_error *err);

#endif
