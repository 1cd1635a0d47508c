#!/usr/bin/env bash
# Makes connect.txt: sessions of lab connect in a terminal of 110×26, as text. Needs Go and tmux.
set -euo pipefail
. "$(dirname "$0")/recording.sh"

serve acks acks
terminal -f /dev/null new-session -d -x 110 -y 26 env TERM=screen-256color lab connect "$url" --lang en
shows "upgraded from polling to websocket"
types 'ack ferret "tobi"' 'ack of ferret'
types 'emit "ask me"' 'answer #1'
types 'answer {"woot":true}' '← answer'
types 'ack silence 1s' 'no acknowledgement'
record 'Events, acknowledgements of both sides, and one that never comes'
terminal send-keys C-x
shows 'the server acks "ferret"'
record 'The same with the x-ray beside it (ctrl+x)'
terminal send-keys C-c
over

serve proxied acks --proxy no-websocket

shell
types "lab connect $url --ack 'ferret \"tobi\"' --transports websocket; echo status \$?" 'status 1'
record 'A proxy that does not forward WebSocket'
over

shell
types "printf 'ack ferret \"tobi\" => \"woot\"\\nack ferret \"bobi\" => \"meow\"\\n' | lab connect $url; echo status \$?" 'status 5'
record 'A script, and an acknowledgement that it does not expect'

finished
