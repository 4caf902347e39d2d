# What `cmake --install` puts beside the program, and the packages that `cpack` makes: a .deb and a tarball.
install(FILES README.md ARCHITECTURE.md CHANGELOG.md SECURITY.md LICENSE TYPE DOC)
install(DIRECTORY docs/ TYPE DOC FILES_MATCHING PATTERN "*.md")
install(DIRECTORY examples DESTINATION "${CMAKE_INSTALL_DOCDIR}" PATTERN ".pgalter" EXCLUDE)

set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_PACKAGE_VENDOR "pgalter maintainers")
set(CPACK_PACKAGE_CONTACT "pgalter maintainers <maintainers@pgalter.invalid>")
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS postgresql)
# Without a first line: that is the project's description.
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "pgalter keeps a journal of every alteration that a database has had,
resolves a target version, and runs timestamp-named up and down scripts, each
in one transaction with its journal row. It rolls back from the journal alone.")
include(CPack)
