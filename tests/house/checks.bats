#!/usr/bin/env bats
# The checks of ci/ find what they are for.

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    sql=$BATS_TEST_TMPDIR/some.sql
}

refused() {
    printf '%s\n' "$1" >"$sql"
    run ci/check-sql "$sql"
    [ "$status" = 1 ] || { echo "not refused: $1"; return 1; }
    [[ $output == *"$2"* ]] || { echo "$1: $output"; return 1; }
}

accepted() {
    printf '%s\n' "$1" >"$sql"
    run ci/check-sql "$sql"
    [ "$status" = 0 ] || { echo "$1: $output"; return 1; }
}

@test "check-sql refuses what a search_path could change" {
    refused 'SELECT now();' 'pg_catalog.now()'
    refused 'SELECT public.f(1);' '"f" is not qualified'
    refused 'SELECT a FROM t WHERE a = 1;' 'OPERATOR(pg_catalog.=)'
    refused 'SELECT a OPERATOR(public.=) b;' 'not in pg_catalog'
    refused 'SELECT 1 - 1;' 'OPERATOR(pg_catalog.-)'
    refused 'SELECT a::text;' '::pg_catalog.text'
    refused 'SELECT a FROM t WHERE a IN (1, 2);' '"in" looks'
    refused 'SELECT a FROM t WHERE a NOT LIKE b;' '"like" looks'
    refused 'SELECT a FROM t WHERE a BETWEEN 1 AND 2;' '"between" looks'
    refused 'SELECT a IS NOT DISTINCT FROM b;' 'distinct'
    refused 'SELECT CASE a WHEN 1 THEN 2 END;' 'CASE'
    refused 'SELECT 1 FROM a JOIN b USING (c);' 'using'
    refused 'UPDATE t SET a = 1, b = c = d;' 'OPERATOR(pg_catalog.=)'
    refused 'UPDATE t SET a = 1 WHERE b = 1;' 'OPERATOR(pg_catalog.=)'
}

@test "check-sql accepts what means the same everywhere" {
    accepted 'SELECT pg_catalog.now(), -1, pg_catalog.count(*) FROM @journal@.t;'
    accepted 'UPDATE t SET a = @a@, b = 2 WHERE c OPERATOR(pg_catalog.=) ANY (ARRAY[@d@]::pg_catalog.int8[]);'
    accepted 'INSERT INTO s.t (a, b) VALUES (@a@, @b@) ON CONFLICT (a) DO UPDATE SET b = excluded.b;'
    accepted "SELECT 'a = now()', E'it\\'s = ', \$\$ x = y \$\$ -- = now()
              /* = now() */;"
    accepted 'SELECT CASE WHEN a THEN 1 ELSE 2 END, COALESCE(a, b) FROM t AS x (a, b);'
    accepted 'SET LOCAL lock_timeout = 0;'
}

@test "check-includes refuses an arrow that points back" {
    copy=$BATS_TEST_TMPDIR/tree
    mkdir -p "$copy"/{ci,base,engine,cli}
    cp ci/check-includes "$copy/ci"
    cd "$copy"
    git init -q
    printf '#include "base/a.h"\n' >engine/b.h
    : >base/a.h
    run ci/check-includes --headers
    [ "$status" = 0 ]
    printf '#include "engine/b.h"\n' >base/a.h
    run ci/check-includes
    [ "$status" = 1 ]
    [[ $output == *'base/a.h:1: "base" may not include from "engine"'* ]]
    printf '#include <libpq-fe.h>\n' >base/a.h
    run ci/check-includes
    [ "$status" = 1 ]
    [[ $output == *'may only be included by drivers/pq/'* ]]
    printf 'int f(size_t n);\n' >base/a.h
    run ci/check-includes --headers
    [ "$status" = 1 ]
    [[ $output == *'does not compile alone'* ]]
}

# without PLACE NAME SECTION DOCUMENT: that was complained about.
without() {
    [[ $output == *"$1: \"$2 $3\": docs/$4.md has no such section"* ]] || { echo "$output"; return 1; }
}

@test "check-docs refuses a reference to a section that the documents don't have" {
    copy=$BATS_TEST_TMPDIR/tree
    mkdir -p "$copy"/{ci,base,docs/decisions}
    cp ci/check-docs "$copy/ci"
    cd "$copy"
    git init -q
    : >README.md
    : >base/error.def
    : >docs/decisions/README.md
    printf '%s\n' '# Rules' '## 1. First' '## 2. Second' "\`\`\`" '## 3. No heading' "\`\`\`" >docs/step.md
    printf '%s\n' '# Facts' '### 7. A fact' '## Costs' >docs/facts.md
    printf '%s\n' '# Design' '## 1. First' >docs/design.md
    # The names are written apart from the numbers, so that the check doesn't follow them here.
    printf '/* (%s 1), %s 1 and 2,\n * %s\n * 7; (%s, Costs); OPTION(%sS, 9) PGA_%s_9 */\n' \
        STEP STEP FACTS FACTS STEP STEP >base/a.h
    run ci/check-docs
    [ "$status" = 0 ] || { echo "$output"; return 1; }
    printf '/* %s 1 and 3 */\n' STEP >base/a.h
    printf -- '-- see %s\n-- 2, 8\n' DESIGN >base/b.sql
    printf '%s, Prices\n' FACTS >docs/more.md
    run ci/check-docs
    [ "$status" = 1 ]
    without base/a.h:1 STEP 3 step
    without base/b.sql:1 DESIGN 2 design
    without base/b.sql:1 DESIGN 8 design
    without docs/more.md:1 FACTS Prices facts
}

@test "check-docs refuses a manual that contradicts the tables" {
    copy=$BATS_TEST_TMPDIR/tree
    mkdir -p "$copy"
    git ls-files --cached --others --exclude-standard ci base/*.def cli/*.def '*.md' | tar -cT - | tar -xC "$copy"
    mkdir -p "$copy/tests"
    cp -R tests/system "$copy/tests"
    cd "$copy"
    git init -q
    # Links to what was not copied are not the point here.
    docs() { ci/check-docs | grep -v 'leads nowhere' || true; }
    [ -z "$(docs)" ] || { docs; return 1; }

    mv docs/errors/changed.md docs/errors/changes.md
    printf '# Exit code 2: none\n' >docs/exit-codes/2.md
    sed -i 's/^## What to do$/## Do this/' docs/errors/needs.md
    sed -i 's/^# sql: /# SQL: /' docs/errors/sql.md
    # shellcheck disable=SC2016 # backticks of Markdown
    printf 'Type `pgalter depoly`, or `pgalter deploy --stirct`, or `--dri`; `pgalter help changes`.\n' >>docs/tutorial.md
    printf '    pgalter deploy --nowhere # --comment\n%090d\n' 0 >>docs/errors/locked.md
    # shellcheck disable=SC2016
    printf '# A guide\n\n```sh\nrm -rf /\n```\n' >docs/guides/new.md
    printf 'f(PGA_ID_CHANGED);\n' >base/a.c
    sed -i 's/, \[needs\][^ ]*//' docs/exit-codes/66.md
    sed -i '/^    lock_wait /d' docs/errors/configuration.md
    run docs
    for line in 'docs/errors/changed.md: missing' 'no .c file of the product says PGA_ID_NEEDS' \
        "docs/exit-codes/66.md: doesn't lead to ../errors/needs.md" \
        'docs/errors/configuration.md: the list of keys has no line for "lock_wait"' 'docs/errors/changes.md: superfluous' 'docs/exit-codes/2.md: superfluous' \
        'docs/errors/needs.md: its sections are' 'docs/errors/sql.md: its first line is not' \
        'docs/tutorial.md: there is no command "pgalter depoly"' 'docs/tutorial.md: there is no option "--stirct"' \
        'docs/tutorial.md: there is no option "--dri"' 'docs/tutorial.md: "pgalter help changes" explains nothing' \
        'docs/errors/locked.md: there is no option "--nowhere"' 'longer than 80 columns' \
        'docs/README.md: the index has no link to guides/new.md' 'docs/guides/new.md: no test runs its commands'; do
        [[ $output == *"$line"* ]] || { echo "lacks: $line"; echo "$output"; return 1; }
    done
    [[ $output != *comment* && $output != *PGA_ID_CHANGED* ]]
}

@test "check-hints refuses a command in a message that no test runs" {
    copy=$BATS_TEST_TMPDIR/tree
    mkdir -p "$copy"/{ci,cli,engine,tests/system}
    cp ci/check-hints "$copy/ci"
    cp cli/commands.def "$copy/cli"
    cd "$copy"
    git init -q
    printf '#define ONE "pgalter list"\nint f(void) { return g("Look: " ONE\n    " shows %%s.", "no command: pgalter"); /* "pgalter mark" */ }\n' >engine/a.c
    : >tests/system/hints.bats
    run ci/check-hints
    [ "$status" = 1 ]
    [ "${lines[1]}" = '    #: Look: pgalter list shows %s.' ] || { echo "$output"; return 1; }
    [ "${#lines[@]}" = 2 ]
    ci/check-hints --list >tests/system/hints.bats
    ci/check-hints
    printf 'GRANT x TO y\n' | sed 's/.*/"&"/' >engine/a.c
    run ci/check-hints
    [ "$status" = 1 ]
    [[ $output == *'engine/a.c: no test'*'#: GRANT x TO y'*'nothing says any more'* ]] || { echo "$output"; return 1; }
}
