/* SPDX-License-Identifier: MIT */
#include "cell.h"

#include <string.h>
#include <strings.h>

#define ID_MAX 64

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *cell_trimmed(const char *text, size_t *len)
{
	while (is_blank(*text))
		text++;
	*len = strlen(text);
	while (*len > 0 && is_blank(text[*len - 1]))
		(*len)--;
	return text;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return (text[0] | 0x20) == (word[0] | 0x20) && strlen(word) == len && strncasecmp(text, word, len) == 0;
}

static bool is_one_of(const char *text, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (is_word(text, len, *words))
			return true;
	return false;
}

bool cell_says_nothing(const char *text, size_t len)
{
	static const char *const words[] = { "NA", "undefined", "null", NULL };

	return len == 0 || (len <= strlen("undefined") && is_one_of(text, len, words));
}

enum truth truth_of(const char *text)
{
	static const char *const no[] = { "false", "no",  "NA",	 "undefined", "null", "NaN",
					  "f",	   "n",	  "n/a", "none",      "off",  NULL };
	size_t len = 0;

	text = text ? cell_trimmed(text, &len) : "";
	if (len == 0)
		return TRUTH_ABSENT;
	if (len == 1 && text[0] == '1')
		return TRUTH_YES;
	if (text[0] == '-' || is_one_of(text, len, no))
		return TRUTH_NO;
	return text[0] == '0' && strspn(text, "0.") >= len ? TRUTH_NO : TRUTH_YES;
}

static bool is_id(const char *text)
{
	size_t len = 0;

	while (len <= ID_MAX && ((text[len] >= 'A' && text[len] <= 'Z') || (text[len] >= '0' && text[len] <= '9')))
		len++;
	return len > 0 && len <= ID_MAX && text[len] == '\0';
}

bool is_entity_id(const char *text)
{
	return is_id(text);
}

bool is_worker_id(const char *text)
{
	return text[0] == 'A' && text[1] != '\0' && is_id(text);
}
