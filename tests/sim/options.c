/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char options_help[] =
	"Usage: mturk-sim [options]\n"
	"A rehearsal endpoint for Amazon Mechanical Turk's Requester API. It is not Amazon and pays nobody.\n\n"
	"  --listen ADDRESS            where to listen (127.0.0.1)\n"
	"  --port PORT                 0: the kernel picks one (0)\n"
	"  --tls DIRECTORY             serve TLS with DIRECTORY/server.pem; made, with a throwaway CA, if missing\n"
	"  --tls-cert FILE, --tls-key FILE   serve TLS with a certificate of your own\n"
	"  --make-ca DIRECTORY         only write ca.pem, server.pem and server.key, then end\n"
	"  --access-key ID             the access key that is accepted (" OPTIONS_ACCESS_KEY_ID ")\n"
	"  --secret-key-file FILE      its secret key (" OPTIONS_SECRET_KEY ")\n"
	"  --session-token-file FILE   demand this session token too\n"
	"  --balance AMOUNT            the opening balance (10000.00)\n"
	"  --state FILE                load the books from FILE and save them there at the end\n"
	"  --ready-file FILE           write the URL to FILE once it listens\n"
	"  --dump-shapes               print the table of requests as JSON, then end\n"
	"  --help, --version\n\n"
	"When it listens it prints \"listening URL\" on the standard output. See mturk-sim(1).\n";

enum { OPTION_PORT = 1, OPTION_FIRST_TEXT = 16 };

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{ "listen", offsetof(struct options, listen) },
	{ "tls", offsetof(struct options, tls_directory) },
	{ "tls-cert", offsetof(struct options, tls_cert) },
	{ "tls-key", offsetof(struct options, tls_key) },
	{ "make-ca", offsetof(struct options, make_ca) },
	{ "access-key", offsetof(struct options, access_key_id) },
	{ "secret-key-file", offsetof(struct options, secret_key_file) },
	{ "session-token-file", offsetof(struct options, session_token_file) },
	{ "balance", offsetof(struct options, balance) },
	{ "state", offsetof(struct options, state_file) },
	{ "ready-file", offsetof(struct options, ready_file) },
};

#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static const struct {
	const char *name;
	size_t offset;
} flags[] = {
	{ "dump-shapes", offsetof(struct options, is_dump) },
	{ "help", offsetof(struct options, is_help) },
	{ "version", offsetof(struct options, is_version) },
};

#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static int read_port(struct options *options, const char *text, struct err *err)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || port > 65535)
		return err_set(err, ERR_USAGE, "\"%s\" is no port", text);
	options->port = (uint16_t)port;
	return 0;
}

static int take(struct options *options, int chosen, const char *argument, struct err *err)
{
	bool on = true;
	size_t i = (size_t)(chosen - OPTION_FIRST_TEXT);

	if (chosen == OPTION_PORT)
		return read_port(options, argument, err);
	if (i < TEXTS)
		memcpy((char *)options + texts[i].offset, &argument, sizeof(argument));
	else
		memcpy((char *)options + flags[i - TEXTS].offset, &on, sizeof(on));
	return 0;
}

static int check(const struct options *options, struct err *err)
{
	if (!options->tls_cert != !options->tls_key)
		return err_set(err, ERR_USAGE, "--tls-cert and --tls-key belong together");
	if (options->tls_directory && options->tls_cert)
		return err_set(err, ERR_USAGE, "--tls and --tls-cert exclude each other");
	if (!options->access_key_id != !options->secret_key_file)
		return err_set(err, ERR_USAGE, "--access-key and --secret-key-file belong together");
	return 0;
}

int options_parse(struct options *options, int argc, char *const argv[], struct err *err)
{
	struct option table[TEXTS + FLAGS + 2] = { { "port", required_argument, NULL, OPTION_PORT } };
	int chosen, code = OPTION_FIRST_TEXT;
	size_t n = 1;

	for (size_t i = 0; i < TEXTS; i++)
		table[n++] = (struct option){ texts[i].name, required_argument, NULL, code++ };
	for (size_t i = 0; i < FLAGS; i++)
		table[n++] = (struct option){ flags[i].name, no_argument, NULL, code++ };
	*options = (struct options){ .listen = "127.0.0.1" };
	opterr = 0;
	optind = 0;
	while ((chosen = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (chosen == ':')
			return err_set(err, ERR_USAGE, "option \"%s\" needs a value", argv[optind - 1]);
		if (chosen == '?')
			return err_set(err, ERR_USAGE, "unknown option \"%s\"", argv[optind - 1]);
		if (take(options, chosen, optarg, err) < 0)
			return -1;
	}
	if (optind < argc)
		return err_set(err, ERR_USAGE, "unexpected argument \"%s\"", argv[optind]);
	return check(options, err);
}
