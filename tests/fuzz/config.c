/* SPDX-License-Identifier: MIT
 *
 * ngmt.conf and one override, as hostile bytes: the first byte says how many of the next are the override, the rest is
 * the file.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "endpoint.h"
#include "log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void on_problem(void *arg, const char *file, unsigned line, const struct err *problem)
{
	unsigned *problems = arg;

	(void)line;
	require(file && problem->message[0]);
	(*problems)++;
}

/* What the rest of the daemon relies on. */
static void check(const struct config *config)
{
	struct json_object *list = config_describe(config);
	struct field_names names;
	struct endpoint endpoint;
	struct err err;

	require(json_text(list, NULL) != NULL);
	json_object_put(list);
	require(config->min_bonus_cents >= 0 && config->min_bonus_cents <= config->max_bonus_cents);
	require(config->concurrency >= 1 && config->concurrency <= 32 && config->retries >= 0);
	require(config->throttle_interval_ms >= 0 && config->request_timeout_ms > 0);
	require(strcmp(config->region, "us-east-1") == 0 && config->socket_path[0] == '/');
	require(config->state_directory[0] == '/' && strlen(config->quote) == 1);
	require(!config->access_key_id == !config->secret_access_key);
	config_field_names(config, &names);
	if (endpoint_resolve(&endpoint, config, &err) < 0)
		return;
	require(endpoint.is_tls || endpoint.is_loopback);
	require(endpoint.environment != ENVIRONMENT_LIVE || !config->sandbox);
	endpoint_finish(&endpoint);
}

static void load(const char *path, const char *override)
{
	const char *const overrides[] = { override, NULL };
	unsigned problems = 0;
	struct config config;
	struct err err = { 0 };
	int result = config_load(&config, path, override[0] ? overrides : NULL, on_problem, &problems, &err);

	require((result == 0) == (problems == 0));
	require(result == 0 || err.message[0]);
	if (result == 0)
		check(&config);
	config_finish(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], override[256] = "";
	size_t taken;
	int fd;

	if (size == 0)
		return 0;
	log_open("fuzz", LOG_LEVEL_ERROR);
	taken = data[0] < size ? data[0] : size - 1;
	memcpy(override, data + 1, taken);
	override[taken] = '\0';
	fd = memfd_create("config", MFD_CLOEXEC);
	require(fd >= 0 && write(fd, data + 1 + taken, size - 1 - taken) == (ssize_t)(size - 1 - taken));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	load(path, override);
	(void)close(fd);
	return 0;
}
