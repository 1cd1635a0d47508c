#!/usr/bin/env bash
# Makes load.txt: runs of lab load in a terminal of 110×42, as text. The figures are those of the
# machine that makes it. Needs Go and tmux.
set -euo pipefail
rows=42
. "$(dirname "$0")/recording.sh"

serve broadcast broadcast
load="lab load $url --profile publish --clients 200 --rate 20 --duration 5s"

shell
types "clear; $load; echo status \$?" 'measuring 3s'
record 'The live screen, in the middle of a run'
shows 'status 0'
record 'The report at its end'
over

shell
types "clear; $load --fail 'p99>1ms' --fail 'missing>0' --plain 2>/dev/null; echo status \$?" 'status 3'
record 'In CI: a threshold that is crossed'

finished
