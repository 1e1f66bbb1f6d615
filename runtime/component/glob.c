/* moonshift.core.component.glob: POSIX patterns (* ? [a-z]) to sorted paths. A pattern without wildcards is
 * the path itself when it exists. */
#include <glob.h>
#include <lauxlib.h>

#include "binding/raise.h"
#include "component/component.h"

/* glob(pattern) -> list of paths, empty when nothing matches */
static int
component_glob(lua_State *L)
{
  const char *pattern = luaL_checkstring(L, 1);
  glob_t matches;
  int status = glob(pattern, GLOB_BRACE | GLOB_TILDE_CHECK, NULL, &matches);
  if (status == GLOB_NOSPACE || status == GLOB_ABORTED) {
    globfree(&matches);
    return status == GLOB_NOSPACE ? ms_raisef(L, MS_MEMORY, "too many files match '%s'", pattern)
                                  : ms_raisef(L, MS_IO, "a folder of '%s' cannot be read", pattern);
  }
  size_t count = status == 0 ? matches.gl_pathc : 0;
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, matches.gl_pathv[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  globfree(&matches);
  return 1;
}

static const luaL_Reg functions[] = {
    {"glob", component_glob},
    {NULL, NULL},
};

void
ms_component_open_glob(lua_State *L)
{
  luaL_setfuncs(L, functions, 0);
}
