#!/bin/bash
# SPDX-License-Identifier: MIT
# cppcheck, by folders: given compile_commands.json, 2.10 stumbles over curl.h.
set -euo pipefail
cd "$(dirname "$0")/../.."

# unknownMacro: cmocka and json-c have macros that look like statements; getpwuidCalled,
# readdirCalled: one thread.
exec cppcheck --quiet -j "$(nproc)" --std=c11 --library=posix,gnu --enable=warning,performance,portability --inline-suppr \
	--suppress=getpwuidCalled --suppress=readdirCalled --template='{file}:{line}: {message} [{id}]' --error-exitcode=1 \
	-D_GNU_SOURCE -DNGMT_VERSION='"0"' -Icommon -Idaemon -Iclient common daemon client tests/sim tests/points
