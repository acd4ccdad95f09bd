/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "money.h"
#include "operation.h"
#include "options.h"
#include "server.h"
#include "shapes.h"
#include "snapshot.h"

#define SECRET_MAX 8192

static int print_shapes(void)
{
	const char **names = calloc(operation_count, sizeof(*names));
	struct json_object *json;

	if (!names)
		return EXIT_FAILURE;
	for (size_t i = 0; i < operation_count; i++)
		names[i] = operations[i].name;
	json = shapes_json(names, operation_count);
	(void)puts(json_text(json, NULL));
	json_object_put(json);
	free(names);
	return EXIT_SUCCESS;
}

/* The first line of a file, without its end. */
static int read_secret(const char *path, char secret[SECRET_MAX], struct err *err)
{
	FILE *in = fopen(path, "re");
	bool ok;

	if (!in)
		return err_set(err, ERR_FILE, "cannot read \"%s\": %s", path, strerror(errno));
	ok = fgets(secret, SECRET_MAX, in);
	(void)fclose(in);
	if (ok)
		secret[strcspn(secret, "\r\n")] = '\0';
	return ok && *secret ? 0 : err_set(err, ERR_FORMAT, "\"%s\" holds no secret", path);
}

static int set_keys(struct sim *sim, const struct options *options, struct err *err)
{
	char secret[SECRET_MAX] = OPTIONS_SECRET_KEY, token[SECRET_MAX] = "";

	if (options->secret_key_file && read_secret(options->secret_key_file, secret, err) < 0)
		return -1;
	if (options->session_token_file && read_secret(options->session_token_file, token, err) < 0)
		return -1;
	if (gate_set(&sim->gate, options->access_key_id ? options->access_key_id : OPTIONS_ACCESS_KEY_ID, secret,
		     *token ? token : NULL) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return 0;
}

static int open_tls(const struct options *options, struct ssl_ctx_st **tls, struct err *err)
{
	const char *cert = options->tls_cert, *key = options->tls_key;
	char cert_path[4096], key_path[4096];

	if (options->tls_directory) {
		(void)snprintf(cert_path, sizeof(cert_path), "%s/server.pem", options->tls_directory);
		(void)snprintf(key_path, sizeof(key_path), "%s/server.key", options->tls_directory);
		if (access(cert_path, F_OK) < 0 && tls_make_authority(options->tls_directory, err) < 0)
			return -1;
		cert = cert_path;
		key = key_path;
	}
	if (cert && key)
		*tls = tls_new(cert, key, err);
	return *tls || !cert ? 0 : -1;
}

static int write_ready(const char *path, const char *url, struct err *err)
{
	char fresh[4096];
	bool ok = (size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) < sizeof(fresh);
	FILE *out = ok ? fopen(fresh, "we") : NULL;

	/* Whoever waits for the file must never see it half written. */
	ok = out && fprintf(out, "%s\n", url) > 0;
	if (out && fclose(out) != 0)
		ok = false;
	if (ok && rename(fresh, path) == 0)
		return 0;
	return err_set(err, ERR_FILE, "cannot write \"%s\": %s", path, strerror(errno));
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 || strcmp(address, "localhost") == 0;
}

static int announce(const struct server *server, const struct options *options, struct err *err)
{
	bool is_v6 = strchr(options->listen, ':'), is_tls = options->tls_directory || options->tls_cert;
	char url[256];

	if (!is_loopback(options->listen))
		log_warn("listening beyond this machine on %s: whoever reaches it with the keys can use it; "
			 "/sim/ stays closed to them",
			 options->listen);
	(void)snprintf(url, sizeof(url), "http%s://%s%.180s%s:%u/", is_tls ? "s" : "", is_v6 ? "[" : "",
		       options->listen, is_v6 ? "]" : "", server_port(server));
	if (options->ready_file && write_ready(options->ready_file, url, err) < 0)
		return -1;
	if (printf("listening %s\n", url) < 0 || fflush(stdout) != 0)
		return err_set(err, ERR_FILE, "cannot write to the standard output");
	return 0;
}

static int prepare_books(struct sim *sim, const struct options *options, struct err *err)
{
	if (options->balance && money_parse(options->balance, &sim->books->available_cents, err) < 0)
		return -1;
	return options->state_file ? snapshot_read_file(sim->books, options->state_file, err) : 0;
}

static int serve(struct sim *sim, const struct options *options, struct err *err)
{
	struct ssl_ctx_st *tls = NULL;
	struct server *server = NULL;
	int result = -1;

	if (open_tls(options, &tls, err) == 0)
		server = server_new(sim, options->listen, options->port, tls, err);
	if (server && announce(server, options, err) == 0)
		result = server_run(server);
	if (result == 0 && options->state_file)
		result = snapshot_write_file(sim->books, options->state_file, err);
	server_free(server);
	tls_free(tls);
	return result;
}

static int rehearse(const struct options *options)
{
	struct err err = { ERR_INTERNAL, "out of memory", "" };
	struct sim *sim = calloc(1, sizeof(*sim));
	int result = -1;

	if (sim && sim_init(sim) == 0) {
		if (set_keys(sim, options, &err) == 0 && prepare_books(sim, options, &err) == 0)
			result = serve(sim, options, &err);
		sim_finish(sim);
	}
	free(sim);
	if (result == 0)
		return EXIT_SUCCESS;
	log_err("cannot rehearse", &err);
	return err_exit_status(err.code);
}

int main(int argc, char *argv[])
{
	struct err err = { ERR_NONE, "", "" };
	struct options options;

	log_open("mturk-sim", LOG_LEVEL_INFO);
	if (options_parse(&options, argc, argv, &err) < 0) {
		log_err("usage", &err);
		return err_exit_status(err.code);
	}
	if (options.is_help)
		return fputs(options_help, stdout) < 0;
	if (options.is_version)
		return puts("mturk-sim " NGMT_VERSION) < 0;
	if (options.is_dump)
		return print_shapes();
	if (!options.make_ca)
		return rehearse(&options);
	if (tls_make_authority(options.make_ca, &err) == 0)
		return EXIT_SUCCESS;
	log_err("no certificates", &err);
	return err_exit_status(err.code);
}
