# The task list; the work is in CMake and in ci/.  `make` prints it.
.PHONY: help setup build test unit lint format coverage fuzz docs deb clean
help:      ## print this list
	@sed -n 's/^\([a-z]*\): *## /  make \1\t/p' Makefile | expand -t 18
setup:     ## install what building and testing need (Debian, Fedora, Alpine, macOS)
	ci/setup
build:     ## build with sanitizers, into build/dev
	cmake --preset dev && cmake --build --preset dev
test:      ## what CI runs: every test, also on the oldest and the newest server
	ci/test
unit:      ## the unit tests, under sanitizers, in seconds
	cmake --preset dev && cmake --build --preset dev && ctest --preset dev -L unit
lint:      ## every static check; each failure prints what to run
	ci/lint
format:    ## lay the C code out with clang-format
	git ls-files '*.c' '*.h' | xargs clang-format -i
coverage:  ## which lines the tests run; fails for a gap in alterations, journal or engine
	ci/coverage
fuzz:      ## the fuzz targets over their corpora
	cmake --preset dev && cmake --build --preset dev && ctest --preset dev -L fuzz
docs:      ## check the documents: links, and tables that must agree with the code
	ci/check-docs
deb:       ## build the Debian package and the tarball of binaries, into build/release
	ci/setup build deb && cmake --workflow --preset release
clean:     ## remove build/
	rm -rf build
