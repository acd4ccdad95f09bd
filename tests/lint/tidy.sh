#!/bin/bash
# SPDX-License-Identifier: MIT
# clang-tidy 14 with the list in .clang-tidy, over the clang build that the fuzz targets are of. Nine tenths of its time
# are clang's analyser following paths: as far as it likes with NGMT_LONG=1, else a part of the way.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build/fuzz
[ -f "$build/compile_commands.json" ] || { echo "$build is not configured: run ./check fuzz first"; exit 1; }
steps=()
((${NGMT_LONG:-0})) || for word in -Xclang -analyzer-config -Xclang max-nodes=20000; do
	steps+=("-extra-arg=$word")
done
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
run-clang-tidy-14 -p "$build" -j "$(nproc)" -quiet "${steps[@]}" \
	'/(common|daemon|client|tests/sim|tests/points|tests/fuzz)/[^/]*\.c$' >"$output" 2>&1 || status=$?
grep -q '^clang-tidy-14' "$output" || { cat "$output"; echo "nothing was looked at: this lint is broken"; exit 1; }
sed -E 's/\x1b\[[0-9;]*m//g; s|^[^ ]*\.\./||' "$output" | grep -E '^[^ ]+:[0-9]+:[0-9]+: (warning|error):' | sort -u && status=1
exit "$status"
