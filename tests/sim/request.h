/* SPDX-License-Identifier: MIT
 *
 * A request and its reply as the wire sees them, without any library's types. All texts of a request are borrowed and
 * live while it is handled; a reply owns its body.
 */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_HEADERS_MAX 64
#define REQUEST_ID_MAX 40

struct request_header {
	const char *name; /* as sent */
	const char *value;
};

struct request {
	const char *method;
	const char *path;
	const char *query; /* "" if there is none */
	const char *remote;
	struct request_header headers[REQUEST_HEADERS_MAX];
	size_t header_count;
	const char *body;
	size_t body_len;
};

/* The first header of that name, without regard to case; NULL if there is none. */
const char *request_header(const struct request *request, const char *name);

/* How the answer leaves the house. */
enum cut {
	CUT_NONE,
	CUT_CLOSE,  /* the connection is closed without a byte */
	CUT_DURING, /* a part of the head is sent, then closed */
	CUT_HALF,   /* the head promises more than is sent, then closed */
	CUT_FREEZE, /* nothing is ever sent */
};

struct reply {
	int status;
	char content_type[64];
	char *body;
	size_t body_len;
	char request_id[REQUEST_ID_MAX];
	int64_t date_s; /* for the Date header */
	int64_t delay_ms;
	enum cut cut;
};

#endif
