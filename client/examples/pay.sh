#!/bin/bash
# SPDX-License-Identifier: MIT
# Pays the bonus of one worker over ngmtd's socket, and waits until it is done: pay.sh WORKER REASON
#
# The rows must be known to the daemon (ngmtctl load results FILE, or a watched room). A second run pays nothing. The
# methods are those of ngmt-protocol(7), the exit status is ngmtctl(1)'s. Needs socat; "nc -U" does as well.
set -u

socket=${NGMT_SOCKET:-/run/ngmt/ngmtd.sock}
worker=${1:?usage: pay.sh WORKER REASON}
reason=${2:?usage: pay.sh WORKER REASON}
case $worker$reason in
*[\"\\[:cntrl:]]*) echo "pay.sh: no quotation marks, backslashes and control characters, please" >&2 && exit 2 ;;
esac

# text NAME, number NAME: a member of the JSON in $line (the first of that name).
text() { sed -nE "s/.*\"$1\": ?\"(([^\"\\\\]|\\\\.)*)\".*/\1/p" <<<"$line"; }
number() { sed -nE "s/.*\"$1\": ?(-?[0-9]+).*/\1/p" <<<"$line"; }

no_daemon() {
	echo "pay.sh: no daemon at $socket" >&2
	exit 3
}

receive() {
	IFS= read -r line <&"$from" || no_daemon
}

# call ID METHOD PARAMS: the answer is in $line.
call() {
	{ printf '{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}\n' "$@" >&"$to"; } 2>/dev/null
	receive
	until [[ $line == *"\"id\":$1"[,\}]* ]]; do receive; done
	[[ $line == *'"error":{'* ]] || return
	echo "pay.sh: $(text message)" >&2
	exit "$(number exit_status)"
}

trap '' PIPE
coproc daemon { exec socat - "UNIX-CONNECT:$socket" 2>/dev/null; }
# bash forgets the descriptors as soon as socat has given up.
from=${daemon[0]:-} to=${daemon[1]:-}
if [ -z "$from" ] || [ -z "$to" ]; then no_daemon; fi
call 1 hello '{"protocol":1,"client":"pay.sh"}'
wish='"do":["bonus"],"reason":"'$reason'","select":{"worker":"'$worker'"}'
call 2 plan "{$wish}"
if [[ $line == *'"nothing_to_do":true'* ]]; then
	echo "nothing to pay: $(text why)"
	[[ $line != *'"verdict":"hold"'* && $line != *'"verdict":"conflict"'* ]] || exit 7
	exit 0
fi
# The digest makes sure that what is paid is what was planned.
call 3 apply "{$wish,\"digest\":\"$(text digest)\",\"command\":\"pay.sh\"}"
call 4 subscribe "{\"batch\":$(number batch)}"
until [[ $line == *'"finished":true'* || $line == *'"waiting_for":"funds"'* ]]; do receive; done
echo "$(text environment): $(number bonuses) paid, $(number bonus_cents) cents and $(number fees_cents) of fees"
[[ $line == *'"finished":true'* ]] || exit 6
[ "$(number "done")" = "$(number total)" ] || exit 7
