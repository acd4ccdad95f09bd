/* SPDX-License-Identifier: MIT
 *
 * A token bucket: the ceiling on requests a second. Pure; time is an argument.
 */
#ifndef SIM_BUCKET_H
#define SIM_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	double per_second; /* 0: no ceiling */
	double burst;
	double tokens;
	int64_t filled_ms;
};

/* Starts full. */
void bucket_set(struct bucket *bucket, double per_second, double burst, int64_t now_ms);

/* Takes one token; false if there is none. */
bool bucket_take(struct bucket *bucket, int64_t now_ms);

#endif
