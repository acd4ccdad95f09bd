/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t real_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

static int64_t real_mono_ms(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

static double real_random(void)
{
	uint32_t bits = 0;

	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		bits = (uint32_t)real_mono_ms() * 2654435761U;
	return (double)bits / 4294967296.0;
}

static int64_t (*wall_source)(void) = real_wall_ms;
static int64_t (*mono_source)(void) = real_mono_ms;
static double (*random_source)(void) = real_random;

int64_t clock_wall_ms(void)
{
	return wall_source();
}

int64_t clock_mono_ms(void)
{
	return mono_source();
}

double clock_random(void)
{
	return random_source();
}

void clock_set_sources(int64_t (*wall_ms)(void), int64_t (*mono_ms)(void), double (*random_fraction)(void))
{
	wall_source = wall_ms ? wall_ms : real_wall_ms;
	mono_source = mono_ms ? mono_ms : real_mono_ms;
	random_source = random_fraction ? random_fraction : real_random;
}

const char *clock_format_utc(int64_t wall_s, char out[CLOCK_TEXT_MAX])
{
	time_t seconds = (time_t)wall_s;
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		out[0] = '\0';
	return out;
}

const char *clock_format_amz(int64_t wall_s, char out[CLOCK_TEXT_MAX])
{
	time_t seconds = (time_t)wall_s;
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || strftime(out, CLOCK_TEXT_MAX, "%Y%m%dT%H%M%SZ", &utc) == 0)
		out[0] = '\0';
	return out;
}

static bool has_form(const char *text, const char *form)
{
	for (; *form; text++, form++) {
		bool fits = *form == '0'   ? *text >= '0' && *text <= '9'
			    : *form == 'A' ? *text >= 'A' && *text <= 'Z'
			    : *form == 'a' ? *text >= 'a' && *text <= 'z'
					   : *text == *form;

		if (!fits)
			return false;
	}
	return *text == '\0';
}

static int read_two_digits(const char *text)
{
	return (text[0] - '0') * 10 + text[1] - '0';
}

/* Index of the three letters in a list of such names, -1 if they are none of them. */
static int find_name(const char *names, const char *text)
{
	for (const char *name = names; *name; name += 3)
		if (strncmp(name, text, 3) == 0)
			return (int)(name - names) / 3;
	return -1;
}

#define LAST_SECOND_S 253402300799 /* 9999-12-31T23:59:59Z: RFC 9110's years have four digits */

int clock_parse_http_date(const char *text, int64_t *wall_s)
{
	struct tm utc = { 0 };
	int64_t minute_s;
	int day, second;

	if (!has_form(text, "Aaa, 00 Aaa 0000 00:00:00 GMT"))
		return -1;
	utc.tm_mon = find_name("JanFebMarAprMayJunJulAugSepOctNovDec", text + 8);
	utc.tm_mday = day = read_two_digits(text + 5);
	utc.tm_year = read_two_digits(text + 12) * 100 + read_two_digits(text + 14) - 1900;
	utc.tm_hour = read_two_digits(text + 17);
	utc.tm_min = read_two_digits(text + 20);
	second = read_two_digits(text + 23);
	if (find_name("MonTueWedThuFriSatSun", text) < 0 || utc.tm_mon < 0 || utc.tm_year < 70 || utc.tm_hour > 23 ||
	    utc.tm_min > 59 || second > 60)
		return -1;
	minute_s = (int64_t)timegm(&utc);
	if (utc.tm_mday != day) /* timegm() makes the 31st of April the 1st of May */
		return -1;
	if (minute_s + second > LAST_SECOND_S) /* a leap second after it */
		return -1;
	*wall_s = minute_s + second;
	return 0;
}
