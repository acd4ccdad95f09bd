/* SPDX-License-Identifier: MIT */
#include "choice.h"

#include <stdio.h>
#include <string.h>

#include "suggest.h"

#define CHOICE_BYTES 64
#define LIST_BYTES 300

bool choice_has(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = choices; at && !strchr(value, '|'); at = strchr(at, '|')) {
		at += *at == '|';
		if (len > 0 && strncmp(at, value, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* Into `near`: "" if none is. */
static void find_nearest(const char *value, const char *choices, char near[CHOICE_BYTES])
{
	struct suggest suggest;

	near[0] = '\0';
	suggest_init(&suggest, value);
	while (*choices) {
		size_t len = strcspn(choices, "|"), before = suggest.distance;
		char choice[CHOICE_BYTES];

		(void)snprintf(choice, sizeof(choice), "%.*s", (int)len, choices);
		suggest_offer(&suggest, choice);
		if (suggest.distance < before)
			memcpy(near, choice, sizeof(choice));
		choices += len + (choices[len] == '|');
	}
}

int choice_check(const char *what, const char *value, const char *choices, struct err *err)
{
	char near[CHOICE_BYTES];

	if (choice_has(choices, value))
		return 0;
	find_nearest(value, choices, near);
	(void)err_set(err, ERR_USAGE, "\"%s %.40s\": not one of %.*s", what, value, LIST_BYTES, choices);
	return near[0] ? err_hint(err, "did you mean \"%s\"?", near) : -1;
}
