/* SPDX-License-Identifier: MIT
 *
 * The table of options (options.def, and fields.def for [fields]), and what to say about names that are not in it. Used
 * by config*.c only.
 */
#ifndef NGMT_CONFIG_OPTION_H
#define NGMT_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "err.h"

enum config_type {
	CONFIG_TEXT,
	CONFIG_SECRET,
	CONFIG_BOOLEAN,
	CONFIG_INTEGER,
	CONFIG_MONEY,
	CONFIG_DURATION,
	CONFIG_LIST,
	CONFIG_PATH,
	CONFIG_CHOICE,
};

struct config_option {
	const char *section;
	const char *key;
	enum config_type type;
	size_t member; /* offset in struct config */
	/* Bounds: of the value (integer, money in cents, duration in ms); of the length in characters (text, secret,
	 * path, list). */
	int64_t min;
	int64_t max;
	const char *choices;  /* separated by blanks */
	const char *fallback; /* the default, as a file would have it; NULL: not set */
	const char *text;     /* one sentence */
};

struct config_section {
	const char *name;
	const char *text;
};

size_t config_section_count(void);
const struct config_section *config_section_at(size_t index);

size_t config_option_count(void);
const struct config_option *config_option_at(size_t index);
size_t config_option_index(const struct config_option *option);
/* NULL: there is none. Names are lower case, and case counts. */
const struct config_option *config_option_find(const char *section, const char *key);
bool config_section_exists(const char *section);

/* What to say about a name that does not exist, and what may have been meant (ERR_CONFIG). Return -1. */
int config_section_unknown(const char *section, struct err *err);
int config_option_unknown(const char *section, const char *key, struct err *err);

/* How many bytes of a name or value to print with "%.*s": not too many, and whole characters only. */
int config_excerpt(const char *text);

#endif
