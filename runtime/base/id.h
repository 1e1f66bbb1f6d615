/* Identifiers, random or of a name, and secrets from the kernel's generator. */
#ifndef MS_BASE_ID_H
#define MS_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>

enum { MS_ID_SIZE = 37 /* bytes of a UUID's text with its NUL */ };

/* A version 4 UUID in lower case with dashes. */
void
ms_id_new(char id[MS_ID_SIZE]);

/* The version 3 UUID of a name in the namespace `space`, a UUID (RFC 4122 §4.3): whoever asks gets the same.
 * False when `space` is no UUID. */
bool
ms_id_of_name(const char *space, const void *name, size_t name_bytes, char id[MS_ID_SIZE]);

/* `size_bytes` random bytes from getrandom(2). */
void
ms_random_bytes(void *bytes, size_t size_bytes);

/* Lower-case hexadecimal text of `bytes`; `hex` holds 2 * size_bytes + 1. */
void
ms_hex(const void *bytes, size_t size_bytes, char *hex);

/* Whether two secrets are equal, in a time that does not tell where they differ. */
bool
ms_secret_equal(const void *a, size_t a_bytes, const void *b, size_t b_bytes);

#endif
