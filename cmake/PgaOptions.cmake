# pga_options: what every target of the project is compiled with.  No global flags anywhere else.
include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

add_library(pga_options INTERFACE)
target_compile_features(pga_options INTERFACE c_std_11)
target_include_directories(pga_options INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
target_compile_definitions(pga_options INTERFACE _POSIX_C_SOURCE=200809L)

target_compile_options(pga_options INTERFACE
    -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wformat=2 -Wcast-qual -Wwrite-strings -Wvla -Wpointer-arith -Wundef
    -Wimplicit-fallthrough
    "$<$<C_COMPILER_ID:GNU>:-Wduplicated-cond;-Wduplicated-branches;-Wlogical-op>"
    "$<$<BOOL:${PGA_WERROR}>:-Werror>"
    "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/="
    -fstack-protector-strong
    # Assertions guard invariants and are cheap: they stay in every build, packages included.
    -UNDEBUG
    "SHELL:-include base/banned.h")

# _FORTIFY_SOURCE needs optimisation and hides errors from the sanitizers.
target_compile_definitions(pga_options INTERFACE
    "$<$<AND:$<NOT:$<BOOL:${PGA_SANITIZE}>>,$<NOT:$<CONFIG:Debug>>>:_FORTIFY_SOURCE=2>"
    "$<$<BOOL:${PGA_SANITIZE}>:PGA_SANITIZE>"
    "$<$<BOOL:${PGA_FAULTS}>:PGA_FAULTS>")
target_link_options(pga_options INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)

if(PGA_SANITIZE)
    target_compile_options(pga_options INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(pga_options INTERFACE -fsanitize=address,undefined)
endif()
if(PGA_COVERAGE)
    target_compile_options(pga_options INTERFACE --coverage -O0)
    target_link_options(pga_options INTERFACE --coverage)
endif()
if(PGA_FUZZ)
    # What is fuzzed must count its own branches too, or libFuzzer searches blindly.
    target_compile_options(pga_options INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(pga_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
