/* The blobs: the bytes of components, one file each under DATA/blobs.
 *
 * A blob is written to a temporary file, synced, and renamed into place (with its folder synced), so it
 * is there whole or not at all. Names are component ids, checked to be plain (no slash, no dot first),
 * spread over 256 folders by the first two characters. */
#ifndef MS_STORE_BLOB_H
#define MS_STORE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/checksum.h"
#include "base/error.h"

struct ms_blobs;
struct ms_blob_writer;

/* Opens (and creates, mode 0700) the folder; sweeps the temporary files whose writers are gone, and uploads
 * in parts that nobody has touched for a day. */
enum ms_status
ms_blobs_open(const char *folder, struct ms_blobs **blobs, struct ms_error *err);

void
ms_blobs_close(struct ms_blobs *blobs);

/* Removes temporary files and uploads in parts, as opening does. */
void
ms_blobs_sweep(struct ms_blobs *blobs);

/* MS_FULL when the disk has no room for so many bytes more. It takes none of it: what fails now would fail at the
 * end, after all of it was sent. */
enum ms_status
ms_blobs_check_room(const struct ms_blobs *blobs, int64_t size_bytes, struct ms_error *err);

/* Begins to write the blob `id`. Nothing is visible before _commit. MS_INVALID for a bad id. */
enum ms_status
ms_blob_create(struct ms_blobs *blobs, const char *id, struct ms_blob_writer **writer,
               struct ms_error *err);

/* How many bytes will come, where that is known and no Content-MD5 will be given: of few the checksum is taken at the
 * end. Before the first ms_blob_write. */
void
ms_blob_expect(struct ms_blob_writer *writer, int64_t size_bytes);

/* Appends. */
enum ms_status
ms_blob_write(struct ms_blob_writer *writer, const void *data, size_t size_bytes,
              struct ms_error *err);

/* Makes the blob durable and visible, replacing an older one; frees the writer, also on failure.
 * `md5_base64`, when not NULL, is the expected Content-MD5: a mismatch is MS_INVALID and leaves
 * nothing behind. */
enum ms_status
ms_blob_commit(struct ms_blob_writer *writer, const char *md5_base64, struct ms_error *err);

/* The writer's file, which is empty, for whoever fills it without ms_blob_write and then calls
 * ms_blob_commit_filled, or ms_blob_abandon. Borrowed. */
int
ms_blob_writer_fd(const struct ms_blob_writer *writer);

/* As ms_blob_commit, for a file that was filled so. `checksum` is what the bytes are, in the form below; NULL where
 * that is not known. */
enum ms_status
ms_blob_commit_filled(struct ms_blob_writer *writer, const char *checksum, struct ms_error *err);

/* Gives up: removes the temporary file and frees the writer. NULL is fine. */
void
ms_blob_abandon(struct ms_blob_writer *writer);

/* Copies the regular file at `path` in as blob `id`, durably, in one go. The size in bytes is stored in *size_bytes. */
enum ms_status
ms_blob_import(struct ms_blobs *blobs, const char *id, const char *path, int64_t *size_bytes,
               struct ms_error *err);

/* Opens the blob for reading: a file descriptor that the caller closes, and its size. MS_NOT_FOUND when
 * there is none. */
enum ms_status
ms_blob_open(struct ms_blobs *blobs, const char *id, int *fd, int64_t *size_bytes,
             struct ms_error *err);

/* Its path in the file system, whether it exists or not. Owned. MS_INVALID for a bad id. */
enum ms_status
ms_blob_path(struct ms_blobs *blobs, const char *id, char **path, struct ms_error *err);

/* ---- checksums ---- */

/* What a blob's bytes are known to be, kept beside them: "0-HEX" is the MD5 of the whole; "SEGMENT-HEX" that of
 * the MD5s (16 bytes each) of its segments of so many bytes, the last one shorter. */
enum { MS_BLOB_CHECKSUM_SIZE = 64 };

/* False when none is known: the file system keeps no attributes, or the kernel copied the bytes. */
bool
ms_blob_checksum(int fd, char checksum[MS_BLOB_CHECKSUM_SIZE]);

/* The same, of what was learnt since about bytes that the kernel copied. */
bool
ms_blob_learned_checksum(int fd, char checksum[MS_BLOB_CHECKSUM_SIZE]);

struct ms_blob_learn;

/* Begins to learn the checksum of a blob; false where it is known, or cannot be. _free it. */
bool
ms_blob_learn_begin(struct ms_blobs *blobs, const char *id, struct ms_blob_learn **learn);

/* Reads for some tens of milliseconds, on any thread; false at the end. */
bool
ms_blob_learn_step(struct ms_blob_learn *learn);

/* NULL is fine. */
void
ms_blob_learn_free(struct ms_blob_learn *learn);

/* ---- uploads in parts ----
 *
 * The parts are written in any order into one file, which then becomes the blob without a copy. */

/* Begins one of `size_bytes` in all under `upload_id`, a UUID. MS_FULL where there is no room for it. */
enum ms_status
ms_blob_parts_begin(struct ms_blobs *blobs, const char *upload_id, int64_t size_bytes,
                    struct ms_error *err);

/* Its size in bytes; MS_NOT_FOUND when there is no such upload (any more). */
enum ms_status
ms_blob_parts_size(struct ms_blobs *blobs, const char *upload_id, int64_t *size_bytes,
                   struct ms_error *err);

/* Begins to write a part at `offset`; it ends with ms_blob_part_commit or ms_blob_abandon. */
enum ms_status
ms_blob_part_create(struct ms_blobs *blobs, const char *upload_id, int64_t offset,
                    struct ms_blob_writer **writer, struct ms_error *err);

/* Makes the part durable and frees the writer, also on failure. */
enum ms_status
ms_blob_part_commit(struct ms_blob_writer *writer, uint8_t digest[MS_MD5_BYTES],
                    struct ms_error *err);

/* All parts are there: the upload becomes the blob `id`, which `checksum` describes. */
enum ms_status
ms_blob_parts_commit(struct ms_blobs *blobs, const char *upload_id, const char *id,
                     const char *checksum, struct ms_error *err);

/* Removes it; MS_NOT_FOUND when there is none. Others that share its bytes keep them. */
enum ms_status
ms_blob_remove(struct ms_blobs *blobs, const char *id, struct ms_error *err);

/* ---- walking ---- */

enum { MS_BLOB_FOLDER_SIZE = 3 /* of a name with its NUL */ };

/* The folder of blobs that comes after `name` in their order, "" before the first. False when there is none. */
bool
ms_blobs_next_folder(struct ms_blobs *blobs, char name[MS_BLOB_FOLDER_SIZE]);

/* Calls `visit`, which may remove it, for each blob in a folder that has been what it is since before `before`. */
void
ms_blobs_visit_old(struct ms_blobs *blobs, const char *folder, time_t before,
                   void (*visit)(void *context, const char *id), void *context);

/* ---- sharing ----
 *
 * Blobs of the same bytes can share one file. A twin is looked for when there is time, on any thread, one blob at a
 * time; readers notice nothing. Only bytes whose checksum is known are looked at. */

struct ms_blob_share;

/* Whether there are new blobs that may have a twin. */
bool
ms_blob_share_waits(struct ms_blobs *blobs);

/* Takes up the next new blob that may have a twin; false when there is none. _free it. */
bool
ms_blob_share_next(struct ms_blobs *blobs, struct ms_blob_share **share);

/* Compares for some tens of milliseconds; false at the end, when the two share their bytes if they are the same. */
bool
ms_blob_share_step(struct ms_blob_share *share);

/* NULL is fine. */
void
ms_blob_share_free(struct ms_blob_share *share);

#endif
