/* SPDX-License-Identifier: MIT
 *
 * The codes in what a worker submitted: member Answer of an assignment, a QuestionFormAnswers of MTurk's schema of
 * 2005-10-01. The only file that includes <expat.h>.
 */
#include <expat.h>
#include <string.h>
#include <strings.h>

#include "mturk.h"

#define ANSWER_BYTES_MAX ((size_t)128 * 1024)
#define CODES_MAX 20
#define DEPTH_MAX 8
/* Separates namespace and name in what expat reports; in no name. */
#define SEPARATOR '\n'

#define BLANKS " \t\r\n"

/* A text that is being read, cut at a whole character. */
struct piece {
	char text[CODE_BYTES_MAX + 1];
	size_t bytes;
	bool is_full;
};

struct reading {
	XML_Parser parser;
	unsigned depth;	     /* of the element that is open: 1 is the root, 2 an Answer, 3 a member of it */
	struct piece *piece; /* what the open member's text goes to; NULL: nowhere */
	struct piece identifier;
	struct piece free_text;
	struct json_object *codes;
	struct piece other; /* the last free text that is not called a code */
	unsigned others;
	bool asks_for_code;
	bool is_odd;
};

static void give_up(struct reading *reading)
{
	reading->is_odd = true;
	(void)XML_StopParser(reading->parser, XML_FALSE);
}

static bool is_called(const char *qualified, const char *name)
{
	const char *separator = strrchr(qualified, SEPARATOR);

	return strcmp(separator ? separator + 1 : qualified, name) == 0;
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *reading = arg;

	(void)attributes;
	reading->depth++;
	reading->piece = NULL;
	if (reading->depth > DEPTH_MAX || (reading->depth == 1 && !is_called(name, "QuestionFormAnswers")) ||
	    (reading->depth == 2 && !is_called(name, "Answer"))) {
		give_up(reading);
		return;
	}
	if (reading->depth == 2)
		reading->identifier = reading->free_text = (struct piece){ .bytes = 0 };
	else if (reading->depth == 3 && is_called(name, "QuestionIdentifier"))
		reading->piece = &reading->identifier;
	else if (reading->depth == 3 && is_called(name, "FreeText"))
		reading->piece = &reading->free_text;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int length)
{
	struct reading *reading = arg;
	struct piece *piece = reading->piece;
	size_t bytes = (size_t)length, room;

	if (!piece || piece->is_full)
		return;
	while (piece->bytes == 0 && bytes > 0 && strchr(BLANKS, *text)) {
		text++;
		bytes--;
	}
	room = CODE_BYTES_MAX - piece->bytes;
	if (bytes > room) {
		piece->is_full = true;
		bytes = room;
		while (bytes > 0 && ((unsigned char)text[bytes] & 0xC0) == 0x80)
			bytes--;
	}
	memcpy(piece->text + piece->bytes, text, bytes);
	piece->bytes += bytes;
}

static void trim(struct piece *piece)
{
	while (piece->bytes > 0 && strchr(BLANKS, piece->text[piece->bytes - 1]))
		piece->bytes--;
	piece->text[piece->bytes] = '\0';
}

static void take_answer(struct reading *reading)
{
	struct piece *text = &reading->free_text;
	bool is_code;

	trim(&reading->identifier);
	trim(text);
	is_code = strcasestr(reading->identifier.text, "code");
	reading->asks_for_code = reading->asks_for_code || is_code;
	if (text->bytes == 0)
		return;
	if (!is_code) {
		reading->others++;
		reading->other = *text;
	} else if (json_object_array_length(reading->codes) < CODES_MAX) {
		(void)json_object_array_add(reading->codes, json_object_new_string(text->text));
	}
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct reading *reading = arg;

	(void)name;
	if (reading->depth == 2)
		take_answer(reading);
	reading->piece = NULL;
	reading->depth--;
}

/* Entities can only be declared in a DTD, and no answer of MTurk's has one. */
static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int has)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has;
	give_up(arg);
}

/* A form of crowd-html elements submits all its fields as one free text of JSON: that is no code. */
static bool is_structured(const struct piece *text)
{
	return text->text[0] == '[' || text->text[0] == '{';
}

static bool parse(struct reading *reading, const char *xml, size_t bytes)
{
	/* Said to be ASCII mostly, a name that expat does not know; what came as JSON is UTF-8 at any rate. */
	reading->parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
	if (!reading->parser)
		return false;
	XML_SetUserData(reading->parser, reading);
	XML_SetElementHandler(reading->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reading->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reading->parser, on_doctype);
	reading->is_odd = XML_Parse(reading->parser, xml, (int)bytes, XML_TRUE) != XML_STATUS_OK || reading->is_odd;
	XML_ParserFree(reading->parser);
	return !reading->is_odd;
}

struct json_object *mturk_read_codes(const char *xml)
{
	struct reading reading = { .depth = 0 };
	size_t bytes = strlen(xml);

	if (bytes == 0 || bytes > ANSWER_BYTES_MAX)
		return NULL;
	reading.codes = json_object_new_array();
	if (!reading.codes)
		return NULL;
	if (parse(&reading, xml, bytes)) {
		if (!reading.asks_for_code && reading.others == 1 && !is_structured(&reading.other))
			(void)json_object_array_add(reading.codes, json_object_new_string(reading.other.text));
		if (json_object_array_length(reading.codes) > 0)
			return reading.codes;
	}
	json_object_put(reading.codes);
	return NULL;
}
