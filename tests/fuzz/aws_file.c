/* SPDX-License-Identifier: MIT
 *
 * AWS's shared files as hostile bytes: the same bytes are read as the credentials file and as the config file.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws_profile.h"
#include "credentials.h"
#include "log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A key goes into a header of HTTP as it is. */
static void check_key(const char *key)
{
	for (; *key; key++)
		require(*key > ' ' && *key < 0x7f);
}

static void load(void)
{
	static const struct config nothing;
	struct credentials credentials;
	struct err err = { 0 };

	if (credentials_load(&credentials, &nothing, &err) < 0) {
		require(err.message[0] && !credentials.secret_access_key);
		return;
	}
	require(credentials.source[0]);
	check_key(credentials.access_key_id);
	check_key(credentials.secret_access_key);
	check_key(credentials.session_token ? credentials.session_token : "");
	credentials_finish(&credentials);
}

static void read_profile(const char *path, enum aws_file file, const char *name)
{
	struct aws_profile profile;
	struct err err = { 0 };

	if (aws_profile_read(&profile, path, file, name, &err) < 0)
		require(err.message[0]);
	for (size_t i = 0; i < AWS_SETTINGS; i++)
		require(!profile.settings[i] || (profile.exists && profile.settings[i][0]));
	aws_profile_finish(&profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("aws", MFD_CLOEXEC);

	log_open("fuzz", LOG_LEVEL_ERROR);
	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	require(setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1) == 0 && setenv("AWS_CONFIG_FILE", path, 1) == 0);
	load();
	read_profile(path, AWS_CREDENTIALS_FILE, "lab");
	read_profile(path, AWS_CONFIG_FILE, "lab");
	(void)close(fd);
	return 0;
}
