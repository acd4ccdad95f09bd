/* SPDX-License-Identifier: MIT
 *
 * Backslash escapes inside the quoted cells of a results file, as NDDB writes them: 1.x puts a backslash before
 * quotes, separators, newlines, tabs and itself, 3.x writes JSON's escapes (nodegame-files, sections 2.3 and 4).
 * Pure; for csv.c.
 */
#ifndef NGMT_ESCAPE_H
#define NGMT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#define ESCAPE_OUT_MAX 4

/* Whether `len` bytes, of which the first is a backslash, are too few to tell what it means. */
bool escape_wants_more(const char *text, size_t len);

/* Reads the escape at `text` (a backslash; `len` >= 1 bytes) and puts what it stands for, in UTF-8, into `out`.
 * Returns how many bytes it took, at least 1. What is no escape stands for itself, a lone surrogate too
 * (JSON.stringify makes none, so somebody else wrote that backslash). A backslash before a newline stands for
 * nothing, so that the newline is read next. \u0000 gives one NUL, which the caller refuses. */
size_t escape_read(const char *text, size_t len, char quote, char separator, char out[ESCAPE_OUT_MAX],
		   size_t *out_len);

#endif
