/* SPDX-License-Identifier: MIT
 *
 * A wall clock that a test moves while the daemon runs: NGMT_TEST_CLOCK names a file with the seconds by which it is
 * wrong, read at each look at the clock. The monotonic clock stays as it is, as when somebody sets the machine's time.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

static const char *path;

/* A file that cannot be read just now leaves the clock as it was. */
static int64_t offset_s(void)
{
	static int64_t last_s;
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return last_s;
	if (read(fd, text, sizeof(text) - 1) > 0)
		last_s = strtoll(text, NULL, 10);
	(void)close(fd);
	return last_s;
}

static int64_t wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return ((int64_t)now.tv_sec + offset_s()) * 1000 + now.tv_nsec / 1000000;
}

__attribute__((constructor)) static void look_for_file(void)
{
	path = getenv("NGMT_TEST_CLOCK");
	if (path)
		clock_set_sources(wall_ms, NULL, NULL);
}
