#!/bin/bash
# SPDX-License-Identifier: MIT
# Every manual page builds with scdoc, is clean under mandoc -Tlint, and has NAME, a synopsis or description, SEE ALSO.
# What scdoc itself writes by its own style is left out.
set -euo pipefail
cd "$(dirname "$0")/../.."

page=$(mktemp --suffix=.man)
trap 'rm -f "$page"' EXIT
findings=0
looked_at=0
for source in client/*.scd daemon/*.scd conf/*.scd tests/sim/*.scd; do
	looked_at=$((looked_at + 1))
	if ! scdoc <"$source" >"$page"; then
		echo "$source:1: scdoc refuses it (see above)"
		findings=1
		continue
	fi
	if mandoc -Tlint -W warning "$page" | grep -vE 'skipping paragraph macro: PP (empty|after)' | sed "s|^.*$page|$source|"; then
		findings=1
	fi
	for section in NAME DESCRIPTION 'SEE ALSO'; do
		grep -q "^# $section\$" "$source" || { echo "$source:1: write the section $section"; findings=1; }
	done
done
[ "$looked_at" -gt 0 ] || { echo "nothing was looked at: this lint is broken"; exit 1; }
exit "$findings"
