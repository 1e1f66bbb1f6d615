/* Birth, death and members of the loop. */
#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct owner {
  struct ms_loop_member member;
  uv_timer_t timer;
  int *closed; /* how many members were told, and how many handles closed by their owner */
};

static void
on_owner_handle_closed(uv_handle_t *handle)
{
  struct owner *owner = handle->data;
  *owner->closed += 10;
  free(owner);
}

static void
close_owner(struct ms_loop_member *member)
{
  struct owner *owner = (struct owner *)((char *)member - offsetof(struct owner, member));
  *owner->closed += 1;
  uv_close((uv_handle_t *)&owner->timer, on_owner_handle_closed);
}

static void
never(uv_timer_t *timer)
{
  (void)timer;
  fail_msg("a timer fired after the handles were closed");
}

static struct owner *
new_owner(uv_loop_t *loop, int *closed)
{
  struct owner *owner = calloc(1, sizeof *owner);
  assert_non_null(owner);
  owner->closed = closed;
  assert_int_equal(uv_timer_init(loop, &owner->timer), 0);
  owner->timer.data = owner;
  assert_int_equal(uv_timer_start(&owner->timer, never, 60000, 0), 0);
  ms_loop_join(loop, &owner->member, close_owner);
  return owner;
}

static void
test_members_close_their_own_handles(void **state)
{
  (void)state;
  uv_loop_t loop;
  assert_int_equal(ms_loop_open(&loop, NULL), MS_OK);
  int closed = 0;
  for (int i = 0; i < 3; i++) {
    new_owner(&loop, &closed);
  }
  ms_loop_close_handles(&loop);
  assert_int_equal(closed, 33);
  ms_loop_close(&loop);
}

static void
test_one_that_left_is_not_told(void **state)
{
  (void)state;
  uv_loop_t loop;
  assert_int_equal(ms_loop_open(&loop, NULL), MS_OK);
  int told = 0, left = 0;
  struct owner *first = new_owner(&loop, &left);
  struct owner *kept = new_owner(&loop, &told);
  struct owner *last = new_owner(&loop, &left);
  ms_loop_leave(&first->member);
  ms_loop_leave(&last->member);
  ms_loop_leave(&last->member);
  uv_close((uv_handle_t *)&first->timer, on_owner_handle_closed);
  uv_close((uv_handle_t *)&last->timer, on_owner_handle_closed);
  assert_ptr_equal(uv_loop_get_data(&loop), &kept->member);
  ms_loop_close(&loop);
  assert_int_equal(told, 11);
  assert_int_equal(left, 20);
}

static void
open_another(uv_handle_t *handle)
{
  static uv_timer_t late;
  assert_int_equal(uv_timer_init(handle->loop, &late), 0);
  assert_int_equal(uv_timer_start(&late, never, 60000, 0), 0);
}

static void
test_handles_opened_while_closing_are_closed(void **state)
{
  (void)state;
  uv_loop_t loop;
  assert_int_equal(ms_loop_open(&loop, NULL), MS_OK);
  uv_timer_t forgotten, closing;
  uv_timer_init(&loop, &forgotten);
  uv_timer_start(&forgotten, never, 60000, 0);
  uv_timer_init(&loop, &closing);
  uv_close((uv_handle_t *)&closing, open_another);
  ms_loop_close_handles(&loop);
  assert_false(uv_loop_alive(&loop));
  ms_loop_close(&loop);
}

static void
on_fired(uv_timer_t *timer)
{
  *(int *)timer->data += 1;
  uv_close((uv_handle_t *)timer, NULL);
}

static void
test_usable_after_close_handles(void **state)
{
  (void)state;
  uv_loop_t loop;
  assert_int_equal(ms_loop_open(&loop, NULL), MS_OK);
  ms_loop_close_handles(&loop);
  int fired = 0;
  uv_timer_t timer;
  uv_timer_init(&loop, &timer);
  timer.data = &fired;
  uv_timer_start(&timer, on_fired, 1, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(fired, 1);
  ms_loop_close(&loop);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_members_close_their_own_handles),
      cmocka_unit_test(test_one_that_left_is_not_told),
      cmocka_unit_test(test_handles_opened_while_closing_are_closed),
      cmocka_unit_test(test_usable_after_close_handles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
