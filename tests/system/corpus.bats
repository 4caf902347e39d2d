#!/usr/bin/env bats
# A real history of 261 alterations, up and down.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

corpus=$PGA_TEST_SOURCE_DIR/../shared/corpora/logto

setup_file() { [ ! -d "$corpus" ] || cluster_start; }
teardown_file() { [ ! -d "$corpus" ] || cluster_stop; }

setup() {
    [ -d "$corpus" ] || skip "the corpus is not beside this checkout"
    export PGALTER_DIR=$corpus/alterations
    # Roles are the cluster's, and their names derive from the database's.
    query postgres "DROP DATABASE IF EXISTS corpus"
    for role in $(query postgres "SELECT rolname FROM pg_roles WHERE rolname ~ '^logto_tenant_corpus'"); do
        query postgres "DROP ROLE \"$role\""
    done
    database_create corpus
    psql -Xq -v ON_ERROR_STOP=1 -d corpus -f "$corpus/base.sql" >/dev/null
}

teardown() { cluster_log_on_failure; }

# stems: the alterations in order of their timestamps, without pgalter's help.
stems() {
    (cd "$corpus/alterations" && ls -- *.up.sql) | grep -v '\.before-up\.sql$' | sed 's/\.up\.sql$//' |
        awk -F- '{ print $2, $0 }' | sort -V | cut -d' ' -f2
}

# by_psql: apply the history as its README says: before-scripts outside, scripts inside a transaction.
by_psql() {
    local stem
    while read -r stem; do
        if [ -f "$corpus/alterations/$stem.before-up.sql" ]; then
            psql -Xq -v ON_ERROR_STOP=1 -d corpus -f "$corpus/alterations/$stem.before-up.sql"
        fi
        psql -Xq -1 -v ON_ERROR_STOP=1 -d corpus -f "$corpus/alterations/$stem.up.sql" >/dev/null
    done <<<"$(stems)"
}

fixture() { psql -Xq -v ON_ERROR_STOP=1 -d corpus -f "$corpus/fixture-after-up.sql"; }

# version_at_most X.Y.Z: how many file names have that version or an earlier one.
version_at_most() {
    stems | awk -F- -v limit="$1" '
        function number(v, part) { split(v, part, "."); return part[1] * 1000000 + part[2] * 1000 + part[3] }
        { sub(/_.*/, "", $1); if (number($1) <= number(limit)) n++ }
        END { print n + 0 }'
}

@test "up, down, up: the schema that psql makes, twice" {
    by_psql 2>/dev/null
    schema_of corpus >"$BATS_TEST_TMPDIR/psql"
    setup
    schema_of corpus >"$BATS_TEST_TMPDIR/base"
    expect 0 pgalter deploy next
    contains "$out" "Found 261 alterations to deploy"
    contains "$out" "Deployed 261 alterations"
    schema_of corpus >"$BATS_TEST_TMPDIR/first"
    diff "$BATS_TEST_TMPDIR/psql" "$BATS_TEST_TMPDIR/first"
    fixture
    expect 0 pgalter rollback zero --yes
    contains "$out" "Rolled back 261 alterations"
    schema_of corpus | grep -v -i pgcrypto >"$BATS_TEST_TMPDIR/down"
    # The extension stays: no down script drops it.
    [ "$(query corpus "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" = \
        "$(grep -c '^CREATE TABLE' "$corpus/base.sql")" ]
    expect 0 pgalter deploy next
    schema_of corpus >"$BATS_TEST_TMPDIR/second"
    diff "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/second"
}

@test "a rollback needs no files" {
    mkdir "$BATS_TEST_TMPDIR/empty"
    schema_of corpus >"$BATS_TEST_TMPDIR/base"
    expect 0 pgalter deploy next
    fixture
    PGALTER_DIR=$BATS_TEST_TMPDIR/empty expect 0 pgalter rollback zero --yes
    contains "$out" "Rolled back 261 alterations"
    [ "$(query corpus "SELECT count(*) FROM pgalter.journal")" = 0 ]
    [ "$(query corpus "SELECT count(*) FROM pgalter.history WHERE event = 'reverted'")" = 261 ]
    expect 0 pgalter deploy next
    schema_of corpus >"$BATS_TEST_TMPDIR/again"
    [ "$(query corpus "SELECT count(*) FROM pgalter.journal")" = 261 ]
}

@test "partial targets take what the file names say" {
    local first second third
    first=$(version_at_most 1.0.0) second=$(version_at_most 1.20.0) third=$(version_at_most 1.10.0)
    [[ $first -gt 10 && $second -gt $first && $third -gt $first ]]
    expect 0 pgalter deploy 1.0.0
    contains "$out" "Found $first alterations to deploy"
    [ "$(query corpus "SELECT count(*) FROM pgalter.journal")" = "$first" ]
    expect 0 pgalter deploy 1.20.0
    contains "$out" "Found $((second - first)) alterations to deploy"
    [ "$(query corpus "SELECT count(*) FROM pgalter.journal")" = "$second" ]
    fixture
    expect 0 pgalter rollback 1.10.0 --yes
    contains "$out" "Rolled back $((second - third)) alterations"
    [ "$(query corpus "SELECT count(*) FROM pgalter.journal")" = "$third" ]
    expect 0 pgalter deploy latest
    contains "$out" "Found $((261 - third)) alterations to deploy"
    [ "$(query corpus "SELECT count(*) FROM pgalter.journal")" = 261 ]
    expect 0 pgalter deploy latest
    contains "$out" "Found 0 alterations to deploy"
}

@test "a release renames what is applied and runs nothing" {
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    mkdir "$PGALTER_DIR"
    cp "$corpus"/alterations/* "$PGALTER_DIR/"
    chmod -R u+w "$PGALTER_DIR"
    pair next-1900000000-canary "CREATE TABLE canary (n int); INSERT INTO canary VALUES (1);" "DROP TABLE canary;"
    expect 0 pgalter deploy next
    [ "$(query corpus "SELECT version FROM pgalter.journal WHERE slug = 'canary'")" = next ]
    schema_of corpus >"$BATS_TEST_TMPDIR/before"
    expect 0 pgalter release 1.44.0
    [[ -f $PGALTER_DIR/1.44.0-1900000000-canary.up.sql && -f $PGALTER_DIR/1.44.0-1900000000-canary.down.sql ]]
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations to deploy"
    contains "$out" "1 alteration to rename in the journal"
    [ "$(query corpus "SELECT version FROM pgalter.journal WHERE slug = 'canary'")" = 1.44.0 ]
    [ "$(query corpus "SELECT count(*) FROM canary")" = 1 ]
    [ "$(query corpus "SELECT string_agg(event, ' ' ORDER BY seq) FROM pgalter.history WHERE id = '1900000000-canary'")" = "applied renamed" ]
    schema_of corpus >"$BATS_TEST_TMPDIR/after"
    diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
    expect 0 pgalter deploy
    [ "$(query corpus "SELECT max(seq) FROM pgalter.history")" = 263 ]
}
