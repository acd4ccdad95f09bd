/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "digest.h"

void digest_forget(void *secret, size_t len)
{
	if (secret)
		explicit_bzero(secret, len);
}
