/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIVE "https://mturk-requester.us-east-1.amazonaws.com"
#define SANDBOX "https://mturk-requester-sandbox.us-east-1.amazonaws.com"

static const char *const variables[] = { "AWS_ENDPOINT_URL_MTURK", "AWS_ENDPOINT_URL", "AWS_REGION",
					 "AWS_DEFAULT_REGION", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" };

static int clean_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++)
		(void)unsetenv(variables[i]);
	return 0;
}

/* The configured address is read as a value of the configuration; text is copied, since members are not const. */
static int resolve(struct endpoint *out, const char *address, bool sandbox, struct err *err)
{
	struct config config = { .sandbox = sandbox };
	int result;

	config.endpoint = address ? strdup(address) : NULL;
	result = endpoint_resolve(out, &config, err);
	free(config.endpoint);
	return result;
}

static const struct {
	const char *address;
	bool sandbox;
	const char *url;
	const char *host;
	const char *path;
	enum environment environment;
	bool is_loopback;
	bool is_tls;
} good[] = {
	{ NULL, true, SANDBOX "/", SANDBOX + 8, "/", ENVIRONMENT_SANDBOX, false, true },
	{ NULL, false, LIVE "/", LIVE + 8, "/", ENVIRONMENT_LIVE, false, true },
	{ LIVE, false, LIVE "/", LIVE + 8, "/", ENVIRONMENT_LIVE, false, true },
	{ LIVE ":443/", false, LIVE "/", LIVE + 8, "/", ENVIRONMENT_LIVE, false, true },
	{ "HTTPS://MTurk-Requester.US-East-1.AmazonAWS.com", false, LIVE "/", LIVE + 8, "/", ENVIRONMENT_LIVE, false,
	  true },
	{ SANDBOX "/", true, SANDBOX "/", SANDBOX + 8, "/", ENVIRONMENT_SANDBOX, false, true },
	{ "http://127.0.0.1:8080", true, "http://127.0.0.1:8080/", "127.0.0.1:8080", "/", ENVIRONMENT_REHEARSAL, true,
	  false },
	{ "http://127.0.0.1:8080", false, "http://127.0.0.1:8080/", "127.0.0.1:8080", "/", ENVIRONMENT_REHEARSAL, true,
	  false },
	{ "http://127.9.9.9:80/", true, "http://127.9.9.9/", "127.9.9.9", "/", ENVIRONMENT_REHEARSAL, true, false },
	{ "http://LocalHost:65535", true, "http://localhost:65535/", "localhost:65535", "/", ENVIRONMENT_REHEARSAL,
	  true, false },
	{ "https://[::1]:1/a/b", true, "https://[::1]:1/a/b", "[::1]:1", "/a/b", ENVIRONMENT_REHEARSAL, true, true },
	{ "https://[2001:db8::1]", true, "https://[2001:db8::1]/", "[2001:db8::1]", "/", ENVIRONMENT_REHEARSAL, false,
	  true },
	{ "https://turk.example.org/api/v1.0/~x_y-z/", true, "https://turk.example.org/api/v1.0/~x_y-z/",
	  "turk.example.org", "/api/v1.0/~x_y-z/", ENVIRONMENT_REHEARSAL, false, true },
	{ "https://192.0.2.7:443", true, "https://192.0.2.7/", "192.0.2.7", "/", ENVIRONMENT_REHEARSAL, false, true },
	{ "https://ec2-1-2-3-4.compute-1.amazonaws.com", true, "https://ec2-1-2-3-4.compute-1.amazonaws.com/",
	  "ec2-1-2-3-4.compute-1.amazonaws.com", "/", ENVIRONMENT_REHEARSAL, false, true },
	{ "https://mturk-requester.us-east-1.amazonaws.com.example.org", true,
	  "https://mturk-requester.us-east-1.amazonaws.com.example.org/",
	  "mturk-requester.us-east-1.amazonaws.com.example.org", "/", ENVIRONMENT_REHEARSAL, false, true },
};

static void test_good(void **state)
{
	struct endpoint endpoint;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (resolve(&endpoint, good[i].address, good[i].sandbox, &err) < 0)
			fail_msg("case %zu: %s", i, err.message);
		assert_string_equal(endpoint.url, good[i].url);
		assert_string_equal(endpoint.host, good[i].host);
		assert_string_equal(endpoint.path, good[i].path);
		assert_string_equal(endpoint.region, "us-east-1");
		assert_int_equal(endpoint.environment, good[i].environment);
		assert_int_equal(endpoint.is_loopback, good[i].is_loopback);
		assert_int_equal(endpoint.is_tls, good[i].is_tls);
		endpoint_finish(&endpoint);
		endpoint_finish(&endpoint); /* harmless */
	}
}

#define BEGINS "the address begins with neither \"https://\" nor \"http://\""
#define LETTER "the address has a blank or a letter outside of ASCII in it"

static const struct {
	const char *address;
	bool sandbox;
	const char *message; /* after "endpoint": */
} bad[] = {
	{ "ftp://127.0.0.1", true, BEGINS },
	{ "127.0.0.1:8080", true, BEGINS },
	{ "//127.0.0.1", true, BEGINS },
	{ "https:/x", true, BEGINS },
	{ "https://", true, "the address has no host" },
	{ "https:///x", true, "the address has no host" },
	{ "https://:8080", true, "the address has no host" },
	{ "https://a b", true, LETTER },
	{ "https://b\xc3\xbc" "cher.example", true, LETTER },
	{ "https://me:geheim@example.org/", true, "the address has a user name or an \"@\" in it" },
	{ "https://example.org/?geheim", true, "the address has a \"?\" or \"#\" in it" },
	{ "https://example.org/#x", true, "the address has a \"?\" or \"#\" in it" },
	{ "https://exa..mple.org", true, "\"exa..mple.org\" is not the name of a host" },
	{ "https://example.org.", true, "\"example.org.\" is not the name of a host" },
	{ "https://-example.org", true, "\"-example.org\" is not the name of a host" },
	{ "https://example-.org", true, "\"example-.org\" is not the name of a host" },
	{ "https://exam%70le.org", true, "\"exam%70le.org\" is not the name of a host" },
	{ "https://example.org\\x", true, "\"example.org\\x\" is not the name of a host" },
	{ "https://127.1", true, "\"127.1\" is not an IPv4 address" },
	{ "https://0x7f.0.0.0x1", true, "\"0x7f.0.0.0x1\" is not an IPv4 address" },
	{ "https://2130706433", true, "\"2130706433\" is not an IPv4 address" },
	{ "https://127.0.0.256", true, "\"127.0.0.256\" is not an IPv4 address" },
	{ "https://[::1", true, "the \"[\" of the address has no \"]\"" },
	{ "https://[::g]", true, "\"::g\" is not an IPv6 address" },
	{ "https://[127.0.0.1]", true, "\"127.0.0.1\" is not an IPv6 address" },
	{ "https://[]", true, "the address has no host" },
	{ "https://[::1]x", true, "something other than a port or a path follows the host \"::1\"" },
	{ "https://h:", true, "the port of \"h\" is not a number from 1 to 65535" },
	{ "https://h:0", true, "the port of \"h\" is not a number from 1 to 65535" },
	{ "https://h:65536", true, "the port of \"h\" is not a number from 1 to 65535" },
	{ "https://h:999999999999", true, "the port of \"h\" is not a number from 1 to 65535" },
	{ "https://h:-1", true, "the port of \"h\" is not a number from 1 to 65535" },
	{ "https://h:geheim", true, "the port of \"h\" is not a number from 1 to 65535" },
	{ "https://h:80x", true, "something other than a port or a path follows the host \"h\"" },
	{ "https://h/a//b", true, "the path after \"h\" is not a plain one" },
	{ "https://h/a/../b", true, "the path after \"h\" is not a plain one" },
	{ "https://h/a/./b", true, "the path after \"h\" is not a plain one" },
	{ "https://h/..", true, "the path after \"h\" is not a plain one" },
	{ "https://h/.", true, "the path after \"h\" is not a plain one" },
	{ "https://h/%41", true, "the path after \"h\" is not a plain one" },
	{ "http://192.0.2.7:8080", true, "http without encryption to \"192.0.2.7\", another machine" },
	{ "http://[2001:db8::1]", true, "http without encryption to \"2001:db8::1\", another machine" },
	{ "http://localhost.example.org", true,
	  "http without encryption to \"localhost.example.org\", another machine" },
	{ "http://mturk-requester.us-east-1.amazonaws.com", false,
	  "http without encryption to \"mturk-requester.us-east-1.amazonaws.com\", another machine" },
	{ LIVE, true, "the address is MTurk's production, but \"sandbox\" is yes" },
	{ SANDBOX, false, "the address is MTurk's sandbox, but \"sandbox\" is no" },
	{ LIVE ":8443", false, "\"mturk-requester.us-east-1.amazonaws.com\" has no other port and no path" },
	{ LIVE "/x", false, "\"mturk-requester.us-east-1.amazonaws.com\" has no other port and no path" },
	{ "https://mturk-requester.eu-west-1.amazonaws.com", true,
	  "\"mturk-requester.eu-west-1.amazonaws.com\" is not one of MTurk's two endpoints" },
};

static void test_bad(void **state)
{
	struct endpoint endpoint;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (resolve(&endpoint, bad[i].address, bad[i].sandbox, &err) == 0)
			fail_msg("\"%s\" was taken", bad[i].address);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_memory_equal(err.message, "\"endpoint\": ", 12);
		assert_string_equal(err.message + 12, bad[i].message);
		assert_null(strstr(err.message, "geheim"));
		assert_null(strstr(err.hint, "geheim"));
		assert_null(endpoint.url);
		assert_int_equal(resolve(&endpoint, bad[i].address, bad[i].sandbox, NULL), -1);
	}
}

static void test_too_long(void **state)
{
	struct endpoint endpoint;
	char address[2100];
	struct err err;

	(void)state;
	memset(address, 'a', sizeof(address));
	memcpy(address, "https://", 8);
	address[2001] = '\0';
	assert_int_equal(resolve(&endpoint, address, true, &err), -1);
	assert_string_equal(err.message, "\"endpoint\": the address has more than 2000 characters");
	address[2000] = '\0';
	assert_int_equal(resolve(&endpoint, address, true, &err), -1);
	assert_string_equal(err.message, "\"endpoint\": the host has more than 253 characters");
	address[8 + 64] = '\0'; /* one label of 64 */
	assert_int_equal(resolve(&endpoint, address, true, &err), -1);
	address[8 + 63] = '\0';
	assert_int_equal(resolve(&endpoint, address, true, &err), 0);
	endpoint_finish(&endpoint);
}

static void expect_host(const char *address, const char *host)
{
	struct endpoint endpoint;
	struct err err;

	assert_int_equal(resolve(&endpoint, address, true, &err), 0);
	assert_string_equal(endpoint.host, host);
	endpoint_finish(&endpoint);
}

static void test_precedence(void **state)
{
	struct endpoint endpoint;
	struct err err;

	(void)state;
	assert_int_equal(setenv("AWS_ENDPOINT_URL", "https://general.example", 1), 0);
	expect_host(NULL, "general.example");
	assert_int_equal(setenv("AWS_ENDPOINT_URL_MTURK", "https://special.example", 1), 0);
	expect_host(NULL, "special.example");
	expect_host("https://configured.example", "configured.example");
	assert_int_equal(setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True", 1), 0);
	expect_host(NULL, SANDBOX + 8);
	expect_host("https://configured.example", "configured.example");
	assert_int_equal(setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false", 1), 0);
	assert_int_equal(setenv("AWS_ENDPOINT_URL_MTURK", "", 1), 0);
	expect_host(NULL, "general.example");
	assert_int_equal(setenv("AWS_ENDPOINT_URL", "https://a@b", 1), 0);
	assert_int_equal(resolve(&endpoint, NULL, true, &err), -1);
	assert_string_equal(err.message, "\"AWS_ENDPOINT_URL\": the address has a user name or an \"@\" in it");
	assert_int_equal(setenv("AWS_ENDPOINT_URL", LIVE, 1), 0);
	assert_int_equal(resolve(&endpoint, NULL, true, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
}

static void test_other_region_is_ignored(void **state)
{
	(void)state;
	log_open("test", LOG_LEVEL_ERROR);
	assert_int_equal(setenv("AWS_REGION", "eu-central-1", 1), 0);
	assert_int_equal(setenv("AWS_DEFAULT_REGION", "us-east-1", 1), 0);
	expect_host(NULL, SANDBOX + 8);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(environment_name(ENVIRONMENT_SANDBOX), "sandbox");
	assert_string_equal(environment_name(ENVIRONMENT_LIVE), "live");
	assert_string_equal(environment_name(ENVIRONMENT_REHEARSAL), "rehearsal");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, clean_environment),
		cmocka_unit_test_setup(test_bad, clean_environment),
		cmocka_unit_test_setup(test_too_long, clean_environment),
		cmocka_unit_test_setup(test_precedence, clean_environment),
		cmocka_unit_test_setup(test_other_region_is_ignored, clean_environment),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
