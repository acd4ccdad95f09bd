/* SPDX-License-Identifier: MIT
 *
 * The question before anything is paid, rejected or let go on (rule of money 7): a terminal is asked, a script says
 * --yes, and whoever does neither is told the complete command.
 */
#ifndef NGMT_CONFIRM_H
#define NGMT_CONFIRM_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "session.h"

/* So many rejections are confirmed by a plain yes; more by typing their number. */
#define CONFIRM_REJECTIONS_MAX 10

/* What must be typed for so many rejections: their number, or 0 for a plain yes. */
int64_t confirm_count(int64_t rejections);

/* Asks. With a `count` only that number agrees, else "y" or "yes". */
bool confirm_ask(const char *question, int64_t count);

/* Fills `err` with ERR_NOT_CONFIRMED, "nothing was `undone`"; if nobody could be asked, also the complete command,
 * which is what was typed and `options`. Returns -1. */
int confirm_refuse(struct session *session, const char *undone, const char *options, struct err *err);

#endif
