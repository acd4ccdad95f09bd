/* SPDX-License-Identifier: MIT
 *
 * Times for people: as their clock shows them, and in UTC as everything else here has them.
 */
#ifndef NGMT_LOCAL_TIME_H
#define NGMT_LOCAL_TIME_H

#include <stdint.h>

#define LOCAL_TIME_MAX 80

/* "2026-11-24 10:00:00 CET (2026-11-24T09:00:00Z)" of an RFC 3339 text in UTC; what is none is given back as it is
 * (cut), "-" for NULL. Returns `out`. */
const char *local_time_of(const char *utc, char out[LOCAL_TIME_MAX]);

/* "2026-11-24 10:00:00", likewise. Returns `out`. */
const char *local_time_plain(const char *utc, char out[LOCAL_TIME_MAX]);

#endif
