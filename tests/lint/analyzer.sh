#!/bin/bash
# SPDX-License-Identifier: MIT
# gcc -fanalyzer, without optimisation: with it, gcc 12 folds conditions and then reports paths that cannot be.
# -fno-analyzer-state-merge and the like change nothing; LeakSanitizer and clang look for leaks, too.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build/analyzer
if [ ! -f "$build/build.ninja" ]; then
	rm -rf "$build"
	CC=gcc meson setup "$build" -Dtests=disabled -Dman=disabled -Doptimization=0 --werror -Dc_args=-fanalyzer >"/dev/null"
fi
ninja -k 0 -C "$build" >"$build/analyzer.log" 2>&1 && exit 0
sed -E 's|^(\.\./)+||' "$build/analyzer.log" | grep -E ': (error|warning):|^ninja: error' || tail -n 20 "$build/analyzer.log"
echo "each path is shown in $build/analyzer.log: fix it, or give the analyser the fact that it lacks"
exit 1
