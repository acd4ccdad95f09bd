/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws_profile.h"
#include "credentials.h"
#include "log.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* What no message may show. */
#define GEHEIM "GEHEIM/wJalr+K7MDENG="

static const char *const variables[] = {
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",       "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_PROFILE",       "AWS_DEFAULT_PROFILE",         "AWS_CONFIG_FILE",   "CREDENTIALS_DIRECTORY",
	"AWS_REGION",        "AWS_SHARED_CREDENTIALS_FILE",
};

static struct scratch scratch;

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++)
		(void)unsetenv(variables[i]);
	log_open("test", LOG_LEVEL_ERROR);
	scratch_make(&scratch);
	(void)scratch_folder(&scratch, ".aws");
	assert_int_equal(setenv("HOME", scratch.folder, 1), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&scratch);
	return 0;
}

static void put_env(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

/* A configuration with these members; text stays the caller's. */
static struct config config_of(char *id, char *secret, char *token, char *profile)
{
	return (struct config){
		.access_key_id = id, .secret_access_key = secret, .session_token = token, .profile = profile
	};
}

static void expect_found(const struct config *config, const char *id, const char *secret, const char *token,
			 const char *source)
{
	struct credentials credentials;
	struct err err;

	if (credentials_load(&credentials, config, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(credentials.access_key_id, id);
	assert_string_equal(credentials.secret_access_key, secret);
	if (token)
		assert_string_equal(credentials.session_token, token);
	else
		assert_null(credentials.session_token);
	assert_non_null(strstr(credentials.source, source));
	assert_null(strstr(credentials.source, "GEHEIM"));
	credentials_finish(&credentials);
	assert_null(credentials.secret_access_key);
	credentials_finish(&credentials);
}

/* `message` and `hint`: parts of them, where "%" stands for the test's folder at the beginning. */
static void expect_error(const struct config *config, const char *message, const char *hint)
{
	struct credentials credentials;
	struct err err;

	assert_int_equal(credentials_load(&credentials, config, &err), -1);
	assert_int_equal(err.code, ERR_CREDENTIALS);
	if (!strstr(err.message, message))
		fail_msg("\"%s\" is not in \"%s\"", message, err.message);
	if (!strstr(err.hint, hint))
		fail_msg("\"%s\" is not in \"%s\"", hint, err.hint);
	assert_null(strstr(err.message, "GEHEIM"));
	assert_null(strstr(err.hint, "GEHEIM"));
	assert_null(credentials.access_key_id);
	assert_int_equal(credentials_load(&credentials, config, NULL), -1);
}

static const struct config nothing;

static void test_nothing_anywhere(void **state)
{
	char message[500];

	(void)state;
	(void)snprintf(message, sizeof(message),
		       "there are no AWS keys in any of: [aws] of the configuration, $CREDENTIALS_DIRECTORY (not set), "
		       "AWS_ACCESS_KEY_ID (not set), %s/.aws/credentials (no such file), %s/.aws/config (no such file)",
		       scratch.folder, scratch.folder);
	expect_error(&nothing, message,
		     "put them into ~/.aws/credentials with \"aws configure\"; see CREDENTIALS in ngmt.conf(5)");
}

static void test_order(void **state)
{
	char id[] = "AKIDCONF", secret[] = GEHEIM, token[] = "T" GEHEIM, profile[] = "lab";
	struct config full = config_of(id, secret, token, NULL), with_profile = config_of(NULL, NULL, NULL, profile);

	(void)state;
	(void)scratch_write(&scratch, ".aws/config",
			    "[default]\naws_access_key_id = AKIDFILE2\naws_secret_access_key = 2" GEHEIM "\n"
			    "[profile lab]\naws_access_key_id = AKIDLAB\naws_secret_access_key = L" GEHEIM "\n");
	expect_found(&nothing, "AKIDFILE2", "2" GEHEIM, NULL, "profile \"default\" of ");
	(void)scratch_write(&scratch, ".aws/credentials",
			    "[default]\naws_access_key_id = AKIDFILE1\naws_secret_access_key = 1" GEHEIM "\n");
	expect_found(&nothing, "AKIDFILE1", "1" GEHEIM, NULL, "/.aws/credentials");
	put_env("AWS_ACCESS_KEY_ID", "AKIDENV");
	put_env("AWS_SECRET_ACCESS_KEY", "E" GEHEIM);
	expect_found(&nothing, "AKIDENV", "E" GEHEIM, NULL, "environment variables");
	put_env("AWS_SECURITY_TOKEN", "OLD");
	expect_found(&nothing, "AKIDENV", "E" GEHEIM, "OLD", "environment variables");
	put_env("AWS_SESSION_TOKEN", "NEW");
	expect_found(&nothing, "AKIDENV", "E" GEHEIM, "NEW", "environment variables");
	/* a profile in the configuration goes before the environment's keys, AWS_PROFILE does not */
	expect_found(&with_profile, "AKIDLAB", "L" GEHEIM, NULL, "profile \"lab\" of ");
	put_env("AWS_PROFILE", "lab");
	expect_found(&nothing, "AKIDENV", "E" GEHEIM, "NEW", "environment variables");
	(void)scratch_folder(&scratch, "systemd");
	put_env("CREDENTIALS_DIRECTORY", scratch.path);
	expect_found(&nothing, "AKIDENV", "E" GEHEIM, "NEW", "environment variables");
	(void)scratch_write(&scratch, "systemd/access_key_id", "  AKIDSYSTEMD\r\n");
	(void)scratch_write(&scratch, "systemd/secret_access_key", "S" GEHEIM "\n");
	expect_found(&nothing, "AKIDSYSTEMD", "S" GEHEIM, NULL, "files in ");
	(void)scratch_write(&scratch, "systemd/session_token", "ST");
	expect_found(&nothing, "AKIDSYSTEMD", "S" GEHEIM, "ST", "files in ");
	expect_found(&full, "AKIDCONF", GEHEIM, "T" GEHEIM, "the configuration");
}

static void test_profile_names(void **state)
{
	char chosen[] = "c";
	struct config config = config_of(NULL, NULL, NULL, chosen);

	(void)state;
	(void)scratch_write(&scratch, ".aws/credentials",
			    "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = a\n"
			    "[b]\naws_access_key_id = AKIDB\naws_secret_access_key = b\n"
			    "[c]\naws_access_key_id = AKIDC\naws_secret_access_key = c\n");
	put_env("AWS_DEFAULT_PROFILE", "a");
	expect_found(&nothing, "AKIDA", "a", NULL, "profile \"a\"");
	put_env("AWS_PROFILE", "b");
	expect_found(&nothing, "AKIDB", "b", NULL, "profile \"b\"");
	expect_found(&config, "AKIDC", "c", NULL, "profile \"c\"");
	put_env("AWS_PROFILE", "");
	expect_found(&nothing, "AKIDA", "a", NULL, "profile \"a\"");
}

/* Of each file: which of its profiles "lab" is, and what AWS's dialect allows around it. */
static const struct {
	const char *file;
	const char *text;
	const char *id; /* NULL: not found */
	const char *secret;
	const char *token;
} dialect[] = {
	{ "credentials", "[lab]\naws_access_key_id=AKIDX\naws_secret_access_key=" GEHEIM "\n", "AKIDX", GEHEIM, NULL },
	{ "credentials", "[ lab ]\r\n  aws_access_key_id = AKIDX # mine\r\n  aws_secret_access_key = " GEHEIM
	  " ; c\r\n",
	  "AKIDX", GEHEIM, NULL },
	{ "credentials", "[lab]\nAWS_Access_Key_Id = AKIDX\naws_secret_access_key = a#b;c\naws_session_token = T/+==\n",
	  "AKIDX", "a#b;c", "T/+==" },
	{ "credentials", "[other]\naws_access_key_id = A\n[lab]\naws_access_key_id = AKIDX\naws_secret_access_key = s",
	  "AKIDX", "s", NULL },
	{ "credentials",
	  "[lab]\ns3 =\n  aws_access_key_id = AKIDNESTED\n\taws_secret_access_key = n\n"
	  "aws_access_key_id = AKIDX\naws_secret_access_key = s\n",
	  "AKIDX", "s", NULL },
	{ "credentials", "[profile lab]\naws_access_key_id = AKIDX\naws_secret_access_key = s\n", NULL, NULL, NULL },
	{ "config", "[profile lab]\naws_access_key_id = AKIDX\naws_secret_access_key = s\nregion = eu-west-1\n",
	  "AKIDX", "s", NULL },
	{ "config", "[profile \"lab\"]\naws_access_key_id = AKIDX\naws_secret_access_key = s\n", "AKIDX", "s", NULL },
	{ "config", "[profile   lab]\naws_access_key_id = AKIDX\naws_secret_access_key = s\n", "AKIDX", "s", NULL },
	{ "config", "[lab]\naws_access_key_id = AKIDX\naws_secret_access_key = s\n", NULL, NULL, NULL },
	{ "config", "[profilelab]\naws_access_key_id = AKIDX\naws_secret_access_key = s\n", NULL, NULL, NULL },
	{ "config", "[profile]\naws_access_key_id = AKIDX\naws_secret_access_key = s\n", NULL, NULL, NULL },
	{ "config", "[sso-session lab]\naws_access_key_id = AKIDX\naws_secret_access_key = s\n", NULL, NULL, NULL },
	{ "credentials", "[lab]\naws_access_key_id =\naws_secret_access_key =\n", NULL, NULL, NULL },
};

static void test_dialect(void **state)
{
	char profile[] = "lab", name[40];
	struct config config = config_of(NULL, NULL, NULL, profile);

	(void)state;
	for (size_t i = 0; i < COUNT(dialect); i++) {
		(void)snprintf(name, sizeof(name), ".aws/%s", dialect[i].file);
		(void)scratch_write(&scratch, name, dialect[i].text);
		if (dialect[i].id)
			expect_found(&config, dialect[i].id, dialect[i].secret, dialect[i].token, "profile \"lab\"");
		else
			expect_error(&config, "there are no AWS keys in any of", "");
		assert_int_equal(unlink(scratch.path), 0);
	}
}

static void test_long_token(void **state)
{
	char token[4097], text[5000];

	(void)state;
	memset(token, 'T', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	(void)snprintf(text, sizeof(text), "[default]\naws_access_key_id = A\naws_session_token = %s\n"
					   "aws_secret_access_key = s\n", token);
	(void)scratch_write(&scratch, ".aws/credentials", text);
	expect_found(&nothing, "A", "s", token, "profile \"default\"");
}

static void test_other_files(void **state)
{
	char path[300];

	(void)state;
	(void)scratch_write(&scratch, "mine", "[default]\naws_access_key_id = AKIDM\naws_secret_access_key = m\n");
	put_env("AWS_SHARED_CREDENTIALS_FILE", scratch.path);
	expect_found(&nothing, "AKIDM", "m", NULL, "/mine");
	put_env("AWS_SHARED_CREDENTIALS_FILE", "~/mine");
	expect_found(&nothing, "AKIDM", "m", NULL, "/mine");
	(void)snprintf(path, sizeof(path), "%s/none", scratch.folder);
	put_env("AWS_SHARED_CREDENTIALS_FILE", path);
	put_env("AWS_CONFIG_FILE", "~/mine");
	expect_found(&nothing, "AKIDM", "m", NULL, "/mine");
}

static const struct {
	const char *text; /* of ~/.aws/credentials */
	const char *message;
	const char *hint;
} bad_files[] = {
	{ "[default]\naws_access_key_id = A\n", "credentials: there is an access key id without a secret access key",
	  "give both or none there" },
	{ "[default]\naws_secret_access_key = " GEHEIM "\n",
	  "credentials: there is a secret access key without an access key id", "give both or none there" },
	{ "[default]\naws_access_key_id = A\naws_secret_access_key = " GEHEIM "\naws_secret_access_key = x\n",
	  "/.aws/credentials: line 4: \"aws_secret_access_key\" is set twice for the profile \"default\"",
	  "remove one of them" },
	{ "[default]\naws_access_key_id = A\n[default]\naws_access_key_id = B\n",
	  "line 4: \"aws_access_key_id\" is set twice", "" },
	{ "[default]\naws_access_key_id = A\xff\n", "line 2: invalid UTF-8 at byte 22", "" },
	{ "[default]\naws_access_key_id = A/B\naws_secret_access_key = " GEHEIM "\n",
	  "the access key id has a character that no key has", "" },
	{ "[default]\naws_access_key_id = A\naws_secret_access_key = GEHEIM \xc3\xbc\n",
	  "the secret access key has a character that no key has", "" },
	{ "[default]\naws_access_key_id = A\naws_secret_access_key = s\naws_session_token = GEHEIM x\n",
	  "the session token has a character that no key has", "" },
	{ "[default]\nrole_arn = arn:x\naws_access_key_id = A\naws_secret_access_key = s\n",
	  "the profile \"default\" gets its keys by \"role_arn\", which ngmtd does not do",
	  "run \"eval $(aws configure export-credentials --profile default --format env)\"" },
	{ "[default]\nsso_session = x\n", "gets its keys by \"sso_session\"", "" },
	{ "[default]\nsso_start_url = https://x\n", "gets its keys by \"sso_start_url\"", "" },
	{ "[default]\ncredential_process = /bin/x " GEHEIM "\n", "gets its keys by \"credential_process\"", "" },
	{ "[default]\nweb_identity_token_file = /x\n", "gets its keys by \"web_identity_token_file\"", "" },
	{ "[default]\nregion = us-east-1\n", "/.aws/credentials (no keys in the profile)", "" },
	{ "[lab]\naws_access_key_id = A\naws_secret_access_key = s\n", "/.aws/credentials (no such profile)",
	  "put them into" },
};

static void test_bad_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_files); i++) {
		(void)scratch_write(&scratch, ".aws/credentials", bad_files[i].text);
		expect_error(&nothing, bad_files[i].message, bad_files[i].hint);
	}
}

static void test_role_in_the_other_file(void **state)
{
	char profile[] = "default";
	struct config config = config_of(NULL, NULL, NULL, profile);

	(void)state;
	(void)scratch_write(&scratch, ".aws/credentials",
			    "[default]\naws_access_key_id = A\naws_secret_access_key = s\n");
	(void)scratch_write(&scratch, ".aws/config", "[default]\ncredential_process = x\nsso_session = y\n");
	expect_found(&nothing, "A", "s", NULL, "/.aws/credentials");
	(void)scratch_write(&scratch, ".aws/config", "[default]\nrole_arn = x\n");
	expect_error(&nothing, "gets its keys by \"role_arn\"", "start ngmtd from the same shell");
	expect_error(&config, "gets its keys by \"role_arn\"", ", without \"profile\" in the configuration");
}

static void test_profile_that_does_not_exist(void **state)
{
	char profile[] = "labb";
	struct config config = config_of(NULL, NULL, NULL, profile);

	(void)state;
	(void)scratch_write(&scratch, ".aws/config", "[profile home]\n[profile lab]\nregion = x\n");
	put_env("AWS_ACCESS_KEY_ID", "AKIDENV");
	put_env("AWS_SECRET_ACCESS_KEY", GEHEIM);
	expect_error(&config, "AWS_ACCESS_KEY_ID (passed over: the configuration names a profile)",
		     "there is no profile \"labb\"; did you mean \"lab\"?");
}

static void test_half_pairs_of_the_environment(void **state)
{
	(void)state;
	put_env("AWS_ACCESS_KEY_ID", "A");
	expect_error(&nothing, "environment variables: there is an access key id without a secret access key", "");
	put_env("AWS_ACCESS_KEY_ID", "");
	put_env("AWS_SECRET_ACCESS_KEY", GEHEIM);
	expect_error(&nothing, "environment variables: there is a secret access key without an access key id", "");
	put_env("AWS_ACCESS_KEY_ID", "A\r\nx-header: 1");
	expect_error(&nothing, "environment variables: the access key id has a character that no key has", "");
}

static void test_systemd_folder(void **state)
{
	char long_key[33000];

	(void)state;
	(void)scratch_folder(&scratch, "systemd");
	put_env("CREDENTIALS_DIRECTORY", scratch.path);
	expect_error(&nothing, "access_key_id in ", "");
	(void)scratch_write(&scratch, "systemd/access_key_id", "A");
	expect_error(&nothing, "there is an access key id without a secret access key", "");
	(void)scratch_write(&scratch, "systemd/secret_access_key", " \n");
	expect_error(&nothing, "/secret_access_key\" is empty or has a NUL byte in it", "");
	(void)scratch_write_bytes(&scratch, "systemd/secret_access_key", "GEHEIM\0x", 8);
	expect_error(&nothing, "/secret_access_key\" is empty or has a NUL byte in it", "");
	memset(long_key, 'x', sizeof(long_key));
	(void)scratch_write_bytes(&scratch, "systemd/secret_access_key", long_key, 257);
	expect_error(&nothing, "the secret access key has more than 256 characters", "");
	(void)scratch_write_bytes(&scratch, "systemd/secret_access_key", long_key, sizeof(long_key));
	expect_error(&nothing, "/secret_access_key\" is too long for a key", "");
	assert_int_equal(unlink(scratch.path), 0);
	(void)scratch_folder(&scratch, "systemd/secret_access_key");
	expect_error(&nothing, "cannot read \"", "");
}

static void test_shared_file_that_is_a_folder(void **state)
{
	(void)state;
	(void)scratch_folder(&scratch, ".aws/credentials");
	expect_error(&nothing, "/.aws/credentials\" is a directory, not a file", "");
}

/* The parser by itself: what a profile holds, and nothing of any other. */
static void test_profile(void **state)
{
	struct aws_profile profile;
	struct err err;
	const char *path;

	(void)state;
	path = scratch_write(&scratch, "x",
			     "[default]\nregion = us-west-2\n[profile a]\nregion=eu-west-1\nrole_arn = "
			     "arn:aws:iam::1:role/x\n");
	assert_int_equal(aws_profile_read(&profile, path, AWS_CONFIG_FILE, "default", &err), 0);
	assert_true(profile.exists);
	assert_string_equal(profile.settings[AWS_REGION], "us-west-2");
	assert_null(profile.settings[AWS_ROLE_ARN]);
	aws_profile_finish(&profile);
	assert_int_equal(aws_profile_read(&profile, path, AWS_CONFIG_FILE, "a", &err), 0);
	assert_string_equal(profile.settings[AWS_ROLE_ARN], "arn:aws:iam::1:role/x");
	aws_profile_finish(&profile);
	assert_int_equal(aws_profile_read(&profile, path, AWS_CONFIG_FILE, "defaultt", &err), 0);
	assert_false(profile.exists);
	assert_string_equal(profile.similar, "default");
	aws_profile_finish(&profile);
	assert_string_equal(aws_setting_name(AWS_SSO_SESSION), "sso_session");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_anywhere),
		TEST(test_order),
		TEST(test_profile_names),
		TEST(test_dialect),
		TEST(test_long_token),
		TEST(test_other_files),
		TEST(test_bad_files),
		TEST(test_role_in_the_other_file),
		TEST(test_profile_that_does_not_exist),
		TEST(test_half_pairs_of_the_environment),
		TEST(test_systemd_folder),
		TEST(test_shared_file_that_is_a_folder),
		TEST(test_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
