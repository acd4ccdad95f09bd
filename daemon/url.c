/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX 253
#define LABEL_MAX 63
#define PORT_DIGITS_MAX 5

static const struct {
	const char *prefix;
	bool is_tls;
	unsigned port;
} schemes[] = {
	{ "https://", true, 443 },
	{ "http://", false, 80 },
};

static unsigned default_port(bool is_tls)
{
	return schemes[is_tls ? 0 : 1].port;
}

static int check_characters(const char *text, struct err *err)
{
	if (strchr(text, '@')) {
		(void)err_set(err, ERR_FORMAT, "the address has a user name or an \"@\" in it");
		return err_hint(err, "remove it: requests are signed with the AWS keys");
	}
	if (strpbrk(text, "?#"))
		return err_set(err, ERR_FORMAT, "the address has a \"?\" or \"#\" in it");
	if (strlen(text) > URL_MAX)
		return err_set(err, ERR_FORMAT, "the address has more than %d characters", URL_MAX);
	for (const char *p = text; *p; p++)
		if (!isgraph((unsigned char)*p))
			return err_set(err, ERR_FORMAT, "the address has a blank or a letter outside of ASCII in it");
	return 0;
}

/* Returns what follows the scheme, or NULL. */
static const char *parse_scheme(struct url *url, const char *text, struct err *err)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].prefix);

		if (strncasecmp(text, schemes[i].prefix, len) != 0)
			continue;
		url->is_tls = schemes[i].is_tls;
		url->port = schemes[i].port;
		return text + len;
	}
	(void)err_set(err, ERR_FORMAT, "the address begins with neither \"https://\" nor \"http://\"");
	(void)err_hint(err, "write it like \"https://127.0.0.1:8443\"");
	return NULL;
}

static bool is_name(const char *host)
{
	size_t label = 0;

	for (const char *p = host; *p; p++) {
		if (*p == '.') {
			if (label == 0 || p[-1] == '-')
				return false;
			label = 0;
		} else if (!(isalnum((unsigned char)*p) || *p == '_' || (*p == '-' && label > 0)) ||
			   ++label > LABEL_MAX) {
			return false;
		}
	}
	return label > 0 && host[strlen(host) - 1] != '-';
}

/* What ends in a number would be read as an IPv4 address by resolvers, also in forms such as "127.1" or "0x7f.1". */
static bool ends_in_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *last = dot ? dot + 1 : host;

	return isdigit((unsigned char)*last);
}

static int check_host(const struct url *url, struct err *err)
{
	struct in6_addr address;

	if (strlen(url->host) > HOST_MAX)
		return err_set(err, ERR_FORMAT, "the host has more than %d characters", HOST_MAX);
	if (!url->host[0])
		return err_set(err, ERR_FORMAT, "the address has no host");
	if (url->is_ipv6) {
		if (inet_pton(AF_INET6, url->host, &address) != 1)
			return err_set(err, ERR_FORMAT, "\"%s\" is not an IPv6 address", url->host);
	} else if (ends_in_number(url->host)) {
		if (inet_pton(AF_INET, url->host, &address) != 1)
			return err_set(err, ERR_FORMAT, "\"%s\" is not an IPv4 address", url->host);
	} else if (!is_name(url->host)) {
		return err_set(err, ERR_FORMAT, "\"%s\" is not the name of a host", url->host);
	}
	return 0;
}

/* Returns what follows the host, or NULL. */
static const char *parse_host(struct url *url, const char *text, struct err *err)
{
	size_t len = strcspn(text, "/:");
	const char *host = text, *rest = text + len;

	if (text[0] == '[') {
		rest = strchr(text, ']');
		if (!rest) {
			(void)err_set(err, ERR_FORMAT, "the \"[\" of the address has no \"]\"");
			return NULL;
		}
		url->is_ipv6 = true;
		host = text + 1;
		len = (size_t)(rest - host);
		rest++;
	}
	url->host = strndup(host, len);
	if (!url->host) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	for (char *p = url->host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return check_host(url, err) < 0 ? NULL : rest;
}

/* Returns what follows the port, or NULL. */
static const char *parse_port(struct url *url, const char *text, struct err *err)
{
	size_t digits;
	unsigned port = 0;

	if (text[0] != ':')
		return text;
	digits = strspn(text + 1, "0123456789");
	for (size_t i = 1; i <= digits && digits <= PORT_DIGITS_MAX; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	if (port < 1 || port > 65535) {
		(void)err_set(err, ERR_FORMAT, "the port of \"%s\" is not a number from 1 to 65535", url->host);
		return NULL;
	}
	url->port = port;
	return text + 1 + digits;
}

static bool is_plain_path(const char *path)
{
	if (strstr(path, "//") || strstr(path, "/./") || strstr(path, "/../"))
		return false;
	for (const char *p = path; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("/-._~", *p))
			return false;
	path = strrchr(path, '/');
	return path && strcmp(path, "/.") != 0 && strcmp(path, "/..") != 0;
}

static int parse_path(struct url *url, const char *text, struct err *err)
{
	if (text[0] && text[0] != '/')
		return err_set(err, ERR_FORMAT, "something other than a port or a path follows the host \"%s\"",
			       url->host);
	if (text[0] && !is_plain_path(text)) {
		(void)err_set(err, ERR_FORMAT, "the path after \"%s\" is not a plain one", url->host);
		return err_hint(err, "letters, digits, \"-\", \"_\", \".\" and \"~\" between single slashes");
	}
	url->path = strdup(text[0] ? text : "/");
	return url->path ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

int url_parse(struct url *out, const char *text, struct err *err)
{
	const char *rest;

	*out = (struct url){ 0 };
	if (check_characters(text, err) < 0)
		return -1;
	rest = parse_scheme(out, text, err);
	if (rest)
		rest = parse_host(out, rest, err);
	if (rest)
		rest = parse_port(out, rest, err);
	if (rest && parse_path(out, rest, err) == 0)
		return 0;
	url_finish(out);
	return -1;
}

void url_finish(struct url *url)
{
	free(url->host);
	free(url->path);
	url->host = NULL;
	url->path = NULL;
}

bool url_is_loopback(const struct url *url)
{
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (url->is_ipv6)
		return inet_pton(AF_INET6, url->host, &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6);
	if (inet_pton(AF_INET, url->host, &ipv4) == 1)
		return ntohl(ipv4.s_addr) >> 24 == 127;
	return strcmp(url->host, "localhost") == 0;
}

bool url_has_default_port(const struct url *url)
{
	return url->port == default_port(url->is_tls);
}
