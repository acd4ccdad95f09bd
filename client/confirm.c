/* SPDX-License-Identifier: MIT */
#include "confirm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"

int64_t confirm_count(int64_t rejections)
{
	return rejections > CONFIRM_REJECTIONS_MAX ? rejections : 0;
}

bool confirm_ask(const char *question, int64_t count)
{
	char answer[32], number[32];

	if (count <= 0)
		return term_confirm(question);
	(void)snprintf(number, sizeof(number), "%" PRId64, count);
	return term_ask(question, answer, sizeof(answer)) && strcmp(answer, number) == 0;
}

int confirm_refuse(struct session *session, const char *undone, const char *options, struct err *err)
{
	char *typed = term_can_ask() ? NULL : invocation_typed(session->invocation);

	(void)err_set(err, ERR_NOT_CONFIRMED, "not confirmed: nothing was %s", undone);
	if (typed && asprintf(&session->advice, "%s%s", typed, options) < 0)
		session->advice = NULL;
	if (session->advice)
		(void)err_hint(err, "there is no terminal to ask; to do exactly this, type:");
	free(typed);
	return -1;
}
