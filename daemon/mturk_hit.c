/* SPDX-License-Identifier: MIT
 *
 * A HIT's definition, in MTurk's words: CreateHIT's members and the XML of its question. Pure.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "money.h"
#include "mturk.h"

#define SCHEMAS "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/"
#define EXTERNAL_QUESTION SCHEMAS "2006-07-14/ExternalQuestion.xsd"
#define HTML_QUESTION SCHEMAS "2011-11-11/HTMLQuestion.xsd"
#define QUESTION_BYTES_MAX 65535
#define FRAME_HEIGHT_DEFAULT 600

#define MASTERS_LIVE "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH"
#define MASTERS_SANDBOX "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6"

static int lacks(const char *what, struct err *err)
{
	return err_set(err, ERR_PLATFORM, "the HIT's definition %s; nothing was sent", what);
}

/* XML 1.0 has no way to write any other control character, nor U+FFFE and U+FFFF. */
static bool is_xml_text(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if ((*p < 0x20 && !strchr("\t\n\r", *p)) ||
		    (p[0] == 0xef && p[1] == 0xbf && (p[2] == 0xbe || p[2] == 0xbf)))
			return false;
	return true;
}

static void write_escaped(FILE *out, const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&apos;" } };

	for (; *text; text++) {
		size_t i = 0;

		while (i < sizeof(entities) / sizeof(entities[0]) && entities[i].c != *text)
			i++;
		if (i < sizeof(entities) / sizeof(entities[0]))
			(void)fputs(entities[i].entity, out);
		else
			(void)fputc(*text, out);
	}
}

/* The mark that ends a CDATA section is split over two of them. */
static void write_cdata(FILE *out, const char *text)
{
	const char *end;

	(void)fputs("<![CDATA[", out);
	while ((end = strstr(text, "]]>")) != NULL) {
		(void)fprintf(out, "%.*s]]]]><![CDATA[>", (int)(end - text), text);
		text = end + strlen("]]>");
	}
	(void)fprintf(out, "%s]]>", text);
}

static void write_external(FILE *out, const char *url, int64_t frame_height)
{
	(void)fputs("<ExternalQuestion xmlns=\"" EXTERNAL_QUESTION "\"><ExternalURL>", out);
	write_escaped(out, url);
	(void)fprintf(out, "</ExternalURL><FrameHeight>%" PRId64 "</FrameHeight></ExternalQuestion>", frame_height);
}

static void write_html(FILE *out, const char *html, int64_t frame_height)
{
	(void)fputs("<HTMLQuestion xmlns=\"" HTML_QUESTION "\"><HTMLContent>", out);
	write_cdata(out, html);
	(void)fprintf(out, "</HTMLContent><FrameHeight>%" PRId64 "</FrameHeight></HTMLQuestion>", frame_height);
}

static void write_as_is(FILE *out, const char *xml, int64_t frame_height)
{
	(void)frame_height;
	(void)fputs(xml, out);
}

static char *take_question(const char *text, int64_t frame_height,
			   void (*write)(FILE *out, const char *text, int64_t frame_height))
{
	char *xml = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&xml, &bytes);

	if (!out)
		return NULL;
	write(out, text, frame_height);
	if (fclose(out) == 0)
		return xml;
	free(xml);
	return NULL;
}

char *mturk_hit_question(struct json_object *question, struct err *err)
{
	static const struct {
		const char *member;
		void (*write)(FILE *out, const char *text, int64_t frame_height);
	} forms[] = { { "url", write_external }, { "html", write_html }, { "xml", write_as_is } };
	int64_t frame_height = FRAME_HEIGHT_DEFAULT;
	const char *text = NULL;
	char *xml;
	size_t i = 0;

	(void)json_get_int(question, "frame_height", &frame_height);
	while (i < sizeof(forms) / sizeof(forms[0]) && !json_get_text(question, forms[i].member, &text))
		i++;
	if (!text || !is_xml_text(text)) {
		(void)lacks(text ? "has a character that XML cannot express in its question" : "has no question", err);
		return NULL;
	}
	xml = take_question(text, frame_height, forms[i].write);
	if (!xml)
		(void)err_set(err, ERR_INTERNAL, "out of memory");
	else if (strlen(xml) <= QUESTION_BYTES_MAX)
		return xml;
	else
		(void)lacks("has a question of more than 65535 bytes", err);
	free(xml);
	return NULL;
}

/* Amazon's own qualification types have names in definitions; any other is meant by its id. */
static const char *type_id(const char *type, enum environment environment)
{
	static const struct {
		const char *name, *id;
	} types[] = { { "approved-percent", "000000000000000000L0" },
		      { "approved-count", "00000000000000000040" },
		      { "locale", "00000000000000000071" },
		      { "adult", "00000000000000000060" } };

	if (strcmp(type, "masters") == 0)
		return environment == ENVIRONMENT_LIVE ? MASTERS_LIVE : MASTERS_SANDBOX;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, type) == 0)
			return types[i].id;
	return type;
}

/* "US-NY" is a country and a part of it. */
static struct json_object *locale_of(const char *text)
{
	struct json_object *locale = json_object_new_object();
	const char *hyphen = strchr(text, '-');
	size_t length = hyphen ? (size_t)(hyphen - text) : strlen(text);

	json_put_value(locale, "Country", json_object_new_string_len(text, (int)length));
	if (hyphen)
		json_put_text(locale, "Subdivision", hyphen + 1);
	return locale;
}

static int put_values(struct json_object *qualification, struct json_object *out, struct err *err)
{
	struct json_object *values = json_get_array(qualification, "values");
	struct json_object *locales = json_get_array(qualification, "locales"), *list;
	size_t count = locales ? json_object_array_length(locales) : 0;

	if (values)
		json_put_value(out, "IntegerValues", json_object_get(values));
	if (!locales)
		return 0;
	list = json_object_new_array();
	json_put_value(out, "LocaleValues", list);
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(locales, i);

		if (!json_object_is_type(item, json_type_string))
			return lacks("has a locale that is no text", err);
		(void)json_object_array_add(list, locale_of(json_object_get_string(item)));
	}
	return 0;
}

static int put_guard(struct json_object *qualification, struct json_object *out, struct err *err)
{
	static const struct {
		const char *word, *actions;
	} guards[] = { { "accept", "Accept" },
		       { "preview", "PreviewAndAccept" },
		       { "discover", "DiscoverPreviewAndAccept" } };
	const char *guard;

	if (!json_get_text(qualification, "guard", &guard))
		return 0;
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++) {
		if (strcmp(guards[i].word, guard) == 0) {
			json_put_text(out, "ActionsGuarded", guards[i].actions);
			return 0;
		}
	}
	return lacks("has a qualification that guards something unknown", err);
}

static int add_requirement(struct json_object *list, struct json_object *qualification, enum environment environment,
			   struct err *err)
{
	struct json_object *out = json_object_new_object();
	const char *type, *comparator;

	(void)json_object_array_add(list, out);
	if (!json_get_text(qualification, "type", &type) || !json_get_text(qualification, "comparator", &comparator) ||
	    strcmp(type, "selected") == 0)
		return lacks("has a qualification without its type or comparator", err);
	json_put_text(out, "QualificationTypeId", type_id(type, environment));
	json_put_text(out, "Comparator", comparator);
	return put_values(qualification, out, err) < 0 ? -1 : put_guard(qualification, out, err);
}

static int put_requirements(struct json_object *definition, enum environment environment, struct json_object *out,
			    struct err *err)
{
	struct json_object *qualifications = json_get_array(definition, "qualifications"), *list;
	size_t count = qualifications ? json_object_array_length(qualifications) : 0;

	if (count == 0)
		return 0;
	list = json_object_new_array();
	json_put_value(out, "QualificationRequirements", list);
	for (size_t i = 0; i < count; i++)
		if (add_requirement(list, json_object_array_get_idx(qualifications, i), environment, err) < 0)
			return -1;
	return 0;
}

/* In the order of CreateHIT's reference; a required one that is missing is an error. */
static int put_plain(struct json_object *definition, struct json_object *out, struct err *err)
{
	static const struct {
		const char *ours, *theirs;
		bool is_text, is_required;
	} members[] = { { "max_assignments", "MaxAssignments", false, true },
			{ "auto_approval_s", "AutoApprovalDelayInSeconds", false, false },
			{ "lifetime_s", "LifetimeInSeconds", false, true },
			{ "duration_s", "AssignmentDurationInSeconds", false, true },
			{ "title", "Title", true, true },
			{ "keywords", "Keywords", true, false },
			{ "description", "Description", true, true },
			{ "annotation", "RequesterAnnotation", true, false } };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *text;
		int64_t number;

		if (members[i].is_text && json_get_text(definition, members[i].ours, &text))
			json_put_text(out, members[i].theirs, text);
		else if (!members[i].is_text && json_get_int(definition, members[i].ours, &number))
			json_put_int(out, members[i].theirs, number);
		else if (members[i].is_required)
			return err_set(err, ERR_PLATFORM, "the HIT's definition has no %s; nothing was sent",
				       members[i].ours);
	}
	return 0;
}

/* What was shown and counted under the budgets is what MTurk will set aside: rule of money 4. */
static int put_reward(const struct op *op, struct json_object *definition, struct json_object *out, struct err *err)
{
	int64_t reward_minor = 0, assignments = 0, cost_minor;
	char text[MONEY_TEXT_MAX];

	(void)json_get_int(definition, "reward_cents", &reward_minor);
	(void)json_get_int(definition, "max_assignments", &assignments);
	if (reward_minor <= 0 || assignments <= 0 || assignments != op->integer_value ||
	    __builtin_mul_overflow(reward_minor, assignments, &cost_minor) || cost_minor != op->amount_minor)
		return lacks("does not cost what was planned", err);
	json_put_text(out, "Reward", money_format(reward_minor, text));
	return 0;
}

static int put_question(struct json_object *definition, struct json_object *out, struct err *err)
{
	char *xml = mturk_hit_question(json_get_object(definition, "question"), err);

	if (!xml)
		return -1;
	json_put_text(out, "Question", xml);
	free(xml);
	return 0;
}

struct json_object *mturk_hit_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *definition = op->text ? json_parse(op->text, strlen(op->text), NULL) : NULL;
	struct json_object *out = json_object_new_object();

	if (!json_object_is_type(definition, json_type_object))
		(void)lacks("is none", err);
	else if (put_plain(definition, out, err) == 0 && put_reward(op, definition, out, err) == 0 &&
		 put_question(definition, out, err) == 0 &&
		 put_requirements(definition, mturk->endpoint.environment, out, err) == 0) {
		json_put_text(out, "UniqueRequestToken", op->token);
		json_object_put(definition);
		return out;
	}
	json_object_put(out);
	json_object_put(definition);
	return NULL;
}
