/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include <string.h>

#include "utf8.h"

/* The longest sequence that is waited for. */
#define SEQUENCE_MAX 16

static const struct {
	const char *bytes;
	enum key_name name;
} sequences[] = {
	{ "\033[A", KEY_UP },	    { "\033OA", KEY_UP },	 { "\033[B", KEY_DOWN },     { "\033OB", KEY_DOWN },
	{ "\033[5~", KEY_PAGE_UP }, { "\033[6~", KEY_PAGE_DOWN }, { "\033[H", KEY_HOME },    { "\033OH", KEY_HOME },
	{ "\033[1~", KEY_HOME },    { "\033[7~", KEY_HOME },	 { "\033[F", KEY_END },	     { "\033OF", KEY_END },
	{ "\033[4~", KEY_END },	    { "\033[8~", KEY_END },
};

static const struct {
	char byte;
	enum key_name name;
} controls[] = {
	{ '\r', KEY_ENTER },	 { '\n', KEY_ENTER },	 { 0x7f, KEY_BACKSPACE }, { 0x08, KEY_BACKSPACE },
	{ 0x15, KEY_CLEAR },	 { 0x03, KEY_LEAVE },	 { 0x04, KEY_LEAVE },	  { 0x0c, KEY_REDRAW },
	{ 0x10, KEY_UP },	 { 0x0e, KEY_DOWN },	 { 0x01, KEY_HOME },	  { 0x05, KEY_END },
	{ 0x02, KEY_PAGE_UP },	 { 0x06, KEY_PAGE_DOWN },
};

/* Length of the escape sequence; 0: its end is missing. */
static size_t sequence_length(const char *bytes, size_t len)
{
	if (len < 2)
		return 0;
	if (bytes[1] == 'O')
		return len < 3 ? 0 : 3;
	if (bytes[1] != '[')
		return 1;
	for (size_t i = 2; i < len && i < SEQUENCE_MAX; i++)
		if (bytes[i] >= 0x40 && bytes[i] <= 0x7e)
			return i + 1;
	return len < SEQUENCE_MAX ? 0 : SEQUENCE_MAX;
}

static size_t take_sequence(const char *bytes, size_t len, int is_all, struct key *key)
{
	size_t n = sequence_length(bytes, len);

	if (n == 0 && !is_all)
		return 0;
	if (n <= 1) {
		key->name = KEY_ESCAPE;
		return 1;
	}
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		if (strlen(sequences[i].bytes) == n && memcmp(sequences[i].bytes, bytes, n) == 0)
			key->name = sequences[i].name;
	return n;
}

static size_t take_text(const char *bytes, size_t len, int is_all, struct key *key)
{
	unsigned char first = (unsigned char)bytes[0];
	size_t n = first < 0xc2 || first > 0xf4 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	if (n > len)
		return is_all ? len : 0;
	if (utf8_first_invalid(bytes, n) < n)
		return 1;
	key->name = KEY_TEXT;
	memcpy(key->text, bytes, n);
	key->text[n] = '\0';
	return n;
}

size_t keys_take(const char *bytes, size_t len, int is_all, struct key *key)
{
	*key = (struct key){ .name = KEY_NONE };
	if (bytes[0] == '\033')
		return take_sequence(bytes, len, is_all, key);
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (controls[i].byte == bytes[0])
			key->name = controls[i].name;
	if (key->name != KEY_NONE || (unsigned char)bytes[0] < 0x20)
		return 1;
	return take_text(bytes, len, is_all, key);
}
