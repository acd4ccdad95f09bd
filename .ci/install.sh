# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For ./demo and ./check: installs those of Debian's packages that are missing, with sudo if need be. A second run needs no network.

# install_packages LOG PACKAGE...: 0 if all are there in the end; says which ones it installs, and on failure what apt said.
install_packages() {
	local log=$1 missing=() package root=()

	shift
	if ! command -v dpkg-query >/dev/null; then
		echo "packages  this is not Debian: nothing is installed, going on with what is here"
		return 0
	fi
	for package in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "packages  installing ${missing[*]}"
	[ "$(id -u)" = 0 ] || root=(sudo)
	{
		"${root[@]}" apt-get -o DPkg::Lock::Timeout=500 update &&
			"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 install -y \
				--no-install-recommends "${missing[@]}"
	} >"$log" 2>&1 && return 0
	tail -n 20 "$log"
	echo "packages  cannot install: ${missing[*]}"
	return 1
}
