/* SPDX-License-Identifier: MIT */
#include "local_time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* False: it is no time. */
static bool read_local(const char *utc, struct tm *here)
{
	struct tm then = { 0 };
	const char *end = utc ? strptime(utc, "%Y-%m-%dT%H:%M:%SZ", &then) : NULL;
	time_t seconds = timegm(&then);

	return end && *end == '\0' && localtime_r(&seconds, here);
}

static const char *as_it_is(const char *utc, char out[LOCAL_TIME_MAX])
{
	(void)snprintf(out, LOCAL_TIME_MAX, "%.40s", utc ? utc : "-");
	return out;
}

const char *local_time_of(const char *utc, char out[LOCAL_TIME_MAX])
{
	struct tm here;
	char text[48];

	if (!read_local(utc, &here) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &here) == 0)
		return as_it_is(utc, out);
	(void)snprintf(out, LOCAL_TIME_MAX, "%s (%.24s)", text, utc);
	return out;
}

const char *local_time_plain(const char *utc, char out[LOCAL_TIME_MAX])
{
	struct tm here;

	if (!read_local(utc, &here) || strftime(out, LOCAL_TIME_MAX, "%Y-%m-%d %H:%M:%S", &here) == 0)
		return as_it_is(utc, out);
	return out;
}
