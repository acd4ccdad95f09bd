/* SPDX-License-Identifier: MIT
 *
 * The configuration: ngmt.conf, then conf.d, then the command line; read once, all or nothing. Every option stands in
 * one table (options.def), from which come the parser, the limits, the suggestions for unknown keys, the sample
 * configuration and the OPTIONS part of ngmt.conf(5). config_option.c holds the table, config_value.c the types,
 * config_rule.c what must fit together, config_manual.c the texts; ini_file.c reads the lines.
 */
#ifndef NGMT_CONFIG_H
#define NGMT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "fields.h"
#include "json.h"

struct text_list {
	char **items;
	size_t count;
};

/* An amount that is not set and has no default. */
#define CONFIG_UNSET (-1)

/* Text members are NULL when not set and without default. Durations are milliseconds, money is cents. */
struct config {
	/* [aws] */
	char *access_key_id;
	char *secret_access_key;
	char *session_token;
	char *profile;
	char *region;
	bool sandbox;
	char *endpoint;
	char *ca_bundle;
	/* [nodegame] */
	char *nodegame_path;
	struct text_list games;
	char *room_pattern;
	bool watch;
	int64_t settle_ms;
	int64_t rescan_ms;
	char *policy; /* "import", "approve" or "pay"; game_entry.h */
	char *join;
	/* [fields] */
	char *fields[FIELDS];
	/* [import] */
	char *separator; /* "auto", "," or ";" */
	char *quote;
	bool case_insensitive;
	int64_t validate_level;
	bool auto_approve;
	char *filter;
	char *columns;
	char *results_file;
	char *input_codes_file;
	/* [limits] */
	int64_t max_bonus_cents;
	int64_t min_bonus_cents;
	int64_t daily_budget_cents;  /* CONFIG_UNSET: no limit */
	int64_t total_budget_cents;  /* likewise */
	int64_t balance_floor_cents; /* likewise */
	/* [queue] */
	bool dry;
	int64_t throttle_interval_ms;
	int64_t retries;
	int64_t retry_interval_ms;
	int64_t undo_window_ms;
	int64_t concurrency;
	int64_t request_timeout_ms;
	/* [defaults] */
	char *default_reason;
	char *default_requester_feedback;
	char *default_hit_id;
	char *default_qualification_type_id;
	int64_t default_integer_value;
	bool default_send_notification;
	/* [control] */
	char *socket_path;
	char *read_group;
	char *pay_group;
	/* [state] */
	char *state_directory;
	int64_t keep_snapshots_ms; /* CONFIG_UNSET: for ever */

	struct config_origins *origins; /* where each value came from; private to config.c */
};

/* A complaint about one place. `line` 0: about the whole file or the command line. */
typedef void config_problem_fn(void *arg, const char *file, unsigned line, const struct err *problem);

/* Reads `file` (NULL: /etc/ngmt/ngmt.conf if it exists), then the *.conf files of conf.d beside it in C-locale order,
 * then the `overrides` ("section.key=value", from -o; NULL-terminated or NULL). The last one to set an option wins, but
 * `game` adds up: over all files, or over all overrides, which replace those of the files, but for
 * "nodegame.game+=NAME", which adds to them. All problems are reported (`file` is "command line" for an override), the
 * first 100 one by one. Returns -1 (with `config` finished) if there was any. `problem` may be NULL. `err` gets the
 * first problem with its place and, if there are several, how many. A file with a secret in it that others can read,
 * and a secret on the command line, are warnings in the log. */
int config_load(struct config *config, const char *file, const char *const *overrides, config_problem_fn *problem,
		void *arg, struct err *err);

/* Frees everything; secrets are overwritten first. */
void config_finish(struct config *config);

/* The field names as fields.h wants them; borrowed from `config`. */
void config_field_names(const struct config *config, struct field_names *out);

/* [{section, key, value, origin}] for `show config`; secrets are "(set)" or null. New reference. */
struct json_object *config_describe(const struct config *config);

/* conf/ngmt.conf, and the OPTIONS part of ngmt.conf(5) in scdoc, from the table. */
void config_write_sample(FILE *out);
void config_write_manual(FILE *out);

#endif
