/* SPDX-License-Identifier: MIT
 *
 * Errors as values. A function that can fail returns 0/-1 (or a pointer/NULL) and fills the caller's
 * `struct err`; whoever handles the error logs it or replies with it, once. Messages are lower case,
 * without a full stop, with the subject in double quotes; the hint says what to do next.
 */
#ifndef NGMT_ERR_H
#define NGMT_ERR_H

#include <stdbool.h>

enum err_code {
#define ERR(symbol, name, exit_status, retryable) symbol,
#include "err_codes.def"
#undef ERR
	ERR_CODES
};

struct err {
	enum err_code code;
	char message[640];
	char hint[320];
};

/* Fills `err` (which may be NULL: the text is then dropped) and clears the hint. Always returns -1, so
 * that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds what to do next. Returns -1 like err_set(). */
int err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " in front of the message (a file, a room), keeping code and hint. Returns -1. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The stable name of a code ("money-rule"), and back; an unknown name is ERR_INTERNAL. */
const char *err_name(enum err_code code);
enum err_code err_from_name(const char *name);

/* ngmtctl's exit status for a code, 0 to 10. */
int err_exit_status(enum err_code code);
bool err_is_retryable(enum err_code code);

#endif
