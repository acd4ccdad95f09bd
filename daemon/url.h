/* SPDX-License-Identifier: MIT
 *
 * The address of an endpoint, strictly: http or https, a host, an optional port, an optional path (a subset of RFC 3986
 * that needs no encoding, since the signature covers it as it stands). No user, query or fragment. Pure.
 */
#ifndef NGMT_URL_H
#define NGMT_URL_H

#include <stdbool.h>

#include "err.h"

#define URL_MAX 2000

struct url {
	bool is_tls;
	char *host;    /* lower case; an IPv6 address without brackets */
	unsigned port; /* 1 to 65535; the scheme's default if none was given */
	bool is_ipv6;
	char *path; /* "/" if none was given */
};

/* -1 with ERR_FORMAT; the message never quotes more than scheme, host or port, since a password may stand in the rest.
 * The caller finishes. */
int url_parse(struct url *out, const char *text, struct err *err);
void url_finish(struct url *url);

/* "localhost", 127.0.0.0/8 or ::1. */
bool url_is_loopback(const struct url *url);
bool url_has_default_port(const struct url *url);

#endif
