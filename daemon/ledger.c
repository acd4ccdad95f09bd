/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "migrations.h"

/* Like mkdir -p, private. */
static int make_directories(const char *path, struct err *err)
{
	char *partial = strdup(path);

	if (!partial)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (char *slash = strchr(partial + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(partial, 0700) < 0 && errno != EEXIST) {
			(void)err_set(err, ERR_LEDGER, "cannot make the directory \"%s\": %m", partial);
			(void)err_hint(err, "set [state] directory to a place where the daemon's user may write");
			free(partial);
			return -1;
		}
		if (!slash)
			break;
		*slash = '/';
	}
	free(partial);
	return 0;
}

static int take_lock(struct ledger *ledger, struct err *err)
{
	char *path = NULL;

	if (asprintf(&path, "%s/lock", ledger->directory) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	ledger->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (ledger->lock_fd < 0)
		return err_set(err, ERR_LEDGER, "cannot open the lock in \"%s\": %m", ledger->directory);
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
	if (result < 0) {
		(void)err_set(err, ERR_LEDGER, "the ledger is damaged: %s", answer ? answer : "no answer");
		(void)err_hint(err, "nothing is paid from a damaged ledger; restore a backup of \"%s\"",
			       ledger->directory);
	}
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

struct ledger *ledger_open(const char *state_directory, const char *environment, struct err *err)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	char *path = NULL;

	if (!ledger) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	ledger->lock_fd = -1;
	ledger->environment = strdup(environment);
	if (!ledger->environment || asprintf(&ledger->directory, "%s/%s", state_directory, environment) < 0 ||
	    asprintf(&path, "%s/ledger.db", ledger->directory) < 0) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		goto fail;
	}
	if (make_directories(ledger->directory, err) < 0 || take_lock(ledger, err) < 0)
		goto fail;
	ledger->store = store_open(path, err);
	if (!ledger->store)
		goto fail;
	if (check_integrity(ledger, err) < 0 || migrations_run(ledger->store, err) < 0 ||
	    check_environment(ledger, err) < 0 || ledger_commit(ledger, err) < 0)
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
	if (ledger->store && store_commit(ledger->store, &err) < 0)
		log_err("closing the ledger", &err);
	if (store_close(ledger->store, &err) < 0)
		log_err("closing the ledger", &err);
	if (ledger->lock_fd >= 0)
		(void)close(ledger->lock_fd);
	free(ledger->directory);
	free(ledger->environment);
	free(ledger);
}

int ledger_commit(struct ledger *ledger, struct err *err)
{
	return store_commit(ledger->store, err);
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
