/* SPDX-License-Identifier: MIT
 *
 * Hashes against published values (FIPS 180-4, RFC 4231) and their spellings against Python's base64 module.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "digest.h"

struct vector {
	const char *text;
	const char *hex;
	const char *base32;
};

static const struct vector vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  "4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "XJ4BNP4PAHH6UQKBIDPF3LRCEOYAGYNDSYLXVHFUCD7WD4QACWWQ" },
};

static void test_sha256_in_both_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t digest[DIGEST_BYTES];
		char hex[DIGEST_HEX_MAX], base32[DIGEST_BASE32_MAX];

		digest_sha256(vectors[i].text, strlen(vectors[i].text), digest);
		assert_string_equal(digest_hex(digest, hex), vectors[i].hex);
		assert_string_equal(digest_base32(digest, base32), vectors[i].base32);
		assert_int_equal(strlen(base32), DIGEST_BASE32_MAX - 1);
	}
}

static void test_extreme_digits(void **state)
{
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX], base32[DIGEST_BASE32_MAX];

	(void)state;
	memset(digest, 0, sizeof(digest));
	assert_string_equal(digest_base32(digest, base32), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	memset(digest, 0xff, sizeof(digest));
	assert_string_equal(digest_base32(digest, base32), "777777777777777777777777777777777777777777777777777Q");
	assert_string_equal(digest_hex(digest, hex),
			    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
}

static void test_stream_equals_the_whole(void **state)
{
	char text[1000];
	uint8_t whole[DIGEST_BYTES], pieces[DIGEST_BYTES];

	(void)state;
	memset(text, 'a', sizeof(text));
	digest_sha256(text, sizeof(text), whole);
	for (size_t step = 1; step <= sizeof(text); step += 37) {
		struct digest_stream *stream = digest_stream_new();

		assert_non_null(stream);
		for (size_t i = 0; i < sizeof(text); i += step)
			digest_stream_update(stream, text + i, i + step < sizeof(text) ? step : sizeof(text) - i);
		digest_stream_finish(stream, pieces);
		assert_memory_equal(whole, pieces, DIGEST_BYTES);
	}
}

static void check_hmac(const void *key, size_t key_len, const void *data, size_t len, const char *expected)
{
	uint8_t out[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];

	digest_hmac(key, key_len, data, len, out);
	assert_string_equal(digest_hex(out, hex), expected);
}

/* RFC 4231, test cases 1, 2, 3 and 6. */
static void test_hmac(void **state)
{
	uint8_t key[131], data[50];

	(void)state;
	memset(key, 0x0b, sizeof(key));
	check_hmac(key, 20, "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	check_hmac("Jefe", 4, "what do ya want for nothing?", 28,
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	memset(data, 0xdd, sizeof(data));
	check_hmac(key, 20, data, sizeof(data), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	check_hmac(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
		   "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* sigv4.c writes the result over the key. */
static void test_hmac_over_its_own_key(void **state)
{
	uint8_t key[DIGEST_BYTES], out[DIGEST_BYTES];

	(void)state;
	memset(key, 7, sizeof(key));
	digest_hmac(key, sizeof(key), "data", 4, out);
	digest_hmac(key, sizeof(key), "data", 4, key);
	assert_memory_equal(key, out, sizeof(out));
}

static void test_comparison_and_forgetting(void **state)
{
	char secret[] = "secret";

	(void)state;
	assert_true(digest_is_equal("abc", "abc", 3));
	assert_false(digest_is_equal("abc", "abd", 3));
	assert_true(digest_is_equal("abc", "abd", 2));
	assert_true(digest_is_equal("a", "b", 0));
	digest_forget(secret, sizeof(secret));
	assert_memory_equal(secret, "\0\0\0\0\0\0", sizeof(secret));
	digest_forget(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_in_both_spellings),
		cmocka_unit_test(test_extreme_digits),
		cmocka_unit_test(test_stream_equals_the_whole),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hmac_over_its_own_key),
		cmocka_unit_test(test_comparison_and_forgetting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
