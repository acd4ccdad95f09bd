/* SPDX-License-Identifier: MIT */
#include "duration.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	int64_t seconds;
} units[] = {
	{ "", 1 }, { "s", 1 }, { "m", 60 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 604800 },
};

/* Returns the number of digits; more than DURATION_MAX_S stays more than that. */
static size_t read_digits(const char *text, int64_t *value)
{
	size_t n = 0;

	for (*value = 0; text[n] >= '0' && text[n] <= '9'; n++)
		if (*value <= DURATION_MAX_S)
			*value = *value * 10 + (text[n] - '0');
	return n;
}

int duration_parse(const char *text, int64_t *seconds, struct err *err)
{
	int64_t value;
	size_t n = read_digits(text, &value);

	for (size_t i = 0; n > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + n + strspn(text + n, " "), units[i].name) != 0)
			continue;
		if (value > DURATION_MAX_S / units[i].seconds)
			return err_set(err, ERR_FORMAT, "\"%.40s\" is more than a hundred years", text);
		*seconds = value * units[i].seconds;
		return 0;
	}
	(void)err_set(err, ERR_FORMAT, "\"%.40s\" is not a time", text);
	return err_hint(err, "write seconds, or a number with a unit: 30s, 90m, 12h, 3d");
}
