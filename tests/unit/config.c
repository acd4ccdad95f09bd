/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config.h"
#include "config_option.h"
#include "default_path.h"
#include "log.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* What must never be seen outside of the configuration. */
#define GEHEIM "GEHEIM/wJalr+K7MDENG"

static const char *const variables[] = { "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_STATE_HOME", "XDG_RUNTIME_DIR" };

static struct scratch scratch;

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++)
		(void)unsetenv(variables[i]);
	assert_int_equal(setenv("HOME", "/home/somebody", 1), 0);
	log_open("test", LOG_LEVEL_ERROR);
	scratch_make(&scratch);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&scratch);
	return 0;
}

/* One line for each problem: "name:line: message (hint)". */
static void note_problem(void *arg, const char *file, unsigned line, const struct err *problem)
{
	const char *slash = strrchr(file, '/');

	(void)fprintf(arg, "%s:%u: %s (%s)\n", slash ? slash + 1 : file, line, problem->message, problem->hint);
	assert_null(strstr(problem->message, GEHEIM));
	assert_null(strstr(problem->hint, GEHEIM));
	assert_true(problem->code == ERR_CONFIG || problem->code == ERR_FILE || problem->code == ERR_NOT_FOUND);
}

/* Loads and returns the problems ("" if none). The caller frees. */
static char *load(struct config *config, const char *path, const char *const *overrides, struct err *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int result;

	assert_non_null(out);
	*err = (struct err){ 0 };
	result = config_load(config, path, overrides, note_problem, out, err);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(result, text[0] ? -1 : 0);
	assert_null(strstr(err->message, GEHEIM));
	return text;
}

static void load_well(struct config *config, const char *text, const char *const *overrides)
{
	struct err err;
	char *problems = load(config, scratch_write(&scratch, "ngmt.conf", text), overrides, &err);

	assert_string_equal(problems, "");
	free(problems);
}

static void expect_problems(const char *text, const char *const *overrides, const char *expected)
{
	struct config config;
	struct err err;
	char *problems = load(&config, scratch_write(&scratch, "ngmt.conf", text), overrides, &err);

	assert_string_equal(problems, expected);
	free(problems);
	config_finish(&config); /* harmless after a failure */
}

static void test_defaults(void **state)
{
	struct config config;

	(void)state;
	load_well(&config, "", NULL);
	assert_null(config.access_key_id);
	assert_null(config.secret_access_key);
	assert_null(config.session_token);
	assert_null(config.profile);
	assert_string_equal(config.region, "us-east-1");
	assert_true(config.sandbox);
	assert_null(config.endpoint);
	assert_null(config.ca_bundle);
	assert_null(config.nodegame_path);
	assert_int_equal(config.games.count, 0);
	assert_string_equal(config.room_pattern, "^room[0-9]+$");
	for (size_t i = 0; i < FIELDS; i++)
		assert_null(config.fields[i]);
	assert_string_equal(config.separator, "auto");
	assert_string_equal(config.quote, "\"");
	assert_true(config.case_insensitive);
	assert_int_equal(config.validate_level, 2);
	assert_false(config.auto_approve);
	assert_int_equal(config.max_bonus_cents, 1000);
	assert_int_equal(config.min_bonus_cents, 0);
	assert_int_equal(config.daily_budget_cents, CONFIG_UNSET);
	assert_int_equal(config.total_budget_cents, CONFIG_UNSET);
	assert_int_equal(config.balance_floor_cents, CONFIG_UNSET);
	assert_int_equal(config.undo_window_ms, 600000);
	assert_false(config.dry);
	assert_int_equal(config.throttle_interval_ms, 500);
	assert_int_equal(config.retries, 10);
	assert_int_equal(config.retry_interval_ms, 1000);
	assert_int_equal(config.concurrency, 4);
	assert_int_equal(config.request_timeout_ms, 60000);
	assert_null(config.default_reason);
	assert_null(config.default_requester_feedback);
	assert_null(config.default_qualification_type_id);
	assert_int_equal(config.default_integer_value, 1);
	assert_false(config.default_send_notification);
	assert_string_equal(config.read_group, "ngmt");
	assert_string_equal(config.pay_group, "ngmt-pay");
	config_finish(&config);
	config_finish(&config);
}

static void expect_second_half(const struct config *config)
{
	assert_string_equal(config->separator, ";");
	assert_string_equal(config->quote, "'");
	assert_false(config->case_insensitive);
	assert_int_equal(config->validate_level, 0);
	assert_true(config->auto_approve);
	assert_int_equal(config->max_bonus_cents, 250);
	assert_int_equal(config->min_bonus_cents, 5);
	assert_true(config->dry);
	assert_int_equal(config->throttle_interval_ms, 0);
	assert_int_equal(config->retries, 0);
	assert_int_equal(config->retry_interval_ms, 120000);
	assert_int_equal(config->concurrency, 32);
	assert_int_equal(config->request_timeout_ms, 600000);
	assert_string_equal(config->default_reason, "Thank you; really # yes");
	assert_string_equal(config->default_requester_feedback, "Merci \xc3\xa0 tous");
	assert_string_equal(config->default_qualification_type_id, "3NGMTQUAL00001");
	assert_int_equal(config->default_integer_value, 2147483647);
	assert_true(config->default_send_notification);
	assert_string_equal(config->socket_path, "/run/x.sock");
	assert_string_equal(config->read_group, "look");
	assert_string_equal(config->pay_group, "pay");
	assert_string_equal(config->state_directory, "/var/lib/x");
}

static void expect_games(const struct config *config)
{
	char expected[300];

	assert_int_equal(config->games.count, 4);
	assert_string_equal(config->games.items[0], "ultimatum");
	assert_string_equal(config->games.items[1], "/srv/x");
	(void)snprintf(expected, sizeof(expected), "%s/my games/y policy=pay", scratch.folder);
	assert_string_equal(config->games.items[2], expected);
	assert_string_equal(config->games.items[3], "z join=none hit=3NGMTHIT00001 policy=approve");
	assert_string_equal(config->room_pattern, "^r");
	assert_false(config->watch);
	assert_int_equal(config->settle_ms, 0);
	assert_int_equal(config->rescan_ms, 5000);
	assert_string_equal(config->policy, "approve");
	assert_string_equal(config->join, "codes-file");
}

static void test_every_option_is_read(void **state)
{
	static const char text[] =
		"[aws]\naccess_key_id = AKIDEXAMPLE\nsecret_access_key = a/b+c=\nsession_token = t==\n"
		"profile = lab\nregion = us-east-1\nsandbox = no\nendpoint = https://127.0.0.1:8443\n"
		"ca_bundle = /etc/ca.pem\n"
		"[nodegame]\npath = /srv/nodegame\ngame = ultimatum\ngame = /srv/x\nroom_pattern = ^r\n"
		"game = my games/y policy=pay\ngame = z join=none hit=3NGMTHIT00001 policy=approve\nwatch = no\n"
		"settle = 0\nrescan = 5s\npolicy = approve\njoin = codes-file\n"
		"[fields]\nworker_id = Arbeiter\nid = Kennung\n"
		"[import]\nseparator = ;\nquote = '\ncase_insensitive = off\nvalidate_level = 0\n"
		"auto_approve = on\n"
		"[limits]\nmax_bonus = $2.5\nmin_bonus = 0.05\n"
		"[queue]\ndry = 1\nthrottle_interval = 0\nretries = 0\nretry_interval = 2m\nconcurrency = 32\n"
		"request_timeout = 600s\n"
		"[defaults]\nreason = Thank you; really # yes\nrequester_feedback = Merci \xc3\xa0 tous\n"
		"qualification_type_id = 3NGMTQUAL00001\ninteger_value = 2147483647\nsend_notification = TRUE\n"
		"[control]\nsocket = /run/x.sock\nread_group = look\npay_group = pay\n"
		"[state]\ndirectory = /var/lib/x\n";
	struct field_names names;
	struct config config;

	(void)state;
	load_well(&config, text, NULL);
	assert_string_equal(config.access_key_id, "AKIDEXAMPLE");
	assert_string_equal(config.secret_access_key, "a/b+c=");
	assert_string_equal(config.session_token, "t==");
	assert_string_equal(config.profile, "lab");
	assert_false(config.sandbox);
	assert_string_equal(config.endpoint, "https://127.0.0.1:8443");
	assert_string_equal(config.ca_bundle, "/etc/ca.pem");
	assert_string_equal(config.nodegame_path, "/srv/nodegame");
	expect_games(&config);
	expect_second_half(&config);
	config_field_names(&config, &names);
	assert_true(names.case_sensitive);
	assert_string_equal(names.names[FIELD_WORKER_ID], "Arbeiter");
	assert_string_equal(names.names[FIELD_ID], "Kennung");
	assert_null(names.names[FIELD_BONUS]);
	config_finish(&config);
}

static const struct {
	const char *text;
	int64_t ms;
} durations[] = {
	{ "500ms", 500 }, { "10s", 10000 }, { "5m", 300000 }, { "1h", 3600000 }, { "0", 0 },
	{ "0s", 0 },      { "0d", 0 },      { "007s", 7000 }, { "3600000ms", 3600000 },
};

static void test_durations(void **state)
{
	struct config config;

	(void)state;
	for (size_t i = 0; i < COUNT(durations); i++) {
		char override[64];
		const char *const overrides[] = { override, NULL };

		(void)snprintf(override, sizeof(override), "queue.throttle_interval=%s", durations[i].text);
		load_well(&config, "", overrides);
		assert_int_equal(config.throttle_interval_ms, durations[i].ms);
		config_finish(&config);
	}
}

static void test_booleans(void **state)
{
	static const char *const words[2][6] = { { "no", "false", "off", "0", "NO", "False" },
						 { "yes", "true", "on", "1", "Yes", "ON" } };
	struct config config;

	(void)state;
	for (int truth = 0; truth < 2; truth++) {
		for (size_t i = 0; i < COUNT(words[0]); i++) {
			char override[64];
			const char *const overrides[] = { override, NULL };

			(void)snprintf(override, sizeof(override), "queue.dry=%s", words[truth][i]);
			load_well(&config, truth ? "[queue]\ndry = no\n" : "[queue]\ndry = yes\n", overrides);
			assert_int_equal(config.dry, truth);
			config_finish(&config);
		}
	}
}

#define YES_NO "(write yes or no (true, false, on, off, 1 and 0 do as well))\n"
#define DURATION "(write 500ms, 10s, 5m, 2h or 1d)\n"
#define DOLLARS "(write dollars and cents, such as 10.00)\n"
#define LATER "is not an option of this version yet (remove the line"
#define PAIR "(set both, or none and keep the keys outside of this file)\n"

/* The text is that of the file without its final newline. */
static const struct {
	const char *text;
	const char *problems;
} bad[] = {
	/* names */
	{ "[imports]", "ngmt.conf:1: there is no section \"[imports]\" (did you mean \"[import]\"?)\n" },
	{ "[wacth]\nx = y", "ngmt.conf:1: there is no section \"[wacth]\" (ngmt.conf(5) lists the sections)\n" },
	{ "[]", "ngmt.conf:1: there is no section \"[]\" (ngmt.conf(5) lists the sections)\n" },
	{ "[aws]\nsandbx = yes", "ngmt.conf:2: \"[aws]\" has no option \"sandbx\" (did you mean \"sandbox\"?)\n" },
	{ "[aws]\nSandbox = yes", "ngmt.conf:2: \"[aws]\" has no option \"Sandbox\" (did you mean \"sandbox\"?)\n" },
	{ "[aws]\naccessKeyId = " GEHEIM,
	  "ngmt.conf:2: \"[aws]\" has no option \"accessKeyId\" (did you mean \"access_key_id\"?)\n" },
	{ "[aws]\nsecret_acces_key = " GEHEIM,
	  "ngmt.conf:2: \"[aws]\" has no option \"secret_acces_key\" (did you mean \"secret_access_key\"?)\n" },
	{ "[queue]\nnRetries = 3",
	  "ngmt.conf:2: \"[queue]\" has no option \"nRetries\" (did you mean \"retries\"?)\n" },
	{ "[queue]\nmax_bonus = 3",
	  "ngmt.conf:2: \"[queue]\" has no option \"max_bonus\" (did you mean \"max_bonus\" in \"[limits]\"?)\n" },
	{ "[aws]\nqqqqqq = 3", "ngmt.conf:2: \"[aws]\" has no option \"qqqqqq\" (ngmt.conf(5) lists the options)\n" },
	{ "[aws]\nFwoGZXIvYXdzEBYaDHqa0AP1Ke7zMZN2mSLxAd5kZ2Vm0cLS==",
	  "ngmt.conf:2: \"[aws]\" has no option of this name (ngmt.conf(5) lists the options)\n" },
	{ "[nodegame]\nnodeGamePath = /x",
	  "ngmt.conf:2: \"nodeGamePath\" in \"[nodegame]\" is nodegame-mturk's name (here it is \"path\")\n" },
	{ "[fields]\ntype = x", "ngmt.conf:2: \"[fields]\" has no option \"type\" (ngmt.conf(5) lists the options)\n" },
	/* names of later versions */
	{ "[limits]\ndaily_budget = much",
	  "ngmt.conf:2: \"daily_budget\" is not an amount: \"much\" is not an amount in dollars " DOLLARS },
	{ "[defaults]\nunique_request_token = X",
	  "ngmt.conf:2: \"unique_request_token\" in \"[defaults]\" " LATER "; every payment has a token of its "
	  "own)\n" },
	/* lines */
	{ "sandbox = yes", "ngmt.conf:1: \"sandbox\" stands before the first heading ()\n" },
	{ "[aws]\nsandbox",
	  "ngmt.conf:2: a line without \"=\" (write \"key = value\", and comments after \"#\")\n" },
	{ "[aws]\n" GEHEIM,
	  "ngmt.conf:2: a line without \"=\" (write \"key = value\", and comments after \"#\")\n" },
	{ "[aws] # x\nsandbox = yes",
	  "ngmt.conf:1: text after the \"]\" of a heading (comments stand on lines of their own)\n" },
	{ "[aws]\nsandbox = yes\n\nsandbox = yes",
	  "ngmt.conf:4: \"sandbox\" is set twice in this file, first in line 2 ()\n" },
	{ "[aws]\nsecret_access_key = " GEHEIM "\xff\naccess_key_id = x",
	  "ngmt.conf:2: invalid UTF-8 at byte 41 ()\n"
	  "ngmt.conf:3: \"access_key_id\" is set, and \"secret_access_key\" is not " PAIR },
	/* values */
	{ "[aws]\nsandbox = maybe", "ngmt.conf:2: \"sandbox\" is not yes or no: \"maybe\" " YES_NO },
	{ "[aws]\nsandbox = yes ; no",
	  "ngmt.conf:2: \"sandbox\" is not yes or no: \"yes ; no\" (comments stand on lines of their own)\n" },
	{ "[aws]\nsandbox =", "ngmt.conf:2: \"sandbox\" has no value (remove the line to get the default, yes)\n" },
	{ "[aws]\nregion =", "ngmt.conf:2: \"region\" has no value (remove the line to get the default, us-east-1)\n" },
	{ "[nodegame]\ngame =", "ngmt.conf:2: \"game\" has no value (remove the line)\n" },
	{ "[nodegame]\njoin = x",
	  "ngmt.conf:2: \"join\" must be one of none auto exit-code codes-file worker-id, not \"x\" ()\n" },
	{ "[nodegame]\ngame = ultimatum\ngame = pgg polcy=pay",
	  "ngmt.conf:3: \"game\": nothing is known about \"polcy=\" of a game (did you mean \"policy=\"?)\n" },
	{ "[queue]\nretries = ten", "ngmt.conf:2: \"retries\" is not a whole number: \"ten\" (write digits only)\n" },
	{ "[queue]\nretries = 1.5", "ngmt.conf:2: \"retries\" is not a whole number: \"1.5\" (write digits only)\n" },
	{ "[queue]\nretries = +1", "ngmt.conf:2: \"retries\" is not a whole number: \"+1\" (write digits only)\n" },
	{ "[queue]\nretries = 0x1", "ngmt.conf:2: \"retries\" is not a whole number: \"0x1\" (write digits only)\n" },
	{ "[queue]\nretries = -", "ngmt.conf:2: \"retries\" is not a whole number: \"-\" (write digits only)\n" },
	{ "[queue]\nretries = 1001", "ngmt.conf:2: \"retries\" must be 0 to 1000, not \"1001\" ()\n" },
	{ "[queue]\nretries = -1", "ngmt.conf:2: \"retries\" must be 0 to 1000, not \"-1\" ()\n" },
	{ "[queue]\nretries = 99999999999999999999",
	  "ngmt.conf:2: \"retries\" must be 0 to 1000, not \"99999999999999999999\" ()\n" },
	{ "[queue]\nretries = 18446744073709551617",
	  "ngmt.conf:2: \"retries\" must be 0 to 1000, not \"18446744073709551617\" ()\n" },
	{ "[queue]\nconcurrency = 0", "ngmt.conf:2: \"concurrency\" must be 1 to 32, not \"0\" ()\n" },
	{ "[import]\nvalidate_level = 3", "ngmt.conf:2: \"validate_level\" must be 0 to 2, not \"3\" ()\n" },
	{ "[defaults]\ninteger_value = 2147483648",
	  "ngmt.conf:2: \"integer_value\" must be 0 to 2147483647, not \"2147483648\" ()\n" },
	{ "[queue]\nthrottle_interval = 500",
	  "ngmt.conf:2: \"throttle_interval\" is not a time with its unit: \"500\" " DURATION },
	{ "[queue]\nthrottle_interval = 5 s",
	  "ngmt.conf:2: \"throttle_interval\" is not a time with its unit: \"5 s\" " DURATION },
	{ "[queue]\nthrottle_interval = -5s",
	  "ngmt.conf:2: \"throttle_interval\" is not a time with its unit: \"-5s\" " DURATION },
	{ "[queue]\nthrottle_interval = s",
	  "ngmt.conf:2: \"throttle_interval\" is not a time with its unit: \"s\" " DURATION },
	{ "[queue]\nthrottle_interval = 5S",
	  "ngmt.conf:2: \"throttle_interval\" is not a time with its unit: \"5S\" " DURATION },
	{ "[queue]\nthrottle_interval = 2h", "ngmt.conf:2: \"throttle_interval\" must be 0 to 1h, not \"2h\" ()\n" },
	{ "[queue]\nthrottle_interval = 213503982335d",
	  "ngmt.conf:2: \"throttle_interval\" must be 0 to 1h, not \"213503982335d\" ()\n" },
	{ "[queue]\nrequest_timeout = 0", "ngmt.conf:2: \"request_timeout\" must be 100ms to 10m, not \"0\" ()\n" },
	{ "[limits]\nmax_bonus = ten",
	  "ngmt.conf:2: \"max_bonus\" is not an amount: \"ten\" is not an amount in dollars " DOLLARS },
	{ "[limits]\nmax_bonus = 1.005",
	  "ngmt.conf:2: \"max_bonus\" is not an amount: \"1.005\" has more than two decimals " DOLLARS },
	{ "[limits]\nmax_bonus = -1", "ngmt.conf:2: \"max_bonus\" is not an amount: \"-1\" is negative " DOLLARS },
	{ "[limits]\nmax_bonus = 10000.01",
	  "ngmt.conf:2: \"max_bonus\" must be 0.00 to 10000.00, not \"10000.01\" ()\n" },
	{ "[import]\nseparator = :", "ngmt.conf:2: \"separator\" must be one of auto , ;, not \":\" ()\n" },
	{ "[import]\nquote = x", "ngmt.conf:2: \"quote\" must be one of \" ', not \"x\" ()\n" },
	{ "[defaults]\nreason = \"Thank you\"",
	  "ngmt.conf:2: \"reason\" stands in quotation marks (write it without them: they would become part of it)\n" },
	{ "[nodegame]\npath = '/x'",
	  "ngmt.conf:2: \"path\" stands in quotation marks (write it without them: they would become part of it)\n" },
	{ "[nodegame]\npath = ~/x",
	  "ngmt.conf:2: \"path\" begins with \"~\", which means nothing here (write the whole path)\n" },
	{ "[nodegame]\ngame = ~x",
	  "ngmt.conf:2: \"game\" begins with \"~\", which means nothing here (write the whole path)\n" },
	{ "[control]\nread_group = a23456789012345678901234567890123",
	  "ngmt.conf:2: \"read_group\" has 33 characters, and 32 are the most ()\n" },
	{ "[aws]\naccess_key_id = a\nsecret_access_key = " GEHEIM " x",
	  "ngmt.conf:3: \"secret_access_key\" has a blank in it ()\n" },
	{ "[aws]\naccess_key_id = a\nsecret_access_key = \"" GEHEIM "\"",
	  "ngmt.conf:3: \"secret_access_key\" stands in quotation marks (write it without them: they would become "
	  "part of it)\n" },
	/* what fits together */
	{ "[aws]\naccess_key_id = " GEHEIM,
	  "ngmt.conf:2: \"access_key_id\" is set, and \"secret_access_key\" is not " PAIR },
	{ "[aws]\nsecret_access_key = " GEHEIM,
	  "ngmt.conf:2: \"secret_access_key\" is set, and \"access_key_id\" is not " PAIR },
	{ "[aws]\nsession_token = " GEHEIM,
	  "ngmt.conf:2: \"session_token\" is set without the keys that it belongs to "
	  "(set access_key_id and secret_access_key too)\n" },
	{ "[aws]\nregion = eu-west-1",
	  "ngmt.conf:2: \"region\" is \"eu-west-1\", but MTurk exists only in us-east-1 (remove the line)\n" },
	{ "[aws]\nendpoint = https://me:" GEHEIM "@h",
	  "ngmt.conf:2: \"endpoint\": the address has a user name or an \"@\" in it "
	  "(remove it: requests are signed with the AWS keys)\n" },
	{ "[nodegame]\nroom_pattern = room[0-9",
	  "ngmt.conf:2: \"room_pattern\" is not a regular expression: Unmatched [, [^, [:, [., or [= ()\n" },
	{ "[nodegame]\nroom_pattern = (a{9}){9}",
	  "ngmt.conf:2: \"room_pattern\" repeats too much (use one pair of braces at most, and no number above "
	  "999)\n" },
	{ "[nodegame]\nroom_pattern = a{1,1000}",
	  "ngmt.conf:2: \"room_pattern\" repeats too much (use one pair of braces at most, and no number above "
	  "999)\n" },
	{ "[import]\n\nfilter = bonus > 2; DROP TABLE x",
	  "ngmt.conf:3: \"filter\": column 10: \";\" is not allowed: a filter is one expression ()\n" },
	{ "[import]\nfilter = lowr(type) = 'x'",
	  "ngmt.conf:2: \"filter\": column 1: no such function: \"lowr\" (did you mean \"lower\"?)\n" },
	{ "[import]\ncolumns = id,x,x",
	  "ngmt.conf:2: \"columns\": line 1, column 6: two columns are called \"x\" ()\n" },
	{ "[nodegame]\npolicy = pay",
	  "ngmt.conf:2: \"policy = pay\" pays by itself, but there is no \"reason\" under \"[defaults]\" "
	  "(set it to the sentence that each worker gets with a bonus)\n" },
	{ "[nodegame]\ngame = pgg policy=approve\ngame = /srv/my games/x policy=pay",
	  "ngmt.conf:3: game \"/srv/my games/x\" pays by itself, but there is no \"reason\" under \"[defaults]\" "
	  "(set it to the sentence that each worker gets with a bonus)\n" },
	{ "[limits]\nmin_bonus = 10.01", "ngmt.conf:2: \"min_bonus\" (10.01) is above \"max_bonus\" (10.00) ()\n" },
	{ "[limits]\nmin_bonus = 1\nmax_bonus = x",
	  "ngmt.conf:3: \"max_bonus\" is not an amount: \"x\" is not an amount in dollars " DOLLARS },
	{ "[defaults]\nhit_id = 3 NGMT",
	  "ngmt.conf:2: \"hit_id\" is not an id (MTurk's ids are capital letters and digits)\n" },
	{ "[defaults]\nqualification_type_id = abc",
	  "ngmt.conf:2: \"qualification_type_id\" is not an id (MTurk's ids are capital letters and digits)\n" },
	{ "[control]\nsocket = "
	  "/a23456789/a23456789/a23456789/a23456789/a23456789"
	  "/a23456789/a23456789/a23456789/a23456789/a23456789/a2345678",
	  "ngmt.conf:2: \"socket\" has 109 bytes, and a socket's path has at most 107 "
	  "(choose a shorter path under \"[control]\", such as one in /run)\n" },
	/* all of them, not only the first */
	{ "[aws]\nsandbox = x\n[nope]\n[queue]\nretries = -1\nfoo = bar",
	  "ngmt.conf:2: \"sandbox\" is not yes or no: \"x\" " YES_NO
	  "ngmt.conf:3: there is no section \"[nope]\" (ngmt.conf(5) lists the sections)\n"
	  "ngmt.conf:5: \"retries\" must be 0 to 1000, not \"-1\" ()\n"
	  "ngmt.conf:6: \"[queue]\" has no option \"foo\" (ngmt.conf(5) lists the options)\n" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		expect_problems(bad[i].text, NULL, bad[i].problems);
}

static const struct {
	const char *override;
	const char *problems;
} bad_overrides[] = {
	{ GEHEIM, "command line:0: an option is not of the form \"section.key=value\" (write it like -o "
		  "limits.max_bonus=2.00)\n" },
	{ "=x", "command line:0: an option is not of the form \"section.key=value\" (write it like -o "
		"limits.max_bonus=2.00)\n" },
	{ "aws.=x", "command line:0: an option is not of the form \"section.key=value\" (write it like -o "
		    "limits.max_bonus=2.00)\n" },
	{ "x=aws.y", "command line:0: an option is not of the form \"section.key=value\" (write it like -o "
		     "limits.max_bonus=2.00)\n" },
	{ "aw.sandbox=no", "command line:0: there is no section \"[aw]\" (did you mean \"[aws]\"?)\n" },
	{ "aws.sandbx=no", "command line:0: \"[aws]\" has no option \"sandbx\" (did you mean \"sandbox\"?)\n" },
	{ "aws.sandbox=x", "command line:0: \"sandbox\" is not yes or no: \"x\" " YES_NO },
	{ "aws.profile=a\nb", "command line:0: a control character at byte 14 ()\n" },
	{ "aws.profile=\xff", "command line:0: invalid UTF-8 at byte 13 ()\n" },
	{ "limits.max_bonus=1", "command line:0: \"min_bonus\" (2.00) is above \"max_bonus\" (1.00) ()\n" },
};

static void test_bad_overrides(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_overrides); i++) {
		const char *const overrides[] = { bad_overrides[i].override, NULL };
		const char *file = i + 1 < COUNT(bad_overrides) ? "" : "[limits]\nmax_bonus = 5\nmin_bonus = 2\n";
		char expected[256];

		(void)snprintf(expected, sizeof(expected), "%s", bad_overrides[i].problems);
		/* A rule is reported where its first option stands. */
		if (file[0])
			(void)snprintf(expected, sizeof(expected), "ngmt.conf:3%s", bad_overrides[i].problems + 14);
		expect_problems(file, overrides, expected);
	}
}

static void test_error_says_how_many(void **state)
{
	char expected[400];
	struct config config;
	struct err err;
	const char *path;

	(void)state;
	path = scratch_write(&scratch, "ngmt.conf", "[aws]\nx = 1\n");
	assert_int_equal(config_load(&config, path, NULL, NULL, NULL, &err), -1);
	(void)snprintf(expected, sizeof(expected), "%s:2: \"[aws]\" has no option \"x\"", path);
	assert_string_equal(err.message, expected);
	assert_string_equal(err.hint, "ngmt.conf(5) lists the options");
	path = scratch_write(&scratch, "ngmt.conf", "[aws]\nx = 1\nx = 2\n");
	assert_int_equal(config_load(&config, path, NULL, NULL, NULL, &err), -1);
	(void)snprintf(expected, sizeof(expected), "%s:2: \"[aws]\" has no option \"x\" (and 1 more problem)", path);
	assert_string_equal(err.message, expected);
	path = scratch_write(&scratch, "ngmt.conf", "[aws]\nx = 1\nx = 2\nx = 3\n");
	assert_int_equal(config_load(&config, path, NULL, NULL, NULL, &err), -1);
	assert_non_null(strstr(err.message, "(and 2 more problems)"));
	assert_int_equal(config_load(&config, path, NULL, NULL, NULL, NULL), -1);
}

static void test_problems_are_capped(void **state)
{
	struct config config;
	struct err err;
	char *text = NULL, *problems;
	size_t size = 0, lines = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	for (int i = 0; i < 500; i++)
		(void)fputs("[x]\n", out);
	assert_int_equal(fclose(out), 0);
	problems = load(&config, scratch_write(&scratch, "ngmt.conf", text), NULL, &err);
	for (const char *p = problems; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 100);
	assert_non_null(strstr(err.message, "(and 499 more problems)"));
	free(problems);
	free(text);
}

static void test_files_that_cannot_be_read(void **state)
{
	struct config config;
	struct err err;
	char path[300], *problems;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/none.conf", scratch.folder);
	problems = load(&config, path, NULL, &err);
	assert_non_null(strstr(problems, "none.conf:0: cannot read"));
	assert_non_null(strstr(problems, "No such file or directory"));
	free(problems);
	problems = load(&config, scratch.folder, NULL, &err);
	assert_non_null(strstr(problems, "is a directory, not a file"));
	free(problems);
	(void)scratch_write(&scratch, "conf.d", "");
	problems = load(&config, scratch_write(&scratch, "ngmt.conf", ""), NULL, &err);
	assert_non_null(strstr(problems, "conf.d:0: cannot read the folder"));
	free(problems);
}

static void test_layers(void **state)
{
	static const char *const overrides[] = { "limits.max_bonus=4", "limits.max_bonus=5", NULL };
	struct config config;

	(void)state;
	(void)scratch_folder(&scratch, "conf.d");
	(void)scratch_write(&scratch, "conf.d/20.conf",
			    "[limits]\nmax_bonus = 3\n[aws]\nendpoint =\n[nodegame]\ngame = c\n");
	(void)scratch_write(&scratch, "conf.d/10.conf",
		"[limits]\nmax_bonus = 2\n[queue]\nretries = 7\n[nodegame]\ngame = b\n");
	(void)scratch_write(&scratch, "conf.d/.30.conf", "nonsense");
	(void)scratch_write(&scratch, "conf.d/40.conf~", "nonsense");
	(void)scratch_write(&scratch, "conf.d/.conf", "nonsense");
	load_well(&config, "[limits]\nmax_bonus = 1\n[aws]\nendpoint = https://h\n[nodegame]\ngame = a\n", NULL);
	assert_int_equal(config.max_bonus_cents, 300);
	assert_int_equal(config.retries, 7);
	assert_null(config.endpoint);
	assert_int_equal(config.games.count, 3);
	assert_string_equal(config.games.items[0], "a");
	assert_string_equal(config.games.items[1], "b");
	assert_string_equal(config.games.items[2], "c");
	config_finish(&config);
	load_well(&config, "", overrides);
	assert_int_equal(config.max_bonus_cents, 500);
	config_finish(&config);
}

static void test_games_of_the_command_line_replace(void **state)
{
	static const char *const overrides[] = { "nodegame.game=x", "nodegame.game=y", NULL };
	struct config config;

	(void)state;
	load_well(&config, "[nodegame]\ngame = a\ngame = b\n", overrides);
	assert_int_equal(config.games.count, 2);
	assert_string_equal(config.games.items[0], "x");
	assert_string_equal(config.games.items[1], "y");
	config_finish(&config);
}

static void test_games_are_added_to_those_of_the_files(void **state)
{
	static const char *const overrides[] = { "nodegame.game+=x", "nodegame.game+=y", NULL };
	static const char *const wrong[] = { "limits.max_bonus+=2.00", NULL };
	struct config config;

	(void)state;
	load_well(&config, "[nodegame]\ngame = a\n", overrides);
	assert_int_equal(config.games.count, 3);
	assert_string_equal(config.games.items[0], "a");
	assert_string_equal(config.games.items[2], "y");
	config_finish(&config);
	expect_problems("", wrong, "command line:0: \"max_bonus\" has one value: nothing can be added to it ()\n");
}

static void expect_below(const char *folder, const char *rest, const char *path)
{
	char expected[300];

	(void)snprintf(expected, sizeof(expected), "%s/%s", folder, rest);
	assert_string_equal(path, expected);
}

static void test_relative_paths(void **state)
{
	static const char *const overrides[] = { "aws.ca_bundle=ca.pem", NULL };
	struct config config;
	char *here = getcwd(NULL, 0);

	(void)state;
	assert_non_null(here);
	(void)scratch_folder(&scratch, "conf.d");
	(void)scratch_write(&scratch, "conf.d/a.conf", "[state]\ndirectory = books\n");
	load_well(&config, "[nodegame]\npath = nodegame\ngame = games/a\ngame = ./b\ngame = .\ngame = c\n", overrides);
	expect_below(scratch.folder, "nodegame", config.nodegame_path);
	expect_below(scratch.folder, "games/a", config.games.items[0]);
	expect_below(scratch.folder, "./b", config.games.items[1]);
	expect_below(scratch.folder, ".", config.games.items[2]);
	assert_string_equal(config.games.items[3], "c");
	expect_below(scratch.folder, "conf.d/books", config.state_directory);
	expect_below(here, "ca.pem", config.ca_bundle);
	config_finish(&config);
	free(here);
}

/* The file itself by a relative path: what it names must still be absolute. */
static void test_relative_file(void **state)
{
	struct config config;
	struct err err;
	char *here = getcwd(NULL, 0), *problems;

	(void)state;
	assert_non_null(here);
	(void)scratch_folder(&scratch, "sub");
	(void)scratch_write(&scratch, "sub/x.conf", "[nodegame]\npath = a\n");
	assert_int_equal(chdir(scratch.folder), 0);
	problems = load(&config, "sub/x.conf", NULL, &err);
	assert_string_equal(problems, "");
	expect_below(scratch.folder, "sub/a", config.nodegame_path);
	config_finish(&config);
	free(problems);
	(void)scratch_write(&scratch, "y.conf", "[nodegame]\npath = a\n");
	problems = load(&config, "y.conf", NULL, &err);
	assert_string_equal(problems, "");
	expect_below(scratch.folder, "a", config.nodegame_path);
	config_finish(&config);
	free(problems);
	assert_int_equal(chdir(here), 0);
	free(here);
}

static void expect_state(bool is_root, const char *expected, const char *expected_from)
{
	const char *from = NULL;
	char *path = default_path_state(is_root, &from);

	assert_string_equal(path, expected);
	assert_string_equal(from, expected_from);
	free(path);
}

static void expect_socket(bool is_root, const char *expected, const char *expected_from)
{
	const char *from = NULL;
	char *path = default_path_socket(is_root, "/s", &from);

	assert_string_equal(path, expected);
	assert_string_equal(from, expected_from);
	free(path);
}

static void test_default_paths(void **state)
{
	const char *from = NULL;

	(void)state;
	expect_state(true, "/var/lib/ngmt", "default");
	expect_socket(true, "/run/ngmt/ngmtd.sock", "default");
	expect_state(false, "/home/somebody/.local/state/ngmt", "default");
	expect_socket(false, "/s/ngmtd.sock", "default");
	assert_null(default_path_socket(false, NULL, &from));
	assert_int_equal(setenv("XDG_STATE_HOME", "relative", 1), 0);
	expect_state(false, "/home/somebody/.local/state/ngmt", "default");
	assert_int_equal(setenv("XDG_STATE_HOME", "/xs", 1), 0);
	expect_state(false, "/xs/ngmt", "environment variable XDG_STATE_HOME");
	expect_state(true, "/var/lib/ngmt", "default");
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/xr", 1), 0);
	expect_socket(false, "/xr/ngmt/ngmtd.sock", "environment variable XDG_RUNTIME_DIR");
	assert_int_equal(setenv("STATE_DIRECTORY", "/ss:/other", 1), 0);
	expect_state(true, "/ss", "environment variable STATE_DIRECTORY");
	assert_int_equal(setenv("RUNTIME_DIRECTORY", "/rr:/other", 1), 0);
	expect_socket(false, "/rr/ngmtd.sock", "environment variable RUNTIME_DIRECTORY");
}

/* The entry "section.key" of config_describe(). Borrowed. */
static struct json_object *entry_of(struct json_object *list, const char *section, const char *key)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *s = "", *k = "";

		assert_true(json_get_text(entry, "section", &s) && json_get_text(entry, "key", &k));
		if (strcmp(s, section) == 0 && strcmp(k, key) == 0)
			return entry;
	}
	fail_msg("no entry for %s.%s", section, key);
	return NULL;
}

static void expect_entry(struct json_object *list, const char *section, const char *key, const char *value,
			 const char *origin)
{
	struct json_object *entry = entry_of(list, section, key);
	const char *text = "";

	assert_string_equal(json_text(json_object_object_get(entry, "value"), NULL), value);
	assert_true(json_get_text(entry, "origin", &text));
	assert_string_equal(text, origin);
}

static void test_describe(void **state)
{
	static const char *const overrides[] = { "queue.dry=yes", NULL };
	struct json_object *list;
	struct config config;
	char place[300];

	(void)state;
	assert_int_equal(setenv("STATE_DIRECTORY", "/ss", 1), 0);
	load_well(&config,
		  "[aws]\naccess_key_id = " GEHEIM "\nsecret_access_key = " GEHEIM "\nsandbox = no\n[limits]\n"
		  "max_bonus = 2\n[nodegame]\ngame = a\ngame = b\n[queue]\nthrottle_interval = 90s\n",
		  overrides);
	list = config_describe(&config);
	assert_int_equal(json_object_array_length(list), config_option_count());
	(void)snprintf(place, sizeof(place), "%s/ngmt.conf:4", scratch.folder);
	expect_entry(list, "aws", "sandbox", "false", place);
	place[strlen(place) - 1] = '3';
	expect_entry(list, "aws", "secret_access_key", "\"(set)\"", place);
	expect_entry(list, "aws", "session_token", "null", "default");
	place[strlen(place) - 1] = '6';
	expect_entry(list, "limits", "max_bonus", "\"2.00\"", place);
	place[strlen(place) - 1] = '9';
	expect_entry(list, "nodegame", "game", "[\"a\",\"b\"]", place);
	(void)snprintf(place, sizeof(place), "%s/ngmt.conf:11", scratch.folder);
	expect_entry(list, "queue", "throttle_interval", "\"90s\"", place);
	expect_entry(list, "queue", "request_timeout", "\"1m\"", "default");
	expect_entry(list, "queue", "retries", "10", "default");
	expect_entry(list, "queue", "dry", "true", "command line");
	expect_entry(list, "aws", "region", "\"us-east-1\"", "default");
	expect_entry(list, "fields", "worker_id", "null", "default");
	expect_entry(list, "import", "quote", "\"\\\"\"", "default");
	expect_entry(list, "state", "directory", "\"/ss\"", "environment variable STATE_DIRECTORY");
	assert_null(strstr(json_text(list, NULL), GEHEIM));
	json_object_put(list);
	config_finish(&config);
}

/* What the process writes to stderr while a file with these permission bits is read. The caller frees. */
static char *log_of_load(const char *text, mode_t mode, const char *const *overrides)
{
	char *log = calloc(1, 4096), path[300];
	struct config config;
	int saved = dup(STDERR_FILENO), fd;

	assert_non_null(log);
	(void)snprintf(path, sizeof(path), "%s/log", scratch.folder);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && saved >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	log_open("test", LOG_LEVEL_WARN);
	assert_int_equal(chmod(scratch_write(&scratch, "ngmt.conf", text), mode), 0);
	assert_int_equal(config_load(&config, scratch.path, overrides, NULL, NULL, NULL), 0);
	config_finish(&config);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	assert_true(pread(fd, log, 4095, 0) >= 0);
	assert_null(strstr(log, GEHEIM));
	(void)close(fd);
	(void)close(saved);
	return log;
}

static void test_readable_secrets_are_warned_of(void **state)
{
	static const char secret[] = "[aws]\naccess_key_id = " GEHEIM "\nsecret_access_key = " GEHEIM "\n";
	static const char *const overrides[] = { "aws.session_token=" GEHEIM, NULL };
	static const struct {
		const char *text;
		mode_t mode;
		bool is_warned;
	} files[] = { { secret, 0600, false }, { secret, 0640, true }, { secret, 0604, true },
		      { secret, 0620, false }, { "", 0644, false } };
	char *log;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		log = log_of_load(files[i].text, files[i].mode, NULL);
		assert_int_equal(strstr(log, "holds a secret, and others can read it") != NULL, files[i].is_warned);
		assert_int_equal(strstr(log, ": chmod 600 /") != NULL, files[i].is_warned);
		assert_int_equal(log[0] != '\0', files[i].is_warned);
		free(log);
	}
	log = log_of_load(secret, 0600, overrides);
	assert_non_null(strstr(log, "a secret on the command line can be seen by everybody"));
	free(log);
}

static char *written(void (*write_text)(FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	write_text(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* As it is, the sample sets nothing; with every "#" gone from an option with a value, it says what is so anyway. */
static void test_sample_is_the_defaults(void **state)
{
	char *sample = written(config_write_sample);
	struct config plain, loaded;
	size_t set = 0;

	(void)state;
	load_well(&plain, "", NULL);
	load_well(&loaded, sample, NULL);
	config_finish(&loaded);
	for (char *line = sample; line; line = strchr(line, '\n')) {
		char *equals, *end;

		line += *line == '\n';
		end = line + strcspn(line, "\n");
		equals = memchr(line, '=', (size_t)(end - line));
		if (line[0] != '#' || line[1] == ' ' || !equals || equals[1] != ' ')
			continue;
		line[0] = ' ';
		set++;
	}
	load_well(&loaded, sample, NULL);
	for (size_t i = 0; i < config_option_count(); i++)
		set -= config_option_at(i)->fallback != NULL;
	assert_int_equal(set, 0);
	assert_string_equal(loaded.room_pattern, plain.room_pattern);
	assert_string_equal(loaded.quote, plain.quote);
	assert_int_equal(loaded.max_bonus_cents, plain.max_bonus_cents);
	assert_int_equal(loaded.throttle_interval_ms, plain.throttle_interval_ms);
	assert_int_equal(loaded.sandbox, plain.sandbox);
	config_finish(&plain);
	config_finish(&loaded);
	free(sample);
}

static void test_texts_name_every_option(void **state)
{
	char *sample = written(config_write_sample), *manual = written(config_write_manual);

	(void)state;
	assert_memory_equal(manual, "# OPTIONS\n", 10);
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);
		char line[80];

		(void)snprintf(line, sizeof(line), "\n#%s =", option->key);
		assert_non_null(strstr(sample, line));
		assert_true(config_section_exists(option->section));
		assert_true(option->text[strlen(option->text) - 1] == '.');
		assert_ptr_equal(config_option_find(option->section, option->key), option);
	}
	assert_non_null(strstr(manual, "\n## [state]\n"));
	assert_non_null(strstr(manual,
		"\n*max\\_bonus* = _dollars_ (0.00 to 10000.00)\n\tThe largest bonus in dollars. "
				       "Default: 10.00\n"));
	free(sample);
	free(manual);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_every_option_is_read),
		TEST(test_durations),
		TEST(test_booleans),
		TEST(test_bad),
		TEST(test_bad_overrides),
		TEST(test_error_says_how_many),
		TEST(test_problems_are_capped),
		TEST(test_files_that_cannot_be_read),
		TEST(test_layers),
		TEST(test_games_of_the_command_line_replace),
		TEST(test_games_are_added_to_those_of_the_files),
		TEST(test_relative_paths),
		TEST(test_relative_file),
		TEST(test_default_paths),
		TEST(test_describe),
		TEST(test_readable_secrets_are_warned_of),
		TEST(test_sample_is_the_defaults),
		TEST(test_texts_name_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
