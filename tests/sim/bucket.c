/* SPDX-License-Identifier: MIT */
#include "bucket.h"

void bucket_set(struct bucket *bucket, double per_second, double burst, int64_t now_ms)
{
	*bucket = (struct bucket){ per_second, burst, burst, now_ms };
}

bool bucket_take(struct bucket *bucket, int64_t now_ms)
{
	if (bucket->per_second <= 0)
		return true;
	bucket->tokens += (double)(now_ms - bucket->filled_ms) * bucket->per_second / 1000.0;
	if (bucket->tokens > bucket->burst)
		bucket->tokens = bucket->burst;
	bucket->filled_ms = now_ms;
	if (bucket->tokens < 1)
		return false;
	bucket->tokens -= 1;
	return true;
}
