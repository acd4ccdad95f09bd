/* SPDX-License-Identifier: MIT
 *
 * The command line of mturk-sim.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/* The keys of a rehearsal, unless others are given. They open nothing but mturk-sim. */
#define OPTIONS_ACCESS_KEY_ID "AKIDREHEARSAL"
#define OPTIONS_SECRET_KEY "rehearsal/secret+that+opens+nothing+real"

struct options {
	const char *listen;
	const char *tls_directory;
	const char *tls_cert;
	const char *tls_key;
	const char *make_ca;
	const char *access_key_id;
	const char *secret_key_file;
	const char *session_token_file;
	const char *state_file;
	const char *ready_file;
	const char *balance;
	uint16_t port;
	bool is_dump;
	bool is_help;
	bool is_version;
};

/* Texts are borrowed from argv. -1 with ERR_USAGE. */
int options_parse(struct options *options, int argc, char *const argv[], struct err *err);

/* What --help prints. */
extern const char options_help[];

#endif
