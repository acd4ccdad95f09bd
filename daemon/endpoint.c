/* SPDX-License-Identifier: MIT */
#include "endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "url.h"

#define REGION "us-east-1"
#define AMAZON ".amazonaws.com"

static const char *const environment_names[] = {
	[ENVIRONMENT_SANDBOX] = "sandbox",
	[ENVIRONMENT_LIVE] = "live",
	[ENVIRONMENT_REHEARSAL] = "rehearsal",
};

static const struct {
	const char *host;
	enum environment environment;
} amazons[] = {
	{ "mturk-requester-sandbox." REGION AMAZON, ENVIRONMENT_SANDBOX },
	{ "mturk-requester." REGION AMAZON, ENVIRONMENT_LIVE },
};

const char *environment_name(enum environment environment)
{
	return environment_names[environment];
}

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* What the operator chose, and where; NULL: one of Amazon's two. */
static const char *chosen_url(const struct config *config, const char **from)
{
	static const char *const variables[] = { "AWS_ENDPOINT_URL_MTURK", "AWS_ENDPOINT_URL" };
	const char *ignore = env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	const char *url = NULL;

	*from = "endpoint";
	if (config->endpoint)
		return config->endpoint;
	if (ignore && strcasecmp(ignore, "true") == 0)
		return NULL;
	for (size_t i = 0; !url && i < sizeof(variables) / sizeof(variables[0]); i++) {
		*from = variables[i];
		url = env(variables[i]);
	}
	return url;
}

static void note_other_region(void)
{
	static const char *const variables[] = { "AWS_REGION", "AWS_DEFAULT_REGION" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *region = env(variables[i]);

		if (region && strcmp(region, REGION) != 0)
			log_info("%s=%.40s is ignored: MTurk exists only in " REGION, variables[i], region);
	}
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), len = strlen(end);

	return n >= len && strcmp(text + n - len, end) == 0;
}

/* Sets the environment from the host. What looks like Amazon's MTurk must be it exactly: taken for a rehearsal it would
 * pay. */
static int classify(struct endpoint *out, const struct url *url, struct err *err)
{
	out->environment = ENVIRONMENT_REHEARSAL;
	for (size_t i = 0; i < sizeof(amazons) / sizeof(amazons[0]); i++) {
		if (strcmp(url->host, amazons[i].host) != 0)
			continue;
		out->environment = amazons[i].environment;
		if (!url_has_default_port(url) || strcmp(url->path, "/") != 0)
			return err_set(err, ERR_CONFIG, "\"%s\" has no other port and no path", url->host);
		return 0;
	}
	if (strncmp(url->host, "mturk", 5) != 0 || !ends_with(url->host, AMAZON))
		return 0;
	(void)err_set(err, ERR_CONFIG, "\"%.200s\" is not one of MTurk's two endpoints", url->host);
	return err_hint(err, "they are %s and %s", amazons[1].host, amazons[0].host);
}

static int check_environment(const struct endpoint *out, const struct config *config, struct err *err)
{
	if (out->environment == ENVIRONMENT_LIVE && config->sandbox) {
		(void)err_set(err, ERR_CONFIG, "the address is MTurk's production, but \"sandbox\" is yes");
		return err_hint(err, "set sandbox = no to pay real money, or remove the address");
	}
	if (out->environment == ENVIRONMENT_SANDBOX && !config->sandbox) {
		(void)err_set(err, ERR_CONFIG, "the address is MTurk's sandbox, but \"sandbox\" is no");
		return err_hint(err, "set sandbox = yes, or remove the address to pay real money");
	}
	return 0;
}

static int check_scheme(const struct endpoint *out, const struct url *url, struct err *err)
{
	if (out->is_tls || out->is_loopback)
		return 0;
	(void)err_set(err, ERR_CONFIG, "http without encryption to \"%.200s\", another machine", url->host);
	return err_hint(err, "use https; http is only for this machine (127.0.0.1, ::1, localhost)");
}

static int put_texts(struct endpoint *out, const struct url *url, struct err *err)
{
	const char *open = url->is_ipv6 ? "[" : "", *close = url->is_ipv6 ? "]" : "";
	char port[16] = "";

	if (!url_has_default_port(url))
		(void)snprintf(port, sizeof(port), ":%u", url->port);
	if (asprintf(&out->host, "%s%s%s%s", open, url->host, close, port) < 0)
		out->host = NULL;
	out->path = strdup(url->path);
	if (!out->host || asprintf(&out->url, "%s://%s%s", url->is_tls ? "https" : "http", out->host, url->path) < 0)
		out->url = NULL;
	(void)snprintf(out->region, sizeof(out->region), "%s", REGION);
	return out->url && out->path ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int resolve(struct endpoint *out, const char *text, const struct config *config, struct err *err)
{
	struct url url;
	int result = -1;

	if (url_parse(&url, text, err) < 0) {
		if (err)
			err->code = ERR_CONFIG;
		return -1;
	}
	out->is_tls = url.is_tls;
	out->is_loopback = url_is_loopback(&url);
	if (check_scheme(out, &url, err) == 0 && classify(out, &url, err) == 0 &&
	    check_environment(out, config, err) == 0)
		result = put_texts(out, &url, err);
	url_finish(&url);
	return result;
}

int endpoint_resolve(struct endpoint *out, const struct config *config, struct err *err)
{
	char standard[128];
	const char *from, *text = chosen_url(config, &from);

	*out = (struct endpoint){ 0 };
	note_other_region();
	(void)snprintf(standard, sizeof(standard), "https://%s/", amazons[config->sandbox ? 0 : 1].host);
	if (resolve(out, text ? text : standard, config, err) == 0)
		return 0;
	endpoint_finish(out);
	return err_prefix(err, "\"%s\"", from);
}

void endpoint_finish(struct endpoint *endpoint)
{
	free(endpoint->url);
	free(endpoint->host);
	free(endpoint->path);
	endpoint->url = NULL;
	endpoint->host = NULL;
	endpoint->path = NULL;
}
