/* SPDX-License-Identifier: MIT
 *
 * Keys as a terminal sends them: letters, and escape sequences for the others (ECMA-48; the xterm and VT220 ways of
 * saying Home, End and Page Up). Pure.
 */
#ifndef NGMT_KEYS_H
#define NGMT_KEYS_H

#include <stddef.h>

enum key_name {
	KEY_NONE, /* a sequence that means nothing here */
	KEY_TEXT, /* a character, in `text` */
	KEY_UP,
	KEY_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_ENTER,
	KEY_BACKSPACE,
	KEY_CLEAR,  /* Ctrl-U */
	KEY_ESCAPE, /* alone */
	KEY_LEAVE,  /* Ctrl-C, Ctrl-D */
	KEY_REDRAW, /* Ctrl-L */
};

struct key {
	enum key_name name;
	char text[5]; /* one character of UTF-8 */
};

/* Takes the first key out of `len` bytes (at least 1) and returns how many bytes it has. 0: the rest of a sequence is
 * still missing; with `is_all` nothing more will come, and what is there is taken as it is. */
size_t keys_take(const char *bytes, size_t len, int is_all, struct key *key);

#endif
