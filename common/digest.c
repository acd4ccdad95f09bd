/* SPDX-License-Identifier: MIT */
#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct digest_stream {
	EVP_MD_CTX *context;
};

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_BYTES])
{
	(void)SHA256(data, len, out);
}

struct digest_stream *digest_stream_new(void)
{
	struct digest_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->context = EVP_MD_CTX_new();
	if (!stream->context || EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(stream->context);
		free(stream);
		return NULL;
	}
	return stream;
}

void digest_stream_update(struct digest_stream *stream, const void *data, size_t len)
{
	(void)EVP_DigestUpdate(stream->context, data, len);
}

void digest_stream_finish(struct digest_stream *stream, uint8_t out[DIGEST_BYTES])
{
	(void)EVP_DigestFinal_ex(stream->context, out, NULL);
	EVP_MD_CTX_free(stream->context);
	free(stream);
}

void digest_hmac(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[DIGEST_BYTES])
{
	(void)HMAC(EVP_sha256(), key, (int)key_len, data, len, out, NULL);
}

const char *digest_hex(const uint8_t digest[DIGEST_BYTES], char out[DIGEST_HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[DIGEST_HEX_MAX - 1] = '\0';
	return out;
}

const char *digest_base32(const uint8_t digest[DIGEST_BYTES], char out[DIGEST_BASE32_MAX])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	unsigned held = 0;
	size_t n = 0;

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		bits = (bits << 8) | digest[i];
		for (held += 8; held >= 5; held -= 5)
			out[n++] = digits[(bits >> (held - 5)) & 31];
	}
	if (held > 0)
		out[n++] = digits[(bits << (5 - held)) & 31];
	out[n] = '\0';
	return out;
}

bool digest_is_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
