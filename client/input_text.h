/* SPDX-License-Identifier: MIT
 *
 * A text that a person keeps in a file, or pipes in: whole, and not longer than it may be.
 */
#ifndef NGMT_INPUT_TEXT_H
#define NGMT_INPUT_TEXT_H

#include <stddef.h>

#include "err.h"

/* Reads the file `path`, or standard input if it is "-". The text must be UTF-8 without NUL; a byte order mark at its
 * front is dropped. Terminated; *len is without that. The caller frees. NULL: ERR_NOT_FOUND, ERR_NOT_AUTHORISED,
 * ERR_FILE (more than `most` bytes, a folder, ...) or ERR_FORMAT. */
char *input_text_read(const char *path, size_t most, size_t *len, struct err *err);

/* How a message names the file: "standard input" for "-". */
const char *input_text_name(const char *path);

#endif
