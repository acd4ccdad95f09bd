/* SPDX-License-Identifier: MIT
 *
 * The pages of status and top: what they say, and that no frame is larger than its screen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "page.h"
#include "status_page.h"
#include "term.h"
#include "top_page.h"

/* 2026-11-23T12:00:00Z */
#define NOW INT64_C(1795435200)

static const char full[] =
	"{\"environment\":\"live\",\"endpoint\":\"https://mturk-requester.us-east-1.amazonaws.com\","
	"\"version\":\"0.1.0\","
	"\"uptime_s\":250,\"state\":\"paused\",\"dry\":true,\"problems\":[{\"what\":\"out of funds\","
	"\"hint\":\"add money\"},"
	"{\"what\":\"second problem that has a text which is longer than any terminal of people has columns\"},"
	"{\"what\":\"p3\"},{\"what\":\"p4\"},{\"what\":\"p5\"},{\"what\":\"p6\"},{\"what\":\"p7\"}],"
	"\"queue\":{\"planned\":0,\"held\":4,\"queued\":3,\"done\":12},"
	"\"lanes\":[{\"lane\":\"approve\",\"waiting\":0,\"in_flight\":0,\"paused\":null},"
	"{\"lane\":\"bonus\",\"waiting\":3,\"in_flight\":1,\"paused\":\"out of funds\"}],"
	"\"money\":{\"sent_cents\":2975,\"sent_fees_cents\":595,\"to_send_cents\":1275,\"to_send_fees_cents\":255,"
	"\"set_aside_cents\":900,\"set_aside_fees_cents\":180},"
	"\"rate\":{\"per_s\":1.9,\"limit_per_s\":2.0,\"throttled\":3},\"eta_s\":12,"
	"\"funds\":{\"missing_cents\":1200,\"payments\":1},"
	"\"limits\":{\"daily_budget_cents\":10000,\"daily_spent_cents\":2500,\"total_budget_cents\":null},"
	"\"balance\":{\"available_cents\":100000,\"at\":\"2026-11-23T11:59:00Z\"},\"working_set\":{\"rows\":9},"
	"\"rooms\":{\"watched\":3,\"problems\":1},"
	"\"selected\":{\"hit\":{\"hit_id\":\"3NGMTHIT1\",\"title\":\"Spiel \xe8\xaa\x9e\xe8\xaa\x9e\"},"
	"\"qualification\":{\"qualification_type_id\":\"3NGMTTYPE1\",\"name\":\"played\"}},"
	"\"deadlines\":[{\"what\":\"auto-approval\",\"at\":\"2026-11-23T13:00:00Z\",\"count\":12,"
	"\"next_subject\":\"3NGMTASG1\"},"
	"{\"what\":\"token\",\"at\":\"2026-11-23T11:00:00Z\",\"count\":100,\"is_cut\":true},{\"what\":\"unheard-of\","
	"\"at\":\"x\"}],"
	"\"errors\":[{\"at\":\"2026-11-23T11:59:30Z\",\"what\":\"operation\",\"kind\":\"bonus\",\"state\":\"failed\","
	"\"worker_id\":\"A1NGMT0000001X\",\"amount_cents\":250,\"why\":\"the worker is gone\"},"
	"{\"at\":\"2026-11-23T11:58:30Z\",\"what\":\"operation\",\"kind\":\"approve\",\"state\":\"held\","
	"\"why\":\"b\"}]}";

static const char events_text[] =
	"[{\"id\":1,\"at\":\"2026-11-23T11:59:57Z\",\"what\":\"command\",\"user\":\"anna\",\"command\":\"bonus\","
	"\"batch\":7},"
	"{\"id\":2,\"at\":\"2026-11-23T11:59:58Z\",\"what\":\"operation\",\"kind\":\"bonus\",\"state\":\"done\","
	"\"worker_id\":\"A1NGMT0000002X\",\"amount_cents\":425},"
	"{\"id\":3,\"at\":null,\"what\":\"room\",\"room\":\"room000001\",\"state\":\"problem\"},{\"id\":4},"
	"{\"id\":5,\"at\":\"2026-11-23T11:59:59Z\",\"what\":\"lane\",\"lane\":null,\"state\":\"paused\","
	"\"user\":\"anna\"}]";

static struct json_object *parse(const char *text)
{
	struct err err;
	struct json_object *value = json_parse(text, strlen(text), &err);

	if (!value)
		fail_msg("%s", err.message);
	return value;
}

/* All lines as one text, each with a newline before and behind. */
static char *text_of(const struct page *page)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)fputc('\n', out);
	page_print(page, out, "\n");
	(void)fclose(out);
	return text;
}

static char *compose(struct json_object *status, struct json_object *events, unsigned columns, unsigned rows)
{
	struct top_view view = { .status = status, .events = events, .now_s = NOW, .is_live = true };
	struct page page;
	char *text;

	page_init(&page, columns, false);
	top_page_compose(&page, &view, rows);
	text = text_of(&page);
	page_finish(&page);
	return text;
}

static void assert_says(const char *text, const char *const *wanted)
{
	for (; *wanted; wanted++)
		if (!strstr(text, *wanted))
			fail_msg("\"%s\" is missing in:%s", *wanted,
				 strlen(text) > 700 ? text + strlen(text) - 700 : text);
}

static void test_everything_important_fits_into_80x24(void **state)
{
	static const char *const wanted[] = {
		"\nLIVE  https://mturk", "up 4 min 10 s, paused, dry: nothing is sent\n", "\n! out of funds\n",
		"! 2 more",
		"  queue          4 held, 3 queued, 12 done\n",
		"bonus: 3 waiting, 1 on their way, paused: out of funds\n",
		"  sent           $29.75 + $5.95 fees\n", "  to send        $12.75 + $2.55 fees\n",
		"  HITs           $9.00 + $1.80 fees\n", "$12.00 for 1 payment, fees included",
		"1.9/s of at most 2.0/s, slowed down 3 times, 12 s left\n", "3 watched, 1 not imported\n",
		"$1,000.00 (1 min 0 s ago)\n", "in 1 h 0 min: auto-approval (12), first 3NGMTASG1\n",
		"1 h 0 min ago: what is in doubt needs a person (100 or more)\n", "x: unheard-of\n",
		"30 s ago: bonus failed, A1NGMT0000001X, $2.50: the worker is...", "\nq quit", NULL,
	};
	struct json_object *status = parse(full), *events = parse(events_text);
	char *text = compose(status, events, 80, 24);

	(void)state;
	assert_says(text, wanted);
	free(text);
	json_object_put(status);
	json_object_put(events);
}

static void test_a_large_screen_shows_what_happened(void **state)
{
	static const char *const wanted[] = { "3NGMTHIT1  Spiel \xe8\xaa\x9e", "3NGMTTYPE1  played\n",
					      "$25.00 of $100.00\n",
					      "anna: bonus (batch 7)\n", "bonus done, A1NGMT0000002X, $4.25\n",
					      "room problem", "lane paused: all lanes, by anna\n", "9 rows\n", NULL };
	struct json_object *status = parse(full), *events = parse(events_text);
	char *text = compose(status, events, 120, 60);

	(void)state;
	assert_says(text, wanted);
	free(text);
	json_object_put(status);
	json_object_put(events);
}

static void check_frame(const struct top_view *view, unsigned columns, unsigned rows)
{
	struct page page;

	page_init(&page, columns, false);
	top_page_compose(&page, view, rows);
	if (page.count > rows)
		fail_msg("%zu lines on %u", page.count, rows);
	for (size_t i = 0; i < page.count; i++)
		if (page_columns(page.lines[i].text) > columns)
			fail_msg("more than %u columns: %s", columns, page.lines[i].text);
	if (rows >= 1 && view->status && !view->trouble)
		assert_memory_equal(page.lines[0].text, "LIVE", columns < 7 ? 0 : 4);
	page_finish(&page);
}

static void test_no_frame_is_larger_than_its_screen(void **state)
{
	struct json_object *status = parse(full), *events = parse(events_text), *empty = parse("{}");
	struct top_view views[] = {
		{ .status = status, .events = events, .is_live = true },
		{ .status = status, .is_live = true, .is_paused = true },
		{ .status = status, .events = events, .trouble = "no daemon", .lost_s = 12, .is_live = true },
		{ .trouble = "no daemon", .is_live = true },
		{ .status = status, .shows_help = true, .is_live = true },
		{ .status = status, .events = events },
	};

	(void)state;
	for (size_t v = 0; v < sizeof(views) / sizeof(views[0]); v++) {
		views[v].now_s = NOW;
		for (unsigned columns = 1; columns <= 130; columns += columns < 20 ? 1 : 11)
			for (unsigned rows = 1; rows <= 50; rows += rows < 30 ? 1 : 5)
				check_frame(&views[v], columns, rows);
	}
	free(compose(empty, NULL, 80, 24));
	json_object_put(status);
	json_object_put(events);
	json_object_put(empty);
}

/* Whatever the daemon sends. */
static void test_nonsense(void **state)
{
	static const char *const texts[] = {
		"{\"problems\":7,\"queue\":[],\"lanes\":{},\"money\":\"x\",\"errors\":[1,null,{}],"
		"\"deadlines\":[[],7,{\"at\":7}]}",
		"{\"problems\":[null,1,{\"what\":7}],\"selected\":{\"hit\":{},\"qualification\":[]},"
		"\"rate\":{\"per_s\":1e300}}",
		"{\"environment\":\"\",\"uptime_s\":-5,\"eta_s\":-9,\"balance\":{\"at\":\"9999-99-99T99:99:99Z\"},"
		"\"deadlines\":[{\"at\":\"2026-11-23T13:00:00+01:00\",\"count\":-1}]}",
		"{\"environment\":\"l\\u001b[2Jve\",\"endpoint\":\"\\u202e\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_object *status = parse(texts[i]), *events = json_get_array(status, "deadlines");
		char *text = compose(status, events, 80, 24);

		assert_null(strchr(text, '\033'));
		free(text);
		json_object_put(status);
	}
}

static void test_trouble_is_said(void **state)
{
	struct json_object *status = parse(full);
	struct top_view view = {
		.status = status, .trouble = "no daemon", .lost_s = 12, .now_s = NOW, .is_live = true
	};
	struct page page;
	char *text;

	(void)state;
	page_init(&page, 80, false);
	top_page_compose(&page, &view, 24);
	text = text_of(&page);
	assert_non_null(strstr(text, "\n! no daemon since 12 s; what stands below is older\n"));
	free(text);
	page_finish(&page);
	json_object_put(status);
}

static void test_times(void **state)
{
	char when[48];

	(void)state;
	assert_int_equal(status_page_time("2026-11-23T12:00:00Z"), NOW);
	assert_int_equal(status_page_time("2026-11-23"), -1);
	assert_int_equal(status_page_time(NULL), -1);
	assert_string_equal(status_page_when("2026-11-23T12:00:05Z", NOW, when), "in 5 s");
	assert_string_equal(status_page_when("2026-11-23T12:00:00Z", NOW, when), "0 s ago");
	assert_string_equal(status_page_when("soon", NOW, when), "soon");
	assert_string_equal(status_page_when(NULL, NOW, when), "at an unknown time");
}

static void test_page_wraps_or_cuts(void **state)
{
	struct page page;
	char *text;

	(void)state;
	page_init(&page, 40, true);
	page_add_row(&page, 0, "label", "%s", "a value that is too long for a line of forty");
	text = text_of(&page);
	assert_string_equal(text, "\n  label          a value that is too\n                 long for a line of\n"
				  "                 forty\n");
	free(text);
	page_finish(&page);
	page_init(&page, 10, false);
	page_add(&page, 0, TERM_PLAIN, "%s", "0123456789");
	page_add(&page, 0, TERM_PLAIN, "%s", "0123456789a");
	page_add(&page, 0, TERM_PLAIN, "%s",
		 "\xe8\xaa\x9e\xe8\xaa\x9e\xe8\xaa\x9e\xe8\xaa\x9e\xe8\xaa\x9e\xe8\xaa\x9e");
	page_add(&page, 0, TERM_PLAIN, "%s", "\033[2J");
	text = text_of(&page);
	assert_string_equal(text, "\n0123456789\n0123456...\n\xe8\xaa\x9e\xe8\xaa\x9e\xe8\xaa\x9e...\n\\x1b[2J\n");
	free(text);
	page_finish(&page);
}

static void test_page_leaves_out_the_heaviest(void **state)
{
	struct page page, other;
	char *text;

	(void)state;
	page_init(&page, 0, false);
	page_init(&other, 0, false);
	page_add(&page, 0, TERM_PLAIN, "a0");
	page_add(&page, 2, TERM_PLAIN, "b2");
	page_add(&page, 1, TERM_PLAIN, "c1");
	page_add(&other, 2, TERM_PLAIN, "d2");
	page_add(&other, 0, TERM_PLAIN, "e0");
	page_take(&page, &other);
	assert_int_equal(page_fit(&page, 9), 0);
	assert_int_equal(page_fit(&page, 4), 1);
	assert_int_equal(page_fit(&page, 3), 1);
	text = text_of(&page);
	assert_string_equal(text, "\na0\nc1\ne0\n");
	free(text);
	assert_int_equal(page_fit(&page, 1), 2);
	assert_string_equal(page.lines[0].text, "a0");
	assert_int_equal(page_fit(&page, 0), 1);
	page_finish(&page);
	page_finish(&other);
}

/* In colours a badge takes its blanks from those behind it: never wider than the line. */
static void test_badge(void **state)
{
	static const char *const lines[] = { "LIVE  x", "LIVE", "LIVE x", "LI..." };
	struct page page;
	char *text;

	(void)state;
	term_init("always");
	page_init(&page, 0, false);
	for (size_t i = 0; i < 4; i++)
		page_add_badge(&page, 0, TERM_LIVE, "%s", lines[i]);
	text = text_of(&page);
	assert_string_equal(text, "\n\033[1;97;41m LIVE \033[0mx\n\033[1;97;41mLIVE\033[0m\n"
				  "\033[1;97;41mLIVE\033[0m x\n"
				  "\033[1;97;41mLI...\033[0m\n");
	free(text);
	page_finish(&page);
	term_init("never");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_important_fits_into_80x24),
		cmocka_unit_test(test_a_large_screen_shows_what_happened),
		cmocka_unit_test(test_no_frame_is_larger_than_its_screen),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_trouble_is_said),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_page_wraps_or_cuts),
		cmocka_unit_test(test_page_leaves_out_the_heaviest),
		cmocka_unit_test(test_badge),
	};

	term_init("never");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
