/* SPDX-License-Identifier: MIT
 *
 * The network side of the endpoint: evhttp, plain or with TLS. Turns what arrives into struct request and sends struct
 * reply, faults included. The only file here that includes libevent's headers.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim.h"
#include "tls.h"

struct server;

/* Listens on `address` and `port` (0: the kernel picks). `tls` may be NULL (plain HTTP) and is borrowed. NULL on
 * error. */
struct server *server_new(struct sim *sim, const char *address, uint16_t port, struct ssl_ctx_st *tls, struct err *err);
void server_free(struct server *server);

uint16_t server_port(const struct server *server);

/* Serves until SIGTERM or SIGINT. -1 if the loop fails. */
int server_run(struct server *server);

#endif
