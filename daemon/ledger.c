/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "migrations.h"

#define WRITABLE_HINT "let user %u, as whom the daemon runs, write there, or set [state] directory to another place"

static int make_directory(const char *path, struct err *err)
{
	struct stat status;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		(void)err_set(err, ERR_LEDGER, "cannot make the directory \"%s\": %m", path);
		return err_hint(err, WRITABLE_HINT, (unsigned)geteuid());
	}
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	(void)err_set(err, ERR_LEDGER, "\"%s\" is no directory", path);
	return err_hint(err, "[state] directory must name a directory (it is made if there is none)");
}

/* Like mkdir -p, private. */
static int make_directories(const char *path, struct err *err)
{
	char *partial = strdup(path);
	int result = 0;

	if (!partial)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (char *slash = strchr(partial + 1, '/'); slash && result == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		result = make_directory(partial, err);
		*slash = '/';
	}
	if (result == 0)
		result = make_directory(partial, err);
	free(partial);
	return result;
}

static int take_lock(struct ledger *ledger, struct err *err)
{
	char *path = NULL;

	if (asprintf(&path, "%s/lock", ledger->directory) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	ledger->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (ledger->lock_fd < 0) {
		(void)err_set(err, ERR_LEDGER, "cannot write to \"%s\", where the ledger belongs: %m",
			      ledger->directory);
		return err_hint(err, WRITABLE_HINT, (unsigned)geteuid());
	}
	if (flock(ledger->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	(void)err_set(err, ERR_LEDGER, "another ngmtd holds the ledger in \"%s\"", ledger->directory);
	return err_hint(err, "two daemons never share a ledger: stop the other one, or give this one its own "
			     "[state] directory");
}

static int check_integrity(struct ledger *ledger, struct err *err)
{
	struct statement *check = store_statement(ledger->store, "PRAGMA quick_check(1)", err);
	const char *answer;
	int result;

	if (!check || statement_step(check, err) != 1)
		return -1;
	answer = statement_text(check, 0);
	result = answer && strcmp(answer, "ok") == 0 ? 0 : -1;
	if (result < 0)
		(void)store_damaged(ledger->store, answer ? answer : "no answer", err);
	statement_reset(check);
	return result;
}

static int check_environment(struct ledger *ledger, struct err *err)
{
	char *recorded = ledger_get_meta(ledger, "environment");
	int result = 0;

	if (!recorded)
		return ledger_set_meta(ledger, "environment", ledger->environment, err);
	if (strcmp(recorded, ledger->environment) != 0) {
		result = err_set(err, ERR_LEDGER, "the ledger in \"%s\" belongs to the %s environment, not to %s",
				 ledger->directory, recorded, ledger->environment);
		(void)err_hint(err, "sandbox, live and rehearsal never share a ledger; nothing was changed");
	}
	free(recorded);
	return result;
}

static int64_t ask_number(struct ledger *ledger, const char *sql)
{
	struct statement *get = store_statement(ledger->store, sql, NULL);
	int64_t number = 0;

	if (get && statement_step(get, NULL) == 1) {
		number = statement_int(get, 0);
		statement_reset(get);
	}
	return number;
}

static int64_t last_entry_s(struct ledger *ledger)
{
	return ask_number(ledger, "SELECT max((SELECT coalesce(max(created_s), 0) FROM batch),"
				  " coalesce((SELECT at_s FROM step ORDER BY id DESC LIMIT 1), 0),"
				  " (SELECT coalesce(max(read_s), 0) FROM snapshot))");
}

/* What the witness says of the ledger that was opened. One that was made by an older version has no witness. */
static const char *why_restored(struct ledger *ledger, int found, const struct witness *witness, bool has_identity)
{
	if (found == 1 && strcmp(witness->identity, ledger->witness.identity) != 0)
		return "another ledger was here";
	if (found == 1 && witness->commits > ledger->witness.commits)
		return "a newer ledger was here";
	if (found < 1 && has_identity && last_entry_s(ledger) > 0)
		return found < 0 ? "its witness makes no sense" : "its witness is missing";
	return NULL;
}

static void read_restored(struct ledger *ledger)
{
	static const char *const words[] = { [LEDGER_RESTORED] = "found ", [LEDGER_COMPARING] = "comparing " };
	char *value = ledger_get_meta(ledger, "restored");

	for (int i = LEDGER_RESTORED; value && i <= LEDGER_COMPARING; i++) {
		if (strncmp(value, words[i], strlen(words[i])) != 0)
			continue;
		ledger->restored = (enum ledger_restored)i;
		ledger->restored_s = strtoll(value + strlen(words[i]), NULL, 10);
	}
	free(value);
}

int ledger_set_restored(struct ledger *ledger, enum ledger_restored restored, struct err *err)
{
	char value[40] = "";

	if (restored != LEDGER_AS_LEFT)
		(void)snprintf(value, sizeof(value), "%s %" PRId64,
			       restored == LEDGER_RESTORED ? "found" : "comparing", ledger->restored_s);
	if (ledger_set_meta(ledger, "restored", value, err) < 0)
		return -1;
	ledger->restored = restored;
	return 0;
}

/* It gets another identity: should the newer one come back, that is told apart as well. */
static int take_for_restored(struct ledger *ledger, const char *why, struct err *err)
{
	char when[CLOCK_TEXT_MAX];

	ledger->restored_s = last_entry_s(ledger);
	ledger->witness.identity[0] = '\0';
	ledger->witness.base = 0;
	log_warn("this ledger is an older one than the one that was here (restored from a backup?): everything open is "
		 "compared with the platform before anything is sent why=\"%s\" last_entry=%s",
		 why, ledger->restored_s ? clock_format_utc(ledger->restored_s, when) : "none");
	return ledger_set_restored(ledger, LEDGER_RESTORED, err);
}

static int give_identity(struct ledger *ledger, struct err *err)
{
	if (ledger->witness.identity[0])
		return 0;
	if (witness_invent(ledger->witness.identity, err) < 0 ||
	    (ledger->witness.commits == 0 && ledger_set_meta(ledger, "commits", "0", err) < 0))
		return -1;
	return ledger_set_meta(ledger, "identity", ledger->witness.identity, err);
}

/* Where ledger.db was replaced by an older one, a ledger.db-wal that was left beside it builds on pages that are gone.
 * To mix the two would make a ledger that never was; and SQLite cannot tell. */
static int put_foreign_log_aside(const struct ledger *ledger, const char *path, struct err *err)
{
	char *log = NULL, *aside = NULL;
	struct witness witness;
	int64_t commits = 0;
	int result = 0;

	if (witness_read(ledger->directory, &witness) != 1 ||
	    !store_peek(path, "SELECT value FROM meta WHERE key = 'commits'", &commits) || commits >= witness.base)
		return 0;
	if (asprintf(&log, "%s-wal", path) < 0 || asprintf(&aside, "%s-wal.aside", path) < 0) {
		free(log);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	if (rename(log, aside) == 0)
		log_warn("ledger.db-wal belongs to a newer ledger.db than the one that is here, and was put aside "
			 "name=\"%s\"",
			 aside);
	else if (errno != ENOENT)
		result = err_set(err, ERR_LEDGER, "cannot put \"%s\" aside, which belongs to another ledger.db: %m",
				 log);
	free(log);
	free(aside);
	return result;
}

static int compare_with_witness(struct ledger *ledger, struct err *err)
{
	char *identity = ledger_get_meta(ledger, "identity");
	struct witness witness;
	int found = witness_read(ledger->directory, &witness);
	const char *why;

	ledger->witness.base = found == 1 ? witness.base : 0;
	ledger->log_generation = store_log_generation(ledger->store);
	if (identity)
		(void)snprintf(ledger->witness.identity, sizeof(ledger->witness.identity), "%s", identity);
	ledger->witness.commits = ask_number(ledger, "SELECT value FROM meta WHERE key = 'commits'");
	why = why_restored(ledger, found, &witness, identity != NULL);
	free(identity);
	if (found < 0)
		log_warn("the ledger's witness makes no sense and is made anew directory=\"%s\"", ledger->directory);
	read_restored(ledger);
	if (why && take_for_restored(ledger, why, err) < 0)
		return -1;
	if (give_identity(ledger, err) < 0)
		return -1;
	return witness_begin(ledger->directory, &ledger->witness, err);
}

struct ledger *ledger_open(const char *state_directory, const char *environment, struct err *err)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	char *path = NULL;

	if (!ledger) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	ledger->lock_fd = -1;
	ledger->witness.fd = -1;
	ledger->environment = strdup(environment);
	if (!ledger->environment || asprintf(&ledger->directory, "%s/%s", state_directory, environment) < 0 ||
	    asprintf(&path, "%s/ledger.db", ledger->directory) < 0) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		goto fail;
	}
	if (make_directories(ledger->directory, err) < 0 || take_lock(ledger, err) < 0)
		goto fail;
	if (put_foreign_log_aside(ledger, path, err) < 0)
		goto fail;
	ledger->store = store_open(path, err);
	if (!ledger->store)
		goto fail;
	if (check_integrity(ledger, err) < 0 || migrations_run(ledger->store, err) < 0 ||
	    check_environment(ledger, err) < 0 || compare_with_witness(ledger, err) < 0 ||
	    ledger_commit(ledger, err) < 0)
		goto fail;
	free(path);
	return ledger;
fail:
	free(path);
	ledger_close(ledger);
	return NULL;
}

void ledger_close(struct ledger *ledger)
{
	struct err err;

	if (!ledger)
		return;
	if (ledger->store && !store_failure(ledger->store) && ledger_commit(ledger, &err) < 0)
		log_err("closing the ledger", &err);
	if (store_close(ledger->store, &err) < 0)
		log_err("closing the ledger", &err);
	if (ledger->lock_fd >= 0)
		(void)close(ledger->lock_fd);
	witness_end(&ledger->witness);
	free(ledger->directory);
	free(ledger->environment);
	free(ledger);
}

static int count_commit(struct ledger *ledger, struct err *err)
{
	struct statement *count =
		store_statement(ledger->store, "UPDATE meta SET value = ?1 WHERE key = 'commits'", err);

	if (!count)
		return -1;
	statement_bind_int(count, 1, ledger->witness.commits + 1);
	return statement_run(count, err);
}

/* This commit is the first one in its write-ahead log: all that was before is in the file itself. */
static void note_log(struct ledger *ledger)
{
	uint64_t generation = store_log_generation(ledger->store);

	if (generation != ledger->log_generation)
		ledger->witness.base = ledger->witness.commits;
	ledger->log_generation = generation;
}

int ledger_commit(struct ledger *ledger, struct err *err)
{
	bool has_news = store_has_news(ledger->store);

	if (has_news && count_commit(ledger, err) < 0)
		return -1;
	if (store_commit(ledger->store, err) < 0)
		return -1;
	if (!has_news)
		return 0;
	note_log(ledger);
	ledger->witness.commits++;
	if (witness_write(&ledger->witness) < 0)
		log_warn("the ledger's witness cannot be written: %m");
	return 0;
}

int ledger_probe(struct ledger *ledger, struct err *err)
{
	if (store_probe(ledger->store,
			"INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', hex(zeroblob(131072)))", err) < 0)
		return -1;
	return store_probe(ledger->store, "DELETE FROM meta WHERE key = 'probe'", err);
}

char *ledger_get_meta(struct ledger *ledger, const char *key)
{
	struct statement *get = store_statement(ledger->store, "SELECT value FROM meta WHERE key = ?1", NULL);
	char *value = NULL;

	if (!get)
		return NULL;
	statement_bind_text(get, 1, key);
	if (statement_step(get, NULL) == 1) {
		value = strdup(statement_text(get, 0));
		statement_reset(get);
	}
	return value;
}

int ledger_set_meta(struct ledger *ledger, const char *key, const char *value, struct err *err)
{
	struct statement *set;

	if (store_begin(ledger->store, err) < 0)
		return -1;
	set = value[0] ? store_statement(ledger->store, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", err)
		       : store_statement(ledger->store, "DELETE FROM meta WHERE key = ?1", err);
	if (!set)
		return -1;
	statement_bind_text(set, 1, key);
	if (value[0])
		statement_bind_text(set, 2, value);
	return statement_run(set, err);
}
