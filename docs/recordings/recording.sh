# The functions of the recordings, which are sessions of lab in a terminal of tmux, as text.
# Each recording is a script that reads this one, and makes the text beside it.
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."

work="$(mktemp -d)"
go build -o "$work/lab" ./cmd/lab
export PATH="$work:$PATH" LC_ALL=C.UTF-8 XDG_CONFIG_HOME="$work/config"
out="$work/recording.txt"
socket="recording-$$"
terminal() { tmux -L "$socket" "$@"; }
pids=()
finish() {
	terminal kill-server 2>/dev/null || true
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait
	rm -rf "$work"
}
trap finish EXIT

# serve FILE DEMO…: starts a demo at any port, and sets url to its address.
serve() {
	lab run "${@:2}" --plain --addr 127.0.0.1:0 >"$work/$1" 2>/dev/null &
	pids+=($!)
	for _ in $(seq 200); do
		url="$(cut -f 2 "$work/$1")"
		[ -n "$url" ] && return
		sleep 0.05
	done
	echo "recording: $2 did not start" >&2
	exit 1
}

# shows TEXT: waits until the screen has it.
shows() {
	for _ in $(seq 600); do
		terminal capture-pane -p | grep -qF -- "$1" && return
		sleep 0.05
	done
	echo "recording: the screen never showed: $1" >&2
	terminal capture-pane -p >&2
	exit 1
}

# types LINE TEXT: types a line, and waits until the screen shows the text.
types() {
	terminal send-keys -l "$1"
	terminal send-keys Enter
	shows "$2"
}

# record TITLE: adds the screen to the recording.
record() {
	printf '=== %s\n\n' "$1" >>"$out"
	terminal capture-pane -p | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' | sed -e 's/[[:space:]]*$//' -e "s|127\.0\.0\.1:[0-9]*|127.0.0.1:3000|g" >>"$out"
	printf '\n' >>"$out"
}

# shell: opens a shell with a short prompt.
shell() {
	terminal -f /dev/null new-session -d -x 110 -y "${rows:-26}" \
		env TERM=screen-256color PS1='$ ' sh
	shows '$'
}

# over: ends the terminal, and waits until its server is gone: the next one has the same socket.
over() {
	terminal kill-server 2>/dev/null || true
	while terminal list-sessions >/dev/null 2>&1; do sleep 0.05; done
}

# finished: puts the recording in place.
finished() { cp "$out" "$here/$(basename "$0" .sh).txt"; }
