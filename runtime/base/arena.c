/* Blocks that double in size; an object is cut from the newest block.
 *
 * An object that does not fit opens a new block; the rest of the old one is lost, which costs less
 * than searching. Blocks come zeroed from calloc, so objects need no clearing. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_MIN_BYTES = 4096, BLOCK_MAX_BYTES = 256 * 1024 };

struct ms_arena_block {
  struct ms_arena_block *older;
  size_t size_bytes; /* of `memory` */
  size_t used_bytes;
  _Alignas(max_align_t) char memory[];
};

void
ms_arena_init(struct ms_arena *arena, size_t maximum_bytes)
{
  *arena = (struct ms_arena){.maximum_bytes = maximum_bytes};
}

void
ms_arena_free(struct ms_arena *arena)
{
  struct ms_arena_block *block = arena->blocks;
  while (block) {
    struct ms_arena_block *older = block->older;
    free(block);
    block = older;
  }
  ms_arena_init(arena, arena->maximum_bytes);
}

static struct ms_arena_block *
add_block(struct ms_arena *arena, size_t needed_bytes)
{
  size_t size = arena->blocks ? arena->blocks->size_bytes * 2 : BLOCK_MIN_BYTES;
  if (size > BLOCK_MAX_BYTES) {
    size = BLOCK_MAX_BYTES;
  }
  if (size < needed_bytes) {
    size = needed_bytes;
  }
  struct ms_arena_block *block = calloc(1, sizeof *block + size);
  if (block) {
    block->size_bytes = size;
    block->older = arena->blocks;
    arena->blocks = block;
  }
  return block;
}

void *
ms_arena_alloc(struct ms_arena *arena, size_t size_bytes)
{
  const size_t alignment = _Alignof(max_align_t);
  if (size_bytes > arena->maximum_bytes) {
    return NULL;
  }
  size_t size = (size_bytes + alignment - 1) / alignment * alignment;
  if (size == 0) {
    size = alignment;
  }
  if (size > arena->maximum_bytes - arena->used_bytes) {
    return NULL;
  }
  struct ms_arena_block *block = arena->blocks;
  if (!block || size > block->size_bytes - block->used_bytes) {
    block = add_block(arena, size);
    if (!block) {
      return NULL;
    }
  }
  void *object = block->memory + block->used_bytes;
  block->used_bytes += size;
  arena->used_bytes += size;
  return object;
}

void *
ms_arena_alloc_array(struct ms_arena *arena, size_t element_bytes, size_t count)
{
  if (element_bytes > 0 && count > SIZE_MAX / element_bytes) {
    return NULL;
  }
  return ms_arena_alloc(arena, element_bytes * count);
}

char *
ms_arena_strndup(struct ms_arena *arena, const char *text, size_t size_bytes)
{
  char *copy = size_bytes < SIZE_MAX ? ms_arena_alloc(arena, size_bytes + 1) : NULL;
  if (copy && size_bytes > 0) {
    memcpy(copy, text, size_bytes);
  }
  return copy;
}

char *
ms_arena_strdup(struct ms_arena *arena, const char *text)
{
  return ms_arena_strndup(arena, text, strlen(text));
}

char *
ms_arena_printf(struct ms_arena *arena, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  char *text = length < 0 ? NULL : ms_arena_alloc(arena, (size_t)length + 1);
  if (text) {
    vsnprintf(text, (size_t)length + 1, format, again);
  }
  va_end(again);
  va_end(arguments);
  return text;
}
