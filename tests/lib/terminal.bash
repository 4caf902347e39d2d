# tests/lib/terminal.bash: a terminal with a shell in it, in which the program runs.
#
#   setup()    { terminal_open 80 24; }
#   teardown() { terminal_close; }
#
# It is tmux's, which draws what a program writes as a terminal would.

# terminal_open COLUMNS LINES [SHELL]: open one; the shell (bash) has the environment that is exported now, and "pgalter" the program.
terminal_open() {
    command -v tmux >/dev/null || skip "tmux is not installed"
    TERMINAL=pga.$$.$BATS_TEST_NUMBER
    terminal_tmux -f /dev/null new-session -d -x "$1" -y "$2" "exec env PS1='# ' ${3-bash --norc --noprofile}" 3>&- ||
        skip "tmux makes no terminal here"
    terminal_tmux set-option -g status off
    terminal_shows '#'
    terminal_run "pgalter() { \"$PGALTER\" \"\$@\"; }"
}

terminal_tmux() { command tmux -L "$TERMINAL" "$@" 2>/dev/null; }

terminal_close() { [ -z "${TERMINAL-}" ] || terminal_tmux kill-server || true; }

# terminal_type KEYS ...: as tmux names them: Down, Enter, C-c; anything else is typed as it is.
terminal_type() { terminal_tmux send-keys "$@"; }

# terminal_run COMMAND: type a command line on an empty screen.
terminal_run() {
    terminal_tmux send-keys -R
    sleep 0.1
    terminal_tmux send-keys -l "$1"
    terminal_tmux send-keys Enter
}

# screen [-e]: what is on the terminal, without blank lines at its end; with its colours.
# shellcheck disable=SC2120
screen() { terminal_tmux capture-pane -p "$@"; }

# terminal_shows TEXT: wait, at most ten seconds, until the text is on the screen.
terminal_shows() {
    local i
    for ((i = 0; i < 200; i++)); do
        [[ $(screen) == *"$1"* ]] && return 0
        sleep 0.05
    done
    printf 'never on the screen: %s\nwhich has:\n%s\n' "$1" "$(screen)"
    return 1
}

# terminal_resize COLUMNS LINES.
terminal_resize() { terminal_tmux resize-window -x "$1" -y "$2"; }
