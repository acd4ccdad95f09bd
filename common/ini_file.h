/* SPDX-License-Identifier: MIT
 *
 * Reads ini files line by line, strictly: ngmt.conf, AWS's shared files, HIT files. The only file that includes
 * <ini.h>. inih alone cuts long lines and turns their rests into keys, cuts section names, takes ":" for "=", joins
 * indented lines and stops at NUL in silence; here each line is judged before inih sees it, and each complaint has its
 * line number.
 */
#ifndef NGMT_INI_FILE_H
#define NGMT_INI_FILE_H

#include <stddef.h>

#include "err.h"

/* The longest line, without its end. Session tokens of AWS have several thousand characters. */
#define INI_FILE_LINE_MAX 65533
/* Longer files are refused. */
#define INI_FILE_BYTES_MAX 1048576
#define INI_FILE_SECTION_MAX 127

enum ini_dialect {
	/* ngmt.conf, HIT files: comments have lines of their own, indentation means nothing, every line must make
	 * sense. */
	INI_DIALECT_NGMT,
	/* AWS: comments also after a blank in a value; lines indented deeper than a key belong to that key and are
	 * skipped, as are lines that are not "key = value" (botocore's configparser; AWS SDKs reference guide, "Shared
	 * config and credentials files"). */
	INI_DIALECT_AWS,
};

/* Borrowed, valid during the callback. `key` and `value` are NULL for a heading. Blanks around the parts are gone. */
struct ini_entry {
	const char *section;
	const char *key;
	const char *value;
	unsigned line;
};

/* The callbacks run during ini_file_read(). What is wrong with a line goes to `on_problem`, and the reading goes on
 * with the next line; a problem never quotes more than a key, since any line may be a secret that went astray. */
struct ini_listener {
	void (*on_entry)(void *arg, const struct ini_entry *entry);
	void (*on_problem)(void *arg, unsigned line, const struct err *problem);
	void *arg;
};

/* `mode` (may be NULL) gets the file's permission bits. -1 if the file as a whole cannot be read: ERR_NOT_FOUND (does
 * not exist), ERR_NOT_AUTHORISED (permission), ERR_FILE (a directory, a device, too large, …). Every buffer that held
 * the text is overwritten. */
int ini_file_read(const char *path, enum ini_dialect dialect, const struct ini_listener *listener, unsigned *mode,
		  struct err *err);

/* The same of a text that is read already; it is not overwritten. -1 only if memory runs out. */
int ini_text_read(const char *bytes, size_t len, enum ini_dialect dialect, const struct ini_listener *listener,
		  struct err *err);

/* Whether `text` may be a value: valid UTF-8 without control characters other than TAB. The error says what is wrong
 * and at which byte (ERR_FORMAT), and quotes nothing. */
int ini_check_text(const char *text, size_t len, struct err *err);

#endif
