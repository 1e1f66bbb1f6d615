/* Chooses the kind; everything else goes through its table. */
#include "transport/transport.h"

#include "transport/channel_kind.h"

enum ms_status
ms_transport_open(uv_loop_t *loop, const struct ms_transport_options *options,
                  struct ms_transport **transport, struct ms_error *err)
{
  if (options->server_url && *options->server_url) {
    return ms_transport_open_http(loop, options, transport, err);
  }
  return ms_transport_open_embedded(loop, options, transport, err);
}

void
ms_transport_close(struct ms_transport *transport)
{
  if (transport) {
    ms_channels_end(transport);
    transport->kind->close(transport);
  }
}

const char *
ms_transport_name(const struct ms_transport *transport)
{
  return transport->name;
}

bool
ms_transport_is_embedded(const struct ms_transport *transport)
{
  return transport->kind->is_embedded;
}

const char *
ms_transport_user(struct ms_transport *transport)
{
  return transport->kind->user(transport);
}

enum ms_status
ms_transport_send(struct ms_transport *transport, const char *body, size_t body_bytes, bool retry,
                  ms_transport_done done, void *user, struct ms_transport_call **call,
                  struct ms_error *err)
{
  return transport->kind->send(transport, body, body_bytes, retry, done, user, call, err);
}

enum ms_status
ms_transport_perform(struct ms_transport *transport, const char *body, size_t body_bytes,
                     bool retry, struct ms_buffer *answer, struct ms_error *err)
{
  return transport->kind->perform(transport, body, body_bytes, retry, answer, err);
}

void
ms_transport_cancel(struct ms_transport_call *call)
{
  call->cancel(call);
}

enum ms_status
ms_transport_upload(struct ms_transport *transport, const struct ms_transport_file *file,
                    ms_transport_file_done done, void *user, struct ms_transport_call **call,
                    struct ms_error *err)
{
  return transport->kind->upload(transport, file, done, user, call, err);
}

enum ms_status
ms_transport_download(struct ms_transport *transport, const struct ms_transport_file *file,
                      ms_transport_file_done done, void *user, struct ms_transport_call **call,
                      struct ms_error *err)
{
  return transport->kind->download(transport, file, done, user, call, err);
}

enum ms_status
ms_transport_upload_in_place(struct ms_transport *transport, const struct ms_transport_file *file,
                             int64_t *size_bytes, struct ms_error *err)
{
  return transport->kind->upload_in_place(transport, file, size_bytes, err);
}

enum ms_status
ms_transport_download_in_place(struct ms_transport *transport, const struct ms_transport_file *file,
                               int64_t *size_bytes, struct ms_error *err)
{
  return transport->kind->download_in_place(transport, file, size_bytes, err);
}

enum ms_status
ms_transport_local_path(struct ms_transport *transport, const char *component_id, char **path,
                        struct ms_error *err)
{
  *path = NULL;
  return transport->kind->local_path
             ? transport->kind->local_path(transport, component_id, path, err)
             : MS_OK;
}

enum ms_status
ms_transport_remove_local(struct ms_transport *transport, const char *component_id, bool *is_local,
                          struct ms_error *err)
{
  *is_local = transport->kind->remove_local != NULL;
  return *is_local ? transport->kind->remove_local(transport, component_id, err) : MS_OK;
}
