/* A peer to talk to: a small HTTP server on a thread and loop of its own, that does what a script of steps
 * says, also the bad things that servers and networks do.
 *
 * The i-th request (counted from 0 over all connections) is treated by step i; the last step goes on for
 * all that follow. Whatever it received can be looked at, and it stops within milliseconds. */
#ifndef MS_TESTS_SUPPORT_PEER_H
#define MS_TESTS_SUPPORT_PEER_H

#include <stddef.h>

struct peer;

enum peer_action {
  PEER_ANSWER, /* send `answer`, keep the connection */
  PEER_CLOSE,  /* send `answer` (which may be half of one, or NULL), then close */
  PEER_RESET,  /* send a TCP reset instead of an answer */
  PEER_HANG,   /* never answer */
  PEER_DRIP    /* send `answer` a byte every `delay_ms`, then keep the connection */
};

struct peer_step {
  enum peer_action action;
  const char *answer; /* the bytes to send: status line, headers, body */
  int delay_ms;       /* ANSWER, CLOSE: before it is sent; DRIP: between two bytes */
};

/* Listens on a port of 127.0.0.1 that the system chooses. `steps` is borrowed until peer_stop. */
struct peer *
peer_start(const struct peer_step *steps, size_t count);

void
peer_stop(struct peer *peer);

/* "http://127.0.0.1:PORT". */
const char *
peer_url(const struct peer *peer);

/* How many connections were accepted, and how many complete requests read. */
int
peer_connections(struct peer *peer);
int
peer_requests(struct peer *peer);

/* The text of a request, headers and body, NUL-terminated; owned by the caller. NULL when there was none.
 * The body alone begins behind the first blank line. */
char *
peer_request(struct peer *peer, int index);

/* "http://127.0.0.1:PORT" at which nobody listens. Static. */
const char *
peer_nowhere(void);

/* An answer with the status line "HTTP/1.1 STATUS", `headers` (lines that end in \r\n, or "") and a body with
 * its length. Static; a few are kept at a time. */
const char *
peer_text(const char *status, const char *headers, const char *body);

#endif
