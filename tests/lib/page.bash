# tests/lib/page.bash: running what a page of the manual tells its reader to type.
#
# In a page a block fenced with ```sh is typed as it stands, in one shell from the first block to the last.  Each of its
# commands must succeed; where one is meant to fail, its exit status stands behind the word: ```sh 65.  A block fenced
# with ```text right behind it is what the commands before it print, stdout and stderr together; what differs from run to
# run (times, digests, paths, process ids) is compared as a kind.  Blocks of other languages are only read.

# page_kinds: text with what differs from run to run made the same.
page_kinds() {
    sed -E -e "s|$page_home|/home/you/shop|g" \
        -e 's|" on [^ ]+:[0-9]+ as |" on SERVER as |' \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' -e 's/\b1[0-9]{9}-/STAMP-/g' \
        -e 's/[0-9.]+ (ms|s|min)\b/DURATION/g' -e 's/\b[0-9a-f]{16}\b/HASH/g' \
        -e 's/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/RUN/g' \
        -e 's/PostgreSQL [0-9][0-9.a-z]*.*/PostgreSQL VERSION/' -e 's/ by [^ ]+@[^ ]+/ by PERSON/g' -e 's/[ ]+$//'
}

# page_split FILE: the blocks as files N.sh, N.want (exit status) and N.text in $page_blocks; prints how many there are.
page_split() {
    awk -v to="$page_blocks" '
        /^```/ && !inside { inside = 1; kind = substr($1, 4); n += kind == "sh"
            if (kind == "sh") { printf "%s", $2 + 0 >(to "/" n ".want"); out = to "/" n ".sh"; printf "" >out; last = n }
            else if (kind == "text" && last == n && n > 0) { out = to "/" n ".text"; printf "" >out }
            else out = "/dev/null"
            next }
        /^```/ { inside = 0; close(out); next }
        inside { print >out }
        END { print n + 0 }' "$1"
}

# page_run FILE: run its blocks where we are; fails at the first that does not do what the page says.
page_run() {
    local n count page_home page_blocks
    page_home=$(pwd -P)
    page_blocks=$(mktemp -d "$BATS_TEST_TMPDIR/page.XXXXXX")
    count=$(page_split "$1")
    [ "$count" -gt 0 ] || { echo "$1 has no commands"; return 1; }
    {
        printf 'trap "failed=\\$?" ERR\n'
        for ((n = 1; n <= count; n++)); do
            # A command that fails where none should would only spoil what follows.
            # shellcheck disable=SC2016 # for that shell
            printf 'failed=0; . %q >%q 2>&1 </dev/null; echo $failed >%q; [ $failed = %s ] || exit 0\n' \
                "$page_blocks/$n.sh" "$page_blocks/$n.out" "$page_blocks/$n.status" "$(<"$page_blocks/$n.want")"
        done
    } >"$page_blocks/all"
    PATH=$(dirname "$PGALTER"):$PATH bash "$page_blocks/all" 3>&-
    for ((n = 1; n <= count; n++)); do
        if [ "$(cat "$page_blocks/$n.status" 2>/dev/null)" != "$(<"$page_blocks/$n.want")" ]; then
            printf '%s, block %d exits with %s instead of %s:\n%s\nprints:\n%s\n' "$1" "$n" \
                "$(cat "$page_blocks/$n.status" 2>/dev/null)" "$(<"$page_blocks/$n.want")" \
                "$(<"$page_blocks/$n.sh")" "$(cat "$page_blocks/$n.out" 2>/dev/null)"
            return 1
        fi
        [ -e "$page_blocks/$n.text" ] || continue
        if ! diff <(page_kinds <"$page_blocks/$n.text") <(page_kinds <"$page_blocks/$n.out") >"$page_blocks/diff"; then
            printf '%s, block %d prints something else (< the page, > the program):\n%s\n%s\n' "$1" "$n" \
                "$(<"$page_blocks/$n.sh")" "$(<"$page_blocks/diff")"
            return 1
        fi
    done
}
