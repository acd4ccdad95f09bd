/* SPDX-License-Identifier: MIT
 *
 * What "load" and "show" do for input codes (what = "inputcodes"). Private to method_results.c.
 */
#ifndef NGMT_METHOD_CODES_H
#define NGMT_METHOD_CODES_H

#include "method.h"

enum method_outcome method_load_codes(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				      struct json_object **result, struct err *err);
enum method_outcome method_show_codes(struct daemon *daemon, struct json_object *params, struct json_object **result,
				      struct err *err);

#endif
