# tests/lib/proxy.bash: a proxy before the cluster's server that cuts connections (tests/lib/cut_proxy.pl).

# proxy_start COUNT [SIDE [HOW]]: begin one; proxy_stop ends it.
proxy_start() {
    proxy_file=${BATS_TEST_TMPDIR:-$FAULT_DIR}/proxy
    rm -f "$proxy_file"
    "$PGA_TEST_SOURCE_DIR/tests/lib/cut_proxy.pl" "$CLUSTER_DIR/.s.PGSQL.$PGPORT" "$@" >"$proxy_file" 3>&- &
    proxy=$!
    until [ -s "$proxy_file" ]; do
        kill -0 "$proxy" || return
        sleep 0.01
    done
    read -r proxy_port <"$proxy_file"
}

proxy_stop() {
    [ -n "${proxy-}" ] || return 0
    kill "$proxy" 2>/dev/null || true
    wait "$proxy" || true
    proxy=''
}

# proxy_reach DATABASE: a connection string that leads through it.
proxy_reach() { echo "host=127.0.0.1 port=$proxy_port dbname=$1 sslmode=disable gssencmode=disable"; }

# proxy_said: what it has printed.
proxy_said() { cat "$proxy_file"; }
