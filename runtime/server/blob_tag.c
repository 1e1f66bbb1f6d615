/* A blob whose checksum is known is called by that, which stays what it is whatever becomes of the file. The others
 * are written once, under a temporary name, and renamed into place: another content is another inode with another
 * time. */
#include "server/blob_tag.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/blob.h"

void
ms_blob_tag(int fd, char tag[MS_BLOB_TAG_SIZE])
{
  struct stat file = {0};
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  fstat(fd, &file);
  if (ms_blob_checksum(fd, checksum) && strspn(checksum, "0123456789abcdef-") == strlen(checksum)) {
    snprintf(tag, MS_BLOB_TAG_SIZE, "\"%llx-%s\"", (unsigned long long)file.st_size, checksum);
    return;
  }
  snprintf(tag, MS_BLOB_TAG_SIZE, "\"%llx-%llx-%llx\"", (unsigned long long)file.st_ino,
           (unsigned long long)file.st_size,
           (unsigned long long)file.st_mtim.tv_sec * 1000000000u +
               (unsigned long long)file.st_mtim.tv_nsec);
}

bool
ms_blob_tag_matches(const char *header, const char *tag)
{
  size_t tag_length = strlen(tag);
  while (header && *header) {
    header += strspn(header, " \t,");
    if (*header == '*') {
      return true;
    }
    if (strncmp(header, "W/", 2) == 0) {
      header += 2;
    }
    size_t length = strcspn(header, ",");
    while (length > 0 && (header[length - 1] == ' ' || header[length - 1] == '\t')) {
      length--;
    }
    if (length == tag_length && memcmp(header, tag, length) == 0) {
      return true;
    }
    header += strcspn(header, ",");
  }
  return false;
}
