/* The checksum of bytes that the kernel has copied is taken when somebody downloads them for the first time, and
 * kept beside the other kind: it never changes what the bytes are called, for whoever has a part of them already. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "store/blob_internal.h"

enum { READ_BYTES = 256 * 1024, STEP_BYTES = 32 * 1024 * 1024 /* tens of milliseconds */ };

static const char learned_attribute[] = "user.moonshift.learned-md5";

struct ms_blob_learn {
  int fd; /* owned */
  struct ms_md5_stream md5;
};

bool
ms_blob_learned_checksum(int fd, char checksum[MS_BLOB_CHECKSUM_SIZE])
{
  ssize_t size = fgetxattr(fd, learned_attribute, checksum, MS_BLOB_CHECKSUM_SIZE - 1);
  checksum[size > 0 ? size : 0] = '\0';
  return size > 0;
}

bool
ms_blob_learn_begin(struct ms_blobs *blobs, const char *id, struct ms_blob_learn **result)
{
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  int64_t size_bytes;
  struct ms_blob_learn *learn = calloc(1, sizeof *learn);
  *result = NULL;
  if (!learn || ms_blob_open(blobs, id, &learn->fd, &size_bytes, NULL) != MS_OK) {
    free(learn);
    return false;
  }
  if (ms_blob_checksum(learn->fd, checksum) || ms_blob_learned_checksum(learn->fd, checksum)) {
    ms_blob_learn_free(learn);
    return false;
  }
  ms_md5_stream_begin(&learn->md5);
  *result = learn;
  return true;
}

/* Blobs are sealed, and the file system takes an attribute for a change. */
static void
keep(struct ms_blob_learn *learn)
{
  uint8_t digest[MS_MD5_BYTES];
  char hex[MS_MD5_HEX_SIZE], checksum[MS_BLOB_CHECKSUM_SIZE];
  ms_md5_stream_end(&learn->md5, digest);
  ms_hex(digest, sizeof digest, hex);
  snprintf(checksum, sizeof checksum, "0-%s", hex);
  fchmod(learn->fd, S_IRUSR | S_IWUSR);
  fsetxattr(learn->fd, learned_attribute, checksum, strlen(checksum), 0);
  ms_blob_seal(learn->fd);
}

bool
ms_blob_learn_step(struct ms_blob_learn *learn)
{
  char *buffer = malloc(READ_BYTES);
  ssize_t size = buffer ? 1 : -1;
  for (int64_t done = 0; size > 0 && done < STEP_BYTES; done += size) {
    size = read(learn->fd, buffer, READ_BYTES);
    if (size > 0)
      ms_md5_stream_add(&learn->md5, buffer, (size_t)size);
  }
  free(buffer);
  if (size == 0)
    keep(learn);
  return size > 0;
}

void
ms_blob_learn_free(struct ms_blob_learn *learn)
{
  if (!learn)
    return;
  close(learn->fd);
  free(learn);
}
