/* SPDX-License-Identifier: MIT
 *
 * The watcher over real folders and files, with a real ledger and imports that only count lines: what is read, when,
 * and how often; what is adopted; and what is waited for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>

#include "clock.h"
#include "ledger_fixture.h"
#include "room_book.h"
#include "tree.h"
#include "watch.h"

#define PATIENCE_MS 30000
#define REQUESTS_MAX 64
#define CONTENTS_MAX 256

/* Imports that read the file at once, or when they are let: a line is a row, "BAD" is no results file. */
struct imports {
	struct {
		struct import_request request;
		char path[PATH_MAX];
		import_done_fn *done;
		void *arg;
	} waiting[REQUESTS_MAX];
	unsigned count;
	unsigned reads;
	bool is_held;
	const char *rules;
	char *contents[CONTENTS_MAX]; /* "path content" of what was read before */
	unsigned content_count;
};

struct lab {
	struct scratch scratch;
	struct config config;
	char *games[2];
	struct ledger *ledger;
	struct loop *loop;
	struct loop_timer *patience;
	struct imports imports;
	struct watch *watch;
	unsigned watches_max;
	char news[4000];
	bool (*is_over)(struct lab *lab);
	const char *expected;
	bool out_of_patience;
	bool has_more; /* another turn is wanted at once */
};

/* The imports. */

unsigned imports_count(const struct imports *imports)
{
	return imports->count;
}

const char *imports_rules(const struct imports *imports, int64_t validate_level, const struct join_rules *join,
			  char out[DIGEST_HEX_MAX])
{
	(void)validate_level;
	(void)join;
	(void)snprintf(out, DIGEST_HEX_MAX, "%s", imports->rules);
	return out;
}

int imports_add(struct imports *imports, const struct import_request *request, import_done_fn *done, void *arg,
		struct err *err)
{
	(void)err;
	assert_true(imports->count < REQUESTS_MAX);
	assert_true(request->has_mark);
	assert_int_equal(request->path[0], '/');
	imports->waiting[imports->count].request = *request;
	imports->waiting[imports->count].done = done;
	imports->waiting[imports->count].arg = arg;
	(void)snprintf(imports->waiting[imports->count].path, PATH_MAX, "%s", request->path);
	imports->count++;
	return 0;
}

static char *read_file(const char *path, struct file_mark *mark)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text;

	if (fd < 0)
		return NULL;
	assert_int_equal(fstat(fd, &status), 0);
	file_mark_of(&status, mark);
	text = calloc(1, (size_t)status.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, (size_t)status.st_size), status.st_size);
	(void)close(fd);
	return text;
}

static bool is_new(struct imports *imports, const char *path, const char *text)
{
	char *key = NULL;

	assert_true(asprintf(&key, "%s %s %s", imports->rules, path, text) > 0);
	for (unsigned i = 0; i < imports->content_count; i++) {
		if (strcmp(imports->contents[i], key) == 0) {
			free(key);
			return false;
		}
	}
	/* Tests with many rooms do not ask for it. */
	if (imports->content_count == CONTENTS_MAX)
		free(key);
	else
		imports->contents[imports->content_count++] = key;
	return true;
}

static int64_t count_lines(const char *text)
{
	int64_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n' || text[1] == '\0';
	return lines;
}

static void answer(struct imports *imports, unsigned i)
{
	const struct import_request *request = &imports->waiting[i].request;
	import_done_fn *done = imports->waiting[i].done;
	struct imported imported = { .source_id = 0, .sha256 = "0" };
	struct file_mark mark;
	struct err err = { .code = ERR_NONE };
	char *text = read_file(imports->waiting[i].path, &mark);

	imports->reads++;
	if (!text)
		(void)err_set(&err, ERR_FILE, "cannot open: %s", strerror(errno));
	else if (!file_mark_is_same(&mark, &request->mark))
		(void)err_set(&err, ERR_BUSY, "it changes");
	else if (strstr(text, "BAD"))
		(void)err_set(&err, ERR_FORMAT, "bad in line 1");
	if (err.code == ERR_NONE) {
		imported.rows = count_lines(text);
		/* Each file is its own. */
		(void)snprintf(imported.sha256, sizeof(imported.sha256), "%u", imports->reads);
		imported.is_new = is_new(imports, imports->waiting[i].path, text);
	}
	free(text);
	done(imports->waiting[i].arg, err.code == ERR_NONE ? &imported : NULL, err.code == ERR_NONE ? NULL : &err);
}

bool imports_pump(struct imports *imports)
{
	unsigned count = imports->count;

	if (imports->is_held || count == 0)
		return false;
	imports->count = 0;
	for (unsigned i = 0; i < count; i++)
		answer(imports, i);
	return true;
}

/* What a stop answers, see imports_free(). */
static void stop_imports(struct imports *imports)
{
	struct err err;

	(void)err_set(&err, ERR_BUSY, "stopping");
	for (unsigned i = 0; i < imports->count; i++)
		imports->waiting[i].done(imports->waiting[i].arg, NULL, &err);
	imports->count = 0;
}

/* The lab. */

static void on_news(void *arg, const struct watch_news *news)
{
	struct lab *lab = arg;
	size_t len = strlen(lab->news);
	char what[100];

	if (news->imported)
		(void)snprintf(what, sizeof(what), "%d", (int)news->imported->rows);
	else
		(void)snprintf(what, sizeof(what), "%.99s", news->problem);
	(void)snprintf(lab->news + len, sizeof(lab->news) - len, "%s%s=%s%s", len > 0 ? " " : "",
		       news->room[0] ? news->room : ".", what, news->is_adopted ? "+" : "");
}

static void on_turn_end(void *arg)
{
	struct lab *lab = arg;
	struct err err;

	lab->has_more = watch_pump(lab->watch);
	lab->has_more |= imports_pump(&lab->imports);
	if (ledger_commit(lab->ledger, &err) < 0)
		fail_msg("%s", err.message);
	if (lab->has_more)
		loop_wake(lab->loop);
	if (lab->is_over(lab) || lab->out_of_patience)
		loop_stop(lab->loop);
}

static void on_patience(void *arg)
{
	struct lab *lab = arg;

	lab->out_of_patience = true;
}

static void start(struct lab *lab)
{
	const struct watch_parts parts = { .loop = lab->loop,
					   .ledger = lab->ledger,
					   .imports = &lab->imports,
					   .config = &lab->config,
					   .watches_max = lab->watches_max };
	struct err err;

	assert_int_equal(room_book_open(lab->ledger, &err), 0);
	lab->watch = watch_new(&parts, on_news, lab, &err);
	if (!lab->watch)
		fail_msg("%s", err.message);
}

static void stop(struct lab *lab)
{
	stop_imports(&lab->imports);
	watch_free(lab->watch);
	lab->watch = NULL;
}

static void restart(struct lab *lab)
{
	stop(lab);
	start(lab);
}

static int set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct err err;

	assert_non_null(lab);
	scratch_make(&lab->scratch);
	tree_make(lab->scratch.folder, "state/");
	lab->ledger = ledger_open(lab->scratch.folder, "rehearsal", &err);
	lab->loop = loop_new(&err);
	assert_true(lab->ledger && lab->loop);
	lab->patience = loop_timer_new(lab->loop, on_patience, lab, &err);
	assert_non_null(lab->patience);
	loop_on_turn_end(lab->loop, on_turn_end, lab);
	lab->imports.rules = "r";
	lab->config.watch = true;
	lab->config.rescan_ms = 600000;
	lab->config.games = (struct text_list){ .items = lab->games, .count = 1 };
	lab->games[0] = tree_path(lab->scratch.folder, "game");
	tree_make(lab->scratch.folder, "game/data/");
	*state = lab;
	return 0;
}

static int tear_down(void **state)
{
	struct lab *lab = *state;

	stop(lab);
	for (unsigned i = 0; i < lab->imports.content_count; i++)
		free(lab->imports.contents[i]);
	loop_timer_free(lab->patience);
	loop_free(lab->loop);
	ledger_close(lab->ledger);
	scratch_remove(&lab->scratch);
	free(lab->games[0]);
	free(lab->games[1]);
	free(lab);
	return 0;
}

static bool has_news(struct lab *lab)
{
	return strlen(lab->news) >= strlen(lab->expected);
}

static void run_until(struct lab *lab, bool (*is_over)(struct lab *lab))
{
	struct err err;

	lab->is_over = is_over;
	lab->out_of_patience = false;
	assert_int_equal(loop_timer_set(lab->patience, PATIENCE_MS), 0);
	loop_wake(lab->loop);
	assert_int_equal(loop_run(lab->loop, &err), 0);
	loop_timer_clear(lab->patience);
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Problems are sentences: news of one room are left as they are. */
static void sort_news(struct lab *lab)
{
	char copy[sizeof(lab->news)], *words[100], *rest = NULL;
	size_t count = 0, len = 0;

	memcpy(copy, lab->news, sizeof(copy));
	for (char *word = strtok_r(copy, " ", &rest); word && count < 100; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	for (size_t i = 0; i < count; i++)
		if (!strchr(words[i], '='))
			return;
	qsort(words, count, sizeof(words[0]), compare_words);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(lab->news + len, sizeof(lab->news) - len, "%s%s", i > 0 ? " " : "", words[i]);
}

/* "room=rows", "+" behind it if it is adopted, "room=problem"; by name. */
static void expect(struct lab *lab, const char *expected)
{
	lab->expected = expected;
	run_until(lab, has_news);
	sort_news(lab);
	assert_string_equal(lab->news, expected);
	lab->news[0] = '\0';
}

static bool is_idle(struct lab *lab)
{
	struct json_object *told = watch_describe(lab->watch);
	bool scanning = true;

	(void)json_get_bool(told, "scanning", &scanning);
	json_object_put(told);
	return !scanning && !lab->has_more && lab->imports.count == 0;
}

static bool has_waiting(struct lab *lab)
{
	return lab->imports.count > 0;
}

/* Everything was looked at, and nothing was found worth telling. */
static void expect_nothing(struct lab *lab)
{
	run_until(lab, is_idle);
	assert_string_equal(lab->news, "");
}

static void write_file(struct lab *lab, const char *path, const char *text)
{
	char *name = NULL;

	tree_make(lab->scratch.folder, path);
	assert_true(asprintf(&name, "%s", path) > 0);
	(void)scratch_write(&lab->scratch, name, text);
	free(name);
}

static void append(struct lab *lab, const char *path, const char *text)
{
	char *full = tree_path(lab->scratch.folder, path);
	int fd = open(full, O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
	free(full);
}

static void move(struct lab *lab, const char *from, const char *to)
{
	char *old = tree_path(lab->scratch.folder, from), *new = tree_path(lab->scratch.folder, to);

	assert_int_equal(rename(old, new), 0);
	free(old);
	free(new);
}

static void remove_path(struct lab *lab, const char *path)
{
	char *full = tree_path(lab->scratch.folder, path);

	assert_int_equal(remove(full), 0);
	free(full);
}

static int64_t number(struct lab *lab, const char *literal)
{
	struct err err;
	int64_t out = -1;

	assert_int_equal(statement_number(store_statement(lab->ledger->store, literal, &err), &out, &err), 0);
	return out;
}

/* Rooms that are there, and rooms that come. */

static void test_old_rooms_wait_and_new_ones_do_not(void **state)
{
	struct lab *lab = *state;

	write_file(lab, "game/data/room000001/bonus.csv", "h\na\n");
	tree_make(lab->scratch.folder, "game/data/room000002/");
	start(lab);
	expect(lab, "room000001=2");
	write_file(lab, "game/data/room000003/bonus.csv", "h\na\nb\n");
	expect(lab, "room000003=3+");
	/* Its results come later, but it was there. */
	write_file(lab, "game/data/room000002/results.csv", "h\n");
	expect(lab, "room000002=1");
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE adopted = 1"), 1);
	/* What comes while nobody watches is new, too. */
	stop(lab);
	write_file(lab, "game/data/room000004/bonus.csv", "h\n");
	start(lab);
	expect(lab, "room000004=1+");
}

static int64_t ticks_ms;

static int64_t tick(void)
{
	return ticks_ms += 5;
}

static void test_made_while_the_old_ones_are_listed(void **state)
{
	struct lab *lab = *state;

	for (int i = 0; i < 200; i++) {
		char path[60];

		(void)snprintf(path, sizeof(path), "game/data/room%d/", i);
		tree_make(lab->scratch.folder, path);
	}
	start(lab);
	/* A turn is one step now, and one step is not all of the names. */
	clock_set_sources(NULL, tick, NULL);
	assert_true(watch_pump(lab->watch));
	assert_int_equal(number(lab, "SELECT count(*) FROM room"), 0);
	tree_make(lab->scratch.folder, "game/data/room999/");
	while (watch_pump(lab->watch))
		;
	clock_set_sources(NULL, NULL, NULL);
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE adopted = 0"), 200);
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE adopted = 1 AND name = 'room999'"), 1);
	assert_int_equal(number(lab, "SELECT scanned FROM folder"), 1);
}

static void test_names(void **state)
{
	struct lab *lab = *state;

	write_file(lab, "game/data/room1/codes.csv", "x\n");
	write_file(lab, "game/data/room1/.bonus.csv", "x\n");
	write_file(lab, "game/data/room1/.~lock.bonus.csv#", "x\n");
	write_file(lab, "game/data/room1/bonus.csv.bak", "x\n");
	write_file(lab, "game/data/room1/bonus_prolific.csv", "x\n");
	write_file(lab, "game/data/export/bonus.csv", "x\n");
	write_file(lab, "game/data/.room2/bonus.csv", "x\n");
	write_file(lab, "game/data/results.csv", "x\n");
	write_file(lab, "game/data/room3", "x\n");
	start(lab);
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv_123.bak", "x\n");
	write_file(lab, "game/data/room1/.bonus.bak", "x\n");
	write_file(lab, "game/data/export/results.csv", "x\n");
	write_file(lab, "game/data/room000001/bonus.csv", "h\na\nb\n");
	expect(lab, "room000001=3+");
	write_file(lab, "game/data/room1/bonus.csv", "h\na\n");
	expect(lab, "room1=2");
	assert_int_equal(lab->imports.reads, 2);
}

static void test_shared_file(void **state)
{
	struct lab *lab = *state;

	start(lab);
	expect_nothing(lab);
	write_file(lab, "game/data/bonus.csv", "h\na\n");
	expect(lab, ".=2+");
	append(lab, "game/data/bonus.csv", "b\n");
	expect(lab, ".=3+");
}

/* Files that change. */

static void test_appended_and_rewritten(void **state)
{
	struct lab *lab = *state;

	start(lab);
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\na\n");
	expect(lab, "room1=2+");
	append(lab, "game/data/room1/bonus.csv", "b\n");
	expect(lab, "room1=3+");
	/* The same length, at once: nothing but the event tells. */
	write_file(lab, "game/data/room1/bonus.csv", "h\nc\nd\n");
	expect(lab, "room1=3+");
	write_file(lab, "game/data/room1/new", "h\ne\n");
	move(lab, "game/data/room1/new", "game/data/room1/bonus.csv");
	expect(lab, "room1=2+");
}

static void test_results_until_there_is_bonus(void **state)
{
	struct lab *lab = *state;

	start(lab);
	write_file(lab, "game/data/room1/results.csv", "h\na\n");
	expect(lab, "room1=2");
	write_file(lab, "game/data/room1/bonus.csv", "h\na\nb\n");
	expect(lab, "room1=3");
	remove_path(lab, "game/data/room1/bonus.csv");
	append(lab, "game/data/room1/results.csv", "b\nc\n");
	expect(lab, "room1=4");
}

static int64_t began_ms;

static void test_settles_first(void **state)
{
	struct lab *lab = *state;
	int64_t written_ms = 0;

	lab->config.settle_ms = 200;
	start(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	began_ms = clock_mono_ms();
	for (int i = 0; i < 10; i++) {
		int64_t until_ms = began_ms + 40 * (i + 1);

		while (clock_mono_ms() < until_ms) {
			(void)watch_pump(lab->watch);
			(void)usleep(2000);
		}
		append(lab, "game/data/room1/bonus.csv", "a\n");
		written_ms = clock_mono_ms();
	}
	assert_int_equal(lab->imports.count, 0);
	expect(lab, "room1=11");
	assert_int_equal(lab->imports.reads, 1);
	assert_true(clock_mono_ms() - written_ms >= 190);
}

static void test_quiet_before_the_start(void **state)
{
	struct lab *lab = *state;
	const struct timespec old[2] = { { .tv_sec = 1600000000 }, { .tv_sec = 1600000000 } };
	char *path = tree_path(lab->scratch.folder, "game/data/room1/bonus.csv");

	lab->config.settle_ms = 300;
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	(void)usleep(350000);
	start(lab);
	began_ms = clock_mono_ms();
	expect(lab, "room1=1");
	assert_true(clock_mono_ms() - began_ms < 250);
	stop(lab);
	/* A time in the past says nothing about when it was written. */
	write_file(lab, "game/data/room1/bonus.csv", "h\na\n");
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	began_ms = clock_mono_ms();
	start(lab);
	expect(lab, "room1=2");
	assert_true(clock_mono_ms() - began_ms >= 290);
	free(path);
}

static void test_half_a_line_waits_longer(void **state)
{
	struct lab *lab = *state;

	lab->config.settle_ms = 50;
	start(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\na,2");
	began_ms = clock_mono_ms();
	expect(lab, "room1=2");
	assert_true(clock_mono_ms() - began_ms >= 490);
	append(lab, "game/data/room1/bonus.csv", ".50\nb");
	run_until(lab, is_idle);
	append(lab, "game/data/room1/bonus.csv", ",1\n");
	began_ms = clock_mono_ms();
	expect(lab, "room1=3");
	assert_true(clock_mono_ms() - began_ms < 400);
}

static void test_empty_files_wait(void **state)
{
	struct lab *lab = *state;

	start(lab);
	write_file(lab, "game/data/room1/bonus.csv", "");
	expect_nothing(lab);
	append(lab, "game/data/room1/bonus.csv", "h\na\n");
	expect(lab, "room1=2");
	write_file(lab, "game/data/room1/bonus.csv", "");
	watch_rescan(lab->watch);
	expect_nothing(lab);
	assert_int_equal(lab->imports.reads, 1);
	append(lab, "game/data/room1/bonus.csv", "h\nb\nc\n");
	expect(lab, "room1=3");
}

static void test_vanished_files(void **state)
{
	struct lab *lab = *state;

	start(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\na\n");
	expect(lab, "room1=2");
	move(lab, "game/data/room1", "away");
	expect_nothing(lab);
	/* The same file again, which was read. */
	move(lab, "away", "game/data/room1");
	expect_nothing(lab);
	assert_int_equal(lab->imports.reads, 1);
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE problem IS NOT NULL"), 0);
	append(lab, "game/data/room1/bonus.csv", "b\n");
	expect(lab, "room1=3");
}

static void test_changes_while_it_is_read(void **state)
{
	struct lab *lab = *state;

	start(lab);
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\na\n");
	lab->imports.is_held = true;
	run_until(lab, has_waiting);
	append(lab, "game/data/room1/bonus.csv", "b\n");
	for (int i = 0; i < 20; i++) {
		(void)watch_pump(lab->watch);
		(void)usleep(1000);
	}
	/* Not twice at the same time. */
	assert_int_equal(lab->imports.count, 1);
	lab->imports.is_held = false;
	expect(lab, "room1=3+");
	assert_int_equal(lab->imports.reads, 2);
}

/* What is wrong. */

static void test_problems(void **state)
{
	struct lab *lab = *state;

	write_file(lab, "game/data/room1/bonus.csv", "BAD\n");
	start(lab);
	expect(lab, "room1=bad in line 1");
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE problem = 'bad in line 1'"), 1);
	/* Told once, whatever is looked at again; and not read again by itself. */
	lab->config.rescan_ms = 20;
	restart(lab);
	expect_nothing(lab);
	assert_int_equal(lab->imports.reads, 2);
	for (int i = 0; i < 5; i++) {
		(void)usleep(25000);
		expect_nothing(lab);
	}
	assert_int_equal(lab->imports.reads, 2);
	append(lab, "game/data/room1/bonus.csv", "BAD as well\n");
	watch_rescan(lab->watch);
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\na\n");
	expect(lab, "room1=2");
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE problem IS NOT NULL"), 0);
}

static void test_a_bad_file_that_goes(void **state)
{
	struct lab *lab = *state;

	start(lab);
	write_file(lab, "game/data/room1/bonus.csv", "BAD\n");
	expect(lab, "room1=bad in line 1");
	stop(lab);
	remove_path(lab, "game/data/room1/bonus.csv");
	start(lab);
	expect_nothing(lab);
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE problem IS NOT NULL"), 0);
}

static void test_what_cannot_be_looked_at(void **state)
{
	struct lab *lab = *state;
	char *link = tree_path(lab->scratch.folder, "game/data/room1/bonus.csv");

	start(lab);
	tree_make(lab->scratch.folder, "game/data/room1/");
	assert_int_equal(symlink("bonus.csv", link), 0);
	lab->expected = "room1=";
	run_until(lab, has_news);
	assert_non_null(strstr(lab->news, "cannot look at"));
	lab->news[0] = '\0';
	watch_rescan(lab->watch);
	expect_nothing(lab);
	assert_int_equal(remove(link), 0);
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	expect(lab, "room1=1");
	free(link);
}

/* Restarts. */

static void test_restart_reads_what_is_new(void **state)
{
	struct lab *lab = *state;

	write_file(lab, "game/data/room1/bonus.csv", "h\na\n");
	write_file(lab, "game/data/room2/bonus.csv", "h\n");
	start(lab);
	expect(lab, "room1=2 room2=1");
	restart(lab);
	expect_nothing(lab);
	assert_int_equal(lab->imports.reads, 2);
	stop(lab);
	append(lab, "game/data/room2/bonus.csv", "b\n");
	start(lab);
	expect(lab, "room2=2");
	assert_int_equal(lab->imports.reads, 3);
	/* Other rules, other verdicts. */
	lab->imports.rules = "s";
	restart(lab);
	expect(lab, "room1=2 room2=2");
}

static void test_rescan_reads_everything(void **state)
{
	struct lab *lab = *state;

	write_file(lab, "game/data/room1/bonus.csv", "h\na\n");
	write_file(lab, "game/data/room2/bonus.csv", "h\n");
	start(lab);
	expect(lab, "room1=2 room2=1");
	watch_rescan(lab->watch);
	expect_nothing(lab);
	run_until(lab, is_idle);
	assert_int_equal(lab->imports.reads, 4);
}

/* Folders that come, go and are replaced. */

static void test_data_folder_comes_later(void **state)
{
	struct lab *lab = *state;

	remove_path(lab, "game/data");
	remove_path(lab, "game");
	start(lab);
	expect_nothing(lab);
	tree_make(lab->scratch.folder, "game/package.json");
	expect_nothing(lab);
	/* As nodeGame makes it; the first room comes after. */
	tree_make(lab->scratch.folder, "game/data/");
	expect_nothing(lab);
	while (number(lab, "SELECT count(*) FROM folder WHERE scanned = 1") == 0)
		expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	expect(lab, "room1=1+");
}

static void test_data_folder_is_renamed_and_comes_back(void **state)
{
	struct lab *lab = *state;

	start(lab);
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	expect(lab, "room1=1+");
	move(lab, "game/data", "game/old");
	append(lab, "game/old/room1/bonus.csv", "a\n");
	expect_nothing(lab);
	/* It is the same one: what it got meanwhile is its own. */
	move(lab, "game/old", "game/data");
	expect(lab, "room1=2+");
}

static void test_data_folder_is_another_one(void **state)
{
	struct lab *lab = *state;

	start(lab);
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	expect(lab, "room1=1+");
	write_file(lab, "other/room1/bonus.csv", "h\na\n");
	write_file(lab, "other/room2/bonus.csv", "h\n");
	move(lab, "game/data", "game/old");
	expect_nothing(lab);
	move(lab, "other", "game/data");
	/* Nobody knows what was done for its rooms. */
	expect(lab, "room1=2 room2=1");
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE adopted = 1"), 0);
	write_file(lab, "game/data/room3/bonus.csv", "h\na\n");
	expect(lab, "room3=2+");
}

static void test_data_folder_is_another_one_and_nobody_tells(void **state)
{
	struct lab *lab = *state;

	/* Without a watch to spare, and with a scan before the games are looked for again. */
	lab->watches_max = 1;
	lab->config.rescan_ms = 600000;
	start(lab);
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	write_file(lab, "other/room1/bonus.csv", "h\na\n");
	write_file(lab, "other/room2/bonus.csv", "h\n");
	expect(lab, "room1=1+");
	move(lab, "game/data", "game/old");
	move(lab, "other", "game/data");
	expect(lab, "room1=2 room2=1");
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE adopted = 1"), 0);
}

static void test_link_is_replaced(void **state)
{
	struct lab *lab = *state;

	remove_path(lab, "game/data");
	remove_path(lab, "game");
	write_file(lab, "one/data/room1/bonus.csv", "h\n");
	write_file(lab, "two/data/room1/bonus.csv", "h\na\n");
	tree_link(lab->scratch.folder, "one", "game");
	start(lab);
	expect(lab, "room1=1");
	tree_link(lab->scratch.folder, "two", "new");
	move(lab, "new", "game");
	expect(lab, "room1=2");
	append(lab, "one/data/room1/bonus.csv", "b\n");
	expect_nothing(lab);
	append(lab, "two/data/room1/bonus.csv", "b\n");
	expect(lab, "room1=3");
}

static void test_room_is_another_one(void **state)
{
	struct lab *lab = *state;

	start(lab);
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	expect(lab, "room1=1+");
	/* Moved away, made anew; the old one is still written to. */
	move(lab, "game/data/room1", "old");
	tree_make(lab->scratch.folder, "game/data/room1/");
	expect_nothing(lab);
	append(lab, "old/bonus.csv", "a\nb\n");
	expect_nothing(lab);
	write_file(lab, "game/data/room1/bonus.csv", "h\nx\n");
	expect(lab, "room1=2+");
	/* A link, then another. */
	tree_make(lab->scratch.folder, "linked/");
	tree_link(lab->scratch.folder, "../../linked", "game/data/room2");
	expect_nothing(lab);
	write_file(lab, "linked/bonus.csv", "h\n");
	expect(lab, "room2=1+");
	write_file(lab, "other/bonus.csv", "h\na\n");
	tree_link(lab->scratch.folder, "../../other", "new");
	move(lab, "new", "game/data/room2");
	expect(lab, "room2=2+");
}

static bool is_elsewhere(struct lab *lab)
{
	struct json_object *told = watch_describe(lab->watch);
	const char *path = "";
	bool found;

	(void)json_get_text(json_object_array_get_idx(json_get_array(told, "folders"), 0), "path", &path);
	found = strstr(path, "/elsewhere") != NULL;
	json_object_put(told);
	return found;
}

static void test_folder_goes_while_a_file_is_read(void **state)
{
	struct lab *lab = *state;

	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	tree_make(lab->scratch.folder, "elsewhere/");
	start(lab);
	lab->imports.is_held = true;
	run_until(lab, has_waiting);
	move(lab, "game/data", "game/old");
	tree_link(lab->scratch.folder, "../elsewhere", "game/data");
	run_until(lab, is_elsewhere);
	/* It could not be read any more, and nobody knows the room: no harm is done. */
	lab->imports.is_held = false;
	expect_nothing(lab);
	assert_int_equal(lab->imports.reads, 1);
	/* The same, but answered with rows: they are noted. */
	write_file(lab, "elsewhere/room2/bonus.csv", "h\n");
	lab->imports.is_held = true;
	run_until(lab, has_waiting);
	remove_path(lab, "game/data");
	move(lab, "game/old", "game/data");
	while (is_elsewhere(lab))
		run_until(lab, has_waiting);
	lab->imports.is_held = false;
	expect(lab, "room1=1");
	assert_int_equal(number(lab, "SELECT count(*) FROM room WHERE name = 'room2' AND file_bytes = 2"), 1);
}

/* Without events. */

static void test_limit_of_watches(void **state)
{
	struct lab *lab = *state;
	struct json_object *told;
	bool has_events = true;

	lab->watches_max = 5;
	lab->config.rescan_ms = 30;
	for (int i = 0; i < 8; i++) {
		char path[60];

		(void)snprintf(path, sizeof(path), "game/data/room%d/", i);
		tree_make(lab->scratch.folder, path);
	}
	start(lab);
	expect_nothing(lab);
	told = watch_describe(lab->watch);
	(void)json_get_bool(json_object_array_get_idx(json_get_array(told, "folders"), 0), "events", &has_events);
	json_object_put(told);
	assert_false(has_events);
	for (int i = 0; i < 8; i++) {
		char path[60], expected[60];

		(void)snprintf(path, sizeof(path), "game/data/room%d/bonus.csv", i);
		write_file(lab, path, "h\n");
		(void)snprintf(expected, sizeof(expected), "room%d=1", i);
		expect(lab, expected);
	}
	write_file(lab, "game/data/room9/bonus.csv", "h\n");
	expect(lab, "room9=1+");
}

/* What people say. */

static void test_ignored_rooms(void **state)
{
	struct lab *lab = *state;
	struct err err;
	int64_t id;

	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	start(lab);
	expect(lab, "room1=1");
	id = number(lab, "SELECT id FROM room");
	assert_true(room_book_ignore(lab->ledger, id, true, &err) >= 0);
	watch_room_changed(lab->watch, id);
	append(lab, "game/data/room1/bonus.csv", "a\n");
	watch_rescan(lab->watch);
	expect_nothing(lab);
	restart(lab);
	expect_nothing(lab);
	assert_true(room_book_ignore(lab->ledger, id, false, &err) >= 0);
	assert_true(room_book_adopt(lab->ledger, id, &err) >= 0);
	watch_room_changed(lab->watch, id);
	expect(lab, "room1=2+");
	watch_room_changed(lab->watch, 12345);
}

static void test_nothing_to_watch(void **state)
{
	struct lab *lab = *state;

	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	lab->config.watch = false;
	start(lab);
	assert_false(watch_pump(lab->watch));
	watch_rescan(lab->watch);
	assert_false(watch_pump(lab->watch));
	expect_nothing(lab);
	stop(lab);
	lab->config.watch = true;
	lab->config.games.count = 0;
	start(lab);
	expect_nothing(lab);
	assert_int_equal(number(lab, "SELECT count(*) FROM folder"), 0);
}

static void test_halted(void **state)
{
	struct lab *lab = *state;

	start(lab);
	expect_nothing(lab);
	watch_halt(lab->watch);
	write_file(lab, "game/data/room1/bonus.csv", "h\n");
	assert_false(watch_pump(lab->watch));
	run_until(lab, is_idle);
	assert_int_equal(lab->imports.reads, 0);
}

static void test_described(void **state)
{
	struct lab *lab = *state;
	struct json_object *told, *folder;
	const char *text;
	int64_t rooms = 0;
	bool has_events = false;

	assert_true(asprintf(&lab->games[1], "%s/nowhere policy=approve", lab->scratch.folder) > 0);
	lab->config.games.count = 2;
	tree_make(lab->scratch.folder, "game/data/room1/");
	tree_make(lab->scratch.folder, "game/data/room2/");
	start(lab);
	expect_nothing(lab);
	told = watch_describe(lab->watch);
	folder = json_object_array_get_idx(json_get_array(told, "folders"), 0);
	assert_true(json_get_text(folder, "game", &text));
	assert_string_equal(text, "game");
	assert_true(json_get_text(folder, "policy", &text));
	assert_string_equal(text, "import");
	assert_true(json_get_int(folder, "rooms", &rooms) && json_get_bool(folder, "events", &has_events));
	assert_int_equal(rooms, 2);
	assert_true(has_events);
	assert_false(json_get_text(folder, "problem", &text));
	folder = json_object_array_get_idx(json_get_array(told, "folders"), 1);
	assert_true(json_get_text(folder, "game", &text));
	assert_string_equal(text, "nowhere");
	assert_true(json_get_text(folder, "problem", &text));
	assert_non_null(strstr(text, "No such file or directory"));
	assert_true(json_get_text(told, "rescanned_at", &text));
	json_object_put(told);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_old_rooms_wait_and_new_ones_do_not),
		TEST(test_made_while_the_old_ones_are_listed),
		TEST(test_names),
		TEST(test_shared_file),
		TEST(test_appended_and_rewritten),
		TEST(test_results_until_there_is_bonus),
		TEST(test_settles_first),
		TEST(test_quiet_before_the_start),
		TEST(test_half_a_line_waits_longer),
		TEST(test_empty_files_wait),
		TEST(test_vanished_files),
		TEST(test_changes_while_it_is_read),
		TEST(test_problems),
		TEST(test_a_bad_file_that_goes),
		TEST(test_what_cannot_be_looked_at),
		TEST(test_restart_reads_what_is_new),
		TEST(test_rescan_reads_everything),
		TEST(test_data_folder_comes_later),
		TEST(test_data_folder_is_renamed_and_comes_back),
		TEST(test_data_folder_is_another_one),
		TEST(test_data_folder_is_another_one_and_nobody_tells),
		TEST(test_link_is_replaced),
		TEST(test_room_is_another_one),
		TEST(test_folder_goes_while_a_file_is_read),
		TEST(test_limit_of_watches),
		TEST(test_ignored_rooms),
		TEST(test_nothing_to_watch),
		TEST(test_halted),
		TEST(test_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
