/* The proof of RFC 6455 that a server understood a client's wish for a WebSocket. */
#ifndef MS_BASE_WEBSOCKET_KEY_H
#define MS_BASE_WEBSOCKET_KEY_H

enum {
  MS_WEBSOCKET_KEY_SIZE = 25,   /* of Sec-WebSocket-Key with the NUL */
  MS_WEBSOCKET_ACCEPT_SIZE = 29 /* of Sec-WebSocket-Accept with the NUL */
};

/* A new random Sec-WebSocket-Key. */
void
ms_websocket_key_new(char key[MS_WEBSOCKET_KEY_SIZE]);

/* The Sec-WebSocket-Accept that answers `key`. */
void
ms_websocket_accept(const char *key, char accept[MS_WEBSOCKET_ACCEPT_SIZE]);

#endif
