# embed.cmake: cmake -DOUT=x.c -DNAME=symbol -P embed.cmake file...
# SPDX-License-Identifier: Apache-2.0
#
# Writes a C file with the bytes of each file and the table engine/embedded.h declares, sorted by name.

set(files)
foreach(i RANGE 0 ${CMAKE_ARGC})
  if(past_script AND NOT "${CMAKE_ARGV${i}}" STREQUAL "")
    list(APPEND files "${CMAKE_ARGV${i}}")
  elseif("${CMAKE_ARGV${i}}" STREQUAL "-P")
    set(script_next ON)
  elseif(script_next)
    set(past_script ON)
  endif()
endforeach()
list(SORT files)

set(arrays "")
set(entries "")
set(count 0)
foreach(path IN LISTS files)
  get_filename_component(name "${path}" NAME_WE)
  file(READ "${path}" bytes HEX)
  string(LENGTH "${bytes}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char text_${count}[] = {\n${bytes}0};\n")
  string(APPEND entries "    {\"${name}\", (const char *)text_${count}, ${size}},\n")
  math(EXPR count "${count} + 1")
endforeach()

file(WRITE "${OUT}" "/* Made by embed.cmake; do not edit. */
#include \"engine/embedded.h\"

${arrays}
const octet_embedded ${NAME}[] = {
${entries}    {NULL, NULL, 0},
};
const size_t ${NAME}_count = ${count};
")
