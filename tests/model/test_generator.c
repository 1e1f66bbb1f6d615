/* The build's check of the catalogue: a mistake ends it with the line and a sentence. */
#include "support.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/folder.h"

static char folder[FOLDER_BYTES];

static int
make_folder(void **state)
{
  (void)state;
  return folder_make(folder);
}

static int
remove_folder(void **state)
{
  (void)state;
  return folder_remove(folder);
}

/* Runs the generator over `catalogue`; gives its exit status, and what it said in `said`. */
static int
generate(const char *catalogue, char *said, size_t said_bytes)
{
  char text[1024];
  snprintf(text, sizeof text, "%s/catalogue.txt", folder);
  FILE *file = fopen(text, "w");
  assert_non_null(file);
  fputs(catalogue, file);
  fclose(file);
  snprintf(text, sizeof text,
           "lua5.4 '%s/runtime/model/generator/generate.lua' %s/catalogue.txt "
           "'%s/runtime/model/model.h' %s/catalogue.c 2>&1",
           SOURCE_DIR, folder, SOURCE_DIR, folder);
  FILE *pipe = popen(text, "r");
  assert_non_null(pipe);
  said[fread(said, 1, said_bytes - 1, pipe)] = '\0';
  return WEXITSTATUS(pclose(pipe));
}

static const struct {
  const char *catalogue;
  const char *message; /* what follows the file's name */
} mistakes[] = {
    {"type A\n  id uuid\n  b -> B by b_id\n", ":3: there is no type B"},
    {"type A\n  id uuid\n  a -> A by a_id\n", ":3: the table of A has no column a_id"},
    {"type A\n  id uuid\n  a => A\n", ":3: A.a is stored nowhere"},
    {"type A\n  id uuid\n  a => A calculated magic\n", ":3: nobody knows how to calculate 'magic'"},
    {"type A\n  id uuid\n  n string else magic\n", ":3: nobody knows how to fill in 'magic'"},
    {"type A\n  id uuid\n  n string else type_of m\n", ":3: A has no attribute m"},
    {"type A\n  id uuid\n  n strnig\n", ":3: 'strnig' is no kind of attribute"},
    {"type A\n  id uuid\n  n string by id\n", ":3: 'by' makes no sense for a scalar"},
    {"type A\n  id uuid\n  a -> A by id one_of a|b\n",
     ":3: 'one_of' makes no sense for a relation"},
    {"type A\n  id uuid requird\n", ":2: 'requird' is no word that attributes know"},
    {"type A\n  id uuid\n  id uuid\n", ":3: A.id was described in line 2 already"},
    {"type A\n  id uuid\n\ntype A\n", ":4: type A was described in line 1 already"},
    {"type A\n  id string = \"x\n", ":2: the string \"x does not end"},
    {"type A\n  id string = x\n", ":2: 'x' is no string, number, true or false"},
    {"type A\n  id uuid fk B.id\n", ":2: there is no type B"},
    {"type A\n  id uuid fk B\n", ":2: 'B' is not TYPE.COLUMN"},
    {"type A : B\n  id uuid\ntype B\n  id uuid\n", ":1: the base B must come before A"},
    {"type A\n  .kex id\n  id uuid\n", ":2: '.kex' is no fact about a type"},
    {"type A\n  .key a\n  id uuid\n", ":1: A has no attribute a"},
    {"type A\n  .shows a\n  id uuid\n", ":1: A has no attribute a"},
    {"type A\n  .unique a\n  id uuid\n", ":1: the table of A has no column a"},
    {"type A\n  .alias T when k = v\n  id uuid\n", ":1: no attribute has the alias k"},
    {"type A\n  .stored_as B\n  id uuid\ntype B\n  id uuid\n", ":1: B is not below A"},
    {"type A\n  .group_by x\n", ":2: 'x' is too much here"},
    {"type A\n  .key\n", ":2: at least one name is missing at the end"},
    {"type A\n  id uuid\n  c -> C by b_id\n  b_id string fk B.id\ntype B\n  id uuid\n"
     "type C\n  id uuid\n",
     ":3: A.b_id holds ids of B, not of C"},
    {"type A\n  id uuid\n  n => B rows C by m\n  m string\ntype B\n  id uuid\ntype C\n  id uuid\n",
     ":3: C is no base of B"},
    {"type A\n  id uuid\n  n => A via +A a b\n", ":3: A is an entity type: leave out the +"},
    {"type A\n  id uuid\ntype B : A\n  n string\ntype C : A\n  n integer\n",
     ":6: column n of A is TEXT already"},
    {"id uuid\n", ":1: 'id' stands before the first type"},
    {"type A\nid uuid\n", ":2: 'id' is neither 'type' nor indented"},
};

static void
test_mistakes_are_named_with_their_line(void **state)
{
  char said[4096];
  char expected[512];
  (void)state;
  for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
    int code = generate(mistakes[i].catalogue, said, sizeof said);
    snprintf(expected, sizeof expected, "%s/catalogue.txt%s", folder, mistakes[i].message);
    if (code != 1 || strncmp(said, expected, strlen(expected)) != 0) {
      fail_msg("%s\nexit %d, said: %s", mistakes[i].catalogue, code, said);
    }
  }
}

static void
test_a_sound_catalogue_is_printed(void **state)
{
  char said[4096];
  (void)state;
  int code = generate("# two types\n"
                      "type A # a remark\n"
                      "  id uuid\n"
                      "  name string = \"a \\\"b\\\" # c\"\n"
                      "type B : A\n"
                      "  .default name = \"b\"\n",
                      said, sizeof said);
  assert_string_equal(said, "");
  assert_int_equal(code, 0);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mistakes_are_named_with_their_line),
      cmocka_unit_test(test_a_sound_catalogue_is_printed),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
