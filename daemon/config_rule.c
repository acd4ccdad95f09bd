/* SPDX-License-Identifier: MIT */
#include "config_rule.h"

#include <regex.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "fields.h"
#include "filter.h"
#include "game_entry.h"
#include "money.h"
#include "url.h"

/* A count of repetitions above it makes regcomp() take memory without bound. */
#define REPETITION_DIGITS_MAX 3

static int check_secret(const struct config *config, struct err *err)
{
	if (!config->access_key_id || config->secret_access_key)
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"access_key_id\" is set, and \"secret_access_key\" is not");
	return err_hint(err, "set both, or none and keep the keys outside of this file");
}

static int check_access_key_id(const struct config *config, struct err *err)
{
	if (config->access_key_id || !config->secret_access_key)
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"secret_access_key\" is set, and \"access_key_id\" is not");
	return err_hint(err, "set both, or none and keep the keys outside of this file");
}

static int check_session_token(const struct config *config, struct err *err)
{
	if (!config->session_token || config->access_key_id || config->secret_access_key)
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"session_token\" is set without the keys that it belongs to");
	return err_hint(err, "set access_key_id and secret_access_key too");
}

static int check_region(const struct config *config, struct err *err)
{
	if (!config->region || strcmp(config->region, "us-east-1") == 0)
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"region\" is \"%s\", but MTurk exists only in us-east-1", config->region);
	return err_hint(err, "remove the line");
}

static int check_endpoint(const struct config *config, struct err *err)
{
	struct url url;

	if (!config->endpoint)
		return 0;
	if (url_parse(&url, config->endpoint, err) < 0) {
		if (err)
			err->code = ERR_CONFIG;
		return err_prefix(err, "\"endpoint\"");
	}
	url_finish(&url);
	return 0;
}

static bool repeats_too_much(const char *pattern)
{
	const char *brace = strchr(pattern, '{');
	size_t digits = 0;

	if (!brace)
		return false;
	for (const char *p = brace + 1; *p; p++) {
		digits = *p >= '0' && *p <= '9' ? digits + 1 : 0;
		if (*p == '{' || digits > REPETITION_DIGITS_MAX)
			return true;
	}
	return false;
}

static int check_braces(const char *pattern, struct err *err)
{
	if (!repeats_too_much(pattern))
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"room_pattern\" repeats too much");
	return err_hint(err, "use one pair of braces at most, and no number above 999");
}

static int check_room_pattern(const struct config *config, struct err *err)
{
	char why[120];
	regex_t pattern;
	int result;

	if (!config->room_pattern)
		return 0;
	if (check_braces(config->room_pattern, err) < 0)
		return -1;
	result = regcomp(&pattern, config->room_pattern, REG_EXTENDED | REG_NOSUB);
	if (result == 0) {
		regfree(&pattern);
		return 0;
	}
	(void)regerror(result, &pattern, why, sizeof(why));
	return err_set(err, ERR_CONFIG, "\"room_pattern\" is not a regular expression: %s", why);
}

/* Each bonus needs a sentence, and nobody is there to be asked for it. */
static int refuse_to_pay(const char *whose, struct err *err)
{
	(void)err_set(err, ERR_CONFIG, "%s pays by itself, but there is no \"reason\" under \"[defaults]\"", whose);
	return err_hint(err, "set it to the sentence that each worker gets with a bonus");
}

static int check_policy(const struct config *config, struct err *err)
{
	if (!config->policy || policy_from_name(config->policy) != POLICY_PAY || config->default_reason)
		return 0;
	return refuse_to_pay("\"policy = pay\"", err);
}

static int check_games(const struct config *config, struct err *err)
{
	for (size_t i = 0; !config->default_reason && i < config->games.count; i++) {
		struct game_entry entry;
		int result = 0;

		if (game_entry_read(&entry, config->games.items[i], err) < 0)
			return -1;
		if (entry.has_policy && entry.policy == POLICY_PAY) {
			char whose[140];

			(void)snprintf(whose, sizeof(whose), "game \"%.100s\"", entry.place);
			result = refuse_to_pay(whose, err);
		}
		game_entry_finish(&entry);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int check_filter(const struct config *config, struct err *err)
{
	struct filter *filter;

	if (!config->filter)
		return 0;
	filter = filter_new(config->filter, err);
	if (!filter)
		return err_prefix(err, "\"filter\"");
	filter_free(filter);
	return 0;
}

static int check_columns(const struct config *config, struct err *err)
{
	struct field_names names;

	if (!config->columns)
		return 0;
	config_field_names(config, &names);
	return field_map_check_columns(&names, config->columns, err);
}

static int check_bonuses(const struct config *config, struct err *err)
{
	char least[MONEY_TEXT_MAX], most[MONEY_TEXT_MAX];

	if (config->min_bonus_cents <= config->max_bonus_cents)
		return 0;
	return err_set(err, ERR_CONFIG, "\"min_bonus\" (%s) is above \"max_bonus\" (%s)",
		       money_format(config->min_bonus_cents, least), money_format(config->max_bonus_cents, most));
}

static int check_id(const char *key, const char *id, struct err *err)
{
	if (!id || id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0')
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"%s\" is not an id", key);
	return err_hint(err, "MTurk's ids are capital letters and digits");
}

static int check_hit(const struct config *config, struct err *err)
{
	return check_id("hit_id", config->default_hit_id, err);
}

static int check_qualification(const struct config *config, struct err *err)
{
	return check_id("qualification_type_id", config->default_qualification_type_id, err);
}

static int check_socket(const struct config *config, struct err *err)
{
	size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (!config->socket_path || strlen(config->socket_path) <= room)
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"socket\" has %zu bytes, and a socket's path has at most %zu",
		      strlen(config->socket_path), room);
	return err_hint(err, "choose a shorter path under \"[control]\", such as one in /run");
}

static const struct config_rule rules[] = {
	{ "aws", "access_key_id", "secret_access_key", check_secret },
	{ "aws", "secret_access_key", "access_key_id", check_access_key_id },
	{ "aws", "session_token", NULL, check_session_token },
	{ "aws", "region", NULL, check_region },
	{ "aws", "endpoint", NULL, check_endpoint },
	{ "nodegame", "room_pattern", NULL, check_room_pattern },
	{ "nodegame", "policy", NULL, check_policy },
	{ "nodegame", "game", NULL, check_games },
	{ "import", "filter", NULL, check_filter },
	{ "import", "columns", NULL, check_columns },
	{ "limits", "min_bonus", "max_bonus", check_bonuses },
	{ "defaults", "hit_id", NULL, check_hit },
	{ "defaults", "qualification_type_id", NULL, check_qualification },
	{ "control", "socket", NULL, check_socket },
};

size_t config_rule_count(void)
{
	return sizeof(rules) / sizeof(rules[0]);
}

const struct config_rule *config_rule_at(size_t index)
{
	return &rules[index];
}
