/* One HTTP request on its way through the server, and the shape of what serves it.
 *
 * libmicrohttpd calls the handler first with the headers, then with pieces of the body, then once more
 * to be answered. The request walks the same way through its endpoint: `begin`, `receive`…, `answer`,
 * `end`. Once a step fails the rest of the body is read and thrown away, so that a client that is still
 * sending gets to read the answer. */
#ifndef MS_SERVER_REQUEST_H
#define MS_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "server/daemon.h"

enum {
  MS_SERVER_BODIES_MAX_BYTES = 256 * 1024 * 1024,  /* bodies in memory, of all requests together */
  MS_SERVER_DISCARD_MAX_BYTES = 128 * 1024 * 1024, /* where a refused body is cut off */
  MS_SERVER_USER_ID_SIZE = 64
};

struct ms_endpoint {
  /* With the headers there and access granted. NULL: nothing to do. */
  enum ms_status (*begin)(struct ms_request *request, struct ms_error *err);
  /* Takes bytes of the body and leaves in *size_bytes how many it did not take; it must take some, or
   * suspend the request. NULL: the body is thrown away. */
  enum ms_status (*receive)(struct ms_request *request, const char *data, size_t *size_bytes,
                            struct ms_error *err);
  /* With the body there. Answers, or suspends the request and is called again when it resumes. */
  enum MHD_Result (*answer)(struct ms_request *request);
  /* Answered or broken off: frees request->state. NULL: nothing to free. */
  void (*end)(struct ms_request *request);
};

/* Who may come in, and by which proof. */
enum ms_access {
  MS_ACCESS_ANYBODY,
  MS_ACCESS_HEADERS, /* ftrack-user and ftrack-api-key */
  MS_ACCESS_KEY,     /* the same, or username= and apiKey= in the URL */
  MS_ACCESS_GET,     /* a signature for reading, or as MS_ACCESS_KEY */
  MS_ACCESS_PUT,     /* a signature for writing, or as MS_ACCESS_KEY */
  MS_ACCESS_PART,    /* a signature for one part of an upload, nothing else */
  MS_ACCESS_THUMBNAIL,
  MS_ACCESS_HUB, /* as MS_ACCESS_KEY, but api_user= and api_key= */
  MS_ACCESS_PAGE /* as MS_ACCESS_HEADERS, or the page's session cookie */
};

enum ms_method { MS_METHOD_GET = 1, MS_METHOD_HEAD = 2, MS_METHOD_POST = 4, MS_METHOD_PUT = 8 };

struct ms_route {
  const char *path;
  bool is_prefix;   /* the path may go on behind it */
  unsigned methods; /* of enum ms_method */
  enum ms_access access;
  bool lenient; /* errors come with HTTP 200, unless the client asks for ftrack-strict-api */
  const struct ms_endpoint *endpoint;
};

struct ms_request {
  struct ms_server *server;             /* borrowed */
  struct MHD_Connection *connection;    /* borrowed */
  const struct ms_route *route;         /* NULL when none fits */
  const char *method, *path;            /* borrowed; path is decoded */
  char user_id[MS_SERVER_USER_ID_SIZE]; /* who acts; "" where nobody proved to be anybody */
  const char *username;                 /* borrowed; NULL likewise */
  bool suspended;
  bool failed;           /* `error` is the answer */
  unsigned failure_code; /* HTTP; 0: by the error's status */
  struct ms_error error;
  uint64_t expected_bytes;  /* of the body; UINT64_MAX for one in chunks */
  uint64_t received_bytes;  /* of the body */
  uint64_t discarded_bytes; /* of those, thrown away */
  void *state;              /* the endpoint's */
  int64_t started_us;       /* monotonic */
  unsigned code;            /* of the answer; 0 while there is none */
  uint64_t answer_bytes;
  LIST_ENTRY(ms_request) link;
};

/* libmicrohttpd's handler and its notice of the end; `server` is the struct ms_server. */
enum MHD_Result
ms_request_handle(void *server, struct MHD_Connection *connection, const char *target,
                  const char *method, const char *version, const char *data, size_t *size_bytes,
                  void **state);
void
ms_request_completed(void *server, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode reason);

/* A header or an argument of the query string, or NULL. Borrowed. */
const char *
ms_request_header(const struct ms_request *request, const char *name);
const char *
ms_request_argument(const struct ms_request *request, const char *name);

/* Whether the client asks for ftrack-strict-api. */
bool
ms_request_is_strict(const struct ms_request *request);

/* Whether the first `length` bytes of a text are a host, with or without a port, and nothing else: they
 * go into URLs that we hand out. */
bool
ms_request_is_host(const char *text, size_t length);

/* Where URLs in answers begin: the public URL, else http:// and the Host header, else the address that
 * we listen at. */
void
ms_request_base_url(const struct ms_request *request, struct ms_buffer *url);

/* Nothing more is read or written until ms_request_resume, after which the step that suspended is
 * called again. */
void
ms_request_suspend(struct ms_request *request);
void
ms_request_resume(struct ms_request *request);

/* The same for one of several: the caller pumps the daemon when all are awake. */
void
ms_request_wake(struct ms_request *request);

/* Refuses the request: `code` is the HTTP status, 0 for the one that goes with `status`. Returns
 * `status`. */
enum ms_status
ms_request_refuse(struct ms_request *request, unsigned code, enum ms_status status,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
