/* SPDX-License-Identifier: MIT */
#include "wrap.h"

#include <string.h>

#include "utf8.h"

#define MARGIN 2
#define TEXT_COLUMNS_MIN 20

/* Bytes of the first `columns` characters. */
static size_t bytes_of(const char *text, unsigned columns)
{
	size_t len = 0;

	for (unsigned n = 0; text[len]; len++) {
		n += ((unsigned char)text[len] & 0xc0) != 0x80;
		if (n > columns)
			break;
	}
	return len;
}

size_t wrap_length(const char *text, unsigned width)
{
	size_t len = bytes_of(text, width);

	if (!text[len])
		return len;
	while (len > 0 && (text[len] != ' ' || text[len + 1] == '-'))
		len--;
	while (len == 0 || (text[len] && text[len + 1] == '-')) {
		len += text[len] == ' ';
		len += strcspn(text + len, " ");
	}
	return len;
}

void wrap_print(FILE *out, const char *indent, const char *text, unsigned width)
{
	while (*text) {
		size_t len = wrap_length(text, width);

		(void)fprintf(out, "%s%.*s\n", indent, (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

void wrap_definition(FILE *out, const char *name, unsigned name_columns, const char *text, unsigned width)
{
	unsigned left = MARGIN + name_columns + MARGIN, columns = (unsigned)utf8_length(name);
	unsigned room = width > left + TEXT_COLUMNS_MIN ? width - left : TEXT_COLUMNS_MIN;

	(void)fprintf(out, "%*s%s", MARGIN, "", name);
	if (columns > name_columns || !*text)
		(void)fputc('\n', out);
	for (unsigned pad = columns > name_columns ? left : left - MARGIN - columns; *text; pad = left) {
		size_t len = wrap_length(text, room);

		(void)fprintf(out, "%*s%.*s\n", (int)pad, "", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}
