/* SPDX-License-Identifier: MIT
 *
 * Who follows which batch, and telling them: at most ten times a second, and once more when it is finished.
 */
#ifndef NGMT_PROGRESS_H
#define NGMT_PROGRESS_H

#include "control.h"
#include "loop.h"

struct progress;

/* `describe` makes the params of the notification "progress" for a batch (new reference, NULL if it cannot), with a
 * member "finished". */
struct progress *progress_new(struct loop *loop, struct json_object *(*describe)(void *arg, int64_t batch_id),
			      void *arg, struct err *err);
void progress_free(struct progress *progress);

/* Where notifications go; set once, before anybody subscribes. */
void progress_attach(struct progress *progress, struct control *control);

int progress_subscribe(struct progress *progress, uint64_t client, int64_t batch_id, struct err *err);
/* Something of the batch has moved. Cheap; may be called from anywhere. */
void progress_touch(struct progress *progress, int64_t batch_id);
/* Something that concerns all batches has changed (a pause). */
void progress_touch_all(struct progress *progress);

/* End of a turn, before the commit: writes what is due. */
void progress_pump(struct progress *progress);

#endif
