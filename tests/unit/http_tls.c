/* SPDX-License-Identifier: MIT
 *
 * TLS against openssl's own test server, with a certificate made for the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http_peer.h"

struct tls {
	char folder[64], certificate[96], key[96];
	pid_t pid;
	unsigned port;
};

static void run_program(const char *const *argv)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void make_certificate(struct tls *tls, const char *names)
{
	const char *const argv[] = {
		"openssl", "req",  "-x509", "-newkey", "ec",	      "-pkeyopt", "ec_paramgen_curve:P-256",
		"-nodes",  "-days", "2",    "-subj",   "/CN=ngmt test", "-addext",  names,
		"-keyout", tls->key, "-out", tls->certificate, NULL,
	};

	strcpy(tls->folder, "/tmp/ngmt-http-XXXXXX");
	assert_non_null(mkdtemp(tls->folder));
	(void)snprintf(tls->certificate, sizeof(tls->certificate), "%s/cert.pem", tls->folder);
	(void)snprintf(tls->key, sizeof(tls->key), "%s/key.pem", tls->folder);
	run_program(argv);
}

/* The server prints "ACCEPT 127.0.0.1:port" as soon as it listens. */
static void tls_start(struct tls *tls, const char *names, const char *version)
{
	FILE *output;
	char line[256];
	int ends[2];

	make_certificate(tls, names);
	assert_int_equal(pipe(ends), 0);
	tls->pid = fork();
	if (tls->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also if the test fails */
		(void)dup2(ends[1], 1);
		if (!freopen("/dev/null", "r", stdin))
			_exit(127);
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		(void)execlp("openssl", "openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert",
			     tls->certificate, "-key", tls->key, version, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	output = fdopen(ends[0], "r");
	assert_non_null(output);
	while (tls->port == 0 && fgets(line, sizeof(line), output))
		(void)sscanf(line, "ACCEPT 127.0.0.1:%u", &tls->port);
	assert_int_not_equal(tls->port, 0);
	(void)fclose(output);
}

static void tls_stop(struct tls *tls)
{
	(void)kill(tls->pid, SIGKILL);
	(void)waitpid(tls->pid, NULL, 0);
	(void)unlink(tls->certificate);
	(void)unlink(tls->key);
	(void)rmdir(tls->folder);
}

/* One GET of "https://HOST:port/", with the server's own certificate as the CA if `trusted`. */
static enum http_outcome tls_get(struct fixture *fixture, const struct tls *tls, const char *host, bool trusted,
				 bool verify)
{
	struct outcome outcome;
	char url[96];

	peer_start_http(fixture, 2, trusted ? tls->certificate : NULL, verify);
	(void)snprintf(url, sizeof(url), "https://%s:%u/", host, tls->port);
	peer_post(fixture, url, NULL, PATIENCE_MS, &outcome);
	peer_run(fixture);
	free(outcome.body);
	http_free(fixture->http);
	loop_free(fixture->loop);
	fixture->http = NULL;
	fixture->loop = NULL;
	return outcome.outcome;
}

static void test_tls_is_verified(void **state)
{
	struct fixture *fixture = *state;
	struct tls tls = { 0 };

	tls_start(&tls, "subjectAltName=DNS:localhost", "-tls1_3");
	assert_int_equal(tls_get(fixture, &tls, "localhost", true, true), HTTP_ANSWERED);
	assert_int_equal(tls_get(fixture, &tls, "localhost", false, true), HTTP_NOT_SENT);
	assert_int_equal(tls_get(fixture, &tls, "127.0.0.1", true, true), HTTP_NOT_SENT);
	assert_int_equal(tls_get(fixture, &tls, "localhost", false, false), HTTP_ANSWERED);
	assert_int_equal(tls_get(fixture, &tls, "127.0.0.1", false, false), HTTP_ANSWERED);
	tls_stop(&tls);
}

static void test_tls_1_2_is_enough(void **state)
{
	struct tls tls = { 0 };

	tls_start(&tls, "subjectAltName=IP:127.0.0.1", "-tls1_2");
	assert_int_equal(tls_get(*state, &tls, "127.0.0.1", true, true), HTTP_ANSWERED);
	tls_stop(&tls);
}

static void test_missing_ca_bundle_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct tls tls = { 0 };
	struct tls wrong;

	tls_start(&tls, "subjectAltName=IP:127.0.0.1", "-tls1_3");
	wrong = tls;
	strcpy(wrong.certificate, "/nonexistent/ca.pem");
	assert_int_equal(tls_get(fixture, &wrong, "127.0.0.1", true, true), HTTP_NOT_SENT);
	tls_stop(&tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tls_is_verified),
		TEST(test_tls_1_2_is_enough),
		TEST(test_missing_ca_bundle_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
