/* The functions of libmicrohttpd that the server uses, loaded on first use.
 *
 * The library is not linked: with it comes GnuTLS, and every script would pay for loading both.
 * `ms_mhd.run(daemon)` is MHD_run(daemon). */
#ifndef MS_SERVER_MHD_H
#define MS_SERVER_MHD_H

#include <microhttpd.h>

#include "base/error.h"

#define MS_MHD_FUNCTIONS(X)                         \
  X(start_daemon)                                   \
  X(stop_daemon)                                    \
  X(run)                                            \
  X(get_timeout)                                    \
  X(get_daemon_info)                                \
  X(get_connection_info)                            \
  X(get_connection_values)                          \
  X(lookup_connection_value)                        \
  X(suspend_connection)                             \
  X(resume_connection)                              \
  X(queue_response)                                 \
  X(create_response_from_buffer)                    \
  X(create_response_from_buffer_with_free_callback) \
  X(create_response_from_fd_at_offset64)            \
  X(create_response_for_upgrade)                    \
  X(create_response_from_callback)                  \
  X(upgrade_action)                                 \
  X(add_response_header)                            \
  X(destroy_response)

struct ms_mhd {
#define MS_MHD_MEMBER(name) __typeof__(MHD_##name) *name;
  MS_MHD_FUNCTIONS(MS_MHD_MEMBER)
#undef MS_MHD_MEMBER
};

extern struct ms_mhd ms_mhd;

/* Fills `ms_mhd`; at once after the first time. MS_NOT_FOUND names what is missing. */
enum ms_status
ms_mhd_load(struct ms_error *err);

#endif
