/* SPDX-License-Identifier: MIT
 *
 * Hashes, their spellings, and the forgetting of secrets. The only file that includes OpenSSL's crypto headers.
 */
#ifndef NGMT_DIGEST_H
#define NGMT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_BYTES 32
#define DIGEST_HEX_MAX (2 * DIGEST_BYTES + 1)
#define DIGEST_BASE32_MAX 53

/* SHA-256 of `len` bytes. */
void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_BYTES]);

/* SHA-256 in pieces: new, update any number of times, then finish (which frees). */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_update(struct digest_stream *stream, const void *data, size_t len);
void digest_stream_finish(struct digest_stream *stream, uint8_t out[DIGEST_BYTES]);

/* HMAC-SHA-256 (RFC 2104). */
void digest_hmac(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[DIGEST_BYTES]);

/* Lower-case hexadecimal; 64 characters. Returns `out`. */
const char *digest_hex(const uint8_t digest[DIGEST_BYTES], char out[DIGEST_HEX_MAX]);

/* RFC 4648 base 32 without padding: 52 characters [A-Z2-7], which fits MTurk's 64-character tokens. */
const char *digest_base32(const uint8_t digest[DIGEST_BYTES], char out[DIGEST_BASE32_MAX]);

/* Compares in constant time. */
bool digest_is_equal(const void *a, const void *b, size_t len);

/* Overwrites a secret so that the compiler cannot leave it out. Without OpenSSL, in a file of its own: a client that
 * reads files of settings must not load that library. */
void digest_forget(void *secret, size_t len);

#endif
