/* SPDX-License-Identifier: MIT */
#include "http_reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"

#define HEADERS_MAX ((size_t)256 * 1024)
#define BODY_KEPT_MAX ((size_t)64 * 1024)
#define BODY_STEP 1024

static const char *const header_names[HTTP_HEADERS] = {
	[HTTP_DATE] = "date",
	[HTTP_REQUEST_ID] = "x-amzn-requestid",
	[HTTP_ERROR_TYPE] = "x-amzn-errortype",
	[HTTP_QUERY_ERROR] = "x-amzn-query-error",
};

static void forget_headers(struct http_reply *reply)
{
	for (unsigned i = 0; i < HTTP_HEADERS; i++)
		reply->values[i][0] = '\0';
	reply->headers_complete = false;
}

void http_reply_finish(struct http_reply *reply)
{
	free(reply->body);
	reply->body = NULL;
	reply->body_room = 0;
	reply->body_bytes = 0;
}

void http_reply_reset(struct http_reply *reply)
{
	if (reply->body_room > BODY_KEPT_MAX)
		http_reply_finish(reply);
	reply->body_bytes = 0;
	reply->header_bytes = 0;
	forget_headers(reply);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void keep_value(char *out, const char *start, const char *end)
{
	size_t len;

	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	len = (size_t)(end - start);
	if (len >= HTTP_HEADER_VALUE_MAX)
		len = HTTP_HEADER_VALUE_MAX - 1;
	memcpy(out, start, len);
	out[len] = '\0';
}

static void keep_header(struct http_reply *reply, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t name_len = colon ? (size_t)(colon - line) : 0;

	for (unsigned i = 0; colon && i < HTTP_HEADERS; i++) {
		if (strlen(header_names[i]) != name_len || strncasecmp(line, header_names[i], name_len) != 0)
			continue;
		if (reply->values[i][0] == '\0')
			keep_value(reply->values[i], colon + 1, line + len);
		return;
	}
}

int http_reply_add_header(struct http_reply *reply, const char *line, size_t len)
{
	if (len > HEADERS_MAX - reply->header_bytes)
		return -1;
	reply->header_bytes += len;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		forget_headers(reply); /* the final answer comes after interim ones (100) */
	else if (len > 0 && (line[0] == '\r' || line[0] == '\n'))
		reply->headers_complete = true;
	else if (!reply->headers_complete) /* trailers come later and count for nothing */
		keep_header(reply, line, len);
	return 0;
}

static int make_room(struct http_reply *reply, size_t needed)
{
	size_t room = reply->body_room ? reply->body_room : BODY_STEP;
	char *body;

	if (needed <= reply->body_room)
		return 0;
	while (room < needed)
		room *= 2;
	body = realloc(reply->body, room);
	if (!body)
		return -1;
	reply->body = body;
	reply->body_room = room;
	return 0;
}

int http_reply_add_body(struct http_reply *reply, const char *data, size_t len)
{
	if (len == 0)
		return 0;
	if (len > HTTP_ANSWER_MAX - reply->body_bytes || make_room(reply, reply->body_bytes + len + 1) < 0)
		return -1;
	memcpy(reply->body + reply->body_bytes, data, len);
	reply->body_bytes += len;
	return 0;
}

const char *http_reply_body(struct http_reply *reply)
{
	if (!reply->body || reply->body_bytes == 0)
		return "";
	reply->body[reply->body_bytes] = '\0';
	return reply->body;
}
