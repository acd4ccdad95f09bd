#!/bin/bash
# SPDX-License-Identifier: MIT
# What is printed from the tables of options and commands is what the tree has: sample configuration, manuals, README.
# Runs the programs of $NGMT_BUILD (build/check).
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$(realpath "${NGMT_BUILD:-build/check}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
findings=0

say() {
	echo "$1"
	findings=1
}

# FILE must contain what is in $work/NAME, line for line.
contained() {
	/usr/bin/python3 -c 'import sys
whole, part = (open(name, encoding="utf-8").read() for name in sys.argv[1:])
missing = [line for line in part.splitlines() if line not in whole.splitlines()]
print("\n".join(missing[:5]))
sys.exit(part.strip() == "" or part.strip() not in whole)' "$2" "$work/$1"
}

"$build/daemon/ngmtd" --print-sample-config >"$work/sample"
diff -u conf/ngmt.conf "$work/sample" ||
	say "conf/ngmt.conf:1: write it anew: ngmtd --print-sample-config >conf/ngmt.conf"
"$build/daemon/ngmtd" --print-config-manual >"$work/options"
contained options conf/ngmt.conf.5.scd ||
	say "conf/ngmt.conf.5.scd:1: put in what ngmtd --print-config-manual prints"
"$build/client/ngmtctl" help --manual >"$work/commands"
contained commands client/ngmtctl.1.scd ||
	say "client/ngmtctl.1.scd:1: put in what ngmtctl help --manual prints"

# "ngmtctl WORD" in the README must be a command or an option.
"$build/client/ngmtctl" help >"$work/help"
if [ -f README.md ]; then
	while IFS=: read -r line word; do
		grep -qiwE -- "$word" "$work/help" || "$build/client/ngmtctl" help "$word" >/dev/null 2>&1 ||
			say "README.md:$line: ngmtctl has no command \"$word\""
	done < <(grep -noE '^ *[$>]? *(sudo )?ngmtctl [a-z-]+' README.md | sed -E 's/:.* ([a-z-]+)$/:\1/')
fi
exit "$findings"
