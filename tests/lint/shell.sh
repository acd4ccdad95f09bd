#!/bin/bash
# SPDX-License-Identifier: MIT
# Looks with shellcheck at every shell script of the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t scripts < <(git -c safe.directory='*' ls-files -co --exclude-standard | while read -r name; do
	[ -f "$name" ] && head -c 64 "$name" | head -n 1 | grep -aqE '^#!.*[/ ](ba|da)?sh( |$)' && printf '%s\n' "$name"
done || true)
[ "${#scripts[@]}" -gt 0 ] || { echo "nothing was looked at: this lint is broken"; exit 1; }
shellcheck --format=gcc --external-sources "${scripts[@]}"
