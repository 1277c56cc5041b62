# layer.cmake: octet_add_layer(name) makes an object library of the *.c below the current folder
# SPDX-License-Identifier: Apache-2.0
#
# A layer without sources is an empty interface library, so that a new folder breaks nothing.

function(octet_add_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  if(NOT sources)
    add_library(${name} INTERFACE)
    return()
  endif()
  add_library(${name} OBJECT ${sources})
  target_link_libraries(${name} PRIVATE octet_options ${octet_dependencies})
  set_property(GLOBAL APPEND PROPERTY OCTET_LAYERS ${name})
endfunction()
