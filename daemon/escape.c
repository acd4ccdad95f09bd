/* SPDX-License-Identifier: MIT */
#include "escape.h"

#include <stdint.h>
#include <string.h>

#define SIMPLE_BYTES 2
#define UNICODE_BYTES 6
#define PAIR_BYTES 12

bool escape_wants_more(const char *text, size_t len)
{
	return len < SIMPLE_BYTES || (text[1] == 'u' && len < PAIR_BYTES);
}

/* The four hexadecimal digits of \uXXXX at `text`, or -1. */
static int32_t unit_at(const char *text, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	int32_t value = 0;

	if (len < UNICODE_BYTES || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (size_t i = 2; i < UNICODE_BYTES; i++) {
		/* Setting bit 5 makes letters small and would make digits of control characters. */
		const char *digit = text[i] >= '0' ? strchr(digits, text[i] | 0x20) : NULL;

		if (!digit || *digit == '\0')
			return -1;
		value = value * 16 + (int32_t)(digit - digits);
	}
	return value;
}

static size_t encode(uint32_t cp, char out[ESCAPE_OUT_MAX])
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3f));
	out[0] = (char)(leads[len] | cp);
	return len;
}

/* \uXXXX, or two of them for a character beyond U+FFFF. Returns 0 if it is neither. */
static size_t read_unicode(const char *text, size_t len, char out[ESCAPE_OUT_MAX], size_t *out_len)
{
	int32_t unit = unit_at(text, len), low;

	if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000))
		return 0;
	if (unit < 0xd800 || unit >= 0xe000) {
		*out_len = encode((uint32_t)unit, out);
		return UNICODE_BYTES;
	}
	low = len >= PAIR_BYTES ? unit_at(text + UNICODE_BYTES, len - UNICODE_BYTES) : -1;
	if (low < 0xdc00 || low >= 0xe000)
		return 0;
	*out_len = encode((uint32_t)(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)), out);
	return PAIR_BYTES;
}

/* What a backslash and this character stand for; NUL: for themselves. */
static char simple(char c, char quote, char separator)
{
	static const char names[] = "ntrbf", values[] = "\n\t\r\b\f";
	const char *name = c ? strchr(names, c) : NULL;

	if (name)
		return values[name - names];
	if (c != quote && c != separator && (c == '\0' || !strchr("\"\\,;\t", c)))
		c = '\0';
	return c;
}

size_t escape_read(const char *text, size_t len, char quote, char separator, char out[ESCAPE_OUT_MAX],
		   size_t *out_len)
{
	size_t used = read_unicode(text, len, out, out_len);

	if (used > 0)
		return used;
	out[0] = '\0';
	if (len >= SIMPLE_BYTES)
		out[0] = simple(text[1], quote, separator);
	*out_len = 1;
	if (out[0])
		return SIMPLE_BYTES;
	out[0] = text[0];
	*out_len = len < SIMPLE_BYTES || (text[1] != '\n' && text[1] != '\r');
	return 1;
}
