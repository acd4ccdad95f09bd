/* SPDX-License-Identifier: MIT
 *
 * The only source of time and chance, so that tests can own both. The wall clock dates what happened (ledger,
 * signatures); the monotonic clock decides when something is due and never jumps.
 */
#ifndef NGMT_CLOCK_H
#define NGMT_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_MAX 32

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

/* Milliseconds on CLOCK_BOOTTIME: goes on while the machine sleeps, unaffected by settime(). */
int64_t clock_mono_ms(void);

/* A random fraction in [0, 1), seeded by getrandom(2). For jitter, never for secrets. */
double clock_random(void);

/* Tests put their own sources here; NULL restores the real one. */
void clock_set_sources(int64_t (*wall_ms)(void), int64_t (*mono_ms)(void), double (*random_fraction)(void));

/* "2026-11-23T11:52:00Z" (RFC 3339, UTC). Returns `out`. */
const char *clock_format_utc(int64_t wall_s, char out[CLOCK_TEXT_MAX]);

/* "20261123T115200Z", the form of X-Amz-Date. Returns `out`. */
const char *clock_format_amz(int64_t wall_s, char out[CLOCK_TEXT_MAX]);

/* Parses an HTTP date as servers send it (IMF-fixdate, RFC 9110 section 5.6.7). -1 if it is not one. */
int clock_parse_http_date(const char *text, int64_t *wall_s);

#endif
