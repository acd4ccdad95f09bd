/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "session.h"
#include "term.h"

static const char *money_of(struct json_object *object, const char *key, char out[MONEY_TEXT_MAX])
{
	int64_t cents = output_int(object, key, 0);

	return cents ? money_display(cents, out) : NULL;
}

/* "label: text", if there is a text. */
static void print_member(const char *label, const char *text)
{
	if (text && text[0])
		(void)printf("    %s: %s\n", label, text);
}

static void print_row(struct json_object *row)
{
	bool is_newest = true;
	char bonus[MONEY_TEXT_MAX];
	const char *amount = money_of(row, "bonus_cents", bonus);

	(void)json_get_bool(row, "newest", &is_newest);
	(void)printf("  %s:%" PRId64 "%s\n", output_text(row, "file", "?"), output_int(row, "line", 0),
		     is_newest ? "" : "  (replaced by a newer version of the file)");
	(void)printf("    %s%s%s, assignment %s, read %s\n", output_text(row, "verdict", "?"),
		     amount ? ", bonus " : "", amount ? amount : "", output_text(row, "assignment_id", "-"),
		     output_text(row, "read_at", "?"));
	print_member("why", output_text(row, "why", NULL));
}

/* Whose command took it; else the daemon did by itself. */
static void print_step(struct json_object *step)
{
	const char *why = output_text(step, "why", NULL), *user = output_text(step, "user", NULL);

	(void)printf("    %s  %-9s  ", output_text(step, "at", "?"), output_text(step, "state", "?"));
	if (user)
		(void)printf("%s, batch %" PRId64, user, output_int(step, "batch", 0));
	else
		(void)fputs("ngmtd", stdout);
	(void)printf("%s%s\n", why ? ": " : "", why ? why : "");
}

static void print_steps(struct json_object *operation)
{
	struct json_object *steps = json_get_array(operation, "steps");
	size_t n = steps ? json_object_array_length(steps) : 0;

	for (size_t i = 0; i < n; i++)
		print_step(json_object_array_get_idx(steps, i));
}

static void print_answer(struct json_object *operation)
{
	const char *outcome = output_text(operation, "outcome", NULL);
	const char *request = output_text(operation, "request_id", NULL);
	int64_t status = output_int(operation, "http_status", 0), attempts = output_int(operation, "attempts", 0);

	if (!outcome && !request && !status)
		return;
	(void)printf("    answer: %s", outcome ? outcome : "-");
	if (status)
		(void)printf(", HTTP %" PRId64, status);
	if (request)
		(void)printf(", request %s", request);
	(void)printf(", sent %" PRId64 " %s\n", attempts, output_plural(attempts, "time", "times"));
}

static void print_operation(struct json_object *operation)
{
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];
	const char *state = output_text(operation, "state", "?"), *hold = output_text(operation, "hold", NULL);
	const char *money = money_of(operation, "amount_cents", amount);

	(void)printf("  %s%" PRId64 "  %s", term_style(stdout, TERM_BOLD), output_int(operation, "operation", 0),
		     output_text(operation, "kind", "?"));
	if (money)
		(void)printf(" %s + %s fees", money, output_money(operation, "fees_cents", fees));
	(void)printf("  %s%s%s%s%s\n", state, hold ? " (" : "", hold ? hold : "", hold ? ")" : "",
		     term_style(stdout, TERM_PLAIN));
	print_member("assignment", output_text(operation, "assignment_id", NULL));
	if (money)
		print_member("purpose", output_text(operation, "purpose", NULL));
	print_member("qualification type", output_text(operation, "qualification_type_id", NULL));
	print_member("text", output_text(operation, "text", NULL));
	(void)printf("    command: %s (%s, batch %" PRId64 ")\n", output_text(operation, "command", "?"),
		     output_text(operation, "user", "?"), output_int(operation, "batch", 0));
	print_steps(operation);
	print_answer(operation);
}

static void print_notification(struct json_object *notification)
{
	(void)printf("  %s%" PRId64 "  %s  %s%s\n", term_style(stdout, TERM_BOLD),
		     output_int(notification, "operation", 0), output_text(notification, "subject", "message"),
		     output_text(notification, "state", "?"), term_style(stdout, TERM_PLAIN));
	print_member("text", output_text(notification, "text", NULL));
	print_member("why", output_text(notification, "why", NULL));
	print_member("at", output_text(notification, "changed_at", NULL));
	(void)printf("    command: %s (%s)\n", output_text(notification, "command", "?"),
		     output_text(notification, "user", "?"));
	print_answer(notification);
}

static void print_list(struct json_object *story, const char *key, const char *title,
		       void (*print)(struct json_object *element))
{
	struct json_object *list = json_get_array(story, key);
	size_t n = list ? json_object_array_length(list) : 0;

	if (n > 0)
		(void)printf("\n%s:\n", title);
	for (size_t i = 0; i < n; i++)
		print(json_object_array_get_idx(list, i));
}

static void print_story(struct json_object *story)
{
	output_environment(stdout, output_text(story, "environment", "unknown"));
	(void)printf("  %s%s: %s%s\n", term_style(stdout, TERM_BOLD), output_text(story, "worker_id", "?"),
		     output_text(story, "answer", "?"), term_style(stdout, TERM_PLAIN));
	print_list(story, "operations", "Operations", print_operation);
	print_list(story, "notifications", "Messages", print_notification);
	print_list(story, "rows", "Rows of files", print_row);
}

int cmd_worker(struct session *session, struct err *err)
{
	struct json_object *params = json_object_new_object(), *story;

	json_put_text(params, "worker_id", session->invocation->words[0]);
	story = session_call(session, "worker", params, SESSION_SOON_MS, err);
	if (!story)
		return -1;
	if (session->is_json)
		output_json(story);
	else
		print_story(story);
	json_object_put(story);
	return 0;
}
