/* SPDX-License-Identifier: MIT */
#include "stops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "log.h"

#define META_KEY "stopped"

static void stop_lane(struct stop *stop, const char *user, int64_t at_s)
{
	*stop = (struct stop){ .is_on = true, .at_s = at_s };
	(void)snprintf(stop->user, sizeof(stop->user), "%s", user);
	(void)snprintf(stop->words, sizeof(stop->words), "paused by %.*s", STOP_USER_MAX - 1, user);
}

static bool read_lane(struct stops *stops, const char *name, struct json_object *value)
{
	int lane = lane_from_name(name);
	const char *user = NULL;
	int64_t at_s = 0;

	if (lane <= LANE_READ || !json_get_text(value, "user", &user) || !json_get_int(value, "at", &at_s))
		return false;
	stop_lane(&stops->lanes[lane], user, at_s);
	return true;
}

static bool read_all(struct stops *stops, const char *text)
{
	struct err err;
	struct json_object *all = json_parse(text, strlen(text), &err);
	bool is_good = json_object_is_type(all, json_type_object);

	if (is_good) {
		json_object_object_foreach(all, name, value)
			is_good = read_lane(stops, name, value) && is_good;
	}
	json_object_put(all);
	return is_good;
}

void stops_read(struct stops *stops, struct ledger *ledger)
{
	char *text = ledger_get_meta(ledger, META_KEY);

	*stops = (struct stops){ 0 };
	if (text && !read_all(stops, text)) {
		log_warn("the ledger does not tell which lanes were paused: all are");
		for (int lane = LANE_READ + 1; lane < LANES; lane++)
			if (!stops->lanes[lane].is_on)
				stop_lane(&stops->lanes[lane], "somebody", 0);
	}
	free(text);
}

static int write_all(const struct stops *stops, struct ledger *ledger, struct err *err)
{
	struct json_object *all = json_object_new_object();
	int result;

	for (int i = 0; i < LANES; i++) {
		struct json_object *lane;

		if (!stops->lanes[i].is_on)
			continue;
		lane = json_object_new_object();
		json_put_text(lane, "user", stops->lanes[i].user);
		json_put_int(lane, "at", stops->lanes[i].at_s);
		json_put_value(all, lane_name((enum lane)i), lane);
	}
	result = ledger_set_meta(ledger, META_KEY, json_object_object_length(all) > 0 ? json_text(all, NULL) : "",
				 err);
	json_object_put(all);
	return result;
}

int stops_set(struct stops *stops, struct ledger *ledger, enum lane lane, const char *user, struct err *err)
{
	struct stop before = stops->lanes[lane];

	if (before.is_on == (user != NULL))
		return 0;
	if (user)
		stop_lane(&stops->lanes[lane], user, clock_wall_ms() / 1000);
	else
		stops->lanes[lane] = (struct stop){ 0 };
	if (write_all(stops, ledger, err) == 0)
		return 1;
	stops->lanes[lane] = before;
	return -1;
}
