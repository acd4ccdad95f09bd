/* SPDX-License-Identifier: MIT
 *
 * One frame of top out of what the daemon said: never wider or higher than its screen, however small that is. Pure:
 * the time is an argument.
 */
#ifndef NGMT_TOP_PAGE_H
#define NGMT_TOP_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "page.h"

struct top_view {
	struct json_object *status; /* the last one; NULL: there was none yet */
	struct json_object *events; /* array, oldest first; NULL: not known */
	const char *trouble;        /* why there is no newer status; NULL: it is of now */
	int64_t now_s;              /* seconds since 1970 */
	int64_t lost_s;             /* for how many seconds there has been trouble */
	bool is_paused;             /* the person stopped the display */
	bool shows_help;
	bool is_live; /* keys work: the last line names them */
};

/* Fills `page`, which page_init() made with the width; 0 rows: as many as it takes. */
void top_page_compose(struct page *page, const struct top_view *view, unsigned rows);

#endif
