# library.cmake: liboctet from the objects of every layer, and the program
# SPDX-License-Identifier: Apache-2.0

get_property(octet_layers GLOBAL PROPERTY OCTET_LAYERS)
set(octet_objects)
foreach(layer IN LISTS octet_layers)
  list(APPEND octet_objects $<TARGET_OBJECTS:${layer}>)
endforeach()

add_library(octet_static STATIC ${octet_objects})
add_library(octet_shared SHARED ${octet_objects})
set_target_properties(octet_static octet_shared PROPERTIES OUTPUT_NAME octet LINKER_LANGUAGE C)
set_target_properties(octet_static PROPERTIES EXPORT_NAME static)
set_target_properties(octet_shared PROPERTIES EXPORT_NAME shared VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

target_link_libraries(octet_static PUBLIC ${octet_dependencies})
target_link_libraries(octet_shared PRIVATE ${octet_dependencies})
foreach(library octet_static octet_shared)
  target_include_directories(${library} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
if(octet_sanitizers)
  # Whoever links the objects needs the runtime of the sanitizers they were compiled with.
  target_link_options(octet_static INTERFACE $<BUILD_INTERFACE:-fsanitize=${octet_sanitizers}>)
  target_link_options(octet_shared PRIVATE -fsanitize=${octet_sanitizers})
elseif(NOT APPLE)
  target_link_options(octet_shared PRIVATE -Wl,--no-undefined)
endif()

# Projects that add this folder use the names of the installed package.
add_library(octet::static ALIAS octet_static)
add_library(octet::shared ALIAS octet_shared)
add_library(octet::octet ALIAS octet_static)
if(TARGET octet_tool)
  target_link_libraries(octet_tool PRIVATE octet_static octet_options)
  add_executable(octet::tool ALIAS octet_tool)
endif()
