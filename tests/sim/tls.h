/* SPDX-License-Identifier: MIT
 *
 * TLS for rehearsals: a throwaway certificate authority with one server certificate for localhost, and the context that
 * serves with it. The only file here that includes OpenSSL's headers.
 */
#ifndef SIM_TLS_H
#define SIM_TLS_H

#include "err.h"

struct ssl_ctx_st;
struct ssl_st;

/* Writes ca.pem, server.pem and server.key (mode 0600) into `directory`, which is created if it is missing. Valid for
 * a year, for localhost, 127.0.0.1 and ::1. */
int tls_make_authority(const char *directory, struct err *err);

/* A server context from PEM files; the caller frees it with tls_free(). NULL on error. */
struct ssl_ctx_st *tls_new(const char *cert_file, const char *key_file, struct err *err);
void tls_free(struct ssl_ctx_st *context);

/* The state of one connection, owned by the bufferevent that gets it. NULL if memory runs out. */
struct ssl_st *tls_connection(struct ssl_ctx_st *context);

#endif
