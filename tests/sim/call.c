/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"
#include "money.h"

#define PAGE_DEFAULT 10
#define PAGE_TOKEN_MAX 80

static void refuse(struct call *call, int status, const char *type, const char *code, const char *sentence)
{
	char full_code[96], *stamped = NULL;

	call->status = status;
	call->error_type = type;
	json_object_put(call->output);
	call->output = json_object_new_object();
	json_put_text(call->output, "__type", type);
	if (asprintf(&stamped, "%s (%" PRId64 ")", sentence, call->now_ms) < 0)
		stamped = NULL;
	json_put_text(call->output, "Message", stamped ? stamped : sentence);
	free(stamped);
	if (!code)
		return;
	(void)snprintf(full_code, sizeof(full_code), "AWS.%s%s", status == 500 ? "" : "MechanicalTurk.", code);
	json_put_text(call->output, "TurkErrorCode", full_code);
}

void call_refuse(struct call *call, const char *code, const char *format, ...)
{
	char *sentence = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&sentence, format, args);
	va_end(args);
	refuse(call, 400, "RequestError", code, n < 0 ? "" : sentence);
	if (n >= 0)
		free(sentence);
}

void call_refuse_sentence(struct call *call, const char *type, const char *code, const char *sentence)
{
	refuse(call, 400, type, code, sentence);
}

void call_refuse_value(struct call *call, const char *value, const char *parameter)
{
	char *sentence = NULL;

	if (asprintf(&sentence, "The value \"%s\" is not valid for the parameter %s.", value, parameter) < 0)
		sentence = NULL;
	refuse(call, 400, "ParameterValidationError", "InvalidParameterValue", sentence ? sentence : "");
	free(sentence);
}

void call_refuse_funds(struct call *call)
{
	call_refuse(call, "InsufficientFunds",
		    "This Requester has insufficient funds in their account to complete this transaction. Please visit "
		    "https://requester.mturk.com/prepayments/new to purchase Prepaid HITs.");
}

void call_fault(struct call *call)
{
	refuse(call, 500, "ServiceFault", "ServiceUnavailable",
	       "Amazon Mechanical Turk is temporarily unable to process your request. Try your call again.");
}

void call_refuse_framework(struct call *call, const char *type, const char *message)
{
	call->status = 400;
	call->error_type = type;
	json_object_put(call->output);
	call->output = json_object_new_object();
	json_put_text(call->output, "__type", type);
	if (message)
		json_put_text(call->output, "message", message);
}

const char *call_text(const struct call *call, const char *name, const char *def)
{
	(void)json_get_text(call->input, name, &def);
	return def;
}

int64_t call_int(const struct call *call, const char *name, int64_t def)
{
	double number;

	if (!json_get_int(call->input, name, &def) && json_get_number(call->input, name, &number) && number > -1e15 &&
	    number < 1e15)
		def = (int64_t)number;
	return def;
}

bool call_bool(const struct call *call, const char *name, bool def)
{
	(void)json_get_bool(call->input, name, &def);
	return def;
}

int call_cents(struct call *call, const char *name, int64_t *cents)
{
	const char *text = call_text(call, name, "");
	char copy[32];
	size_t n = strlen(text);

	/* "5." is in Amazon's pattern and not in ours. */
	if (n > 0 && n < sizeof(copy)) {
		memcpy(copy, text, n + 1);
		if (copy[n - 1] == '.')
			copy[n - 1] = '\0';
		if (money_parse(copy, cents, NULL) == 0)
			return 0;
	}
	call_refuse_value(call, text, name);
	return -1;
}

struct hit *call_hit(struct call *call)
{
	const char *id = call_text(call, "HITId", "");
	struct hit *hit = books_hit(call->books, id);

	if (!hit)
		call_refuse(call, "HITDoesNotExist", "Hit %s does not exist.", id);
	return hit;
}

struct assignment *call_assignment(struct call *call)
{
	const char *id = call_text(call, "AssignmentId", "");
	struct assignment *assignment = books_assignment(call->books, id);

	if (!assignment)
		call_refuse(call, "AssignmentDoesNotExist", "Assignment %s does not exist.", id);
	return assignment;
}

struct qualification_type *call_qualification_type(struct call *call)
{
	const char *id = call_text(call, "QualificationTypeId", "");
	struct qualification_type *type = books_qualification_type(call->books, id);

	if (!type)
		call_refuse(call, "QualificationTypeDoesNotExist", "QualificationType %s does not exist.", id);
	return type;
}

void put_money(struct json_object *json, const char *name, int64_t cents)
{
	char text[MONEY_TEXT_MAX];

	json_put_text(json, name, money_format(cents, text));
}

void put_moment(struct json_object *json, const char *name, int64_t at_ms)
{
	char text[32];

	if (at_ms == 0)
		return;
	(void)snprintf(text, sizeof(text), "%" PRId64 ".%03" PRId64, at_ms / 1000, at_ms % 1000);
	json_put_value(json, name, json_object_new_double_s((double)at_ms / 1000.0, text));
}

void put_text(struct json_object *json, const char *name, const char *text)
{
	if (text)
		json_put_text(json, name, text);
}

static void page_token(const struct call *call, const char *scope, size_t index, char out[PAGE_TOKEN_MAX])
{
	uint8_t digest[DIGEST_BYTES];
	char text[256], hex[DIGEST_HEX_MAX];

	(void)snprintf(text, sizeof(text), "%.200s %zu", scope, index);
	digest_hmac(&call->books->seed, sizeof(call->books->seed), text, strlen(text), digest);
	(void)snprintf(out, PAGE_TOKEN_MAX, "p1:%.32s%zx", digest_hex(digest, hex), index);
}

static int page_start(struct call *call, const char *scope, size_t *index)
{
	const char *given = call_text(call, "NextToken", NULL);
	char expected[PAGE_TOKEN_MAX];

	*index = 0;
	if (!given)
		return 0;
	if (strlen(given) > 35 && strlen(given) < PAGE_TOKEN_MAX) {
		*index = strtoul(given + 35, NULL, 16);
		page_token(call, scope, *index, expected);
		if (strcmp(given, expected) == 0)
			return 0;
	}
	call_refuse_value(call, given, "NextToken");
	return -1;
}

static bool is_wanted(const struct call *call, const struct listing *listing, size_t i)
{
	return !listing->accept ||
	       listing->accept(call, array_list_get_idx(listing->items, i), listing->filter);
}

void call_list(struct call *call, const struct listing *listing)
{
	int64_t left = call_int(call, "MaxResults", PAGE_DEFAULT), shown = 0;
	size_t n = array_list_length(listing->items), i;
	struct json_object *list;
	char token[PAGE_TOKEN_MAX];

	if (page_start(call, listing->scope, &i) < 0)
		return;
	list = json_object_new_array();
	for (; i < n; i++) {
		if (!is_wanted(call, listing, i))
			continue;
		if (left-- == 0)
			break;
		(void)json_object_array_add(list, listing->view(call, array_list_get_idx(listing->items, i)));
		shown++;
	}
	if (i < n) {
		page_token(call, listing->scope, i, token);
		json_put_text(call->output, "NextToken", token);
	}
	json_put_int(call->output, "NumResults", shown);
	json_put_value(call->output, listing->member, list);
}
