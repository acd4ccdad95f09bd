/* SPDX-License-Identifier: MIT */
#include "aws_profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "digest.h"
#include "ini_file.h"
#include "suggest.h"

static const char *const names[AWS_SETTINGS] = {
	[AWS_ACCESS_KEY_ID] = "aws_access_key_id",
	[AWS_SECRET_ACCESS_KEY] = "aws_secret_access_key",
	[AWS_SESSION_TOKEN] = "aws_session_token",
	[AWS_REGION] = "region",
	[AWS_CREDENTIAL_PROCESS] = "credential_process",
	[AWS_SSO_SESSION] = "sso_session",
	[AWS_SSO_START_URL] = "sso_start_url",
	[AWS_ROLE_ARN] = "role_arn",
	[AWS_WEB_IDENTITY_TOKEN_FILE] = "web_identity_token_file",
};

struct search {
	struct aws_profile *profile;
	enum aws_file file;
	const char *name;
	bool is_inside;
	bool is_seen[AWS_SETTINGS];
	struct suggest near;
	struct err *err;
	bool has_problem; /* the first one is in `err` */
};

static void forget(char *text)
{
	if (text)
		digest_forget(text, strlen(text));
	free(text);
}

static void on_problem(void *arg, unsigned line, const struct err *problem)
{
	struct search *search = arg;

	if (search->has_problem)
		return;
	search->has_problem = true;
	if (!search->err)
		return;
	*search->err = *problem;
	(void)err_prefix(search->err, "line %u", line);
}

/* The profile's name in a heading, cut out of `section`; NULL if the heading is not a profile's. */
static char *profile_of(enum aws_file file, char *section)
{
	size_t len;

	if (file == AWS_CREDENTIALS_FILE || strcmp(section, "default") == 0)
		return section;
	if (strncmp(section, "profile", 7) != 0 || !strchr(" \t", section[7]) || !section[7])
		return NULL;
	section += 7;
	section += strspn(section, " \t");
	len = strlen(section);
	if (len >= 2 && strchr("\"'", section[0]) && section[len - 1] == section[0]) {
		section[len - 1] = '\0';
		section++;
	}
	return section;
}

static void enter(struct search *search, const char *section)
{
	char copy[INI_FILE_SECTION_MAX + 1];
	const char *before = search->near.best;
	const char *name;

	(void)snprintf(copy, sizeof(copy), "%s", section);
	name = profile_of(search->file, copy);
	search->is_inside = name && strcmp(name, search->name) == 0;
	search->profile->exists = search->profile->exists || search->is_inside;
	if (!name)
		return;
	/* The offer is borrowed, and `copy` is not for long. */
	suggest_offer(&search->near, name);
	if (search->near.best != before) {
		(void)snprintf(search->profile->similar, sizeof(search->profile->similar), "%.63s", name);
		search->near.best = search->profile->similar;
	}
}

static void take(struct search *search, enum aws_setting setting, const struct ini_entry *entry)
{
	struct err problem;
	char *copy;

	if (search->is_seen[setting]) {
		(void)err_set(&problem, ERR_FORMAT, "\"%s\" is set twice for the profile \"%.60s\"", names[setting],
			      search->name);
		(void)err_hint(&problem, "remove one of them");
		on_problem(search, entry->line, &problem);
		return;
	}
	search->is_seen[setting] = true;
	if (!entry->value[0])
		return;
	/* Not strdup(): gcc 12's analyser would lose it in the array and call that a leak. */
	if (asprintf(&copy, "%s", entry->value) < 0) {
		(void)err_set(&problem, ERR_INTERNAL, "out of memory");
		on_problem(search, entry->line, &problem);
		return;
	}
	search->profile->settings[setting] = copy;
}

static void on_entry(void *arg, const struct ini_entry *entry)
{
	struct search *search = arg;

	if (!entry->key) {
		enter(search, entry->section);
		return;
	}
	for (size_t i = 0; search->is_inside && i < AWS_SETTINGS; i++)
		if (strcasecmp(names[i], entry->key) == 0)
			take(search, (enum aws_setting)i, entry);
}

int aws_profile_read(struct aws_profile *out, const char *path, enum aws_file file, const char *name, struct err *err)
{
	struct search search = { .profile = out, .file = file, .name = name, .err = err };
	struct ini_listener listener = { on_entry, on_problem, &search };

	*out = (struct aws_profile){ 0 };
	suggest_init(&search.near, name);
	/* The usual way to switch one of AWS's files off. */
	if (strcmp(path, "/dev/null") == 0)
		return err_set(err, ERR_NOT_FOUND, "\"%s\" is empty", path);
	if (ini_file_read(path, INI_DIALECT_AWS, &listener, NULL, err) < 0)
		return -1;
	if (out->exists)
		out->similar[0] = '\0';
	if (!search.has_problem)
		return 0;
	return err_prefix(err, "%s", path);
}

void aws_profile_finish(struct aws_profile *profile)
{
	for (size_t i = 0; i < AWS_SETTINGS; i++) {
		forget(profile->settings[i]);
		profile->settings[i] = NULL;
	}
}

const char *aws_setting_name(enum aws_setting setting)
{
	return names[setting];
}
