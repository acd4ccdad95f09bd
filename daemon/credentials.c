/* SPDX-License-Identifier: MIT */
#include "credentials.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws_profile.h"
#include "default_path.h"
#include "digest.h"
#include "log.h"

#define ACCESS_KEY_ID_MAX 128
#define SECRET_MAX 256
#define TOKEN_MAX 32768
#define PLACES_MAX 480
#define REGION "us-east-1"

enum answer { BROKEN = -1, ABSENT = 0, FOUND = 1 };

/* Three keys from one place; borrowed or owned, as the place has it. */
struct keys {
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;
};

struct search {
	struct credentials *out;
	const struct config *config;
	char places[PLACES_MAX]; /* where nothing was found, for people */
	char hint[200];
	struct err *err;
};

static void add_place(struct search *search, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_place(struct search *search, const char *format, ...)
{
	size_t len = strlen(search->places);
	va_list args;

	if (len > 0 && len + 3 < sizeof(search->places)) {
		memcpy(search->places + len, ", ", 3);
		len += 2;
	}
	va_start(args, format);
	(void)vsnprintf(search->places + len, sizeof(search->places) - len, format, args);
	va_end(args);
}

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

static void forget(char *secret)
{
	if (secret)
		digest_forget(secret, strlen(secret));
	free(secret);
}

/* Keys go into headers of HTTP; the id also stands between "/" and "," in one of them. */
static int check_key(const char *what, const char *text, size_t max, const char *forbidden, struct err *err)
{
	if (!text)
		return 0;
	if (strlen(text) > max)
		return err_set(err, ERR_CREDENTIALS, "the %s has more than %zu characters", what, max);
	for (const char *p = text; *p; p++)
		if (!isgraph((unsigned char)*p) || strchr(forbidden, *p))
			return err_set(err, ERR_CREDENTIALS, "the %s has a character that no key has", what);
	return 0;
}

/* Both, or none: half a pair is somebody's mistake, and going on would look for another account. */
static enum answer judge(const struct keys *keys, const char *place, struct err *err)
{
	if (!keys->access_key_id && !keys->secret_access_key)
		return ABSENT;
	if (!keys->secret_access_key || !keys->access_key_id) {
		(void)err_set(err, ERR_CREDENTIALS, "%s: there is %s without %s", place,
			      keys->access_key_id ? "an access key id" : "a secret access key",
			      keys->access_key_id ? "a secret access key" : "an access key id");
		(void)err_hint(err, "give both or none there");
		return BROKEN;
	}
	if (check_key("access key id", keys->access_key_id, ACCESS_KEY_ID_MAX, "/,=;", err) < 0 ||
	    check_key("secret access key", keys->secret_access_key, SECRET_MAX, "", err) < 0 ||
	    check_key("session token", keys->session_token, TOKEN_MAX, "", err) < 0) {
		(void)err_prefix(err, "%s", place);
		return BROKEN;
	}
	return FOUND;
}

static enum answer take(struct search *search, const struct keys *keys, const char *place)
{
	struct credentials *out = search->out;
	enum answer answer = judge(keys, place, search->err);

	if (answer != FOUND || !keys->access_key_id || !keys->secret_access_key)
		return answer;
	out->access_key_id = strdup(keys->access_key_id);
	out->secret_access_key = strdup(keys->secret_access_key);
	out->session_token = keys->session_token ? strdup(keys->session_token) : NULL;
	(void)snprintf(out->source, sizeof(out->source), "%s", place);
	if (out->access_key_id && out->secret_access_key && (out->session_token || !keys->session_token))
		return FOUND;
	(void)err_set(search->err, ERR_INTERNAL, "out of memory");
	return BROKEN;
}

static enum answer from_configuration(struct search *search)
{
	const struct config *config = search->config;
	struct keys keys = { config->access_key_id, config->secret_access_key, config->session_token };
	enum answer answer = take(search, &keys, "the configuration");

	if (answer == ABSENT)
		add_place(search, "[aws] of the configuration");
	return answer;
}

static int read_bytes(int fd, char *bytes, size_t size, size_t *len)
{
	ssize_t n = 1;

	*len = 0;
	while (*len < size && n != 0) {
		n = read(fd, bytes + *len, size - *len);
		if (n < 0 && errno != EINTR)
			return -1;
		*len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	return 0;
}

/* Cuts blanks and line ends around the text. A NUL byte ends it too early, which `len` tells. */
static char *trimmed(const char *bytes, size_t len)
{
	while (len > 0 && isspace((unsigned char)bytes[len - 1]))
		len--;
	while (len > 0 && isspace((unsigned char)*bytes)) {
		bytes++;
		len--;
	}
	return len > 0 && !memchr(bytes, '\0', len) ? strndup(bytes, len) : NULL;
}

/* Reads one secret from its file. No such file: *out stays NULL. */
static int read_secret(const char *folder, const char *name, char **out, struct err *err)
{
	char bytes[TOKEN_MAX + 2], *path = NULL;
	size_t len = 0;
	int fd, result = -1;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		free(path);
		return 0;
	}
	if (fd < 0 || read_bytes(fd, bytes, sizeof(bytes), &len) < 0)
		(void)err_set(err, ERR_CREDENTIALS, "cannot read \"%s\": %s", path, strerror(errno));
	else if (len == sizeof(bytes))
		(void)err_set(err, ERR_CREDENTIALS, "\"%s\" is too long for a key", path);
	else if ((*out = trimmed(bytes, len)))
		result = 0;
	else
		(void)err_set(err, ERR_CREDENTIALS, "\"%s\" is empty or has a NUL byte in it", path);
	digest_forget(bytes, len);
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return result;
}

static enum answer from_directory(struct search *search)
{
	const char *folder = env("CREDENTIALS_DIRECTORY");
	char *id = NULL, *secret = NULL, *token = NULL, place[sizeof(search->out->source)];
	enum answer answer = BROKEN;

	if (!folder) {
		add_place(search, "$CREDENTIALS_DIRECTORY (not set)");
		return ABSENT;
	}
	(void)snprintf(place, sizeof(place), "files in %s", folder);
	if (read_secret(folder, "access_key_id", &id, search->err) == 0 &&
	    read_secret(folder, "secret_access_key", &secret, search->err) == 0 &&
	    read_secret(folder, "session_token", &token, search->err) == 0)
		answer = take(search, &(struct keys){ id, secret, token }, place);
	if (answer == ABSENT)
		add_place(search, "access_key_id in %.100s (no such file)", folder);
	forget(id);
	forget(secret);
	forget(token);
	return answer;
}

static enum answer from_environment(struct search *search)
{
	const char *token = env("AWS_SESSION_TOKEN");
	struct keys keys = { env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY"),
			     token ? token : env("AWS_SECURITY_TOKEN") };
	enum answer answer;

	if (search->config->profile) {
		add_place(search, "AWS_ACCESS_KEY_ID (passed over: the configuration names a profile)");
		return ABSENT;
	}
	answer = take(search, &keys, "environment variables");
	if (answer == ABSENT)
		add_place(search, "AWS_ACCESS_KEY_ID (not set)");
	return answer;
}

/* The path of a shared file; "~/" is expanded as AWS's programs do. NULL if there is no home folder to look in. */
static char *shared_path(const char *variable, const char *standard)
{
	const char *path = env(variable);
	char *home, *full = NULL;

	if (!path)
		path = standard;
	if (strncmp(path, "~/", 2) != 0)
		return strdup(path);
	home = default_path_home();
	if (home && asprintf(&full, "%s%s", home, path + 1) < 0)
		full = NULL;
	free(home);
	return full;
}

static const char *profile_name(const struct config *config)
{
	const char *name = config->profile ? config->profile : env("AWS_PROFILE");

	if (!name)
		name = env("AWS_DEFAULT_PROFILE");
	return name ? name : "default";
}

struct shared {
	const char *name; /* of the profile */
	const char *paths[2];
	struct aws_profile profiles[2]; /* by enum aws_file */
	const char *states[2];          /* why there is nothing: "no such file" */
};

static int read_shared(struct shared *shared, enum aws_file file, struct err *err)
{
	struct err why;

	shared->states[file] = "no such file";
	if (!shared->paths[file])
		return 0;
	if (aws_profile_read(&shared->profiles[file], shared->paths[file], file, shared->name, &why) == 0) {
		shared->states[file] = shared->profiles[file].exists ? "no keys in the profile" : "no such profile";
		return 0;
	}
	if (why.code == ERR_NOT_FOUND)
		return 0;
	if (why.code == ERR_NOT_AUTHORISED) {
		shared->states[file] = "may not be read";
		return 0;
	}
	if (err) {
		*err = why;
		err->code = ERR_CREDENTIALS;
	}
	return -1;
}

static const char *setting_of(const struct shared *shared, enum aws_setting setting)
{
	const char *first = shared->profiles[AWS_CREDENTIALS_FILE].settings[setting];

	return first ? first : shared->profiles[AWS_CONFIG_FILE].settings[setting];
}

/* botocore assumes a role even if the profile has keys of its own; with those alone we would act as somebody else. */
static enum answer refuse_setting(const struct search *search, const struct shared *shared, enum aws_setting setting)
{
	(void)err_set(search->err, ERR_CREDENTIALS,
		      "the profile \"%.60s\" gets its keys by \"%s\", which ngmtd does not do", shared->name,
		      aws_setting_name(setting));
	(void)err_hint(search->err,
		       "run \"eval $(aws configure export-credentials --profile %.60s --format env)\" and start ngmtd "
		       "from the same shell%s",
		       shared->name, search->config->profile ? ", without \"profile\" in the configuration" : "");
	return BROKEN;
}

static enum answer take_shared(struct search *search, const struct shared *shared, enum aws_file file)
{
	char *const *settings = shared->profiles[file].settings;
	struct keys keys = { settings[AWS_ACCESS_KEY_ID], settings[AWS_SECRET_ACCESS_KEY],
			     settings[AWS_SESSION_TOKEN] };
	char place[sizeof(search->out->source)];
	enum answer answer;

	(void)snprintf(place, sizeof(place), "profile \"%.60s\" of %s", shared->name,
		       shared->paths[file] ? shared->paths[file] : "");
	answer = take(search, &keys, place);
	if (answer == ABSENT && shared->paths[file])
		add_place(search, "%.100s (%s)", shared->paths[file], shared->states[file]);
	return answer;
}

static void note_region(const struct shared *shared)
{
	const char *region = setting_of(shared, AWS_REGION);

	if (region && strcmp(region, REGION) != 0)
		log_info("region %.40s of the profile \"%.60s\" is ignored: MTurk exists only in " REGION, region,
			 shared->name);
}

/* What to do next if the profile has no keys, or does not exist. */
static void advise(struct search *search, const struct shared *shared)
{
	const struct aws_profile *first = &shared->profiles[AWS_CREDENTIALS_FILE];
	const struct aws_profile *second = &shared->profiles[AWS_CONFIG_FILE];
	const char *similar = first->similar[0] ? first->similar : second->similar;

	if (!first->exists && !second->exists && similar[0] && strcmp(shared->name, "default") != 0)
		(void)snprintf(search->hint, sizeof(search->hint),
			       "there is no profile \"%.60s\"; did you mean \"%s\"?", shared->name, similar);
}

static enum answer choose_shared(struct search *search, const struct shared *shared)
{
	static const enum aws_setting unsupported[] = { AWS_WEB_IDENTITY_TOKEN_FILE, AWS_SSO_SESSION,
							AWS_SSO_START_URL, AWS_CREDENTIAL_PROCESS };
	enum answer answer;

	if (setting_of(shared, AWS_ROLE_ARN))
		return refuse_setting(search, shared, AWS_ROLE_ARN);
	answer = take_shared(search, shared, AWS_CREDENTIALS_FILE);
	if (answer == ABSENT)
		answer = take_shared(search, shared, AWS_CONFIG_FILE);
	for (size_t i = 0; answer == ABSENT && i < sizeof(unsupported) / sizeof(unsupported[0]); i++)
		if (setting_of(shared, unsupported[i]))
			return refuse_setting(search, shared, unsupported[i]);
	if (answer == FOUND)
		note_region(shared);
	else if (answer == ABSENT)
		advise(search, shared);
	return answer;
}

static enum answer from_shared_files(struct search *search)
{
	char *credentials = shared_path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
	char *config = shared_path("AWS_CONFIG_FILE", "~/.aws/config");
	struct shared shared = {
		.name = profile_name(search->config),
		.paths = { [AWS_CREDENTIALS_FILE] = credentials, [AWS_CONFIG_FILE] = config },
	};
	enum answer answer = BROKEN;

	if (read_shared(&shared, AWS_CREDENTIALS_FILE, search->err) == 0 &&
	    read_shared(&shared, AWS_CONFIG_FILE, search->err) == 0)
		answer = choose_shared(search, &shared);
	aws_profile_finish(&shared.profiles[AWS_CREDENTIALS_FILE]);
	aws_profile_finish(&shared.profiles[AWS_CONFIG_FILE]);
	free(credentials);
	free(config);
	return answer;
}

int credentials_load(struct credentials *out, const struct config *config, struct err *err)
{
	static enum answer (*const places[])(struct search *) = { from_configuration, from_directory, from_environment,
								   from_shared_files };
	struct search search = { .out = out, .config = config, .err = err };
	enum answer answer = ABSENT;

	*out = (struct credentials){ 0 };
	for (size_t i = 0; answer == ABSENT && i < sizeof(places) / sizeof(places[0]); i++)
		answer = places[i](&search);
	if (answer == FOUND)
		return 0;
	credentials_finish(out);
	if (answer == BROKEN)
		return -1;
	(void)err_set(err, ERR_CREDENTIALS, "there are no AWS keys in any of: %s", search.places);
	return err_hint(err, "%s",
			search.hint[0] ? search.hint
				       : "put them into ~/.aws/credentials with \"aws configure\"; see CREDENTIALS in "
					 "ngmt.conf(5)");
}

void credentials_finish(struct credentials *credentials)
{
	forget(credentials->access_key_id);
	forget(credentials->secret_access_key);
	forget(credentials->session_token);
	*credentials = (struct credentials){ 0 };
}
