/* SPDX-License-Identifier: MIT
 *
 * migrate: from mturk.conf.js to ngmt.conf.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "commands.h"
#include "migrate_node.h"
#include "migration.h"
#include "output.h"
#include "printable.h"
#include "session.h"
#include "table.h"
#include "term.h"

#define OUTPUT_DEFAULT "ngmt.conf"
#define NODE_MS 10000
#define CHECK_MS 10000
#define COMPLAINTS_BYTES_MAX ((size_t)64 << 10)

enum verdict { UNCHECKED, GOOD, BAD };

struct job {
	char *from;         /* absolute */
	const char *output; /* "-": standard output */
	struct migration migration;
	enum verdict verdict;
	struct child_result check; /* what ngmtd said about the new file */
};

static bool is_printed(const struct job *job)
{
	return strcmp(job->output, "-") == 0;
}

/* Before node runs anything: what would fail later anyway. */
static int check_places(struct job *job, const char *file, struct err *err)
{
	struct stat info;

	job->from = realpath(file, NULL);
	if (!job->from || access(job->from, R_OK) < 0)
		return err_set(err, ERR_FILE, "cannot read \"%s\": %s", file, strerror(errno));
	if (stat(job->from, &info) < 0 || !S_ISREG(info.st_mode))
		return err_set(err, ERR_FILE, "\"%s\" is no file", file);
	if (is_printed(job) || lstat(job->output, &info) < 0)
		return 0;
	(void)err_set(err, ERR_FILE, "\"%s\" exists already, and is never overwritten", job->output);
	return err_hint(err, "give another place with --output, or \"-\" to see it only");
}

static int64_t deadline(const struct session *session, int64_t wait_ms)
{
	int64_t deadline_ms = clock_mono_ms() + wait_ms;

	return session->deadline_ms && session->deadline_ms < deadline_ms ? session->deadline_ms : deadline_ms;
}

static int understand(const struct session *session, struct job *job, struct err *err)
{
	struct json_object *said = migrate_node_read(job->from, deadline(session, NODE_MS), err);
	char *root = migration_root(job->from);
	int result = -1;

	if (said && !root)
		(void)err_set(err, ERR_INTERNAL, "out of memory");
	else if (said)
		result = migration_init(&job->migration, said, root, err);
	if (said && result < 0)
		(void)err_prefix(err, "\"%s\"", job->from);
	json_object_put(said);
	free(root);
	return result;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

static int write_file(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result = fd < 0 ? -1 : write_all(fd, text);

	if (result < 0)
		(void)err_set(err, ERR_FILE, "cannot write \"%s\": %s", path, strerror(errno));
	if (fd >= 0 && close(fd) < 0 && result == 0)
		result = err_set(err, ERR_FILE, "cannot write \"%s\": %s", path, strerror(errno));
	/* Half a file with keys in it helps nobody. */
	if (fd >= 0 && result < 0)
		(void)unlink(path);
	return result;
}

/* Line by line, for a line's end is a control character too. */
static void print_lines(FILE *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		printable_write(out, line ? line : "");
		(void)fputc('\n', out);
		free(line);
		text += len + (text[len] == '\n');
	}
}

static int put_out(const struct session *session, const struct job *job, struct err *err)
{
	char *text = migration_text(&job->migration, job->from, !is_printed(job));
	int result = 0;

	if (!text)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (!is_printed(job))
		result = write_file(job->output, text, err);
	else if (!session->is_json)
		print_lines(stdout, text);
	explicit_bzero(text, strlen(text));
	free(text);
	return result;
}

/* The daemon is the judge of its file; where it is not installed the file is as good as this table. */
static void check(const struct session *session, struct job *job)
{
	static const char *const names[] = { "ngmtd", "/usr/local/sbin/ngmtd", "/usr/sbin/ngmtd" };
	struct err err;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !is_printed(job); i++) {
		const char *const argv[] = { names[i], "--check-config", "-C", job->output, NULL };

		child_result_finish(&job->check);
		if (child_run(argv, STDERR_FILENO, COMPLAINTS_BYTES_MAX, deadline(session, CHECK_MS), &job->check,
			      &err) < 0)
			continue;
		job->verdict = job->check.status == 0 ? GOOD : BAD;
		return;
	}
}

static void print_carried(FILE *out, const struct migration *migration)
{
	struct table *table = table_new("ll");

	table_add_text(table, "mturk.conf.js");
	table_add_text(table, "ngmt.conf");
	for (size_t i = 0; i < migration->count; i++) {
		const struct migration_item *item = &migration->items[i];

		if (item->state != MIGRATION_CARRIED)
			continue;
		table_add_text(table, item->name);
		table_add(table, "[%s] %s = %s", item->key->section, item->key->key,
			  item->key->is_secret ? "(set, not shown)" : item->value);
		if (!item->key->remark)
			continue;
		table_add_text(table, "");
		table_add(table, "  %s", item->key->remark);
	}
	table_print(table, out, "  ");
	table_free(table);
}

static void print_indented(FILE *out, const char *indent, const char *text)
{
	if (!text || !text[0])
		return;
	(void)fputs(indent, out);
	printable_write(out, text);
	(void)fputc('\n', out);
}

static void print_others(FILE *out, const struct migration *migration, enum migration_state state, const char *title)
{
	if (migration_count(migration, state) == 0)
		return;
	(void)fprintf(out, "\n%s:\n", title);
	for (size_t i = 0; i < migration->count; i++) {
		const struct migration_item *item = &migration->items[i];
		const char *why = item->why ? item->why : item->key ? item->key->remark : NULL;

		if (item->state != state)
			continue;
		print_indented(out, "  ", item->name);
		print_indented(out, "      ", why);
		print_indented(out, "      ", item->hint);
	}
}

static void print_check(FILE *out, const struct job *job)
{
	if (is_printed(job))
		return;
	(void)fprintf(out, "\nwritten: %s, which only you can read\n", job->output);
	if (job->verdict == GOOD)
		(void)fputs("ngmtd finds nothing wrong with it\n", out);
	else if (job->verdict == UNCHECKED)
		(void)fprintf(out, "not checked, for ngmtd is not here: ngmtd --check-config -C %s\n", job->output);
	else
		(void)fputs("ngmtd would not start with it:\n", out);
	if (job->verdict == BAD)
		print_lines(out, job->check.output);
}

static void print_summary(const struct job *job)
{
	/* With the file itself on standard output, the rest must not be among it. */
	FILE *out = is_printed(job) ? stderr : stdout;

	print_carried(out, &job->migration);
	print_others(out, &job->migration, MIGRATION_USUAL, "Needs no line here");
	print_others(out, &job->migration, MIGRATION_NOTHING, "Not needed here");
	print_others(out, &job->migration, MIGRATION_LEFT, "Not carried over");
	if (job->migration.note)
		(void)fprintf(out, "\n%s\n", job->migration.note);
	print_check(out, job);
}

static void print_json(const struct job *job)
{
	static const char *const verdicts[] = { [UNCHECKED] = "unchecked", [GOOD] = "good", [BAD] = "bad" };
	struct json_object *object = migration_json(&job->migration);

	json_put_text(object, "from", job->from);
	json_put_text(object, "written", is_printed(job) ? NULL : job->output);
	json_put_text(object, "check", verdicts[job->verdict]);
	json_put_text(object, "complaints", job->verdict == BAD ? job->check.output : NULL);
	if (is_printed(job)) {
		char *text = migration_text(&job->migration, job->from, false);

		json_put_text(object, "text", text);
		free(text);
	}
	output_json(object);
	json_object_put(object);
}

static int migrate(struct session *session, struct job *job, struct err *err)
{
	if (check_places(job, session->invocation->words[0], err) < 0 || understand(session, job, err) < 0 ||
	    put_out(session, job, err) < 0)
		return -1;
	check(session, job);
	if (session->is_json)
		print_json(job);
	else
		print_summary(job);
	if (job->verdict == BAD || migration_count(&job->migration, MIGRATION_LEFT) > 0)
		return err_exit_status(ERR_PARTIAL);
	return 0;
}

int cmd_migrate(struct session *session, struct err *err)
{
	const char *output = option_text(session->invocation, OPTION_ID_OUTPUT);
	struct job job = { .output = output ? output : OUTPUT_DEFAULT };
	int status = migrate(session, &job, err);

	migration_finish(&job.migration);
	child_result_finish(&job.check);
	free(job.from);
	return status;
}
