/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "clock.h"

#define SIGNED_MAX REQUEST_HEADERS_MAX

/* The Authorization header taken apart, in a copy of its own. */
struct ticket {
	char *copy;
	char *credential;
	char *signed_headers;
	char *signature;
	const char *scope[5]; /* key id, day, region, service, terminator */
	const char *amz_date;
	struct sigv4_header headers[SIGNED_MAX];
	char *values[SIGNED_MAX];
	size_t header_count;
};

static const char INVALID[] = "InvalidSignatureException";
static const char INCOMPLETE[] = "IncompleteSignatureException";
static const char UNRECOGNIZED[] = "UnrecognizedClientException";

static const char *refuse(const char *type, char **message, const char *format, ...)
	__attribute__((format(printf, 3, 4), returns_nonnull));

static const char *refuse(const char *type, char **message, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(message, format, args) < 0)
		*message = NULL;
	va_end(args);
	return type;
}

int gate_set(struct gate *gate, const char *access_key_id, const char *secret_key, const char *session_token)
{
	char *id = strdup(access_key_id), *secret = strdup(secret_key);
	char *token = session_token ? strdup(session_token) : NULL;

	if (!id || !secret || (session_token && !token)) {
		free(id);
		free(secret);
		free(token);
		return -1;
	}
	gate_finish(gate);
	gate->access_key_id = id;
	gate->secret_key = secret;
	gate->session_token = token;
	return 0;
}

void gate_finish(struct gate *gate)
{
	if (gate->secret_key)
		digest_forget(gate->secret_key, strlen(gate->secret_key));
	free(gate->access_key_id);
	free(gate->secret_key);
	free(gate->session_token);
	sigv4_key_forget(&gate->key);
	*gate = (struct gate){ 0 };
}

static void ticket_finish(struct ticket *ticket)
{
	free(ticket->copy);
	for (size_t i = 0; i < ticket->header_count; i++)
		free(ticket->values[i]);
}

static char **ticket_slot(struct ticket *ticket, const char *name)
{
	if (strcmp(name, "Credential") == 0)
		return &ticket->credential;
	if (strcmp(name, "SignedHeaders") == 0)
		return &ticket->signed_headers;
	return strcmp(name, "Signature") == 0 ? &ticket->signature : NULL;
}

static const char *split_parts(struct ticket *ticket, const char *authorization, char **message)
{
	char *rest = ticket->copy + strlen(SIGV4_ALGORITHM), *part;

	while ((part = strsep(&rest, ", ")) != NULL) {
		char *value = strchr(part, '='), **slot;

		if (*part == '\0')
			continue;
		if (!value)
			return refuse(INCOMPLETE, message,
				      "'%s' not a valid key=value pair (missing equal-sign) in Authorization header: "
				      "'%s'.",
				      part, authorization);
		*value++ = '\0';
		slot = ticket_slot(ticket, part);
		if (slot)
			*slot = value;
	}
	return NULL;
}

static const char *open_ticket(struct ticket *ticket, const struct request *request, char **message)
{
	const char *authorization = request_header(request, "Authorization"), *refusal, *amz_date;
	size_t n = strlen(SIGV4_ALGORITHM);

	if (!authorization)
		return refuse("MissingAuthenticationTokenException", message, "Missing Authentication Token");
	if (strncmp(authorization, SIGV4_ALGORITHM " ", n + 1) != 0)
		return refuse(INCOMPLETE, message, "Unsupported AWS 'algorithm': '%.*s'.",
			      (int)strcspn(authorization, " "), authorization);
	ticket->copy = strdup(authorization);
	if (!ticket->copy)
		return refuse("InternalFailure", message, "out of memory");
	refusal = split_parts(ticket, authorization, message);
	if (refusal)
		return refusal;
	amz_date = request_header(request, "X-Amz-Date");
	if (amz_date)
		ticket->amz_date = amz_date;
	if (ticket->credential && ticket->signed_headers && ticket->signature && amz_date)
		return NULL;
	return refuse(INCOMPLETE, message, "%s%s%s%sAuthorization=%s",
		      ticket->credential ? "" : "Authorization header requires 'Credential' parameter. ",
		      ticket->signature ? "" : "Authorization header requires 'Signature' parameter. ",
		      ticket->signed_headers ? "" : "Authorization header requires 'SignedHeaders' parameter. ",
		      amz_date ? ""
			       : "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
				 "header. ",
		      authorization);
}

static const char *check_scope(struct ticket *ticket, char **message)
{
	char *rest = ticket->credential;
	size_t n = 0;

	while (rest && n < 5) {
		const char *part = strsep(&rest, "/");

		ticket->scope[n++] = part ? part : "";
	}
	if (n < 5 || rest)
		return refuse(INCOMPLETE, message,
			      "Credential must have exactly 5 slash-delimited elements, e.g. "
			      "keyid/date/region/service/term, got a credential with %zu",
			      n);
	if (strcmp(ticket->scope[2], GATE_REGION) != 0)
		return refuse(INVALID, message, "Credential should be scoped to a valid region, not '%s'. ",
			      ticket->scope[2]);
	if (strcmp(ticket->scope[3], GATE_SERVICE) != 0)
		return refuse(INVALID, message, "Credential should be scoped to correct service: '" GATE_SERVICE "'. ");
	if (strcmp(ticket->scope[4], "aws4_request") != 0)
		return refuse(INVALID, message,
			      "Credential should be scoped with a valid terminator: 'aws4_request', not '%s'. ",
			      ticket->scope[4]);
	if (strncmp(ticket->scope[1], ticket->amz_date, 8) != 0 || strlen(ticket->scope[1]) != 8)
		return refuse(INVALID, message,
			      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
			      "HTTP: '%s' != '%.8s', from '%s'.",
			      ticket->scope[1], ticket->amz_date, ticket->amz_date);
	return NULL;
}

static const char *check_date(const struct ticket *ticket, int64_t now_s, char **message)
{
	char now[CLOCK_TEXT_MAX], edge[CLOCK_TEXT_MAX];
	struct tm parts = { 0 };
	const char *end = strptime(ticket->amz_date, "%Y%m%dT%H%M%SZ", &parts);
	int64_t sent_s;

	if (!end || *end || strlen(ticket->amz_date) != 16)
		return refuse(INCOMPLETE, message,
			      "Date must be in ISO-8601 'basic format'. Got '%s'. See "
			      "http://en.wikipedia.org/wiki/ISO_8601",
			      ticket->amz_date);
	sent_s = timegm(&parts);
	if (sent_s < now_s - GATE_WINDOW_S)
		return refuse(INVALID, message, "Signature expired: %s is now earlier than %s (%s - 15 min.)",
			      ticket->amz_date, clock_format_amz(now_s - GATE_WINDOW_S, edge),
			      clock_format_amz(now_s, now));
	if (sent_s > now_s + GATE_WINDOW_S)
		return refuse(INVALID, message, "Signature not yet current: %s is still later than %s (%s + 15 min.)",
			      ticket->amz_date, clock_format_amz(now_s + GATE_WINDOW_S, edge),
			      clock_format_amz(now_s, now));
	return NULL;
}

/* The canonical value: trimmed, runs of blanks made one, several headers of one name joined by commas. */
static char *canonical_value(const struct request *request, const char *name)
{
	char *text = NULL;
	size_t size = 0, found = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < request->header_count; i++) {
		const char *p = request->headers[i].value;

		if (strcasecmp(request->headers[i].name, name) != 0)
			continue;
		(void)fputs(found++ ? "," : "", out);
		for (p += strspn(p, " \t"); *p; p++) {
			if (*p != ' ' && *p != '\t')
				(void)fputc(*p, out);
			else if (p[1] && p[1] != ' ' && p[1] != '\t')
				(void)fputc(' ', out);
		}
	}
	(void)fclose(out);
	return text;
}

static const char *read_signed_headers(struct ticket *ticket, const struct request *request, char **message)
{
	char *rest = ticket->signed_headers, *name;

	while ((name = strsep(&rest, ";")) != NULL) {
		if (ticket->header_count == SIGNED_MAX)
			return refuse(INCOMPLETE, message, "Too many signed headers.");
		for (char *p = name; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		ticket->values[ticket->header_count] = canonical_value(request, name);
		if (!ticket->values[ticket->header_count])
			return refuse("InternalFailure", message, "out of memory");
		ticket->headers[ticket->header_count] =
			(struct sigv4_header){ name, ticket->values[ticket->header_count] };
		ticket->header_count++;
	}
	return NULL;
}

static bool is_signed(const struct ticket *ticket, const char *name)
{
	for (size_t i = 0; i < ticket->header_count; i++) {
		if (strcmp(ticket->headers[i].name, name) == 0)
			return true;
	}
	return false;
}

static const char *check_required_headers(const struct ticket *ticket, const struct request *request, char **message)
{
	if (!is_signed(ticket, "host"))
		return refuse(INVALID, message,
			      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
	if (!is_signed(ticket, "x-amz-date"))
		return refuse(INVALID, message, "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
	if (request_header(request, "X-Amz-Security-Token") && !is_signed(ticket, "x-amz-security-token"))
		return refuse(INVALID, message,
			      "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization.");
	return NULL;
}

static const char *check_client(const struct gate *gate, const struct ticket *ticket, const struct request *request,
				char **message)
{
	const char *token = request_header(request, "X-Amz-Security-Token");

	if (strcmp(ticket->scope[0], gate->access_key_id) != 0 || !token != !gate->session_token ||
	    (token && strcmp(token, gate->session_token) != 0))
		return refuse(UNRECOGNIZED, message, "The security token included in the request is invalid.");
	if (gate->is_expired)
		return refuse("ExpiredTokenException", message,
			      "The security token included in the request is expired");
	return NULL;
}

static const char *check_signature(struct gate *gate, const struct ticket *ticket, const struct request *request,
				   char **message)
{
	uint8_t digest[DIGEST_BYTES];
	char payload[DIGEST_HEX_MAX], signature[DIGEST_HEX_MAX];
	const struct sigv4_request signed_request = {
		.method = request->method,
		.path = request->path,
		.query = request->query,
		.headers = ticket->headers,
		.header_count = ticket->header_count,
		.payload_sha256 = payload,
		.amz_date = ticket->amz_date,
		.region = GATE_REGION,
		.service = GATE_SERVICE,
	};

	digest_sha256(request->body, request->body_len, digest);
	(void)digest_hex(digest, payload);
	if (sigv4_signature(&gate->key, gate->secret_key, &signed_request, signature) == 0 &&
	    strlen(ticket->signature) == strlen(signature) &&
	    digest_is_equal(ticket->signature, signature, strlen(signature)))
		return NULL;
	return refuse(INVALID, message,
		      "The request signature we calculated does not match the signature you provided. Check your AWS "
		      "Secret Access Key and signing method. Consult the service documentation for details.");
}

const char *gate_refusal(struct gate *gate, const struct request *request, int64_t now_s, char **message)
{
	struct ticket ticket = { .amz_date = "", .scope = { "", "", "", "", "" } };
	const char *refusal;

	*message = NULL;
	refusal = open_ticket(&ticket, request, message);
	if (!refusal)
		refusal = check_scope(&ticket, message);
	if (!refusal)
		refusal = check_date(&ticket, now_s, message);
	if (!refusal)
		refusal = read_signed_headers(&ticket, request, message);
	if (!refusal)
		refusal = check_required_headers(&ticket, request, message);
	if (!refusal)
		refusal = check_client(gate, &ticket, request, message);
	if (!refusal)
		refusal = check_signature(gate, &ticket, request, message);
	ticket_finish(&ticket);
	return refusal;
}
