/* SPDX-License-Identifier: MIT */
#include "joined_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "joined.h"
#include "joined_private.h"
#include "utf8.h"

/* Others that a sentence names; beyond, it says that there are more. */
#define NAMED_MAX 3
#define SHOWN_MAX 40

/* A sentence in the making. */
struct saying {
	FILE *out;
	char *text;
	size_t size;
};

static int begin(struct saying *saying, struct err *err)
{
	*saying = (struct saying){ .text = NULL };
	saying->out = open_memstream(&saying->text, &saying->size);
	return saying->out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static char *end(struct saying *saying, struct err *err)
{
	if (fclose(saying->out) == 0)
		return saying->text;
	free(saying->text);
	(void)err_set(err, ERR_INTERNAL, "out of memory");
	return NULL;
}

static char *give_up(struct saying *saying)
{
	(void)fclose(saying->out);
	free(saying->text);
	return NULL;
}

/* Of a text from a file: printable, and not too much of it. */
static void say_text(struct saying *saying, const char *text)
{
	char *printable = utf8_printable(text);
	size_t length = printable ? strlen(printable) : 0;

	if (length > SHOWN_MAX) {
		printable[SHOWN_MAX] = '\0';
		length = utf8_first_invalid(printable, SHOWN_MAX);
	}
	(void)fprintf(saying->out, "\"%.*s\"", (int)length, printable ? printable : "");
	free(printable);
}

char *join_say_joined(struct ledger *ledger, int64_t row, enum join_by by, struct err *err)
{
	static const char *const ways[JOIN_BYS] = {
		[JOIN_BY_BEFORE] = "as before",
		[JOIN_BY_WORKER] = "by its worker",
		[JOIN_BY_EXIT_CODE] = "by its exit code",
		[JOIN_BY_CODES_FILE] = "by the exit code that a codes file has for its player",
		[JOIN_BY_PLAYER] = "by its player id, which is the worker's",
	};
	struct statement *get = store_statement(
		ledger->store, "SELECT coalesce(join_why, 'joined') FROM result WHERE id = ?1", err);
	struct saying saying;

	if (!get || begin(&saying, err) < 0)
		return NULL;
	statement_bind_int(get, 1, row);
	if (statement_step(get, err) != 1)
		return give_up(&saying);
	(void)fprintf(saying.out, "%s (joined %s)", statement_text(get, 0), (unsigned)by < JOIN_BYS ? ways[by] : "?");
	statement_reset(get);
	return end(&saying, err);
}

/* "nobody has submitted …" of a row for which there is a list. */
static void say_missing(struct saying *saying, struct statement *get)
{
	const char *worker = statement_text(get, 0), *player = statement_text(get, 1), *code = statement_text(get, 2);
	const char *hit = statement_text(get, 4);

	if (worker) {
		(void)fprintf(saying->out, "worker %.40s has not submitted", worker);
	} else if (code) {
		(void)fputs("nobody has submitted exit code ", saying->out);
		say_text(saying, code);
	} else {
		(void)fputs("no exit code is known for player ", saying->out);
		say_text(saying, player ? player : "");
		(void)fputs(", and no worker of that id has submitted", saying->out);
	}
	(void)fprintf(saying->out, " on HIT %.40s yet", hit ? hit : "?");
}

static void say_no_list(struct saying *saying, struct statement *get, const char *platform)
{
	const char *hit = statement_text(get, 4);

	if (statement_int(get, 3) == JOIN_LIST_MISSING)
		(void)fprintf(saying->out, "%s knows no HIT %.40s in this account", platform, hit ? hit : "?");
	else
		(void)fputs(
			"the file has no assignment, and it is not known in which HIT to look: set hit= of the game or"
			" hit_id under [defaults], or choose the newest with \"ngmtctl get hit\"",
			saying->out);
}

char *join_say_waiting(struct ledger *ledger, int64_t row, const char *platform, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT r.worker_id, r.player_id, r.exit_code, j.list, j.hit FROM result r"
				" JOIN temp.join_row j ON j.result_id = r.id WHERE r.id = ?1",
				err);
	struct saying saying;

	if (!get || begin(&saying, err) < 0)
		return NULL;
	statement_bind_int(get, 1, row);
	if (statement_step(get, err) != 1)
		return give_up(&saying);
	(void)fputs("waits to be joined: ", saying.out);
	if (statement_int(get, 3) == JOIN_LIST_READ)
		say_missing(&saying, get);
	else
		say_no_list(&saying, get, platform);
	statement_reset(get);
	return end(&saying, err);
}

/* Of a codes file, or of rows that were joined or wait to be, also long ago. */
int join_say_shared_code(struct ledger *ledger, int64_t row, char **why, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT r.exit_code FROM result r WHERE r.id = ?1 AND"
		" (r.exit_code = '0exit' COLLATE NOCASE OR (SELECT count(DISTINCT c.player_id) FROM input_code c"
		"  WHERE c.exit_code = r.exit_code COLLATE NOCASE) > 1"
		" OR EXISTS (SELECT 1 FROM result t JOIN source s ON s.id = t.source_id LEFT JOIN room m ON m.id = "
		"s.room_id"
		"  WHERE t.join_state <> 0 AND t.exit_code = r.exit_code COLLATE NOCASE AND NOT coalesce(m.ignored, 0)"
		"  AND " PLAYER("t") " <> " PLAYER("r") "))",
		err);
	struct saying saying;
	int found;

	*why = NULL;
	if (!get)
		return -1;
	statement_bind_int(get, 1, row);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	if (begin(&saying, err) < 0) {
		statement_reset(get);
		return -1;
	}
	(void)fputs("exit code ", saying.out);
	say_text(&saying, statement_text(get, 0));
	(void)fputs(" is that of several players, so it does not tell who this is", saying.out);
	statement_reset(get);
	*why = end(&saying, err);
	return *why ? 0 : -1;
}

/* "3… (worker A…), 3… (worker A…) and 4 more". 0, -1. */
static int list_candidates(struct ledger *ledger, struct saying *saying, int64_t row, int64_t *count, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT c.assignment_id, f.worker_id, count(*) OVER () FROM temp.join_claim c"
		" LEFT JOIN assignment_fact f ON f.assignment_id = c.assignment_id"
		" WHERE c.result_id = ?1 ORDER BY c.assignment_id LIMIT ?2",
		err);
	int more, named = 0;

	*count = 0;
	if (!get)
		return -1;
	statement_bind_int(get, 1, row);
	statement_bind_int(get, 2, NAMED_MAX);
	while ((more = statement_step(get, err)) == 1) {
		const char *worker = statement_text(get, 1);

		*count = statement_int(get, 2);
		(void)fprintf(saying->out, "%s%.40s (worker %.40s)", named++ ? ", " : "", statement_text(get, 0),
			      worker ? worker : "?");
	}
	if (*count > named)
		(void)fprintf(saying->out, " and %" PRId64 " more", *count - named);
	return more;
}

char *join_say_candidates(struct ledger *ledger, int64_t row, enum join_by by, const char *platform, struct err *err)
{
	static const char *const what[JOIN_BYS] = {
		[JOIN_BY_BEFORE] = "are of its player",
		[JOIN_BY_WORKER] = "are of its worker",
		[JOIN_BY_EXIT_CODE] = "have its exit code",
		[JOIN_BY_CODES_FILE] = "have the exit code of its player",
		[JOIN_BY_PLAYER] = "are of its player",
	};
	struct saying saying;
	int64_t count;

	if (begin(&saying, err) < 0)
		return NULL;
	(void)fprintf(saying.out, "several submissions on %s %s: ", platform, (unsigned)by < JOIN_BYS ? what[by] : "?");
	if (list_candidates(ledger, &saying, row, &count, err) < 0)
		return give_up(&saying);
	return end(&saying, err);
}

/* The row (t of source ts) is ?2. */
#define THIS_ROW "result t JOIN source ts ON ts.id = t.source_id"

static struct statement *find_rivals(struct ledger *ledger, int64_t row, const char *assignment_id, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT s.room, s.path, r.line FROM temp.join_claim c CROSS JOIN result r ON r.id = c.result_id"
		" CROSS JOIN source s ON s.id = r.source_id CROSS JOIN " THIS_ROW
		" WHERE c.assignment_id = ?3 AND r.id <> ?2 AND t.id = ?2 AND r.current AND NOT " ROWS_ARE_ONE
		" UNION ALL SELECT s.room, s.path, r.line FROM " ROWS_BY("assignment_id", "= ?3")
		" LEFT JOIN room m ON m.id = s.room_id CROSS JOIN " THIS_ROW
		" WHERE r.id <> ?2 AND t.id = ?2 AND (r.join_state = 0 OR r.join_state = 4) AND " ROW_ASKS
		" AND NOT " ROWS_ARE_ONE " LIMIT ?4",
		err);

	if (!get)
		return NULL;
	statement_bind_int(get, 1, clock_wall_ms() / 1000 - JOIN_AGE_S);
	statement_bind_int(get, 2, row);
	statement_bind_text(get, 3, assignment_id);
	statement_bind_int(get, 4, NAMED_MAX + 1);
	return get;
}

/* "line 3 of room000002", "line 3 of bonus.csv". */
static void say_place(struct saying *saying, struct statement *get, bool is_first)
{
	const char *room = statement_text(get, 0), *path = statement_text(get, 1), *name = strrchr(path, '/');
	char *printable = utf8_printable(room && room[0] ? room : name ? name + 1 : path);

	(void)fprintf(saying->out, "%sline %" PRId64 " of %.100s", is_first ? "" : ", ", statement_int(get, 2),
		      printable ? printable : "?");
	free(printable);
}

int join_say_rivals(struct ledger *ledger, int64_t row, const char *assignment_id, const char *platform, char **why,
		    struct err *err)
{
	struct statement *get = find_rivals(ledger, row, assignment_id, err);
	struct saying saying;
	int64_t count = 0;
	int more;

	*why = NULL;
	if (!get || begin(&saying, err) < 0)
		return -1;
	(void)fputs("other rows ask for the same submission: ", saying.out);
	while ((more = statement_step(get, err)) == 1)
		if (count++ < NAMED_MAX)
			say_place(&saying, get, count == 1);
	if (count > NAMED_MAX)
		(void)fputs(" and more", saying.out);
	(void)fprintf(saying.out, "; on %s it is ", platform);
	if (more == 0 && count > 0)
		more = list_candidates(ledger, &saying, row, &count, err);
	if (more < 0 || count == 0) {
		(void)give_up(&saying);
		return more;
	}
	*why = end(&saying, err);
	return *why ? 0 : -1;
}
