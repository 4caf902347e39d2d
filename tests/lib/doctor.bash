# tests/lib/doctor.bash: asking doctor and doing what it says, and servers beside the file's own.

# side_init NAME: another server beside the file's, its socket and data in $CLUSTER_DIR/NAME; made, not started.
side_init() {
    as_cluster_user mkdir "$CLUSTER_DIR/$1"
    as_cluster_user "$(cluster_bindir)/initdb" -D "$CLUSTER_DIR/$1/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >/dev/null
}

# side_start NAME OPTIONS; its port is the file's unless the options say otherwise.
side_start() {
    as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/$1/data" -l "$CLUSTER_DIR/$1/log" -w -t 60 \
        -o "-k $CLUSTER_DIR/$1 -p $PGPORT -c listen_addresses='' -c fsync=off $2" start >/dev/null 3>&- ||
        { cat "$CLUSTER_DIR/$1/log"; return 1; }
}

side_stop() { as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/$1/data" -m immediate -w stop >/dev/null; }

# examine STATUS ARGUMENTS: doctor's document, in $out.
examine() {
    local want=$1
    shift
    expect "$want" pgalter doctor --json "$@"
}

# finding GROUP CHECK: that finding of the document.
finding() { jq -ce --arg g "$1" --arg c "$2" '.findings[] | select(.group == $g and .check == $c)' <<<"$out"; }

# is GROUP CHECK VERDICT [PART]: that verdict, and PART in its text or details.
is() {
    local found
    found=$(finding "$1" "$2") || { echo "no finding $1/$2 in $out"; return 1; }
    same "$(jq -r .verdict <<<"$found")" "$3" || { echo "$found"; return 1; }
    contains "$(jq -r '.text, .details[]' <<<"$found")" "${4-}"
}

# unhealthy: every finding that is neither ok nor not checked, "group/check" each.
unhealthy() { jq -r '[.findings[] | select(.verdict == "attention" or .verdict == "failed") | .group + "/" + .check] | join(" ")' <<<"$out"; }

# run_sql GROUP CHECK [PATTERN]: run the statements that doctor says, each as the role and in the database it names.
run_sql() {
    local role database statement count=0
    while IFS=$'\t' read -r role database statement; do
        PGUSER=${role/#-/postgres} query "${database/#-/$db}" "$statement" >/dev/null || { echo "failed: $statement"; return 1; }
        count=$((count + 1))
    done < <(finding "$1" "$2" | jq -r --arg p "${3-.}" '.next[] | select(.kind == "sql" and (.text | test($p)))
        | [(.role // "-"), .database // "-", .text] | @tsv')
    [ "$count" -gt 0 ] || { echo "no statement to run: $(finding "$1" "$2")"; return 1; }
}
