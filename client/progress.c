/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "money.h"
#include "output.h"
#include "term.h"
#include "utf8.h"

#define BAR_MIN 10
#define BAR_MAX 40
#define PARTS_MAX 6
#define PART_BYTES 128

void progress_read(struct progress *progress, struct json_object *batch, int64_t planned_cents)
{
	*progress = (struct progress){
		.total = output_int(batch, "total", 0),
		.settled = output_int(batch, "done", 0) + output_int(batch, "failed", 0) +
			   output_int(batch, "held", 0) + output_int(batch, "cancelled", 0),
		.failed = output_int(batch, "failed", 0),
		.held = output_int(batch, "held", 0) - batch_undo(batch),
		.unsure = output_int(batch, "unsure", 0),
		.eta_s = output_int(batch, "eta_s", -1),
		.bonus_cents = output_int(batch, "bonus_cents", 0),
		.planned_cents = planned_cents,
		.waiting_for = output_text(batch, "waiting_for", NULL),
	};
	(void)json_get_number(batch, "rate_per_s", &progress->rate_per_s);
}

int progress_percent(const struct progress *progress)
{
	if (progress->total <= 0 || progress->settled >= progress->total)
		return 100;
	if (progress->settled <= 0)
		return 0;
	return (int)((double)progress->settled * 100.0 / (double)progress->total);
}

/* "1 failed, 2 held": what is held did not fail. */
static void list_troubles(const struct progress *progress, char out[PART_BYTES])
{
	const struct {
		int64_t count;
		const char *word;
	} troubles[] = { { progress->failed, "failed" }, { progress->held, "held" }, { progress->unsure, "unsure" } };

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (troubles[i].count > 0)
			output_append(out, PART_BYTES, "%s%" PRId64 " %s", out[0] ? ", " : "", troubles[i].count,
				      troubles[i].word);
}

/* Most important first: what does not fit is left out from the end. */
static size_t list_parts(const struct progress *progress, char parts[PARTS_MAX][PART_BYTES])
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX], duration[32];
	size_t n = 0;

	(void)snprintf(parts[n++], PART_BYTES, "%" PRId64 "/%" PRId64, progress->settled, progress->total);
	(void)snprintf(parts[n++], PART_BYTES, "%3d %%", progress_percent(progress));
	if (progress->waiting_for)
		output_append(parts[n++], 80, "waiting for %s", progress->waiting_for);
	if (progress->planned_cents > 0)
		(void)snprintf(parts[n++], PART_BYTES, "%s of %s", money_display(progress->bonus_cents, a),
			       money_display(progress->planned_cents, b));
	if (progress->rate_per_s > 0 && progress->rate_per_s < 1e6)
		(void)snprintf(parts[n++], PART_BYTES, "%.1f/s", progress->rate_per_s);
	if (progress->eta_s >= 0 && progress->settled < progress->total)
		(void)snprintf(parts[n++], PART_BYTES, "%s left", output_duration(progress->eta_s, duration));
	else if (progress->failed > 0 || progress->held > 0 || progress->unsure > 0)
		list_troubles(progress, parts[n++]);
	return n;
}

static void append_bar(char *out, unsigned cells, int percent, bool is_utf8)
{
	unsigned full = cells * (unsigned)percent / 100;
	size_t len = 0;

	if (!is_utf8)
		out[len++] = '[';
	for (unsigned i = 0; i < cells; i++) {
		const char *cell = is_utf8 ? (i < full ? "█" : "░") : (i < full ? "#" : "-");

		memcpy(out + len, cell, strlen(cell));
		len += strlen(cell);
	}
	if (!is_utf8)
		out[len++] = ']';
	out[len] = '\0';
}

/* Leaves out parts until a short bar fits too; returns the columns that all parts take, with the blanks before each. */
static unsigned fit_parts(char parts[PARTS_MAX][PART_BYTES], size_t *n, unsigned width)
{
	unsigned used = 0;

	for (size_t i = 0; i < *n; i++)
		used += (unsigned)utf8_length(parts[i]) + 2;
	while (*n > 1 && used + BAR_MIN + 2 > width)
		used -= (unsigned)utf8_length(parts[--*n]) + 2;
	return used;
}

const char *progress_format(const struct progress *progress, unsigned width, bool is_utf8, char out[PROGRESS_LINE_MAX])
{
	char parts[PARTS_MAX][PART_BYTES] = { "" };
	size_t n = list_parts(progress, parts);
	unsigned frame = is_utf8 ? 0 : 2, bar = 0;

	if (width > 0)
		bar = fit_parts(parts, &n, width) + frame;
	bar = width > bar && width > 0 ? width - bar : 0;
	out[0] = '\0';
	if (bar >= BAR_MIN)
		append_bar(out, bar > BAR_MAX ? BAR_MAX : bar, progress_percent(progress), is_utf8);
	for (size_t i = 0; i < n; i++)
		output_append(out, PROGRESS_LINE_MAX, "%s%s", out[0] ? "  " : "", parts[i]);
	/* Only a terminal too narrow for the numbers alone comes here; they are ASCII. */
	if (width > 0 && width < PROGRESS_LINE_MAX && n == 1 && bar < BAR_MIN)
		out[width] = '\0';
	return out;
}

void progress_display_init(struct progress_display *display, bool is_silent)
{
	*display = (struct progress_display){ .is_terminal = term_is_terminal(stderr), .is_silent = is_silent };
}

void progress_clear(struct progress_display *display)
{
	if (display->is_drawn)
		(void)fputs("\r\033[K", stderr);
	display->is_drawn = false;
	(void)fflush(stderr);
}

void progress_show(struct progress_display *display, const struct progress *progress)
{
	char line[PROGRESS_LINE_MAX];
	int tenth = progress_percent(progress) / 10;

	if (display->is_silent)
		return;
	if (display->is_terminal) {
		/* The last column stays free: some terminals wrap when it is filled. */
		(void)progress_format(progress, term_width(stderr) - 1, term_is_utf8(), line);
		(void)fprintf(stderr, "\r%s\033[K", line);
		(void)fflush(stderr);
		display->is_drawn = true;
	} else if (tenth > display->last_tenth) {
		display->last_tenth = tenth;
		(void)progress_format(progress, 0, false, line);
		(void)fprintf(stderr, "progress: %s\n", line);
	}
}
