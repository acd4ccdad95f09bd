/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: the whole import of one file: from bytes in a folder over their copy to rows in a real ledger. The
 * last byte chooses the rules and whether the file is watched, the one before it how much of it is there at first: it
 * is imported so, then whole, then once more, and watched again as it was first and under another rule. Whatever it
 * says, what stands in the ledger keeps the rules of money, and nothing comes in twice or is lost. Everything is rolled
 * back after each file.
 */
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "imports.h"
#include "joined.h"
#include "ledger.h"
#include "log.h"
#include "loop.h"
#include "utf8.h"

#define CHOICES 2
#define PUMPS_MAX 10000
/* What is compared row by row has no more of them. */
#define ROWS_COMPARED_MAX 400
#define COLUMNS "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,bonus,skip"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* What stays from one file to the next. */
static struct {
	char folder[64];
	char watched[128];
	char loaded[128];
	struct loop *loop;
	struct ledger *ledger;
	struct config config;
} place;

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static void remove_place(void)
{
	ledger_close(place.ledger);
	loop_free(place.loop);
	place.config.columns = NULL;
	config_finish(&place.config);
	(void)nftw(place.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	require(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0, "the file is written");
}

static void execute(const char *sql)
{
	struct err err;

	require(store_execute(place.ledger->store, sql, &err) == 0, sql);
}

static void make_place(void)
{
	static const char *const overrides[] = { "limits.max_bonus=10.00", NULL };
	struct err err;

	log_open("fuzz", LOG_LEVEL_ERROR);
	/* In memory: an import waits for the disk several times. */
	(void)snprintf(place.folder, sizeof(place.folder), "%s/ngmt-fuzz-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	require(mkdtemp(place.folder), "a folder");
	(void)snprintf(place.watched, sizeof(place.watched), "%s/bonus.csv", place.folder);
	(void)snprintf(place.loaded, sizeof(place.loaded), "%s/loaded.csv", place.folder);
	write_file(place.loaded, NULL, 0);
	require(config_load(&place.config, place.loaded, overrides, NULL, NULL, &err) == 0, "the configuration");
	place.loop = loop_new(&err);
	place.ledger = ledger_open(place.folder, "rehearsal", &err);
	require(place.loop && place.ledger, "the ledger");
	execute("INSERT INTO folder (id, path, game, inode, policy, pattern, since_s) VALUES (1, '/g', 'g', 1, 0, '', "
		"1)");
	execute("INSERT INTO room (id, folder_id, name, adopted, found_s) VALUES (1, 1, 'room000001', 1, 1)");
	require(ledger_commit(place.ledger, &err) == 0, "the room");
	(void)atexit(remove_place);
}

/* Returns the first number; there must be one. */
static int64_t number(const char *sql)
{
	struct err err;
	int64_t value = -1;

	if (statement_number(store_statement(place.ledger->store, sql, &err), &value, &err) < 0)
		require(false, sql);
	return value;
}

static void require_none(const char *sql, const char *what)
{
	if (number(sql) != 0)
		require(false, what);
}

struct attempt {
	bool done;
	bool good;
	struct imported imported;
	struct err err;
};

static void on_done(void *arg, const struct imported *imported, const struct err *err)
{
	struct attempt *attempt = arg;

	require(!attempt->done, "an import ends once");
	require(!imported != !err, "it ends well or not");
	attempt->done = true;
	attempt->good = imported;
	if (imported)
		attempt->imported = *imported;
	else
		attempt->err = *err;
}

static void run(struct imports *imports, const struct import_request *request, struct attempt *attempt)
{
	struct err err;
	bool more = true;

	*attempt = (struct attempt){ .done = false };
	require(imports_add(imports, request, on_done, attempt, &err) == 0, "the import begins");
	for (int i = 0; i < PUMPS_MAX && (more || !attempt->done); i++)
		more = imports_pump(imports);
	require(attempt->done && !more, "the import ends");
	require(imports_count(imports) == 0, "nothing waits");
}

/* The copy has the very bytes. */
static void check_copy(const struct imported *imported, const uint8_t *bytes, size_t len)
{
	char path[256], *text = malloc(len + 1);
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/snapshots/%s", place.ledger->directory, imported->sha256);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	require(fd >= 0 && text, "there is a copy");
	got = read(fd, text, len + 1);
	require(got == (ssize_t)len && memcmp(text, bytes, len) == 0, "the copy is exact");
	(void)close(fd);
	free(text);
}

static void check_texts(void)
{
	struct err err;
	struct statement *get = store_statement(
		place.ledger->store,
		"SELECT player_id, type, worker_id, assignment_id, hit_id, access_code, exit_code, bonus_text,"
		" qualification_type_id, reason, requester_feedback, why FROM result",
		&err);

	require(get, "the rows");
	while (statement_step(get, &err) == 1) {
		for (int column = 0; column <= 11; column++) {
			const char *text = statement_text(get, column);

			if (text)
				require(text[0] && utf8_first_invalid(text, strlen(text)) == strlen(text),
					"texts are UTF-8 and not empty");
		}
		require(!statement_is_null(get, 11), "there is a reason");
	}
}

/* By SQL, from what stands in the ledger. */
static void check_rows(const struct config *config)
{
	require_none("SELECT count(*) FROM result WHERE bonus_payable AND (bonus_cents IS NULL OR bonus_cents < 1"
		     " OR bonus_cents > 1000 OR bonus_text IS NULL"
		     " OR CASE join_state WHEN 0 THEN verdict ELSE join_verdict END <> 0)",
		     "only who is approved gets a bonus, within the limit");
	require_none(
		"SELECT count(*) FROM result WHERE join_state <> 0 AND (verdict <> 2 OR assignment_id IS NOT NULL)",
		"what waits for its assignment is held");
	if (config->min_bonus_cents > 0)
		require_none("SELECT count(*) FROM result WHERE bonus_payable AND bonus_cents < 50", "min_bonus");
	require_none("SELECT count(*) FROM result WHERE verdict < 2 AND (worker_id IS NULL OR assignment_id IS NULL"
		     " OR worker_id NOT GLOB 'A?*' OR worker_id GLOB '*[^A-Z0-9]*' OR assignment_id GLOB '*[^A-Z0-9]*'"
		     " OR length(worker_id) > 64 OR length(assignment_id) > 64"
		     " OR coalesce(hit_id, '') GLOB '*[^A-Z0-9]*')",
		     "what may be sent has ids of MTurk's");
	require_none("SELECT count(*) FROM result WHERE verdict < 2 AND lower(type) = 'bot'", "no bots");
	require_none("SELECT count(*) FROM result WHERE verdict NOT BETWEEN 0 AND 3 OR line < 1", "verdicts and lines");
	check_texts();
}

/* Of two versions of a watched file only rows that differ in what is to be paid stand side by side. */
static void check_versions(void)
{
	require_none("WITH room AS (SELECT r.* FROM result r JOIN source s ON s.id = r.source_id"
		     "  WHERE s.room_id = 1 AND s.ready AND r.current)"
		     " SELECT count(*) FROM room a JOIN room b ON b.worker_id = a.worker_id"
		     " AND b.assignment_id = a.assignment_id AND b.source_id > a.source_id"
		     " WHERE NOT (a.bonus_payable AND b.bonus_payable AND a.bonus_cents <> b.bonus_cents)",
		     "a later row replaces the earlier one");
}

static void check_counts(const struct attempt *attempt, int64_t rows_before)
{
	const struct imported *imported = &attempt->imported;
	int64_t sum = 0;

	if (!attempt->good) {
		require(attempt->err.code == ERR_FORMAT && attempt->err.message[0], "an error says what is wrong");
		require(number("SELECT count(*) FROM result") == rows_before, "nothing is left of what was refused");
		require_none("SELECT count(*) FROM source WHERE NOT ready", "nothing is left half read");
		return;
	}
	for (int verdict = 0; verdict <= VERDICT_SKIP; verdict++)
		sum += imported->verdicts[verdict];
	require(sum == imported->rows, "every row has a verdict");
	require(imported->rows_added <= imported->rows, "no more comes in than is there");
	/* A row that counts again was there all along. */
	require(number("SELECT count(*) FROM result") <= rows_before + imported->rows_added,
		"no more is there than came");
	if (imported->is_new && rows_before == 0)
		require(number("SELECT count(*) FROM result") == imported->rows_added, "what came is there");
}

/* One version of the file; the number of rows of all versions after it. */
static int64_t import_version(struct imports *imports, const struct import_request *request, const uint8_t *bytes,
			      size_t len, struct attempt *attempt)
{
	int64_t before = number("SELECT count(*) FROM result");

	write_file(request->path, bytes, len);
	run(imports, request, attempt);
	check_counts(attempt, before);
	if (attempt->good)
		check_copy(&attempt->imported, bytes, len);
	check_rows(&place.config);
	if (request->room_id)
		check_versions();
	return number("SELECT count(*) FROM result");
}

/* Whatever the versions before were, what the last one wants to be paid counts: as if it were loaded alone. But for
 * pairs of which one row is not to be paid: that is what counts if it came later. */
static void check_nothing_is_lost(struct imports *imports, const struct import_request *request, const uint8_t *bytes,
				  size_t len, const struct attempt *watched)
{
	struct import_request alone = { .path = place.loaded,
					.validate_level = request->validate_level,
					.join = request->join };
	struct attempt attempt;

	if (!request->room_id || !watched->good || number("SELECT count(*) FROM result") > ROWS_COMPARED_MAX)
		return;
	(void)import_version(imports, &alone, bytes, len, &attempt);
	require(attempt.good, "a file that is watched can be loaded");
	require_none("SELECT count(*) FROM result l JOIN source s ON s.id = l.source_id AND s.room_id IS NULL"
		     " AND s.sequence = (SELECT max(n.sequence) FROM source n WHERE n.room_id IS NULL AND n.ready)"
		     " WHERE l.bonus_payable AND l.verdict = 0"
		     " AND NOT EXISTS (SELECT 1 FROM result o WHERE o.source_id = l.source_id"
		     "  AND o.worker_id = l.worker_id AND o.assignment_id = l.assignment_id AND NOT o.bonus_payable)"
		     " AND NOT EXISTS (SELECT 1 FROM source w JOIN result r ON r.source_id = w.id"
		     "  WHERE w.room_id = 1 AND r.current AND r.bonus_payable AND r.worker_id = l.worker_id"
		     "  AND r.assignment_id = l.assignment_id AND r.bonus_cents = l.bonus_cents)",
		     "nobody is lost who is to be paid");
}

static void import_again(struct imports *imports, const struct import_request *request, const uint8_t *bytes,
			 size_t len, const struct attempt *before)
{
	int64_t rows = number("SELECT count(*) FROM result");
	struct attempt again;

	require(import_version(imports, request, bytes, len, &again) == rows, "the same again adds nothing");
	require(again.good == before->good, "the same again ends in the same way");
	if (!again.good) {
		require(strcmp(again.err.message, before->err.message) == 0, "it is wrong in the same place");
		return;
	}
	require(!again.imported.is_new && again.imported.rows == before->imported.rows, "it is known");
	require(memcmp(again.imported.verdicts, before->imported.verdicts, sizeof(again.imported.verdicts)) == 0,
		"its rows are judged the same");
}

static void import_all(const struct import_request *request, const uint8_t *bytes, size_t len, size_t first)
{
	struct attempt attempt;
	struct err err;
	struct imports *imports = imports_new(place.loop, place.ledger, &place.config, &err);

	require(imports, "imports");
	(void)import_version(imports, request, bytes, first, &attempt);
	(void)import_version(imports, request, bytes, len, &attempt);
	check_nothing_is_lost(imports, request, bytes, len, &attempt);
	import_again(imports, request, bytes, len, &attempt);
	if (request->room_id) {
		(void)import_version(imports, request, bytes, first, &attempt);
		check_nothing_is_lost(imports, request, bytes, first, &attempt);
		place.config.auto_approve = !place.config.auto_approve;
		(void)import_version(imports, request, bytes, len, &attempt);
		check_nothing_is_lost(imports, request, bytes, len, &attempt);
	}
	imports_free(imports);
}

static void forget_copies(void)
{
	char path[256];

	store_rollback(place.ledger->store);
	(void)snprintf(path, sizeof(path), "%s/snapshots", place.ledger->directory);
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct join_rules join = { .way = JOIN_AUTO };
	static char columns[] = COLUMNS;
	struct import_request request = { .path = place.loaded };
	uint8_t choice;
	size_t len;

	if (size < CHOICES)
		return 0;
	if (!place.ledger)
		make_place();
	len = size - CHOICES;
	choice = data[size - 1] ^ '\n';
	request.validate_level = 2 - (choice & 3U) % 3;
	place.config.min_bonus_cents = choice & 4 ? 50 : 0;
	place.config.auto_approve = choice & 8;
	place.config.columns = choice & 16 ? columns : NULL;
	request.join = choice & 32 ? &join : NULL;
	if (choice & 64) {
		request.path = place.watched;
		request.room_id = 1;
		request.game = "g";
		request.room = "room000001";
	}
	import_all(&request, data, len, len * data[size - 2] / UINT8_MAX);
	forget_copies();
	return 0;
}
