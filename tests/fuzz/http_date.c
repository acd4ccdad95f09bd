/* SPDX-License-Identifier: MIT
 *
 * What clock_parse_http_date() takes is what strftime() writes for the second that it found, but for weekday and leap
 * second.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	int64_t wall_s = 0;

	if (!text)
		return 0;
	if (clock_parse_http_date(text, &wall_s) == 0) {
		time_t seconds = (time_t)wall_s;
		char written[64] = "";
		struct tm utc;

		if (!gmtime_r(&seconds, &utc) || strftime(written, sizeof(written), "%a, %d %b %Y %T GMT", &utc) != 29)
			abort();
		if (strcmp(written + 5, text + 5) != 0 && strncmp(text + 22, ":60", 3) != 0)
			abort();
	}
	free(text);
	return 0;
}
