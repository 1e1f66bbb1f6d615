/* Three fields up to a colon each, then the rest. */
#include "events/packet.h"

#include <string.h>

#include "base/json.h"

/* Takes the field up to the next colon; the last one may end with the text. */
static bool
take_field(const char **at, const char *end, bool is_last, const char **field, size_t *size_bytes)
{
  const char *colon = memchr(*at, ':', (size_t)(end - *at));
  if (!colon && !is_last) {
    return false;
  }
  *field = *at;
  *size_bytes = (size_t)((colon ? colon : end) - *at);
  *at = colon ? colon + 1 : end;
  return true;
}

static bool
is_number(const char *text, size_t size_bytes)
{
  for (size_t i = 0; i < size_bytes; i++) {
    if (text[i] < '0' || text[i] > '9') {
      return false;
    }
  }
  return size_bytes <= MS_PACKET_ID_MAX_BYTES;
}

bool
ms_packet_parse(const char *text, size_t size_bytes, struct ms_packet *packet)
{
  if (size_bytes == 0) {
    return false; /* of an empty frame there may not even be a pointer */
  }
  const char *at = text, *end = text + size_bytes;
  const char *type, *endpoint;
  size_t type_bytes, endpoint_bytes;
  if (!take_field(&at, end, false, &type, &type_bytes) ||
      !take_field(&at, end, false, &packet->id, &packet->id_bytes) ||
      !take_field(&at, end, true, &endpoint, &endpoint_bytes)) {
    return false;
  }
  if (type_bytes != 1 || type[0] < '0' || type[0] > '8') {
    return false;
  }
  packet->type = (enum ms_packet_type)(type[0] - '0');
  packet->wants_ack = packet->id_bytes > 0 && packet->id[packet->id_bytes - 1] == '+';
  packet->id_bytes -= packet->wants_ack;
  packet->data = at;
  packet->data_bytes = (size_t)(end - at);
  return is_number(packet->id, packet->id_bytes);
}

void
ms_packet_print_ack(const char *id, size_t id_bytes, const char *failure, struct ms_buffer *out)
{
  ms_buffer_printf(out, "6:::%.*s+[", (int)id_bytes, id);
  struct ms_json_writer writer;
  ms_json_writer_init(&writer, out);
  ms_json_begin_object(&writer);
  ms_json_key(&writer, "success");
  ms_json_boolean(&writer, !failure);
  if (failure) {
    ms_json_member_string(&writer, "message", failure);
  }
  ms_json_end_object(&writer);
  ms_buffer_append_char(out, ']');
}

static void
print_arguments(const char *event, size_t event_bytes, struct ms_buffer *out)
{
  ms_buffer_append_string(out, "{\"name\":\"ftrack.event\",\"args\":[");
  ms_buffer_append(out, event, event_bytes);
  ms_buffer_append_string(out, "]}");
}

void
ms_packet_print_publication(int64_t id, const char *event, size_t event_bytes,
                            struct ms_buffer *out)
{
  ms_buffer_printf(out, "5:%lld+::", (long long)id);
  print_arguments(event, event_bytes, out);
}

void
ms_packet_print_event(const char *event, size_t event_bytes, struct ms_buffer *out)
{
  ms_buffer_append_string(out, "5:::");
  print_arguments(event, event_bytes, out);
}
