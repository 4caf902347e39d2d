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
