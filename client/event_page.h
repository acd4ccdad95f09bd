/* SPDX-License-Identifier: MIT
 *
 * Events as the daemon tells them (ngmt-protocol(7), method "events"), one a line. Pure.
 */
#ifndef NGMT_EVENT_PAGE_H
#define NGMT_EVENT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "json.h"

/* "bonus done", "command", "room imported", "lane paused". Returns `out`. */
#define EVENT_WHAT_MAX 64
const char *event_page_what(struct json_object *event, char out[EVENT_WHAT_MAX]);

/* Why, or by whom, or what. May be empty. Returns `out`. */
#define EVENT_WORDS_MAX 1400
const char *event_page_words(struct json_object *event, char out[EVENT_WORDS_MAX]);

/* Whether it is something that a person should look at. */
bool event_page_is_bad(struct json_object *event);

/* A line of aligned columns: local time, what, number of the operation, worker, money, words. */
void event_page_print(FILE *out, struct json_object *event);

#endif
