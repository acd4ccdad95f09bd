/* SPDX-License-Identifier: MIT
 *
 * status: one screen.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "output.h"
#include "page.h"
#include "session.h"
#include "status_page.h"
#include "term.h"

/* Less the line of the prompt. */
#define LINES_MAX 23

/* Whether a problem says already where to look. */
static bool is_hinted(struct json_object *status)
{
	struct json_object *problems = json_get_array(status, "problems");
	size_t n = problems ? json_object_array_length(problems) : 0;

	for (size_t i = 0; i < n; i++)
		if (strstr(output_text(json_object_array_get_idx(problems, i), "hint", ""), "queue list"))
			return true;
	return false;
}

static void compose(struct page *page, struct json_object *status)
{
	int64_t now_s = clock_wall_ms() / 1000;

	status_page_problems(page, status);
	if (page->count > 0)
		page_add(page, PAGE_KEEP, TERM_PLAIN, "%s", "");
	status_page_headline(page, status);
	status_page_rows(page, status, now_s);
	status_page_errors(page, status, now_s);
	if (output_int(json_get_object(status, "queue"), "held", 0) > 0 && !is_hinted(status))
		page_add(page, PAGE_KEEP, TERM_PLAIN, "  What is held, and why: ngmtctl queue list --held");
}

/* A file or a pipe gets everything, a person one screen. */
static void print_status(struct json_object *status)
{
	bool is_terminal = term_is_terminal(stdout);
	struct page page;
	size_t gone;

	page_init(&page, is_terminal ? term_width(stdout) : 0, true);
	compose(&page, status);
	if (is_terminal && page.count > LINES_MAX) {
		gone = page_fit(&page, LINES_MAX - 1);
		page_add(&page, PAGE_KEEP, TERM_DIM, "  %zu lines more: ngmtctl status | cat", gone);
	}
	page_print(&page, stdout, "\n");
	page_finish(&page);
}

int cmd_status(struct session *session, struct err *err)
{
	struct json_object *status = session_call(session, "status", NULL, SESSION_SOON_MS, err);

	if (!status)
		return -1;
	if (session->is_json)
		output_json(status);
	else
		print_status(status);
	json_object_put(status);
	return 0;
}
