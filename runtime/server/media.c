/* The table has what productions attach to things; the rest is bytes. */
#include "server/media.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"

static const struct {
  const char *extension;
  const char *type;
} types[] = {
    {".aac", "audio/aac"},
    {".ai", "application/postscript"},
    {".aif", "audio/aiff"},
    {".aiff", "audio/aiff"},
    {".avi", "video/x-msvideo"},
    {".bmp", "image/bmp"},
    {".csv", "text/csv; charset=utf-8"},
    {".dpx", "image/x-dpx"},
    {".exr", "image/x-exr"},
    {".flac", "audio/flac"},
    {".gif", "image/gif"},
    {".gz", "application/gzip"},
    {".hdr", "image/vnd.radiance"},
    {".html", "text/html; charset=utf-8"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".json", "application/json"},
    {".log", "text/plain; charset=utf-8"},
    {".m4a", "audio/mp4"},
    {".m4v", "video/mp4"},
    {".md", "text/markdown; charset=utf-8"},
    {".mkv", "video/x-matroska"},
    {".mov", "video/quicktime"},
    {".mp3", "audio/mpeg"},
    {".mp4", "video/mp4"},
    {".mxf", "application/mxf"},
    {".ogg", "audio/ogg"},
    {".pdf", "application/pdf"},
    {".png", "image/png"},
    {".ppm", "image/x-portable-pixmap"},
    {".psd", "image/vnd.adobe.photoshop"},
    {".svg", "image/svg+xml"},
    {".tar", "application/x-tar"},
    {".tga", "image/x-tga"},
    {".tif", "image/tiff"},
    {".tiff", "image/tiff"},
    {".txt", "text/plain; charset=utf-8"},
    {".usd", "model/vnd.usd"},
    {".usdz", "model/vnd.usdz+zip"},
    {".wav", "audio/wav"},
    {".webm", "video/webm"},
    {".webp", "image/webp"},
    {".xml", "application/xml"},
    {".zip", "application/zip"},
};

const char *
ms_media_type(const char *file_name)
{
  const char *extension = ms_path_extension(file_name);
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcasecmp(types[i].extension, extension) == 0) {
      return types[i].type;
    }
  }
  return "application/octet-stream";
}

static bool
is_control(unsigned char byte)
{
  return byte < ' ' || byte == 0x7F;
}

/* What RFC 5987 lets stand for itself. */
static bool
is_plain(unsigned char byte)
{
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z') || (byte && strchr("!#$&+-.^_`|~", byte));
}

/* One "_" for each character that old clients cannot be trusted with. */
static bool
append_ascii(const char *name, struct ms_buffer *value)
{
  bool exact = true;
  for (const char *at = name; *at; at++) {
    unsigned char byte = (unsigned char)*at;
    bool continues_character = (byte & 0xC0) == 0x80;
    bool safe = byte < 0x80 && !is_control(byte) && !strchr("\"\\%", byte);
    if (!continues_character) {
      ms_buffer_append(value, safe ? at : "_", 1);
    }
    exact = exact && safe;
  }
  return exact;
}

static void
append_encoded(const char *name, struct ms_buffer *value)
{
  for (const char *at = name; *at; at++) {
    unsigned char byte = (unsigned char)*at;
    if (is_plain(byte)) {
      ms_buffer_append_char(value, (char)byte);
    } else if (is_control(byte)) {
      ms_buffer_append_char(value, '_');
    } else {
      ms_buffer_printf(value, "%%%02X", byte);
    }
  }
}

void
ms_media_disposition(const char *file_name, struct ms_buffer *value)
{
  const char *name = ms_path_basename(file_name);
  ms_buffer_append_string(value, "attachment; filename=\"");
  bool exact = append_ascii(name, value);
  ms_buffer_append_char(value, '"');
  if (!exact) {
    ms_buffer_append_string(value, "; filename*=UTF-8''");
    append_encoded(name, value);
  }
}
