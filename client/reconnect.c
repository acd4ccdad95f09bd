/* SPDX-License-Identifier: MIT */
#include "reconnect.h"

#include <stdio.h>

#include "clock.h"
#include "follow.h"
#include "interrupt.h"

#define RETRY_MS 100

bool reconnect_is_over(const struct session *session)
{
	return interrupt_happened() || (session->deadline_ms && clock_mono_ms() >= session->deadline_ms);
}

int reconnect(struct session *session, reconnect_fn *subscribe, void *arg, const char *note, struct err *err)
{
	int64_t until = session->deadline_ms ? session->deadline_ms : clock_mono_ms() + FOLLOW_RECONNECT_MS;

	if (!session->is_quiet)
		(void)fputs("The connection to ngmtd was lost; waiting for it to come back.\n", stderr);
	while (!reconnect_is_over(session)) {
		if (session_reopen(session, err) == 0 && subscribe(arg, session, err) == 0) {
			if (!session->is_quiet)
				(void)fprintf(stderr, "%s\n", note);
			return 0;
		}
		if (err->code != ERR_NO_DAEMON && err->code != ERR_BUSY && err->code != ERR_TIMEOUT)
			return -1;
		if (clock_mono_ms() >= until)
			return err_set(err, ERR_NO_DAEMON, "ngmtd did not come back");
		(void)interrupt_poll(-1, 0, clock_mono_ms() + RETRY_MS);
	}
	return 0;
}
