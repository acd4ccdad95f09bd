/* SPDX-License-Identifier: MIT
 *
 * The question before an errand, what became of it in words, local times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "errand_page.h"
#include "local_time.h"

static struct json_object *parse(const char *text)
{
	struct err err;
	struct json_object *value = json_parse(text, strlen(text), &err);

	if (!value)
		fail_msg("%s: %s", text, err.message);
	return value;
}

#define COST "\"cost\":{\"amount_cents\":900,\"fee_cents\":180,\"total_cents\":1080}"

static void test_question(void **state)
{
	static const struct {
		const char *plan;
		const char *question;
	} cases[] = {
		{ "{\"errand\":\"create-hit\",\"go\":1,\"environment\":\"live\"," COST "}",
		  "Create 1 HIT for $9.00 + $1.80 fees in LIVE? [y/N]" },
		{ "{\"errand\":\"extend-hit\",\"go\":2,\"environment\":\"sandbox\",\"cost\":null}",
		  "Extend this HIT in SANDBOX? [y/N]" },
		{ "{\"errand\":\"delete-hit\",\"go\":1}", "Delete this HIT in UNKNOWN? [y/N]" },
		{ "{\"errand\":\"create-qualification\",\"go\":1,\"environment\":\"live\"}",
		  "Create this qualification type in LIVE? [y/N]" },
		{ "{\"errand\":\"revoke\",\"go\":1,\"environment\":\"live\"}", "Take it from 1 worker in LIVE? [y/N]" },
		{ "{\"errand\":\"block\",\"go\":12,\"environment\":\"live\"}", "Block 12 workers in LIVE? [y/N]" },
		{ "{\"errand\":\"future\",\"go\":12,\"environment\":\"live\"}", "Do this thing in LIVE? [y/N]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *plan = parse(cases[i].plan);
		char *question = errand_page_question(plan);

		assert_string_equal(question, cases[i].question);
		free(question);
		json_object_put(plan);
	}
}

static void test_done(void **state)
{
	static const struct {
		const char *plan;
		const char *batch;
		const char *text;
	} cases[] = {
		{ "{\"errand\":\"create-hit\",\"hit\":{\"title\":\"T\"}}",
		  "{\"created\":[{\"kind\":\"create-hit\",\"state\":\"done\",\"hit_id\":\"3A\",\"subject\":\"1/1\"},"
		  "{\"kind\":\"create-hit\",\"state\":\"done\",\"hit_id\":\"3B\",\"subject\":\"2/2\"},"
		  "{\"kind\":\"create-hit\",\"state\":\"failed\",\"hit_id\":null},7]}",
		  "created HIT 3A (\"T\")\ncreated HIT 3B (\"T\"), round 2/2\n" },
		{ "{\"errand\":\"create-qualification\"}",
		  "{\"created\":[{\"kind\":\"create-qualification\",\"state\":\"done\","
		  "\"qualification_type_id\":\"3Q\",\"subject\":\"played\"}],\"by_kind\":[]}",
		  "created qualification type 3Q (\"played\")\n" },
		{ "{\"errand\":\"grant\"}", "{\"by_kind\":[{\"kind\":\"qualify\",\"total\":3,\"done\":2},5]}",
		  "2 workers got the qualification\n" },
		{ "{\"errand\":\"block\"}", "{\"by_kind\":[{\"kind\":\"qualify\",\"done\":2}]}", "" },
		{ "{\"errand\":\"expire-hit\",\"hit\":{\"hit_id\":\"3A\"}}",
		  "{\"by_kind\":[{\"kind\":\"expire-hit\",\"done\":1}]}", "expired HIT 3A\n" },
		{ "{\"errand\":\"extend-hit\",\"hit\":{\"hit_id\":\"3A\"},\"new_expires_at\":\"2026-11-24T09:00:00Z\"}",
		  "{\"by_kind\":[{\"kind\":\"expire-hit\",\"done\":1},{\"kind\":\"extend-hit\",\"done\":1}]}",
		  "extended HIT 3A\nHIT 3A now ends 2026-11-24 10:00:00 CET (2026-11-24T09:00:00Z)\n" },
		{ "{}", "{}", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *plan = parse(cases[i].plan), *batch = parse(cases[i].batch);
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		errand_page_print_done(out, plan, batch);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(text, cases[i].text);
		free(text);
		json_object_put(plan);
		json_object_put(batch);
	}
}

static void test_local_time(void **state)
{
	char out[LOCAL_TIME_MAX];

	(void)state;
	assert_string_equal(local_time_of("2026-07-01T22:30:00Z", out),
			    "2026-07-02 00:30:00 CEST (2026-07-01T22:30:00Z)");
	assert_string_equal(local_time_of("2026-07-01", out), "2026-07-01");
	assert_string_equal(local_time_of("2026-07-01T22:30:00Zzz", out), "2026-07-01T22:30:00Zzz");
	assert_string_equal(local_time_of(NULL, out), "-");
	assert_int_equal(strlen(local_time_of("x234567890123456789012345678901234567890 and more", out)), 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_local_time),
	};

	/* As a POSIX rule, for a machine without the names of places. */
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
