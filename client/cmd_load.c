/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "output.h"
#include "printable.h"
#include "session.h"
#include "term.h"

/* The daemon has its own working folder, so it gets absolute paths only. The caller frees. */
static char *make_absolute(const char *path, struct err *err)
{
	char folder[SESSION_PATH_MAX];
	char *absolute = realpath(path, NULL);

	/* A file that this user cannot see may still be readable by the daemon. */
	if (absolute || path[0] == '/')
		return absolute ? absolute : strdup(path);
	if (!getcwd(folder, sizeof(folder)) || asprintf(&absolute, "%s/%s", folder, path) < 0) {
		(void)err_set(err, ERR_FILE, "cannot make \"%.200s\" absolute: %s", path, strerror(errno));
		return NULL;
	}
	return absolute;
}

static struct json_object *common_params(const struct invocation *invocation, const char *what)
{
	struct json_object *params = json_object_new_object();
	const char *mode = option_is_given(invocation, OPTION_ID_APPEND)    ? "add"
			   : option_is_given(invocation, OPTION_ID_REPLACE) ? "replace"
									    : "new";

	json_put_text(params, "what", what);
	json_put_text(params, "mode", mode);
	if (option_is_given(invocation, OPTION_ID_VALIDATE))
		json_put_int(params, "validate_level", option_number(invocation, OPTION_ID_VALIDATE, 2));
	return params;
}

static void print_problems(struct json_object *file)
{
	struct json_object *problems = json_get_array(file, "problems");
	const char *path = output_text(file, "path", "?");
	size_t n = problems ? json_object_array_length(problems) : 0;
	int64_t omitted = output_int(file, "problems_omitted", 0);

	(void)fflush(stdout);
	for (size_t i = 0; i < n; i++) {
		struct json_object *problem = json_object_array_get_idx(problems, i);
		int64_t column = output_int(problem, "column", 0);

		(void)fprintf(stderr, "%s:%" PRId64, path, output_int(problem, "line", 0));
		if (column > 0)
			(void)fprintf(stderr, ":%" PRId64, column);
		(void)fprintf(stderr, ": %s%s%s\n", term_style(stderr, TERM_WARN), output_text(problem, "message", "?"),
			      term_style(stderr, TERM_PLAIN));
	}
	if (omitted > 0)
		(void)fprintf(stderr, "%s: %" PRId64 " more %s\n", path, omitted,
			      output_plural(omitted, "problem", "problems"));
}

static void print_counts(struct json_object *file)
{
	static const struct {
		const char *key;
		const char *label;
	} counts[] = {
		{ "approve", "to approve" }, { "reject", "to reject" },	     { "hold", "held" },
		{ "skip", "skipped" },	     { "unjoined", "of the held waiting to be joined" },
		{ "duplicates", "duplicates" },
	};
	int64_t rows = output_int(file, "rows", 0);

	(void)printf("result codes: %" PRId64, rows);
	if (json_has(file, "new") && output_int(file, "new", rows) != rows)
		(void)printf(" (new: %" PRId64 ")", output_int(file, "new", rows));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (output_int(file, counts[i].key, 0) > 0)
			(void)printf(", %s: %" PRId64, counts[i].label, output_int(file, counts[i].key, 0));
	(void)putchar('\n');
}

static void print_file(struct json_object *file, int64_t level)
{
	const char *room = output_text(file, "room", NULL);

	if (room)
		(void)printf("loading results file: %s\n", room);
	(void)printf("results file: %s\n", output_text(file, "path", "?"));
	if (level >= 0)
		(void)printf("validation level: %" PRId64 "\n", level);
	print_counts(file);
	print_problems(file);
}

static void print_warnings(struct json_object *result)
{
	struct json_object *warnings = json_get_array(result, "warnings");
	size_t n = warnings ? json_object_array_length(warnings) : 0;

	for (size_t i = 0; i < n; i++)
		if (json_object_is_type(json_object_array_get_idx(warnings, i), json_type_string))
			(void)fprintf(stderr, "%swarn:%s %s\n", term_style(stderr, TERM_WARN),
				      term_style(stderr, TERM_PLAIN),
				      json_object_get_string(json_object_array_get_idx(warnings, i)));
}

static int64_t count_problems(struct json_object *result)
{
	struct json_object *files = json_get_array(result, "files");
	size_t n = files ? json_object_array_length(files) : 0;
	int64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *file = json_object_array_get_idx(files, i);
		struct json_object *problems = json_get_array(file, "problems");

		(void)money_add(&count, output_int(file, "problems_omitted", 0));
		count += problems ? (int64_t)json_object_array_length(problems) : 0;
	}
	return count;
}

static void print_result(struct json_object *result)
{
	struct json_object *files = json_get_array(result, "files");
	size_t n = files ? json_object_array_length(files) : 0;
	int64_t rows = output_int(json_get_object(result, "working_set"), "rows", 0);

	print_warnings(result);
	for (size_t i = 0; i < n; i++)
		print_file(json_object_array_get_idx(files, i), output_int(result, "validate_level", -1));
	(void)fputs("working set: ", stdout);
	(void)printf("%" PRId64 " %s, ", rows, output_plural(rows, "row", "rows"));
	output_environment(stdout, output_text(result, "environment", "unknown"));
	(void)putchar('\n');
}

/* Takes over `params`. */
static int load(struct session *session, struct json_object *params, struct err *err)
{
	struct json_object *result = session_call(session, "load", params, SESSION_PATIENT_MS, err);
	int status;

	if (!result)
		return -1;
	if (session->is_json)
		output_json(result);
	else
		print_result(result);
	status = count_problems(result) > 0 ? err_exit_status(ERR_PARTIAL) : 0;
	json_object_put(result);
	return status;
}

int cmd_load_results(struct session *session, struct err *err)
{
	char *path = make_absolute(session->invocation->words[0], err);
	struct json_object *params;

	if (!path)
		return -1;
	params = common_params(session->invocation, "results");
	json_put_text(params, "path", path);
	free(path);
	return load(session, params, err);
}

int cmd_load_game(struct session *session, struct err *err)
{
	const char *name = session->invocation->words[0];
	bool is_path = strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
	char *game = is_path ? make_absolute(name, err) : strdup(name);
	struct json_object *params;
	int64_t least = 0, most = INT64_MAX;

	if (!game)
		return -1;
	params = common_params(session->invocation, "game");
	json_put_text(params, "game", game);
	free(game);
	if (option_range(session->invocation, OPTION_ID_LIMIT, &least, &most)) {
		json_put_int(params, "min_room", least);
		if (most != INT64_MAX)
			json_put_int(params, "max_room", most);
	}
	if (!session->is_json && !session->is_quiet) {
		(void)fputs("loading rooms of game ", stdout);
		printable_write(stdout, name);
		(void)putchar('\n');
		(void)fflush(stdout);
	}
	return load(session, params, err);
}

static void print_codes(struct json_object *result)
{
	int64_t codes = output_int(result, "codes", 0), added = output_int(result, "new", codes);

	print_warnings(result);
	(void)printf("input codes file: %s\n", output_text(result, "path", "?"));
	(void)printf("input codes: %" PRId64, codes);
	if (added != codes)
		(void)printf(" (new: %" PRId64 ")", added);
	if (output_int(result, "total", codes) != codes)
		(void)printf(", in total: %" PRId64, output_int(result, "total", codes));
	(void)puts("\nRows that are loaded from now on are checked against them.");
}

int cmd_load_inputcodes(struct session *session, struct err *err)
{
	char *path = make_absolute(session->invocation->words[0], err);
	struct json_object *params, *result;

	if (!path)
		return -1;
	params = common_params(session->invocation, "inputcodes");
	json_put_text(params, "path", path);
	free(path);
	result = session_call(session, "load", params, SESSION_PATIENT_MS, err);
	if (!result)
		return -1;
	if (session->is_json)
		output_json(result);
	else
		print_codes(result);
	json_object_put(result);
	return 0;
}
