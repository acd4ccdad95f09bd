/* SPDX-License-Identifier: MIT
 *
 * UTF-8 (RFC 3629) and what may be shown on a terminal.
 */
#ifndef NGMT_UTF8_H
#define NGMT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offset of the first byte that is not part of valid UTF-8 (overlong forms, surrogates and values above U+10FFFF are
 * invalid); `len` if all is valid. */
size_t utf8_first_invalid(const char *text, size_t len);

/* Number of code points of a valid text. */
size_t utf8_length(const char *text);

/* The bytes of a valid text that fit into `max`, whole characters only: for "%.*s". */
int utf8_cut(const char *text, size_t max);

/* Copies `text` with every control character (C0, DEL, C1), bidirectional override and invalid byte replaced by a
 * visible escape such as \x1b, so that nothing from a file or the network can drive a terminal or forge a log line.
 * The caller frees; NULL if memory runs out. */
char *utf8_printable(const char *text);

#endif
