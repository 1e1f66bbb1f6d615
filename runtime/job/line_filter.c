/* A state machine over bytes with a fast path: runs of plain bytes are copied at once. */
#include "job/line_filter.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum state {
  PLAIN,
  ESCAPE,           /* after ESC */
  CONTROL_SEQUENCE, /* after ESC [ : ends with a byte of @ … ~ */
  STRING,           /* after ESC ] P X ^ _ : ends with BEL or ESC \ */
  STRING_ESCAPE     /* ESC inside such a string */
};

enum { ESC = 0x1b, BEL = 0x07, DEL = 0x7f };

static bool
is_plain(unsigned char byte)
{
  return (byte >= ' ' && byte != DEL) || byte == '\t';
}

/* How many bytes from `start` on are plain. Words of eight whose bytes are all 0x20 … 0x7e or above 0x80
 * are taken at once: subtracting 0x20 borrows into the high bit of a control character, and a byte that
 * is DEL becomes zero when it is flipped. */
static size_t
plain_run(const char *start, size_t size_bytes)
{
  const uint64_t ones = UINT64_C(0x0101010101010101), high_bits = UINT64_C(0x8080808080808080);
  size_t i = 0;
  for (; size_bytes - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, start + i, sizeof word);
    uint64_t is_del = word ^ ones * DEL;
    if ((((word - ones * ' ') & ~word) | ((is_del - ones) & ~is_del)) & high_bits)
      break;
  }
  while (i < size_bytes && is_plain((unsigned char)start[i]))
    i++;
  return i;
}

static void
hand_out(struct ms_line_filter *filter)
{
  filter->on_line(filter->user, ms_buffer_string(&filter->line), filter->line.size_bytes);
  ms_buffer_clear(&filter->line);
  filter->returned = false;
}

static void
add_plain(struct ms_line_filter *filter, const char *data, size_t size_bytes)
{
  if (filter->returned) {
    ms_buffer_clear(&filter->line);
    filter->returned = false;
  }
  while (filter->line.size_bytes + size_bytes > filter->line_max_bytes) {
    size_t part = filter->line_max_bytes - filter->line.size_bytes;
    ms_buffer_append(&filter->line, data, part);
    data += part;
    size_bytes -= part;
    hand_out(filter);
  }
  ms_buffer_append(&filter->line, data, size_bytes);
}

static enum state
after_escape(unsigned char byte)
{
  if (byte == '[')
    return CONTROL_SEQUENCE;
  if (byte != '\0' && strchr("]PX^_", byte))
    return STRING;
  return byte >= ' ' && byte <= '/' ? ESCAPE : PLAIN; /* intermediate bytes, then one final byte */
}

static enum state
step(struct ms_line_filter *filter, unsigned char byte)
{
  switch ((enum state)filter->state) {
  case ESCAPE:
    return after_escape(byte);
  case CONTROL_SEQUENCE:
    return byte >= '@' && byte <= '~' ? PLAIN : CONTROL_SEQUENCE;
  case STRING:
    return byte == BEL ? PLAIN : byte == ESC ? STRING_ESCAPE : STRING;
  case STRING_ESCAPE:
    return byte == '\\' ? PLAIN : STRING;
  case PLAIN:
    break;
  }
  if (byte == '\n')
    hand_out(filter);
  else if (byte == '\r')
    filter->returned = true;
  return byte == ESC ? ESCAPE : PLAIN;
}

void
ms_line_filter_init(struct ms_line_filter *filter, size_t line_max_bytes, ms_line_handler on_line,
                    void *user)
{
  memset(filter, 0, sizeof *filter);
  ms_buffer_init(&filter->line, line_max_bytes);
  filter->line_max_bytes = line_max_bytes;
  filter->state = PLAIN;
  filter->on_line = on_line;
  filter->user = user;
}

void
ms_line_filter_free(struct ms_line_filter *filter)
{
  ms_buffer_free(&filter->line);
}

/* A whole plain line that is in one piece in the input is handed out from there. */
static bool
hand_out_in_place(struct ms_line_filter *filter, const char *data, size_t run_bytes,
                  size_t size_bytes)
{
  if (filter->line.size_bytes > 0 || run_bytes > filter->line_max_bytes ||
      run_bytes == size_bytes || data[run_bytes] != '\n')
    return false;
  filter->returned = false;
  filter->on_line(filter->user, data, run_bytes);
  return true;
}

void
ms_line_filter_add(struct ms_line_filter *filter, const char *data, size_t size_bytes)
{
  size_t i = 0;
  while (i < size_bytes) {
    size_t run = filter->state == PLAIN ? plain_run(data + i, size_bytes - i) : 0;
    if (run > 0 && hand_out_in_place(filter, data + i, run, size_bytes - i)) {
      i += run + 1;
      continue;
    }
    if (run > 0)
      add_plain(filter, data + i, run);
    else
      filter->state = (int)step(filter, (unsigned char)data[i]);
    i += run > 0 ? run : 1;
  }
}

const char *
ms_line_filter_unfinished(const struct ms_line_filter *filter, size_t *size_bytes)
{
  *size_bytes = filter->line.size_bytes;
  return ms_buffer_string(&filter->line);
}

void
ms_line_filter_end(struct ms_line_filter *filter)
{
  if (filter->line.size_bytes > 0)
    hand_out(filter);
  filter->state = PLAIN;
}
