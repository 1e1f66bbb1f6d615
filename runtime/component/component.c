/* Puts the module together. */
#include "component/component.h"

int
luaopen_moonshift_core_component(lua_State *L)
{
  lua_newtable(L);
  ms_component_open_transfer(L);
  ms_component_open_glob(L);
  ms_component_open_rate(L);
  ms_component_open_checksum(L);
  ms_component_open_copy(L);
  return 1;
}
