/* A state machine over bytes with a fast path: runs of plain bytes are copied at once. */
#include "job/line_filter.h"

#include <stdbool.h>
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

void
ms_line_filter_add(struct ms_line_filter *filter, const char *data, size_t size_bytes)
{
  size_t i = 0;
  while (i < size_bytes) {
    size_t start = i;
    if (filter->state == PLAIN)
      while (i < size_bytes && is_plain((unsigned char)data[i]))
        i++;
    if (i > start)
      add_plain(filter, data + start, i - start);
    else
      filter->state = (int)step(filter, (unsigned char)data[i++]);
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
