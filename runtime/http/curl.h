/* libcurl as a table of functions, loaded on first use. Its header gives the types; nothing is linked. */
#ifndef MS_HTTP_CURL_H
#define MS_HTTP_CURL_H

#include <curl/curl.h>

#include "base/error.h"

#define MS_CURL_FUNCTIONS(X) \
  X(global_init)             \
  X(easy_init)               \
  X(easy_setopt)             \
  X(easy_getinfo)            \
  X(easy_header)             \
  X(easy_recv)               \
  X(easy_send)               \
  X(easy_cleanup)            \
  X(easy_pause)              \
  X(easy_strerror)           \
  X(multi_init)              \
  X(multi_setopt)            \
  X(multi_add_handle)        \
  X(multi_remove_handle)     \
  X(multi_assign)            \
  X(multi_socket_action)     \
  X(multi_perform)           \
  X(multi_poll)              \
  X(multi_info_read)         \
  X(multi_cleanup)           \
  X(multi_strerror)          \
  X(slist_append)            \
  X(slist_free_all)

struct ms_curl {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration */
#define MS_CURL_FIELD(name) __typeof__(curl_##name) *name;
  MS_CURL_FUNCTIONS(MS_CURL_FIELD)
#undef MS_CURL_FIELD
};

/* Filled by the first ms_curl_load. */
extern struct ms_curl ms_curl;

/* Loads and initialises libcurl, once. MS_NOT_FOUND when it is not installed. */
enum ms_status
ms_curl_load(struct ms_error *err);

#endif
