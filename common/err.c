/* SPDX-License-Identifier: MIT */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit_status;
	bool retryable;
} codes[] = {
#define ERR(symbol, name, exit_status, retryable) [symbol] = { name, exit_status, retryable },
#include "err_codes.def"
#undef ERR
};

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	err->code = code;
	err->hint[0] = '\0';
	va_start(args, format);
	(void)vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return -1;
}

int err_hint(struct err *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	(void)vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	return -1;
}

int err_prefix(struct err *err, const char *format, ...)
{
	char prefix[sizeof(err->message)];
	char rest[sizeof(err->message)];
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	(void)vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	memcpy(rest, err->message, sizeof(rest));
	if (snprintf(err->message, sizeof(err->message), "%s: %s", prefix, rest) < 0)
		err->message[0] = '\0';
	return -1;
}

const char *err_name(enum err_code code)
{
	return (unsigned)code < ERR_CODES ? codes[code].name : codes[ERR_INTERNAL].name;
}

enum err_code err_from_name(const char *name)
{
	for (unsigned i = 0; name && i < ERR_CODES; i++)
		if (strcmp(codes[i].name, name) == 0)
			return (enum err_code)i;
	return ERR_INTERNAL;
}

int err_exit_status(enum err_code code)
{
	return (unsigned)code < ERR_CODES ? codes[code].exit_status : 1;
}

bool err_is_retryable(enum err_code code)
{
	return (unsigned)code < ERR_CODES && codes[code].retryable;
}
