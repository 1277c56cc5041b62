# options.cmake: language, warnings, sanitizers and floating-point rules of everything we compile
# SPDX-License-Identifier: Apache-2.0

add_library(octet_options INTERFACE)
target_compile_features(octet_options INTERFACE c_std_11)
target_compile_options(octet_options INTERFACE
  # Results must not depend on whether a compiler fuses a multiplication and an addition.
  -ffp-contract=off
  $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wstrict-prototypes;-Wmissing-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wundef;-Wvla;-Wimplicit-fallthrough;-Wcast-qual;-Wpointer-arith>
  $<$<BOOL:${OCTET_WERROR}>:-Werror>)
target_compile_definitions(octet_options INTERFACE OCTET_SIMD=$<BOOL:${OCTET_SIMD}>)
target_include_directories(octet_options INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/kernels
  ${PROJECT_SOURCE_DIR}/passes)

set(octet_sanitizers ${OCTET_SANITIZE})
if(OCTET_FUZZ)
  # Coverage for the fuzzer in every object; its main() only in the fuzz targets.
  list(APPEND octet_sanitizers fuzzer-no-link)
endif()
if(octet_sanitizers)
  string(REPLACE ";" "," octet_sanitizers "${octet_sanitizers}")
  # Instrumented code makes gcc see uninitialized variables where there are none.
  target_compile_options(octet_options INTERFACE
    -fsanitize=${octet_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer
    $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(octet_options INTERFACE -fsanitize=${octet_sanitizers})
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()
