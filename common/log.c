/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "utf8.h"

static const char *program = "ngmt";
static enum log_level threshold = LOG_LEVEL_INFO;
static bool to_journal;

void log_open(const char *name, enum log_level level)
{
	program = name;
	threshold = level;
	to_journal = getenv("JOURNAL_STREAM") != NULL;
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARN:
		return "warn";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "?";
}

void log_line(enum log_level level, const char *format, ...)
{
	char now[CLOCK_TEXT_MAX];
	char *text = NULL, *safe = NULL;
	va_list args;
	int n;

	if (level > threshold)
		return;
	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return;
	safe = utf8_printable(text);
	if (to_journal)
		(void)fprintf(stderr, "<%d>%s\n", (int)level, safe ? safe : "out of memory");
	else
		(void)fprintf(stderr, "%s %s %s: %s\n", clock_format_utc(clock_wall_ms() / 1000, now), program,
			      level_name(level), safe ? safe : "out of memory");
	free(safe);
	free(text);
}

void log_err(const char *what, const struct err *err)
{
	log_error("%s%s%s%s%s%s", what ? what : "", what ? ": " : "", err->message, err->hint[0] ? " (" : "",
		  err->hint, err->hint[0] ? ")" : "");
}
