/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "printable.h"
#include "term.h"
#include "utf8.h"

void output_json(struct json_object *value)
{
	size_t len = 0;
	const char *text = json_text(value, &len);

	printable_write_json(stdout, text, len);
	(void)fputc('\n', stdout);
	(void)fflush(stdout);
}

int output_exit_status(const struct err *err, struct json_object *refusal)
{
	struct json_object *data = json_get_object(refusal, "data");
	const char *name = NULL;
	int64_t status = 0;

	/* Only a name that this client is too old to know needs the daemon's number. */
	if (json_get_text(data, "name", &name) && err_from_name(name) == ERR_INTERNAL &&
	    json_get_int(data, "exit_status", &status) && status >= 1 && status <= 10)
		return (int)status;
	status = err_exit_status(err->code);
	return status > 0 ? (int)status : 1;
}

static void print_error_json(const struct err *err, struct json_object *refusal, const char *environment,
			     struct json_object *changes, const char *advice)
{
	struct json_object *data = json_get_object(refusal, "data");
	struct json_object *error = json_object_new_object(), *all = json_object_new_object();
	const char *name = err_name(err->code);
	bool is_retryable = err_is_retryable(err->code);

	(void)json_get_text(data, "name", &name);
	(void)json_get_text(data, "environment", &environment);
	(void)json_get_bool(data, "retryable", &is_retryable);
	json_put_text(error, "name", name);
	json_put_text(error, "message", err->message);
	json_put_text(error, "hint", err->hint[0] ? err->hint : NULL);
	json_put_int(error, "exit_status", output_exit_status(err, refusal));
	json_put_bool(error, "retryable", is_retryable);
	json_put_text(error, "environment", environment[0] ? environment : NULL);
	if (changes)
		json_put_value(error, "changes", json_object_get(changes));
	if (advice)
		json_put_text(error, "command", advice);
	json_put_value(all, "error", error);
	output_json(all);
	json_object_put(all);
}

static void print_indented(const char *text)
{
	(void)fputs("  ", stderr);
	printable_write(stderr, text);
	(void)fputc('\n', stderr);
}

static void print_changes(struct json_object *changes)
{
	size_t n = changes ? json_object_array_length(changes) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *change = json_object_array_get_idx(changes, i);

		if (json_object_is_type(change, json_type_string))
			print_indented(json_object_get_string(change));
	}
}

int output_error(bool is_json, const struct err *err, struct json_object *refusal, const char *environment,
		 struct json_object *changes, const char *advice)
{
	if (is_json) {
		print_error_json(err, refusal, environment, changes, advice);
		return output_exit_status(err, refusal);
	}
	(void)fflush(stdout);
	(void)fprintf(stderr, "ngmtctl: %s", term_style(stderr, TERM_BAD));
	printable_write(stderr, err->message);
	(void)fprintf(stderr, "%s\n", term_style(stderr, TERM_PLAIN));
	print_changes(changes);
	if (err->hint[0])
		print_indented(err->hint);
	if (advice)
		print_indented(advice);
	return output_exit_status(err, refusal);
}

void output_heading(FILE *out, const char *title)
{
	(void)fprintf(out, "%s**** %s ****%s\n", term_style(out, TERM_BOLD), title, term_style(out, TERM_PLAIN));
}

const char *output_environment_name(const char *environment, char out[32])
{
	size_t n = 0;

	for (; n < 31 && environment[n]; n++)
		out[n] = (char)toupper((unsigned char)environment[n]);
	out[n] = '\0';
	return out;
}

void output_environment(FILE *out, const char *environment)
{
	enum term_style style = strcmp(environment, "live") == 0	? TERM_LIVE
				: strcmp(environment, "sandbox") == 0	? TERM_SANDBOX
									: TERM_REHEARSAL;
	char name[32];

	(void)output_environment_name(environment, name);
	if (term_has_colour(out))
		(void)fprintf(out, "%s %s %s", term_style(out, style), name, term_style(out, TERM_PLAIN));
	else
		(void)fputs(name, out);
}

int64_t output_int(struct json_object *object, const char *key, int64_t absent)
{
	int64_t value;

	if (json_get_int(object, key, &value) && value <= OUTPUT_INT_MAX && value >= -OUTPUT_INT_MAX)
		return value;
	return absent;
}

const char *output_text(struct json_object *object, const char *key, const char *absent)
{
	(void)json_get_text(object, key, &absent);
	return absent;
}

const char *output_money(struct json_object *object, const char *key, char out[MONEY_TEXT_MAX])
{
	int64_t cents;

	if (json_get_int(object, key, &cents))
		return money_display(cents, out);
	(void)snprintf(out, MONEY_TEXT_MAX, "unknown");
	return out;
}

const char *output_plural(int64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

void output_append(char *text, size_t size, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text + len, size - len, format, args);
	va_end(args);
	/* The cut may be inside a character. */
	text[utf8_first_invalid(text, strlen(text))] = '\0';
}

const char *output_duration(int64_t seconds, char out[32])
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 60)
		(void)snprintf(out, 32, "%" PRId64 " s", seconds);
	else if (seconds < 3600)
		(void)snprintf(out, 32, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		(void)snprintf(out, 32, "%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds % 3600 / 60);
	else
		(void)snprintf(out, 32, "%" PRId64 " d %" PRId64 " h", seconds / 86400, seconds % 86400 / 3600);
	return out;
}
