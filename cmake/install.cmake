# install.cmake: headers, libraries, program, manual, CMake package, pkg-config file
# SPDX-License-Identifier: Apache-2.0

include(CMakePackageConfigHelpers)
set(octet_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/octet)
set(octet_targets octet_static octet_shared)
if(TARGET octet_tool)
  list(APPEND octet_targets octet_tool)
endif()

install(TARGETS ${octet_targets} EXPORT octet-targets)
install(DIRECTORY include/octet TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(EXPORT octet-targets NAMESPACE octet:: DESTINATION ${octet_package_folder})

configure_package_config_file(cmake/octet-config.cmake.in octet-config.cmake
  INSTALL_DESTINATION ${octet_package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(octet-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/octet-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/octet-config-version.cmake cmake/dependencies.cmake
  DESTINATION ${octet_package_folder})

# The folders are found from where octet.pc lies, so that an installation may be moved.
file(RELATIVE_PATH octet_pc_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(octet_pc_openmp)
if(TARGET OpenMP::OpenMP_C)
  set(octet_pc_openmp ${OpenMP_C_FLAGS})
endif()
configure_file(cmake/octet.pc.in octet.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/octet.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

file(GLOB octet_manuals CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.[1357])
foreach(manual IN LISTS octet_manuals)
  string(REGEX REPLACE ".*\\." "" section ${manual})
  install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
