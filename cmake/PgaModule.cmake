# pga_module(NAME SOURCES ... [USES targets ...] [PRIVATE_USES targets ...])
#
# A folder's target.  USES are the modules whose headers it may include; PRIVATE_USES are foreign libraries, which
# never reach a dependent's include path.  The direction of dependency is thereby enforced by the build.
function(pga_module name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;PRIVATE_USES" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC pga_options ${ARG_USES} PRIVATE ${ARG_PRIVATE_USES})
endfunction()

# check ends a test after 4 s, which is short for a busy machine and for sanitizers.
set(PGA_CHECK_PATIENCE "CK_TIMEOUT_MULTIPLIER=$<IF:$<BOOL:${PGA_SANITIZE}>,20,10>")

# pga_unit_test(NAME USES modules ...): tests/unit/NAME.c as a check program, run by CTest with the label `unit`.
function(pga_unit_test name)
    cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
    add_executable(${name} ${name}.c)
    target_link_libraries(${name} PRIVATE pga_options pga_test_helpers ${ARG_USES} PkgConfig::CHECK)
    add_test(NAME unit/${name} COMMAND ${name})
    set_tests_properties(unit/${name} PROPERTIES LABELS unit TIMEOUT 120
        ENVIRONMENT "PGA_TEST_SOURCE_DIR=${PROJECT_SOURCE_DIR};${PGA_CHECK_PATIENCE}")
endfunction()

# pga_bats_test(NAME [CLIENT]): NAME.bats of a folder, run by CTest with the folder's name (system, fault) as its label.  It
# finds the program in PGALTER, and the server's programs where PGALTER_PG_BINDIR says, if it is set, as everything else does.
# CLIENT, a label too: what it looks at is the same with every version of the server.
function(pga_bats_test name)
    cmake_parse_arguments(ARG "CLIENT" "" "" ${ARGN})
    get_filename_component(folder "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
    add_test(NAME ${folder}/${name} COMMAND "${PGA_BATS}" "${CMAKE_CURRENT_SOURCE_DIR}/${name}.bats")
    set_tests_properties(${folder}/${name} PROPERTIES LABELS "${folder}$<$<BOOL:${ARG_CLIENT}>:;client>" TIMEOUT 900
        ENVIRONMENT "PGALTER=$<TARGET_FILE:pgalter>;PGA_TEST_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endfunction()

# pga_house_test(NAME COMMAND ...): a check of the sources themselves that needs no build, with the label `unit`.
function(pga_house_test name)
    add_test(NAME house/${name} COMMAND ${ARGN} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(house/${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()
