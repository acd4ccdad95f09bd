/* SPDX-License-Identifier: MIT */
#include "migrations.h"

#include <stddef.h>
#include <stdio.h>

#include "log.h"
#include "point.h"

/* "ngmt" in ASCII: tells our ledgers from other SQLite files. */
#define APPLICATION_ID 0x6e676d74

/* Never change a step that was released; append. Numbers of states and kinds are those of op_states.def,
 * op_kinds.def. */
static const char *const steps[] = {
	/* 1: 0.1.0 */
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

	/* Whose command it was (rule of money 10). */
	"CREATE TABLE batch ("
	" id INTEGER PRIMARY KEY, command TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL, pid INTEGER NOT "
	"NULL,"
	" created_s INTEGER NOT NULL, digest TEXT NOT NULL, ready INTEGER NOT NULL DEFAULT 0);"

	/* Which bytes asked for it: content by hash, places where it was seen, rows. */
	"CREATE TABLE snapshot (sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, read_s INTEGER NOT NULL) WITHOUT "
	"ROWID;"
	"CREATE TABLE source ("
	" id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL REFERENCES snapshot, path TEXT NOT NULL, game TEXT, room TEXT,"
	" rules TEXT NOT NULL, read_s INTEGER NOT NULL, sequence INTEGER NOT NULL, UNIQUE (path, sha256, rules));"
	"CREATE INDEX source_newest ON source (path, sequence);"
	"CREATE TABLE result ("
	" id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, line INTEGER NOT "
	"NULL,"
	" player_id TEXT, type TEXT, worker_id TEXT, assignment_id TEXT, hit_id TEXT, access_code TEXT, exit_code TEXT,"
	" bonus_text TEXT, bonus_cents INTEGER, bonus_payable INTEGER NOT NULL, qualification_type_id TEXT,"
	" integer_value INTEGER, send_notification INTEGER, reason TEXT, requester_feedback TEXT,"
	" verdict INTEGER NOT NULL, why TEXT NOT NULL, problem_column INTEGER NOT NULL);"
	"CREATE INDEX result_source ON result (source_id);"
	"CREATE INDEX result_assignment ON result (assignment_id) WHERE assignment_id IS NOT NULL;"
	"CREATE INDEX result_worker ON result (worker_id) WHERE worker_id IS NOT NULL;"
	"CREATE TABLE working_set (result_id INTEGER PRIMARY KEY REFERENCES result ON DELETE CASCADE);"

	"CREATE TABLE operation ("
	" id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, state INTEGER NOT NULL,"
	" batch_id INTEGER NOT NULL REFERENCES batch, result_id INTEGER, token TEXT NOT NULL,"
	" assignment_id TEXT, worker_id TEXT, hit_id TEXT, purpose TEXT, text TEXT,"
	" qualification_type_id TEXT, integer_value INTEGER, send_notification INTEGER,"
	" amount_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL, currency TEXT NOT NULL,"
	" attempts INTEGER NOT NULL DEFAULT 0, first_sent_s INTEGER NOT NULL DEFAULT 0,"
	" doubtful INTEGER NOT NULL DEFAULT 0, created_s INTEGER NOT NULL, changed_s INTEGER NOT NULL,"
	" why TEXT, outcome TEXT, http_status INTEGER, request_id TEXT, answer TEXT);"
	/* Terms with <>, because SQLite builds a table of its own for IN at every insert; 1 is held, 6 and more are
	 * settled. */
	"CREATE INDEX operation_batch ON operation (batch_id);"
	"CREATE INDEX operation_pending ON operation (batch_id) WHERE state < 6 AND state <> 1;"
	"CREATE INDEX operation_trouble ON operation (batch_id) WHERE why IS NOT NULL AND state <> 6;"
	"CREATE INDEX operation_assignment ON operation (assignment_id) WHERE assignment_id IS NOT NULL;"
	"CREATE INDEX operation_worker ON operation (worker_id) WHERE worker_id IS NOT NULL;"
	"CREATE TABLE step ("
	" id INTEGER PRIMARY KEY, operation_id INTEGER NOT NULL, at_s INTEGER NOT NULL, state INTEGER NOT NULL, why "
	"TEXT);"
	"CREATE INDEX step_operation ON step (operation_id);"

	/* Counts by batch, kind and state, kept exact by triggers, so that status costs the same at a million
	 * operations. */
	"CREATE TABLE tally ("
	" batch_id INTEGER NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL, operations INTEGER NOT NULL,"
	" amount_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL, PRIMARY KEY (batch_id, kind, state)) WITHOUT "
	"ROWID;"
	"CREATE TRIGGER tally_insert AFTER INSERT ON operation BEGIN"
	" INSERT INTO tally VALUES (new.batch_id, new.kind, new.state, 1, new.amount_minor, new.fee_minor)"
	" ON CONFLICT DO UPDATE SET operations = operations + 1, amount_minor = amount_minor + excluded.amount_minor,"
	" fee_minor = fee_minor + excluded.fee_minor; END;"
	"CREATE TRIGGER tally_delete AFTER DELETE ON operation BEGIN"
	" UPDATE tally SET operations = operations - 1, amount_minor = amount_minor - old.amount_minor,"
	" fee_minor = fee_minor - old.fee_minor"
	" WHERE batch_id = old.batch_id AND kind = old.kind AND state = old.state; END;"
	"CREATE TRIGGER tally_move AFTER UPDATE OF state, batch_id, kind, amount_minor, fee_minor"
	" ON operation BEGIN"
	" UPDATE tally SET operations = operations - 1, amount_minor = amount_minor - old.amount_minor,"
	" fee_minor = fee_minor - old.fee_minor"
	" WHERE batch_id = old.batch_id AND kind = old.kind AND state = old.state;"
	" INSERT INTO tally VALUES (new.batch_id, new.kind, new.state, 1, new.amount_minor, new.fee_minor)"
	" ON CONFLICT DO UPDATE SET operations = operations + 1, amount_minor = amount_minor + excluded.amount_minor,"
	" fee_minor = fee_minor + excluded.fee_minor; END;"

	/* What the platform said last, and when (rules of money 3 and 9). */
	"CREATE TABLE hit_fact ("
	" hit_id TEXT PRIMARY KEY, known INTEGER NOT NULL, title TEXT, reward_minor INTEGER, max_assignments INTEGER,"
	" seen_s INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE assignment_fact ("
	" assignment_id TEXT PRIMARY KEY, status INTEGER NOT NULL, hit_id TEXT, worker_id TEXT, auto_approval_s "
	"INTEGER,"
	" seen_s INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE bonus_fact ("
	" assignment_id TEXT NOT NULL, worker_id TEXT NOT NULL, granted_s INTEGER NOT NULL, amount_minor INTEGER NOT "
	"NULL,"
	" reason TEXT, seen_s INTEGER NOT NULL,"
	" PRIMARY KEY (assignment_id, worker_id, granted_s, amount_minor)) WITHOUT ROWID;",

	/* 2: why an operation is held, by whose command each step was taken, notifications */
	"ALTER TABLE operation ADD COLUMN hold INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE operation ADD COLUMN hold_until_s INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE operation ADD COLUMN released INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE operation ADD COLUMN waived_bonuses INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE operation ADD COLUMN subject TEXT;"
	"UPDATE operation SET hold = CASE doubtful WHEN 1 THEN 4 ELSE 1 END WHERE state = 1;"
	"CREATE INDEX operation_held ON operation (hold, id) WHERE state = 1;"
	/* The batch of the command that took the step; null: the daemon by itself. */
	"ALTER TABLE step ADD COLUMN batch_id INTEGER;"
	"UPDATE step SET batch_id = (SELECT o.batch_id FROM operation o JOIN batch b ON b.id = o.batch_id"
	"  AND b.ready = 1 WHERE o.id = operation_id)"
	" WHERE id IN (SELECT min(id) FROM step GROUP BY operation_id);"

	/* The command line as the client told it; command is what the daemon did. */
	"ALTER TABLE batch ADD COLUMN typed TEXT;"
	/* Held for its amount alone. */
	"ALTER TABLE result ADD COLUMN beyond_limits INTEGER NOT NULL DEFAULT 0;"

	/* Who is to get a notification, and what became of it. */
	"CREATE TABLE recipient ("
	" operation_id INTEGER NOT NULL REFERENCES operation ON DELETE CASCADE, worker_id TEXT NOT NULL,"
	" message TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0, why TEXT,"
	" PRIMARY KEY (operation_id, worker_id)) WITHOUT ROWID;"
	"CREATE INDEX recipient_worker ON recipient (worker_id, message);"
	/* Nobody is told the same twice: only whom the platform certainly did not tell (2) may be tried again. */
	"CREATE UNIQUE INDEX recipient_once ON recipient (worker_id, message) WHERE state <> 2;"

	/* When it was approved (by time alone?), and which codes the worker submitted. */
	"ALTER TABLE assignment_fact ADD COLUMN approved_s INTEGER;"
	"ALTER TABLE assignment_fact ADD COLUMN codes TEXT;"
	/* Two payments of one amount in one second are two: they are counted within each survey. */
	"DROP TABLE bonus_fact;"
	"CREATE TABLE bonus_fact ("
	" assignment_id TEXT NOT NULL, worker_id TEXT NOT NULL, granted_s INTEGER NOT NULL,"
	" amount_minor INTEGER NOT NULL, nth INTEGER NOT NULL, reason TEXT, survey INTEGER NOT NULL,"
	" seen_s INTEGER NOT NULL,"
	" PRIMARY KEY (assignment_id, worker_id, granted_s, amount_minor, nth)) WITHOUT ROWID;",

	/* 3: watched folders and their rooms, imports in slices, rows that are joined with the platform's list */
	/* scanned: the rooms that were there when it was first watched are known. watched: 2 in this run of the daemon,
	 * 1 in the one before. */
	"CREATE TABLE folder ("
	" id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, game TEXT NOT NULL, inode INTEGER NOT NULL,"
	" policy INTEGER NOT NULL, pattern TEXT NOT NULL, since_s INTEGER NOT NULL,"
	" scanned INTEGER NOT NULL DEFAULT 0, watched INTEGER NOT NULL DEFAULT 0);"
	/* adopted: whether its rows may be sent without being asked for (rule of money 9). file_*: what was imported
	 * last, to see whether it has changed. held: rows that are. due: its place in the line of those that their
	 * policy is to look at. */
	"CREATE TABLE room ("
	" id INTEGER PRIMARY KEY, folder_id INTEGER NOT NULL REFERENCES folder, name TEXT NOT NULL, file TEXT,"
	" adopted INTEGER NOT NULL, ignored INTEGER NOT NULL DEFAULT 0, found_s INTEGER NOT NULL,"
	" file_bytes INTEGER, file_mtime_ns INTEGER, file_inode INTEGER, rules TEXT, sha256 TEXT,"
	" imported_s INTEGER, versions INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0, due INTEGER,"
	" problem TEXT, problem_s INTEGER, UNIQUE (folder_id, name));"
	"CREATE INDEX room_due ON room (due) WHERE due IS NOT NULL;"
	/* Everything that status counts, so that it needs no room itself. */
	"CREATE INDEX room_standing ON room (ignored, problem_s, held, adopted, folder_id);"

	"CREATE INDEX room_inode ON room (file_inode);"
	"CREATE INDEX room_content ON room (sha256);"

	/* ready: all its rows are there. room_id: read by the watcher; such a source holds only the rows that no
	 * earlier version of the file had. */
	"ALTER TABLE source ADD COLUMN ready INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE source ADD COLUMN room_id INTEGER;"
	/* Nobody's command: a policy's. */
	"ALTER TABLE batch ADD COLUMN policy INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX source_room ON source (room_id) WHERE room_id IS NOT NULL;"
	/* kept: the copy is there. contained_in: a later content of the same file, which begins with this one, so that
	 * no copy of its own is needed. */
	"ALTER TABLE snapshot ADD COLUMN kept INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE snapshot ADD COLUMN contained_in TEXT;"
	"ALTER TABLE snapshot ADD COLUMN removed_s INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX snapshot_contained ON snapshot (contained_in) WHERE contained_in IS NOT NULL AND kept = 1;"
	/* The rows of its whole content by verdict, as they were read: nobody counts a million rows for that. */
	"ALTER TABLE source ADD COLUMN approve_rows INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE source ADD COLUMN reject_rows INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE source ADD COLUMN hold_rows INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE source ADD COLUMN skip_rows INTEGER NOT NULL DEFAULT 0;"
	"UPDATE source SET (approve_rows, reject_rows, hold_rows, skip_rows) ="
	" (SELECT count(*) FILTER (WHERE verdict = 0), count(*) FILTER (WHERE verdict = 1),"
	" count(*) FILTER (WHERE verdict = 2), count(*) FILTER (WHERE verdict = 3)"
	" FROM result WHERE source_id = source.id);"
	/* The working set consists of whole sources. */
	"ALTER TABLE working_set RENAME TO working_row;"
	"CREATE TABLE working_set (source_id INTEGER PRIMARY KEY REFERENCES source ON DELETE CASCADE);"
	"INSERT INTO working_set SELECT DISTINCT r.source_id FROM working_row w JOIN result r ON r.id = w.result_id;"
	"DROP TABLE working_row;"
	/* Ids come at random: in one index over all rows, each new row would touch a page of its own. Rows are looked
	 * up in one segment after the other (results.h). */
	"DROP INDEX result_assignment;"
	"DROP INDEX result_worker;"
	"CREATE INDEX result_assignment ON result (id >> 13, assignment_id) WHERE assignment_id IS NOT NULL;"
	"CREATE INDEX result_worker ON result (id >> 13, worker_id) WHERE worker_id IS NOT NULL;"
	"CREATE VIEW segment AS WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s"
	" WHERE n < (SELECT max(id) >> 13 FROM result)) SELECT n FROM s;"
	/* current: what the room's file says, not replaced by a later version's row. todo: 1 if the room's policy has
	 * not looked at it yet, 2 if it has and the row contradicts what the ledger has. digest: of the row's cells and
	 * of its file's header, to know it again. */
	"ALTER TABLE result ADD COLUMN current INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE result ADD COLUMN todo INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE result ADD COLUMN digest INTEGER;"
	"CREATE INDEX result_todo ON result (source_id) WHERE todo = 1;"
	"CREATE INDEX result_contradicting ON result (source_id) WHERE todo = 2;"
	"CREATE INDEX result_held ON result (source_id) WHERE verdict = 2 AND current = 1;"
	/* A row without ids waits to be joined (join_state, see joined.h); then join_verdict and join_why become its
	 * verdict. */
	"ALTER TABLE result ADD COLUMN join_state INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE result ADD COLUMN join_verdict INTEGER;"
	"ALTER TABLE result ADD COLUMN join_why TEXT;"
	/* Which of its ids the file itself had, once it is joined; see joined.c. */
	"ALTER TABLE result ADD COLUMN join_given INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX result_join ON result (source_id) WHERE join_state <> 0 AND join_state <> 4;"
	"CREATE INDEX result_player ON result (player_id) WHERE join_state <> 0;"
	"CREATE INDEX result_code ON result (exit_code COLLATE NOCASE) WHERE join_state <> 0 AND exit_code IS NOT NULL;"
	"CREATE INDEX assignment_fact_hit ON assignment_fact (hit_id, worker_id);"

	/* A row is never of a HIT that was made after it. */
	"ALTER TABLE hit_fact ADD COLUMN created_s INTEGER;"

	/* Codes that nodeGame gave out (auth/codes*.csv). */
	"CREATE TABLE input_code ("
	" id INTEGER PRIMARY KEY, path TEXT NOT NULL, game TEXT, player_id TEXT, access_code TEXT, exit_code TEXT,"
	" worker_id TEXT, line INTEGER NOT NULL);"
	"CREATE INDEX input_code_player ON input_code (player_id);"
	"CREATE INDEX input_code_access ON input_code (access_code COLLATE NOCASE);"
	"CREATE INDEX input_code_exit ON input_code (exit_code COLLATE NOCASE);",

	/* 4: the next deadlines of status; requests that no row asks for */
	/* decided: the status approved or rejected, by the platform's list or because ours was done since; 0: none. */
	"ALTER TABLE assignment_fact ADD COLUMN submitted_s INTEGER;"
	"ALTER TABLE assignment_fact ADD COLUMN decided INTEGER NOT NULL DEFAULT 0;"
	"UPDATE assignment_fact SET decided = status WHERE status > 2;"
	"UPDATE assignment_fact AS f SET decided = 3 + o.kind FROM operation o"
	" WHERE o.key = 'decision/' || f.assignment_id AND o.state = 6 AND f.status = 2;"
	"CREATE TRIGGER decision_done AFTER UPDATE OF state ON operation WHEN new.state = 6 AND new.kind < 2 BEGIN"
	" UPDATE assignment_fact SET decided = 3 + new.kind WHERE assignment_id = new.assignment_id; END;"
	/* With the columns of their own terms: SQLite reads no row then. */
	"CREATE INDEX assignment_fact_waiting ON assignment_fact (auto_approval_s, status, decided)"
	" WHERE status = 2 AND decided = 0;"
	"CREATE INDEX assignment_fact_rejected ON assignment_fact (submitted_s, decided) WHERE decided = 4;"
	"ALTER TABLE hit_fact ADD COLUMN expires_s INTEGER;"
	"CREATE TRIGGER expiry_done AFTER UPDATE OF state ON operation WHEN new.state = 6 AND new.kind = 7 BEGIN"
	" UPDATE hit_fact SET expires_s = CASE new.integer_value WHEN 0 THEN new.changed_s ELSE new.integer_value END"
	" WHERE hit_id = new.hit_id; END;"
	"CREATE INDEX hit_fact_newest ON hit_fact (created_s) WHERE known = 1;"
	/* Qualification types that the platform has shown. */
	"CREATE TABLE type_fact (qualification_type_id TEXT PRIMARY KEY, name TEXT, created_s INTEGER) WITHOUT ROWID;"
	"CREATE INDEX operation_doubtful ON operation (first_sent_s) WHERE doubtful = 1 AND state < 6;"
	"CREATE INDEX operation_errand ON operation (kind, hit_id) WHERE kind > 4;"
	/* What happened, in one order: states from 100 on, with operation 0, are events of commands, rooms and lanes
	 * (events.h). */
	"CREATE INDEX step_event ON step (id) WHERE (state = 1 OR state > 3);"
	"CREATE INDEX step_trouble ON step (id) WHERE (state = 1 OR state = 7 OR state = 102);",
};

int migrations_newest(void)
{
	return (int)(sizeof(steps) / sizeof(steps[0]));
}

static int run_step(struct store *store, int version, struct err *err)
{
	char pragma[64];

	(void)snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", version);
	if (store_begin(store, err) == 0 && store_execute(store, steps[version - 1], err) == 0 &&
	    store_execute(store, pragma, err) == 0) {
		point_pass(POINT_MIGRATION_COMMIT);
		if (store_commit(store, err) == 0) {
			point_pass(POINT_MIGRATION_COMMITTED);
			return 0;
		}
	}
	store_rollback(store);
	return err_prefix(err, "migration to version %d", version);
}

static int check_application(struct store *store, int64_t version, struct err *err)
{
	int64_t application = 0, tables = 0;
	char pragma[64];

	if (statement_number(store_statement(store, "PRAGMA application_id", err), &application, err) < 0 ||
	    statement_number(store_statement(store, "SELECT count(*) FROM sqlite_schema", err), &tables, err) < 0)
		return -1;
	if (application == APPLICATION_ID)
		return 0;
	if (tables > 0 || version > 0) {
		(void)err_set(err, ERR_LEDGER, "the file is a database of another program");
		return err_hint(err, "point [state] directory somewhere else; nothing was changed");
	}
	(void)snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d", APPLICATION_ID);
	return store_execute(store, pragma, err);
}

int migrations_run(struct store *store, struct err *err)
{
	int64_t version = 0;

	if (statement_number(store_statement(store, "PRAGMA user_version", err), &version, err) < 0 ||
	    check_application(store, version, err) < 0)
		return -1;
	if (version > migrations_newest()) {
		(void)err_set(err, ERR_LEDGER, "the ledger has version %d, this ngmtd knows versions up to %d",
			      (int)version, migrations_newest());
		return err_hint(err, "install the newer ngmtd again; nothing was changed");
	}
	if (store_configure(store, err) < 0)
		return -1;
	for (int next = (int)version + 1; next <= migrations_newest(); next++) {
		if (run_step(store, next, err) < 0)
			return -1;
		if (version > 0)
			log_info("ledger migrated version=%d", next);
	}
	return 0;
}
