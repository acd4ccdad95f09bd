/* SPDX-License-Identifier: MIT
 *
 * What the text of one cell means by itself: nothing, yes or no, an id. Pure.
 */
#ifndef NGMT_CELL_H
#define NGMT_CELL_H

#include <stdbool.h>
#include <stddef.h>

enum truth { TRUTH_ABSENT, TRUTH_NO, TRUTH_YES };

/* The text without the blanks around it, borrowed. */
const char *cell_trimmed(const char *text, size_t *len);
/* Whether a trimmed text stands for nothing: it is empty, NA, undefined or null, in any case. */
bool cell_says_nothing(const char *text, size_t len);

/* The truth of a cell (nodegame-files, section 9.4): yes = 1, x, true, yes or any other text that is neither
 * negative (begins with "-") nor in the no list; no = 0 (also 00, 0.0), false, no, NA, undefined, null, NaN, and f,
 * n, n/a, none, off, in any case; absent = empty, blank or no such column (NULL). */
enum truth truth_of(const char *text);

/* Amazon's own patterns (service-2.json of 2017-01-17). */
bool is_entity_id(const char *text);
bool is_worker_id(const char *text);

#endif
