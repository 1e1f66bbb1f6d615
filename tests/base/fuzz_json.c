/* Fuzzing the JSON codec: what the reader accepts must survive being written and read again.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iruntime \
 *     tests/base/fuzz_json.c runtime/base/{json*,utf8,buffer,arena,error}.c -o /tmp/fuzz_json
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"

enum { MEMORY_MAX_BYTES = 64 << 20 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void
write_tree(const struct ms_json_node *root, bool python_style, struct ms_buffer *out)
{
  struct ms_json_writer writer;
  ms_json_writer_init(&writer, out);
  writer.python_style = python_style;
  ms_json_node(&writer, root);
  assert(out->status == MS_OK);
}

/* Reads `text` and writes it again. */
static enum ms_status
rewrite(const char *text, size_t size_bytes, bool python_style, struct ms_buffer *out)
{
  struct ms_arena arena;
  struct ms_json_node *root;
  ms_arena_init(&arena, MEMORY_MAX_BYTES);
  enum ms_status status = ms_json_parse(&arena, text, size_bytes, &root, NULL);
  if (status == MS_OK) {
    write_tree(root, python_style, out);
  }
  ms_arena_free(&arena);
  return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct ms_buffer plain, python, again;
  ms_buffer_init(&plain, MEMORY_MAX_BYTES);
  ms_buffer_init(&python, MEMORY_MAX_BYTES);
  ms_buffer_init(&again, MEMORY_MAX_BYTES);
  if (rewrite((const char *)data, size_bytes, false, &plain) == MS_OK) {
    enum ms_status status = rewrite(plain.data, plain.size_bytes, true, &python);
    assert(status == MS_OK);
    status = rewrite(python.data, python.size_bytes, false, &again);
    assert(status == MS_OK && again.size_bytes == plain.size_bytes &&
           memcmp(again.data, plain.data, plain.size_bytes) == 0);
  }
  ms_buffer_free(&plain);
  ms_buffer_free(&python);
  ms_buffer_free(&again);
  return 0;
}
