/* SPDX-License-Identifier: MIT
 *
 * What a platform lists, in the words of the protocol (ngmt-protocol(7)): HIT, TYPE, HOLDER, PAYMENT. New references.
 */
#ifndef NGMT_LISTING_H
#define NGMT_LISTING_H

#include "facts.h"
#include "json.h"

struct json_object *listing_hit(const struct hit *hit);
struct json_object *listing_type(const struct qualification_type *type);
struct json_object *listing_holder(const struct qualification *qualification);
struct json_object *listing_payment(const struct bonus_payment *payment);

/* The id of one of them (of a HOLDER the worker's) and when it was made or granted, "" if that is not known: times in
 * RFC 3339 UTC sort as text. Borrowed. */
const char *listing_id(struct json_object *item);
const char *listing_time(struct json_object *item);

/* Whether `search` is in a text by which people know it, without regard to case; NULL is in everything. */
bool listing_matches(struct json_object *item, const char *search);

#endif
