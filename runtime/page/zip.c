/* The archive is a sequence of steps: for each entry its header, its data, its checksum; then the directory,
 * an entry a step; then the end. Whatever is not file data is put into `pending` and copied from there. */
#include "page/zip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/path.h"

enum {
  NAME_MAX_BYTES = 240,
  ENTRIES_MAX = 65000,
  BLOCK_MAX_BYTES = 65535, /* of a stored block */
  BLOCK_HEADER_BYTES = 5,
  PENDING_MAX_BYTES = 1024,
  LOCAL_BYTES = 30,
  CHECKSUM_BYTES = 16,
  LARGE_CHECKSUM_BYTES = 24,
  DIRECTORY_BYTES = 46,
  END_BYTES = 22,
  LARGE_END_BYTES = 56 + 20,
  LARGE_LOCAL_EXTRA_BYTES = 20,
  LARGE_DIRECTORY_EXTRA_BYTES = 28,
  VERSION = 20,
  LARGE_VERSION = 45,
  FLAGS = 1 << 3 | 1 << 11, /* the checksum follows the data; names are UTF-8 */
  METHOD_DEFLATE = 8,
  MADE_ON_UNIX = 3 << 8,
  DATE =
      (1980 - 1980) << 9 | 1 << 5 | 1 /* the format's first day: when a file was made is not kept */
};

/* Fields of 32 bits hold less than this; from here on zip64 says it. */
static const uint64_t LARGE = 0xFFFFFFFF;

enum step { STEP_HEADER, STEP_DATA, STEP_DIRECTORY, STEP_END, STEP_OVER };

struct entry {
  char *name; /* owned */
  uint64_t size_bytes, stored_bytes, offset;
  uint32_t checksum;
  bool large;
};

struct ms_zip {
  ms_zip_opener open_entry;
  void *context;
  struct entry *entries; /* owned */
  size_t count;
  enum step step;
  size_t at;     /* the step's entry */
  int fd;        /* of the entry whose data is read, or -1 */
  uint64_t left; /* bytes of it that are still to come */
  size_t block;  /* bytes of the current block that are still to come */
  struct ms_buffer pending;
  size_t pending_at;
};

/* ---- bytes ---- */

static void
put(struct ms_buffer *buffer, unsigned bytes, uint64_t value)
{
  for (unsigned i = 0; i < bytes; i++) {
    ms_buffer_append_char(buffer, (char)(value >> 8 * i));
  }
}

static uint32_t
clip(uint64_t value)
{
  return value < LARGE ? (uint32_t)value : (uint32_t)LARGE;
}

/* CRC-32 by a table that is made on the first call. */
static uint32_t
checksum_add(uint32_t checksum, const char *data, size_t size_bytes)
{
  static uint32_t table[256];
  if (!table[1]) {
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; bit++) {
        value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
      }
      table[i] = value;
    }
  }
  checksum = ~checksum;
  for (size_t i = 0; i < size_bytes; i++) {
    checksum = checksum >> 8 ^ table[(checksum ^ (unsigned char)data[i]) & 0xFF];
  }
  return ~checksum;
}

/* ---- entries ---- */

struct ms_zip *
ms_zip_new(ms_zip_opener open_entry, void *context)
{
  struct ms_zip *zip = calloc(1, sizeof *zip);
  if (zip) {
    zip->open_entry = open_entry;
    zip->context = context;
    zip->fd = -1;
    ms_buffer_init(&zip->pending, PENDING_MAX_BYTES);
  }
  return zip;
}

void
ms_zip_free(struct ms_zip *zip)
{
  if (!zip) {
    return;
  }
  if (zip->fd >= 0) {
    close(zip->fd);
  }
  for (size_t i = 0; i < zip->count; i++) {
    free(zip->entries[i].name);
  }
  free(zip->entries);
  ms_buffer_free(&zip->pending);
  free(zip);
}

/* Where the directory begins: behind the last entry. */
static uint64_t
directory_offset(const struct ms_zip *zip)
{
  if (zip->count == 0) {
    return 0;
  }
  const struct entry *last = &zip->entries[zip->count - 1];
  return last->offset + LOCAL_BYTES + strlen(last->name) + last->stored_bytes +
         (last->large ? LARGE_LOCAL_EXTRA_BYTES + LARGE_CHECKSUM_BYTES : CHECKSUM_BYTES);
}

static bool
has_name(const struct ms_zip *zip, const char *name)
{
  for (size_t i = 0; i < zip->count; i++) {
    if (strcasecmp(zip->entries[i].name, name) == 0) {
      return true;
    }
  }
  return false;
}

/* A name that is safe to unpack anywhere, and that no other entry has. Owned. */
static char *
make_name(const struct ms_zip *zip, const char *path)
{
  char plain[NAME_MAX_BYTES + 1];
  char *name = NULL;
  snprintf(plain, sizeof plain, "%s", ms_path_basename(path));
  for (char *at = plain; *at; at++) {
    bool safe = (unsigned char)*at >= ' ' && *at != 0x7F && !strchr("\\/:*?\"<>|", *at);
    if (!safe) {
      *at = '_';
    }
  }
  if (plain[0] == '\0') {
    strcpy(plain, "_");
  }
  if (plain[0] == '.') {
    plain[0] = '_';
  }
  const char *extension = ms_path_extension(plain);
  int stem_length = (int)(strlen(plain) - strlen(extension));
  for (unsigned number = 1; !name || has_name(zip, name); number++) {
    free(name);
    int length = number == 1
                     ? asprintf(&name, "%s", plain)
                     : asprintf(&name, "%.*s (%u)%s", stem_length, plain, number, extension);
    if (length < 0) {
      return NULL;
    }
  }
  return name;
}

enum ms_status
ms_zip_add(struct ms_zip *zip, const char *name, uint64_t size_bytes, struct ms_error *err)
{
  if (zip->count == ENTRIES_MAX) {
    return ms_fail(err, MS_LIMIT, "an archive holds at most %d files", ENTRIES_MAX);
  }
  struct entry *entries = realloc(zip->entries, (zip->count + 1) * sizeof *entries);
  if (!entries) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  zip->entries = entries;
  uint64_t blocks = size_bytes / BLOCK_MAX_BYTES + (size_bytes % BLOCK_MAX_BYTES > 0);
  struct entry entry = {.name = make_name(zip, name), .size_bytes = size_bytes};
  if (!entry.name) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  entry.stored_bytes = size_bytes + BLOCK_HEADER_BYTES * (blocks > 0 ? blocks : 1);
  entry.large = entry.stored_bytes >= LARGE;
  entry.offset = directory_offset(zip);
  zip->entries[zip->count++] = entry;
  return MS_OK;
}

static bool
has_large_place(const struct entry *entry)
{
  return entry->large || entry->offset >= LARGE;
}

static uint64_t
directory_size(const struct ms_zip *zip)
{
  uint64_t size_bytes = 0;
  for (size_t i = 0; i < zip->count; i++) {
    const struct entry *entry = &zip->entries[i];
    size_bytes += DIRECTORY_BYTES + strlen(entry->name) +
                  (has_large_place(entry) ? LARGE_DIRECTORY_EXTRA_BYTES : 0);
  }
  return size_bytes;
}

static bool
is_large(const struct ms_zip *zip)
{
  return directory_offset(zip) + directory_size(zip) >= LARGE;
}

uint64_t
ms_zip_size(const struct ms_zip *zip)
{
  return directory_offset(zip) + directory_size(zip) + END_BYTES +
         (is_large(zip) ? LARGE_END_BYTES : 0);
}

/* ---- what is not file data ---- */

/* The fields that the header and the directory have in common. */
static void
put_common(struct ms_buffer *out, const struct entry *entry, bool large, unsigned extra_bytes,
           bool known)
{
  put(out, 2, large ? LARGE_VERSION : VERSION);
  put(out, 2, FLAGS);
  put(out, 2, METHOD_DEFLATE);
  put(out, 2, 0); /* midnight */
  put(out, 2, DATE);
  put(out, 4, known ? entry->checksum : 0);
  put(out, 4, large ? LARGE : known ? entry->stored_bytes : 0);
  put(out, 4, large ? LARGE : known ? entry->size_bytes : 0);
  put(out, 2, strlen(entry->name));
  put(out, 2, extra_bytes);
}

static void
put_header(struct ms_buffer *out, const struct entry *entry)
{
  put(out, 4, 0x04034b50);
  put_common(out, entry, entry->large, entry->large ? LARGE_LOCAL_EXTRA_BYTES : 0, false);
  ms_buffer_append_string(out, entry->name);
  if (entry->large) {
    put(out, 2, 1);
    put(out, 2, 16);
    put(out, 8, 0);
    put(out, 8, 0);
  }
}

static void
put_checksum(struct ms_buffer *out, const struct entry *entry)
{
  unsigned width = entry->large ? 8 : 4;
  put(out, 4, 0x08074b50);
  put(out, 4, entry->checksum);
  put(out, width, entry->stored_bytes);
  put(out, width, entry->size_bytes);
}

static void
put_directory_entry(struct ms_buffer *out, const struct entry *entry)
{
  bool large = has_large_place(entry);
  put(out, 4, 0x02014b50);
  put(out, 2, MADE_ON_UNIX | LARGE_VERSION);
  put_common(out, entry, large, large ? LARGE_DIRECTORY_EXTRA_BYTES : 0, true);
  put(out, 2, 0); /* comment */
  put(out, 2, 0); /* disk */
  put(out, 2, 0); /* binary */
  put(out, 4, 0100644u << 16);
  put(out, 4, large ? LARGE : entry->offset);
  ms_buffer_append_string(out, entry->name);
  if (large) {
    put(out, 2, 1);
    put(out, 2, 24);
    put(out, 8, entry->size_bytes);
    put(out, 8, entry->stored_bytes);
    put(out, 8, entry->offset);
  }
}

static void
put_end(struct ms_buffer *out, const struct ms_zip *zip)
{
  uint64_t offset = directory_offset(zip), size_bytes = directory_size(zip);
  if (is_large(zip)) {
    put(out, 4, 0x06064b50);
    put(out, 8, 44); /* of what follows in this record */
    put(out, 2, MADE_ON_UNIX | LARGE_VERSION);
    put(out, 2, LARGE_VERSION);
    put(out, 8, 0); /* disks */
    put(out, 8, zip->count);
    put(out, 8, zip->count);
    put(out, 8, size_bytes);
    put(out, 8, offset);
    put(out, 4, 0x07064b50);
    put(out, 4, 0);
    put(out, 8, offset + size_bytes);
    put(out, 4, 1);
  }
  put(out, 4, 0x06054b50);
  put(out, 4, 0); /* disks */
  put(out, 2, zip->count);
  put(out, 2, zip->count);
  put(out, 4, clip(size_bytes));
  put(out, 4, clip(offset));
  put(out, 2, 0); /* comment */
}

/* ---- reading ---- */

static void
begin_block(struct ms_zip *zip)
{
  zip->block = zip->left < BLOCK_MAX_BYTES ? (size_t)zip->left : BLOCK_MAX_BYTES;
  put(&zip->pending, 1, zip->block == zip->left); /* whether it is the last one */
  put(&zip->pending, 2, zip->block);
  put(&zip->pending, 2, ~(unsigned)zip->block);
}

static enum ms_status
begin_entry(struct ms_zip *zip, struct ms_error *err)
{
  struct entry *entry = &zip->entries[zip->at];
  enum ms_status status = zip->open_entry(zip->context, zip->at, &zip->fd, err);
  if (status != MS_OK) {
    zip->fd = -1;
    return status;
  }
  zip->left = entry->size_bytes;
  put_header(&zip->pending, entry);
  begin_block(zip);
  zip->step = STEP_DATA;
  return MS_OK;
}

static void
next_entry(struct ms_zip *zip, enum step step, enum step after_last)
{
  zip->at++;
  zip->step = step;
  if (zip->at >= zip->count) {
    zip->at = 0;
    zip->step = after_last;
  }
}

static void
end_entry(struct ms_zip *zip)
{
  put_checksum(&zip->pending, &zip->entries[zip->at]);
  close(zip->fd);
  zip->fd = -1;
  next_entry(zip, STEP_HEADER, STEP_DIRECTORY);
}

/* Puts what comes next into `pending`, unless it is file data. */
static enum ms_status
advance(struct ms_zip *zip, struct ms_error *err)
{
  switch (zip->step) {
  case STEP_HEADER:
    if (zip->count == 0) {
      zip->step = STEP_END;
      return MS_OK;
    }
    return begin_entry(zip, err);
  case STEP_DATA:
    if (zip->left == 0) {
      end_entry(zip);
    } else {
      begin_block(zip);
    }
    return MS_OK;
  case STEP_DIRECTORY:
    put_directory_entry(&zip->pending, &zip->entries[zip->at]);
    next_entry(zip, STEP_DIRECTORY, STEP_END);
    return MS_OK;
  case STEP_END:
    put_end(&zip->pending, zip);
    zip->step = STEP_OVER;
    return MS_OK;
  case STEP_OVER:
    return MS_OK;
  }
  return MS_OK;
}

static size_t
take_pending(struct ms_zip *zip, char *data, size_t capacity_bytes)
{
  size_t size_bytes = zip->pending.size_bytes - zip->pending_at;
  size_bytes = size_bytes < capacity_bytes ? size_bytes : capacity_bytes;
  memcpy(data, zip->pending.data + zip->pending_at, size_bytes);
  zip->pending_at += size_bytes;
  if (zip->pending_at == zip->pending.size_bytes) {
    ms_buffer_clear(&zip->pending);
    zip->pending_at = 0;
  }
  return size_bytes;
}

static enum ms_status
take_data(struct ms_zip *zip, char *data, size_t capacity_bytes, size_t *size_bytes,
          struct ms_error *err)
{
  struct entry *entry = &zip->entries[zip->at];
  size_t wanted = zip->block < capacity_bytes ? zip->block : capacity_bytes;
  ssize_t got = read(zip->fd, data, wanted);
  if (got <= 0) {
    return got < 0 ? ms_fail_errno(err, errno, "cannot read '%s'", entry->name)
                   : ms_fail(err, MS_IO, "'%s' became shorter meanwhile", entry->name);
  }
  entry->checksum = checksum_add(entry->checksum, data, (size_t)got);
  zip->block -= (size_t)got;
  zip->left -= (uint64_t)got;
  *size_bytes = (size_t)got;
  return MS_OK;
}

enum ms_status
ms_zip_read(struct ms_zip *zip, char *data, size_t capacity_bytes, size_t *size_bytes,
            struct ms_error *err)
{
  enum ms_status status = MS_OK;
  *size_bytes = 0;
  while (status == MS_OK && *size_bytes < capacity_bytes) {
    size_t part = 0;
    char *place = data + *size_bytes;
    size_t room = capacity_bytes - *size_bytes;
    if (zip->pending.size_bytes > 0) {
      part = take_pending(zip, place, room);
    } else if (zip->step == STEP_DATA && zip->block > 0) {
      status = take_data(zip, place, room, &part, err);
    } else if (zip->step == STEP_OVER) {
      break;
    } else {
      status = advance(zip, err);
    }
    *size_bytes += part;
  }
  return status;
}
