/* SPDX-License-Identifier: MIT */
#include "platform.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"

void platform_request_finish(struct platform_request *request)
{
	for (char **header = request->headers; header && *header; header++) {
		digest_forget(*header, strlen(*header));
		free(*header);
	}
	free(request->headers);
	free(request->body);
	free(request->url);
	*request = (struct platform_request){ 0 };
}
