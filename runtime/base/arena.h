/* A bump allocator: many small objects with one end of life.
 *
 * Syntax trees and decoded requests live here. Allocation failure and the maximum are reported once,
 * by NULL; whatever was allocated before stays valid until ms_arena_free. */
#ifndef MS_BASE_ARENA_H
#define MS_BASE_ARENA_H

#include <stddef.h>

struct ms_arena_block;

struct ms_arena {
  struct ms_arena_block *blocks; /* newest first; owned */
  size_t used_bytes;             /* handed out in all */
  size_t maximum_bytes;          /* never more than this */
};

void
ms_arena_init(struct ms_arena *arena, size_t maximum_bytes);

void
ms_arena_free(struct ms_arena *arena);

/* Zeroed memory, aligned for any type, borrowed until ms_arena_free; NULL at the maximum. */
void *
ms_arena_alloc(struct ms_arena *arena, size_t size_bytes);

/* As ms_arena_alloc, for `count` elements; NULL also when the product does not fit a size_t. */
void *
ms_arena_alloc_array(struct ms_arena *arena, size_t element_bytes, size_t count);

/* A NUL-terminated copy of `size_bytes` bytes. */
char *
ms_arena_strndup(struct ms_arena *arena, const char *text, size_t size_bytes);

char *
ms_arena_strdup(struct ms_arena *arena, const char *text);

char *
ms_arena_printf(struct ms_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define MS_ARENA_NEW(arena, type) ((type *)ms_arena_alloc((arena), sizeof(type)))
#define MS_ARENA_ARRAY(arena, type, count) \
  ((type *)ms_arena_alloc_array((arena), sizeof(type), (count)))

#endif
