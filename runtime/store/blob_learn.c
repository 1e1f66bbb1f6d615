/* The checksum of bytes that the kernel has copied is taken when somebody downloads them for the first time, and
 * kept beside the other kind: it never changes what the bytes are called, for whoever has a part of them already. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file_digest.h"
#include "store/blob_internal.h"

static const char learned_attribute[] = "user.moonshift.learned-md5";

struct ms_blob_learn {
  int fd; /* owned */
  int64_t size_bytes;
  struct ms_file_digest digest;
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
  struct ms_blob_learn *learn = calloc(1, sizeof *learn);
  *result = NULL;
  if (!learn || ms_blob_open(blobs, id, &learn->fd, &learn->size_bytes, NULL) != MS_OK) {
    free(learn);
    return false;
  }
  if (ms_blob_checksum(learn->fd, checksum) || ms_blob_learned_checksum(learn->fd, checksum)) {
    ms_blob_learn_free(learn);
    return false;
  }
  const struct ms_file_digest_range range = {
      .fd = learn->fd, .segment_bytes = ms_file_digest_segment(learn->size_bytes)};
  ms_file_digest_begin(&learn->digest, &range);
  *result = learn;
  return true;
}

/* Blobs are sealed, and the file system takes an attribute for a change. */
static void
keep(struct ms_blob_learn *learn)
{
  char hex[MS_MD5_HEX_SIZE], checksum[MS_BLOB_CHECKSUM_SIZE];
  ms_file_digest_end(&learn->digest, hex);
  snprintf(checksum, sizeof checksum, "%lld-%s", (long long)learn->digest.range.segment_bytes, hex);
  fchmod(learn->fd, S_IRUSR | S_IWUSR);
  fsetxattr(learn->fd, learned_attribute, checksum, strlen(checksum), 0);
  ms_blob_seal(learn->fd);
}

bool
ms_blob_learn_step(struct ms_blob_learn *learn)
{
  enum ms_status status = ms_file_digest_read(&learn->digest, learn->size_bytes, true, NULL);
  bool is_all = learn->digest.done_bytes == learn->size_bytes;
  if (status == MS_OK && is_all)
    keep(learn);
  return status == MS_OK && !is_all;
}

void
ms_blob_learn_free(struct ms_blob_learn *learn)
{
  if (!learn)
    return;
  close(learn->fd);
  free(learn);
}
