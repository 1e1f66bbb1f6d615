/* The Lua module moonshift.core.component: moving the bytes of components, and finding files.
 *
 * Policy (names, locations, what is committed when) lives in lua/moonshift/component.lua. Annotated in
 * lua/meta/component.lua. */
#ifndef MS_COMPONENT_COMPONENT_H
#define MS_COMPONENT_COMPONENT_H

#include <lua.h>

int
luaopen_moonshift_core_component(lua_State *L);

/* Registers the functions of each part; L has the module's table on top. */
void
ms_component_open_transfer(lua_State *L);
void
ms_component_open_glob(lua_State *L);
void
ms_component_open_rate(lua_State *L);
void
ms_component_open_checksum(lua_State *L);
void
ms_component_open_copy(lua_State *L);

/* The budget at `index`; raises for anything else. Borrowed from the value there. */
struct ms_rate *
ms_component_rate(lua_State *L, int index);

#endif
