/* Random conditions over random small studios: what the database finds for the compiled query must be
 * what a second evaluation finds, which knows neither compiler nor SQL. It works on rows in memory
 * with three-valued logic, and on a description of a few types of its own. */
#include "query/studio.h"

#include <strings.h>

enum { STUDIOS = 40, QUERIES_PER_STUDIO = 60, ROWS_MAX = 64, COLUMNS_MAX = 6, DEPTH_MAX = 3 };

enum truth { FALSE, TRUE, UNKNOWN };

/* ---- a little model ---- */

enum column_kind { TEXT, NUMBER, BOOLEAN, ID };

struct column {
  const char *name;
  enum column_kind kind;
  bool is_nullable;
  int target; /* of an ID that refers to another type, else -1 */
};

enum { STATUS, USER, SHOT, TASK, APPOINTMENT, TYPE_COUNT };

static const struct type {
  const char *name, *table;
  const char *constant_columns, *constant_values; /* what the real table needs beyond the columns */
  int row_count;
  int column_count;
  struct column columns[COLUMNS_MAX];
} types[TYPE_COUNT] = {
    [STATUS] = {"Status",
                "Status",
                "",
                "",
                3,
                3,
                {{"id", ID, false, -1}, {"name", TEXT, true, -1}, {"sort", NUMBER, true, -1}}},
    [USER] = {"User",
              "Resource",
              ", __entity_type__",
              ", 'User'",
              4,
              4,
              {{"id", ID, false, -1},
               {"email", TEXT, true, -1},
               {"first_name", TEXT, true, -1},
               {"is_active", BOOLEAN, true, -1}}},
    [SHOT] = {"Shot",
              "Context",
              ", __entity_type__",
              ", 'Shot'",
              5,
              5,
              {{"id", ID, false, -1},
               {"name", TEXT, false, -1},
               {"description", TEXT, true, -1},
               {"sort", NUMBER, true, -1},
               {"status_id", ID, true, STATUS}}},
    [TASK] = {"Task",
              "Context",
              ", __entity_type__",
              ", 'Task'",
              12,
              6,
              {{"id", ID, false, -1},
               {"name", TEXT, false, -1},
               {"description", TEXT, true, -1},
               {"sort", NUMBER, true, -1},
               {"status_id", ID, true, STATUS},
               {"parent_id", ID, true, SHOT}}},
    [APPOINTMENT] = {"Appointment",
                     "Appointment",
                     ", type",
                     ", 'assignment'",
                     14,
                     3,
                     {{"id", ID, false, -1},
                      {"context_id", ID, true, TASK},
                      {"resource_id", ID, true, USER}}},
};

static const struct relation {
  int type;
  const char *name;
  int target;
  int own_column;    /* holds the target's id; -1 for a collection */
  int target_column; /* of a collection: holds our id */
} relations[] = {
    {SHOT, "status", STATUS, 4, 0},
    {SHOT, "children[Task]", TASK, -1, 5},
    {TASK, "status", STATUS, 4, 0},
    {TASK, "parent[Shot]", SHOT, 5, 0},
    {TASK, "assignments", APPOINTMENT, -1, 1},
    {USER, "assignments", APPOINTMENT, -1, 2},
    {APPOINTMENT, "context[Task]", TASK, 1, 0},
    {APPOINTMENT, "resource[User]", USER, 2, 0},
};

enum { RELATION_COUNT = sizeof relations / sizeof *relations };

struct cell {
  bool is_null;
  long number;
  char text[12];
};

struct row {
  int type;
  struct cell cells[COLUMNS_MAX];
};

struct world {
  struct row rows[ROWS_MAX];
  int row_count;
  unsigned seed;
};

/* ---- chance ---- */

static int
pick(struct world *world, int count)
{
  world->seed = world->seed * 1103515245 + 12345;
  return (int)((world->seed >> 16) % (unsigned)count);
}

static const char *const texts[] = {"a", "A", "ab", "aB", "b", "ba", "", "a%", "a b"};
static const char *const patterns[] = {"a%", "%b", "_", "%", "a_", "%A%", "a\\%", "", "b"};

static void
make_id(int type, int number, char text[12])
{
  snprintf(text, 12, "%c%d", "sueta"[type], number);
}

static void
make_cell(struct world *world, const struct column *column, int number, int type, struct cell *cell)
{
  *cell = (struct cell){.is_null = column->is_nullable && pick(world, 4) == 0};
  if (column->kind == NUMBER)
    cell->number = pick(world, 4);
  else if (column->kind == BOOLEAN)
    cell->number = pick(world, 2);
  else if (column->kind == TEXT)
    strcpy(cell->text, texts[pick(world, sizeof texts / sizeof *texts)]);
  else if (column->target < 0)
    make_id(type, number, cell->text);
  else
    make_id(column->target, pick(world, types[column->target].row_count), cell->text);
}

static void
make_world(struct world *world)
{
  world->row_count = 0;
  for (int type = 0; type < TYPE_COUNT; type++)
    for (int i = 0; i < types[type].row_count; i++) {
      struct row *row = &world->rows[world->row_count++];
      row->type = type;
      for (int k = 0; k < types[type].column_count; k++)
        make_cell(world, &types[type].columns[k], i, type, &row->cells[k]);
    }
}

/* ---- the world in the database ---- */

static void
insert_row(struct studio *studio, const struct row *row)
{
  const struct type *type = &types[row->type];
  struct ms_buffer sql;
  ms_buffer_init(&sql, 4096);
  ms_buffer_printf(&sql, "INSERT INTO \"%s\" (", type->table);
  for (int i = 0; i < type->column_count; i++)
    ms_buffer_printf(&sql, "%s\"%s\"", i ? ", " : "", type->columns[i].name);
  ms_buffer_printf(&sql, "%s) VALUES (", type->constant_columns);
  for (int i = 0; i < type->column_count; i++) {
    ms_buffer_append_string(&sql, i ? ", " : "");
    if (row->cells[i].is_null)
      ms_buffer_append_string(&sql, "NULL");
    else if (type->columns[i].kind == NUMBER || type->columns[i].kind == BOOLEAN)
      ms_buffer_printf(&sql, "%ld", row->cells[i].number);
    else
      ms_buffer_printf(&sql, "'%s'", row->cells[i].text);
  }
  ms_buffer_printf(&sql, "%s)", type->constant_values);
  studio_execute(studio, ms_buffer_string(&sql));
  ms_buffer_free(&sql);
}

static void
store_world(struct studio *studio, const struct world *world)
{
  static const char *const tables[] = {"Appointment", "Context", "Resource", "Status"};
  studio_execute(studio, "BEGIN");
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    char sql[64];
    snprintf(sql, sizeof sql, "DELETE FROM \"%s\"", tables[i]);
    studio_execute(studio, sql);
  }
  for (int i = 0; i < world->row_count; i++)
    insert_row(studio, &world->rows[i]);
  studio_execute(studio, "COMMIT");
}

/* ---- the second evaluation: every maker of a condition writes its text and judges all rows ---- */

/* For every row of the world: what the condition is for it. Of no meaning for rows of other types. */
struct verdicts {
  enum truth of[ROWS_MAX];
};

static enum truth
negate(enum truth truth)
{
  return truth == UNKNOWN ? UNKNOWN : truth == TRUE ? FALSE : TRUE;
}

static bool
matches(const char *pattern, const char *text)
{
  if (*pattern == '\0')
    return *text == '\0';
  if (*pattern == '%')
    return matches(pattern + 1, text) || (*text && matches(pattern, text + 1));
  if (*pattern == '_')
    return *text && matches(pattern + 1, text + 1);
  pattern += *pattern == '\\';
  return strncasecmp(pattern, text, 1) == 0 && matches(pattern + 1, text + 1);
}

static void
make_condition(struct world *world, int type, int depth, struct ms_buffer *text,
               struct verdicts *verdicts);

static bool
compares(const char *operator, long difference)
{
  if (strcmp(operator, "is") == 0)
    return difference == 0;
  if (strcmp(operator, "is_not") == 0)
    return difference != 0;
  if (operator[0] == '<')
    return difference < 0 || (operator[1] == '=' && difference == 0);
  return difference > 0 || (operator[1] == '=' && difference == 0);
}

static void
make_comparison(struct world *world, int type, struct ms_buffer *text, struct verdicts *verdicts)
{
  static const char *const operators[] = {"is", "is_not", "<", "<=", ">", ">="};
  int index = pick(world, types[type].column_count);
  const struct column *column = &types[type].columns[index];
  bool has_order = column->kind == TEXT || column->kind == NUMBER;
  const char *operator= operators[pick(world, has_order ? 6 : 2)];
  struct cell value;
  struct column never_null = *column;
  never_null.is_nullable = false;
  make_cell(world, &never_null, pick(world, 5), type, &value);
  bool is_number = column->kind == NUMBER || column->kind == BOOLEAN;
  if (column->kind == BOOLEAN)
    ms_buffer_printf(text, "%s %s %s", column->name, operator, value.number ? "True" : "false");
  else if (is_number)
    ms_buffer_printf(text, "%s %s %ld", column->name, operator, value.number);
  else
    ms_buffer_printf(text, "%s %s \"%s\"", column->name, operator, value.text);
  for (int i = 0; i < world->row_count; i++) {
    const struct cell *cell = &world->rows[i].cells[index];
    if (world->rows[i].type != type)
      continue;
    long difference = is_number            ? cell->number - value.number
                      : column->kind == ID ? strcmp(cell->text, value.text)
                                           : strcasecmp(cell->text, value.text);
    verdicts->of[i] = cell->is_null ? UNKNOWN : compares(operator, difference) ? TRUE : FALSE;
  }
}

static void
make_null_test(struct world *world, int type, struct ms_buffer *text, struct verdicts *verdicts)
{
  int index = pick(world, types[type].column_count);
  bool is_negated = pick(world, 2);
  ms_buffer_printf(text, "%s %s none", types[type].columns[index].name,
                   is_negated ? "is_not" : "is");
  for (int i = 0; i < world->row_count; i++)
    if (world->rows[i].type == type)
      verdicts->of[i] = world->rows[i].cells[index].is_null != is_negated ? TRUE : FALSE;
}

static void
make_pattern_test(struct world *world, int type, struct ms_buffer *text, struct verdicts *verdicts)
{
  int index = pick(world, types[type].column_count);
  if (types[type].columns[index].kind != TEXT) {
    make_comparison(world, type, text, verdicts);
    return;
  }
  const char *pattern = patterns[pick(world, sizeof patterns / sizeof *patterns)];
  bool is_negated = pick(world, 2);
  ms_buffer_printf(text, "%s %s \"%s\"", types[type].columns[index].name,
                   is_negated ? "not_like" : "like", pattern);
  for (int i = 0; i < world->row_count; i++) {
    const struct cell *cell = &world->rows[i].cells[index];
    if (world->rows[i].type != type)
      continue;
    enum truth truth = matches(pattern, cell->text) ? TRUE : FALSE;
    verdicts->of[i] = cell->is_null ? UNKNOWN : is_negated ? negate(truth) : truth;
  }
}

static void
make_list_test(struct world *world, int type, struct ms_buffer *text, struct verdicts *verdicts)
{
  int index = pick(world, types[type].column_count);
  const struct column *column = &types[type].columns[index];
  bool is_negated = pick(world, 2), has_none = pick(world, 4) == 0;
  int count = 1 + pick(world, 3);
  struct cell values[3];
  if (column->kind == BOOLEAN || column->kind == NUMBER) {
    make_null_test(world, type, text, verdicts);
    return;
  }
  ms_buffer_printf(text, "%s %s (", column->name, is_negated ? "not_in" : "in");
  for (int i = 0; i < count; i++) {
    struct column never_null = *column;
    never_null.is_nullable = false;
    make_cell(world, &never_null, pick(world, 5), type, &values[i]);
    ms_buffer_printf(text, "%s\"%s\"", i ? ", " : "", values[i].text);
  }
  ms_buffer_append_string(text, has_none ? ",none)" : ")");
  for (int i = 0; i < world->row_count; i++) {
    const struct cell *cell = &world->rows[i].cells[index];
    enum truth truth = FALSE;
    if (world->rows[i].type != type)
      continue;
    for (int k = 0; k < count; k++)
      if ((column->kind == ID ? strcmp : strcasecmp)(cell->text, values[k].text) == 0)
        truth = TRUE;
    if (cell->is_null)
      truth = has_none ? TRUE : UNKNOWN;
    verdicts->of[i] = is_negated ? negate(truth) : truth;
  }
}

/* Whether the relation leads from one row to the other. */
static bool
is_related(const struct relation *relation, const struct row *from, const struct row *to)
{
  if (to->type != relation->target)
    return false;
  const struct cell *own =
      relation->own_column < 0 ? &from->cells[0] : &from->cells[relation->own_column];
  const struct cell *other = &to->cells[relation->target_column];
  return !own->is_null && !other->is_null && strcmp(own->text, other->text) == 0;
}

static const struct relation *
pick_relation(struct world *world, int type)
{
  int start = pick(world, RELATION_COUNT);
  for (int i = 0; i < RELATION_COUNT; i++) {
    const struct relation *relation = &relations[(start + i) % RELATION_COUNT];
    if (relation->type == type)
      return relation;
  }
  return NULL;
}

static void
make_relation_test(struct world *world, int type, int depth, struct ms_buffer *text,
                   struct verdicts *verdicts)
{
  const struct relation *relation = pick_relation(world, type);
  struct verdicts inner = {{FALSE}};
  if (!relation || depth == 0) {
    make_comparison(world, type, text, verdicts);
    return;
  }
  bool is_empty = pick(world, 5) == 0, is_dotted = pick(world, 2);
  if (is_empty) {
    ms_buffer_printf(text, "%s any ()", relation->name);
    for (int i = 0; i < world->row_count; i++)
      inner.of[i] = TRUE;
  } else if (is_dotted) {
    ms_buffer_printf(text, "%s.", relation->name);
    make_comparison(world, relation->target, text, &inner);
  } else {
    ms_buffer_printf(text, "%s %s (", relation->name, relation->own_column < 0 ? "any" : "has");
    make_condition(world, relation->target, depth - 1, text, &inner);
    ms_buffer_append_char(text, ')');
  }
  for (int i = 0; i < world->row_count; i++)
    for (int k = 0; world->rows[i].type == type && k < world->row_count; k++)
      if (inner.of[k] == TRUE && is_related(relation, &world->rows[i], &world->rows[k]))
        verdicts->of[i] = TRUE;
}

/* `id in (select context_id from Appointment where …)`, from any type with a column that refers to ours. */
static void
make_query_test(struct world *world, int type, int depth, struct ms_buffer *text,
                struct verdicts *verdicts)
{
  int other = pick(world, TYPE_COUNT), index = 0;
  while (index < types[other].column_count && types[other].columns[index].target != type)
    index++;
  if (index == types[other].column_count || depth == 0) {
    make_list_test(world, type, text, verdicts);
    return;
  }
  struct verdicts inner = {{FALSE}};
  bool is_negated = pick(world, 2);
  ms_buffer_printf(text, "id %s (select %s from %s where ", is_negated ? "not_in" : "in",
                   types[other].columns[index].name, types[other].name);
  make_condition(world, other, depth - 1, text, &inner);
  ms_buffer_append_char(text, ')');
  for (int i = 0; i < world->row_count; i++) {
    bool is_in = false;
    if (world->rows[i].type != type)
      continue;
    for (int k = 0; k < world->row_count; k++)
      is_in |= world->rows[k].type == other && inner.of[k] == TRUE &&
               !world->rows[k].cells[index].is_null &&
               strcmp(world->rows[k].cells[index].text, world->rows[i].cells[0].text) == 0;
    verdicts->of[i] = is_in != is_negated ? TRUE : FALSE;
  }
}

static void
make_pair(struct world *world, int type, int depth, bool is_and, struct ms_buffer *text,
          struct verdicts *verdicts)
{
  struct verdicts left = {{FALSE}}, right = {{FALSE}};
  enum truth decisive = is_and ? FALSE : TRUE;
  ms_buffer_append_char(text, '(');
  make_condition(world, type, depth - 1, text, &left);
  ms_buffer_append_string(text, is_and ? " and " : " or ");
  make_condition(world, type, depth - 1, text, &right);
  ms_buffer_append_char(text, ')');
  for (int i = 0; i < world->row_count; i++) {
    if (left.of[i] == decisive || right.of[i] == decisive)
      verdicts->of[i] = decisive;
    else
      verdicts->of[i] =
          left.of[i] == UNKNOWN || right.of[i] == UNKNOWN ? UNKNOWN : negate(decisive);
  }
}

static void
make_negation(struct world *world, int type, int depth, struct ms_buffer *text,
              struct verdicts *verdicts)
{
  struct verdicts inner = {{FALSE}};
  ms_buffer_append_string(text, "not ");
  make_condition(world, type, depth - 1, text, &inner);
  for (int i = 0; i < world->row_count; i++)
    verdicts->of[i] = negate(inner.of[i]);
}

static void
make_condition(struct world *world, int type, int depth, struct ms_buffer *text,
               struct verdicts *verdicts)
{
  int choice = pick(world, depth > 0 ? 10 : 4);
  if (choice == 0)
    make_comparison(world, type, text, verdicts);
  else if (choice == 1)
    make_null_test(world, type, text, verdicts);
  else if (choice == 2)
    make_pattern_test(world, type, text, verdicts);
  else if (choice == 3)
    make_list_test(world, type, text, verdicts);
  else if (choice <= 5)
    make_relation_test(world, type, depth, text, verdicts);
  else if (choice == 6)
    make_query_test(world, type, depth, text, verdicts);
  else if (choice == 7)
    make_negation(world, type, depth, text, verdicts);
  else
    make_pair(world, type, depth, choice == 8, text, verdicts);
}

/* ---- order and page ---- */

struct order {
  int column; /* -1: as the rows were made */
  bool is_descending;
  enum column_kind kind;
};

static long
compare_cells(const struct cell *a, const struct cell *b, enum column_kind kind)
{
  if (a->is_null || b->is_null)
    return (long)b->is_null - (long)a->is_null;
  if (kind == NUMBER || kind == BOOLEAN)
    return a->number - b->number;
  return kind == ID ? strcmp(a->text, b->text) : strcasecmp(a->text, b->text);
}

/* Whether row `a` comes after row `b`, both given by their number. */
static bool
comes_after(const struct world *world, struct order order, int a, int b)
{
  long difference = order.column < 0
                        ? 0
                        : compare_cells(&world->rows[a].cells[order.column],
                                        &world->rows[b].cells[order.column], order.kind);
  if (difference == 0)
    difference = a - b;
  return order.is_descending ? difference < 0 : difference > 0;
}

static void
expect_page(const struct world *world, int type, const struct verdicts *verdicts,
            struct order order, int offset, int limit, struct ms_buffer *ids)
{
  int found[ROWS_MAX], count = 0;
  for (int i = 0; i < world->row_count; i++) {
    if (world->rows[i].type != type || verdicts->of[i] != TRUE)
      continue;
    int k = count++;
    for (; k > 0 && comes_after(world, order, found[k - 1], i); k--)
      found[k] = found[k - 1];
    found[k] = i;
  }
  for (int i = offset; i < count && i < offset + limit + 1; i++)
    ms_buffer_printf(ids, "%s ", world->rows[found[i]].cells[0].text);
}

static void
collect_ids(const char *json, struct ms_buffer *ids)
{
  static const char mark[] = "\"id\":\"";
  for (const char *at = strstr(json, mark); at; at = strstr(at, mark)) {
    at += strlen(mark);
    ms_buffer_append(ids, at, strcspn(at, "\""));
    ms_buffer_append_char(ids, ' ');
  }
}

static void
check_one(struct studio *studio, struct world *world)
{
  struct ms_buffer text, json, expected, actual;
  struct ms_error err = {0};
  struct verdicts verdicts = {{FALSE}};
  struct order order = {.column = -1};
  ms_buffer_init(&text, 1 << 16);
  ms_buffer_init(&json, 1 << 20);
  ms_buffer_init(&expected, 1 << 16);
  ms_buffer_init(&actual, 1 << 16);
  int type = pick(world, TYPE_COUNT), offset = pick(world, 3), limit = 1 + pick(world, 12);
  ms_buffer_printf(&text, "select id from %s where ", types[type].name);
  make_condition(world, type, DEPTH_MAX, &text, &verdicts);
  if (pick(world, 2)) {
    order.column = pick(world, types[type].column_count);
    order.kind = types[type].columns[order.column].kind;
    order.is_descending = pick(world, 2);
    ms_buffer_printf(&text, " order by %s%s", types[type].columns[order.column].name,
                     order.is_descending ? " desc" : "");
  }
  ms_buffer_printf(&text, " offset %d limit %d", offset, limit);
  expect_page(world, type, &verdicts, order, offset, limit, &expected);
  if (studio_query(studio, ms_buffer_string(&text), &json, &err) != MS_OK)
    fail_msg("%s\n%s", ms_buffer_string(&text), err.message);
  collect_ids(ms_buffer_string(&json), &actual);
  if (strcmp(ms_buffer_string(&expected), ms_buffer_string(&actual)) != 0)
    fail_msg("%s\nexpected %s\nfound    %s", ms_buffer_string(&text), ms_buffer_string(&expected),
             ms_buffer_string(&actual));
  ms_buffer_free(&text);
  ms_buffer_free(&json);
  ms_buffer_free(&expected);
  ms_buffer_free(&actual);
}

static void
test_agrees_with_second_evaluation(void **state)
{
  const char *seed = getenv("MOONSHIFT_TEST_SEED");
  struct world world = {.seed = seed ? (unsigned)strtoul(seed, NULL, 10) : 1};
  for (int i = 0; i < STUDIOS; i++) {
    make_world(&world);
    store_world(*state, &world);
    for (int k = 0; k < QUERIES_PER_STUDIO; k++)
      check_one(*state, &world);
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_agrees_with_second_evaluation),
  };
  return cmocka_run_group_tests(tests, studio_open, studio_close);
}
