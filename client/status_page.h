/* SPDX-License-Identifier: MIT
 *
 * What the daemon's method status says, as lines of a page: shown by status and top. Pure: the time is an argument.
 * Members that an older daemon does not have are left out.
 */
#ifndef NGMT_STATUS_PAGE_H
#define NGMT_STATUS_PAGE_H

#include <stdint.h>

#include "json.h"
#include "page.h"

/* What is wrong, with what to do; nothing if all is well. */
void status_page_problems(struct page *page, struct json_object *status);

/* The environment as a badge, the daemon and its state. */
void status_page_headline(struct page *page, struct json_object *status);

/* HIT, qualification, queue, lanes, money, limits, rate, rooms, balance, deadlines. `now_s` is seconds since 1970. */
void status_page_rows(struct page *page, struct json_object *status, int64_t now_s);

/* What went wrong last. */
void status_page_errors(struct page *page, struct json_object *status, int64_t now_s);

/* Seconds since 1970 of an RFC 3339 text in UTC; -1: it is none. */
int64_t status_page_time(const char *utc);

/* "3 min 10 s ago", "in 2 h 5 min", or the text itself if it is no time. Returns `out`. */
const char *status_page_when(const char *utc, int64_t now_s, char out[48]);

/* One line about an event or an error of status: "bonus failed, A1NGMT0000001X, $2.50: why". Returns `out`. */
const char *status_page_event(struct json_object *event, char *out, size_t size);

#endif
