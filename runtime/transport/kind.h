/* What the two kinds of transport share: a table of functions, and a name. For the files of this folder. */
#ifndef MS_TRANSPORT_KIND_H
#define MS_TRANSPORT_KIND_H

#include "transport/channel.h"
#include "transport/transport.h"

struct ms_transport_kind {
  bool is_embedded;
  void (*close)(struct ms_transport *transport);
  const char *(*user)(struct ms_transport *transport);
  enum ms_status (*send)(struct ms_transport *transport, const char *body, size_t body_bytes,
                         bool retry, ms_transport_done done, void *user,
                         struct ms_transport_call **call, struct ms_error *err);
  enum ms_status (*perform)(struct ms_transport *transport, const char *body, size_t body_bytes,
                            bool retry, struct ms_buffer *answer, struct ms_error *err);
  enum ms_status (*upload)(struct ms_transport *transport, const struct ms_transport_file *file,
                           ms_transport_file_done done, void *user, struct ms_transport_call **call,
                           struct ms_error *err);
  enum ms_status (*download)(struct ms_transport *transport, const struct ms_transport_file *file,
                             ms_transport_file_done done, void *user,
                             struct ms_transport_call **call, struct ms_error *err);
  /* NULL: component data is not on this machine. */
  enum ms_status (*local_path)(struct ms_transport *transport, const char *component_id,
                               char **path, struct ms_error *err);
  enum ms_status (*remove_local)(struct ms_transport *transport, const char *component_id,
                                 struct ms_error *err); /* NULL likewise */
  enum ms_status (*upload_in_place)(struct ms_transport *transport,
                                    const struct ms_transport_file *file, int64_t *size_bytes,
                                    struct ms_error *err);
  enum ms_status (*download_in_place)(struct ms_transport *transport,
                                      const struct ms_transport_file *file, int64_t *size_bytes,
                                      struct ms_error *err);
  enum ms_status (*open_channel)(struct ms_transport *transport,
                                 const struct ms_channel_handler *handler,
                                 struct ms_channel **channel, struct ms_error *err);
};

/* The beginning of what each kind has under way. */
struct ms_transport_call {
  /* Ends it without a callback, and frees it. */
  void (*cancel)(struct ms_transport_call *call);
};

/* The beginning of each kind's own struct. */
struct ms_transport {
  const struct ms_transport_kind *kind;
  char *name;                  /* owned */
  struct ms_channel *channels; /* open ones, linked */
};

enum ms_status
ms_transport_open_http(uv_loop_t *loop, const struct ms_transport_options *options,
                       struct ms_transport **transport, struct ms_error *err);

enum ms_status
ms_transport_open_embedded(uv_loop_t *loop, const struct ms_transport_options *options,
                           struct ms_transport **transport, struct ms_error *err);

#endif
