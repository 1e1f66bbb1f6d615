/* Date-times: reading, comparing, arithmetic, zones, text. */
#include "session/harness.h"

static void
test_text(void **state)
{
  run(state, "local d = core.datetime\n"
             "same(tostring(d '2022-10-10T10:12:09'), '2022-10-10T10:12:09Z')\n"
             "same(tostring(d '2022-10-10T12:12:09.25+02:00'), '2022-10-10T10:12:09.250000Z')\n"
             "same(tostring(d '2022-10-10'), '2022-10-10')\n"
             "same('at ' .. d(0), 'at 1970-01-01T00:00:00Z')\n"
             "same(tostring(d { year = 2024, month = 2, day = 29, second = 1.5 }), "
             "'2024-02-29T00:00:01.500000Z')\n"
             "fails('invalid', 'tomorrow', d, 'tomorrow')\n"
             "fails('invalid', 'no day 30', d, { year = 2023, month = 2, day = 30 })\n"
             "fails('usage', 'yaer', d, { yaer = 1 })\n"
             "fails('invalid', 'range', d, 1e15)\n"
             "fails('usage', 'expected a date%-time', d, true)\n");
}

static void
test_fields_and_zones(void **state)
{
  run(state,
      "local t = core.datetime '2024-02-29T23:30:15.5Z'\n"
      "same(t.year, 2024) same(t.month, 2) same(t.day, 29) same(t.hour, 23) same(t.minute, 30)\n"
      "same(t.second, 15) same(t.microsecond, 500000) same(t.weekday, 4) same(t.yearday, 60)\n"
      "same(t.timestamp, 1709249415.5) same(t.offset, 0)\n"
      "local east = t:to '+05:30'\n"
      "same(tostring(east), '2024-03-01T05:00:15.500000+05:30') same(east.day, 1) "
      "same(east.offset, 19800)\n"
      "same(east, t) same(tostring(east:to 'utc'), tostring(t))\n"
      "same(tostring(t:to '-01:00'), '2024-02-29T22:30:15.500000-01:00')\n"
      "same(t:to('local'), t) same(t:format '%Y/%m/%d', '2024/02/29')\n"
      "local offsets = { ['Europe/Berlin'] = 3600, ['+99:00'] = 99 * 3600 }\n"
      "package.preload['moonshift.zone'] = function()\n"
      "  return { offset = function(name, time) same(time, 1709249415) return offsets[name] end }\n"
      "end\n"
      "same(tostring(t:to 'Europe/Berlin'), '2024-03-01T00:30:15.500000+01:00')\n"
      "fails('invalid', 'more than a day', t.to, t, '+99:00')\n"
      "fails('not_found', \"did you mean 'month'\", function() return t.mnth end)\n"
      "fails('usage', 'cannot be changed', function() t.year = 1 end)\n"
      "same(core.datetime('1969-12-31T23:59:59.5Z').microsecond, 500000)\n");
}

static void
test_arithmetic(void **state)
{
  run(state,
      "local a, b = core.datetime '2024-01-01', core.datetime '2024-01-02T00:00:00.5'\n"
      "same(b - a, 86400.5) same(a < b, true) same(b <= a, false) same(a == core.datetime "
      "'2024-01-01T00:00:00', true)\n"
      "same(tostring(a + 86400), '2024-01-02') same(tostring(a + 1), '2024-01-01T00:00:01Z')\n"
      "same(tostring(1 + a), tostring(a + 1)) same(a + 90 - 90, a) same(math.type(core.datetime "
      "'2024-01-03' - a), 'integer')\n"
      "fails('invalid', 'years 1 to 9999', function() return a + 1e11 * 9 end)\n"
      "fails('usage', 'expected a date', function() return a < 5 end)\n");
}

static void
test_on_the_wire(void **state)
{
  run(state, "reply('[{}]') core.call(session, { { at = core.datetime '2024-01-01T02:00:00+02:00', "
             "on = core.datetime '2024-01-01' } })\n"
             "assert(sent[1]:find('\"at\":{\"__type__\":\"datetime\",\"value\":\"2024-01-01T00:00:"
             "00Z\"}', 1, true), sent[1])\n"
             "assert(sent[1]:find('\"on\":{\"__type__\":\"datetime\",\"value\":\"2024-01-01\"}', "
             "1, true), sent[1])\n"
             "reply('[{\"data\":[{\"__entity_type__\":\"Job\",\"id\":\"j\",\"finished_at\":'\n"
             "  .. '{\"__type__\":\"date\",\"value\":\"2024-05-06\"}}]}]')\n"
             "same(tostring(core.fetch(session, nil, false, 'x')[1].finished_at), '2024-05-06')\n");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_text),
      TEST(test_fields_and_zones),
      TEST(test_arithmetic),
      TEST(test_on_the_wire),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
