/* SPDX-License-Identifier: MIT
 *
 * The log on stderr: one event a line, a sentence first, then key=value pairs. Under systemd (JOURNAL_STREAM is set)
 * each line starts with the journal's priority, "<6>"; otherwise with the UTC time. Never give it a secret.
 */
#ifndef NGMT_LOG_H
#define NGMT_LOG_H

#include "err.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Lines above `level` are dropped. `name` is the program's, borrowed for good. */
void log_open(const char *name, enum log_level level);

/* Writes one line; control characters are made visible, so that no text from outside can forge a line. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "what: message (hint)" at the error level. */
void log_err(const char *what, const struct err *err);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
