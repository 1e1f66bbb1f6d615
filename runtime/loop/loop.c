/* Members are a list that hangs off uv_loop_t.data, newest first. */
#include "loop/loop.h"

#include <assert.h>
#include <stddef.h>

enum ms_status
ms_loop_open(uv_loop_t *loop, struct ms_error *err)
{
  int failure = uv_loop_init(loop);
  if (failure < 0) {
    return ms_fail_errno(err, -failure, "cannot start the event loop");
  }
  uv_loop_set_data(loop, NULL);
  return MS_OK;
}

void
ms_loop_join(uv_loop_t *loop, struct ms_loop_member *member,
             void (*close)(struct ms_loop_member *member))
{
  struct ms_loop_member *first = uv_loop_get_data(loop);
  *member = (struct ms_loop_member){.next = first, .loop = loop, .close = close};
  if (first) {
    first->previous = member;
  }
  uv_loop_set_data(loop, member);
}

void
ms_loop_leave(struct ms_loop_member *member)
{
  if (!member->loop) {
    return;
  }
  if (member->next) {
    member->next->previous = member->previous;
  }
  if (member->previous) {
    member->previous->next = member->next;
  } else {
    uv_loop_set_data(member->loop, member->next);
  }
  *member = (struct ms_loop_member){.close = member->close};
}

static void
close_members(uv_loop_t *loop)
{
  struct ms_loop_member *member;
  while ((member = uv_loop_get_data(loop))) {
    ms_loop_leave(member);
    member->close(member);
  }
}

static void
close_handle(uv_handle_t *handle, void *unused)
{
  (void)unused;
  if (!uv_is_closing(handle)) {
    uv_close(handle, NULL);
  }
}

void
ms_loop_close_handles(uv_loop_t *loop)
{
  /* One turn at a time, because a close callback may open another handle. */
  do {
    close_members(loop);
    uv_walk(loop, close_handle, NULL);
    uv_run(loop, UV_RUN_ONCE);
  } while (uv_loop_alive(loop));
}

void
ms_loop_close(uv_loop_t *loop)
{
  ms_loop_close_handles(loop);
  int failure = uv_loop_close(loop);
  assert(failure == 0);
  (void)failure;
}
