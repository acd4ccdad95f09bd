/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "witness.h"

#define IDENTITY "0123456789abcdef0123456789abcdef"

static void test_written_and_read(void **state)
{
	static const int64_t counts[] = { 0, 1, 9, 10, 123456789, INT64_MAX };
	struct scratch *scratch = *state;
	struct witness witness = { .identity = IDENTITY, .fd = -1 }, read;
	struct stat before, after;
	struct err err;

	assert_int_equal(witness_read(scratch->folder, &read), 0);
	assert_int_equal(witness_begin(scratch->folder, &witness, &err), 0);
	assert_int_equal(fstat(witness.fd, &before), 0);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		witness.commits = counts[i];
		witness.base = counts[i] / 2;
		assert_int_equal(witness_write(&witness), 0);
		assert_int_equal(witness_read(scratch->folder, &read), 1);
		assert_string_equal(read.identity, IDENTITY);
		assert_int_equal(read.commits, counts[i]);
		assert_int_equal(read.base, counts[i] / 2);
		assert_int_equal(read.fd, -1);
	}
	/* It never needs more space than it had at first. */
	assert_int_equal(fstat(witness.fd, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(after.st_mode & 0777, 0600);
	witness_end(&witness);
	assert_int_equal(witness_write(&witness), 0);
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {
		"", "\n", "ngmt witness 1 ",
		"ngmt witness 2 " IDENTITY " 0000000000000000001 0000000000000000001\n",
		"ngmt witness 1 0123456789ABCDEF0123456789abcdef 0000000000000000001 0000000000000000001\n",
		"ngmt witness 1 " IDENTITY " 000000000000000001x 0000000000000000001\n",
		"ngmt witness 1 " IDENTITY " 0000000000000000001 -000000000000000001\n",
		"ngmt witness 1 " IDENTITY " 0000000000000000001 0000000000000000001",
		"ngmt witness 1 " IDENTITY " 0000000000000000001 0000000000000000001\nmore",
	};
	struct scratch *scratch = *state;
	struct witness witness = { .identity = IDENTITY, .commits = 7, .fd = -1 }, read;
	struct err err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)scratch_write(scratch, "witness", texts[i]);
		if (witness_read(scratch->folder, &read) != -1)
			fail_msg("taken for a witness: %s", texts[i]);
	}
	/* Made anew, whatever length it had. */
	assert_int_equal(witness_begin(scratch->folder, &witness, &err), 0);
	assert_int_equal(witness_read(scratch->folder, &read), 1);
	assert_int_equal(read.commits, 7);
	witness_end(&witness);
}

static void test_no_place(void **state)
{
	struct scratch *scratch = *state;
	struct witness witness = { .identity = IDENTITY, .fd = -1 }, read;
	struct err err = { 0 };
	char path[300];

	(void)scratch_folder(scratch, "witness");
	assert_int_equal(witness_read(scratch->folder, &read), -1);
	assert_int_equal(witness_begin(scratch->folder, &witness, &err), -1);
	assert_int_equal(err.code, ERR_LEDGER);
	assert_true(err.hint[0] != '\0');
	(void)snprintf(path, sizeof(path), "%s/missing", scratch->folder);
	assert_int_equal(witness_read(path, &read), 0);
	assert_int_equal(witness_begin(path, &witness, &err), -1);
}

static void test_invented(void **state)
{
	char one[WITNESS_IDENTITY_MAX], other[WITNESS_IDENTITY_MAX];
	struct err err;

	(void)state;
	assert_int_equal(witness_invent(one, &err), 0);
	assert_int_equal(witness_invent(other, &err), 0);
	assert_int_equal(strlen(one), 32);
	assert_int_equal(strspn(one, "0123456789abcdef"), 32);
	assert_string_not_equal(one, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_written_and_read, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(test_no_place, scratch_set_up, scratch_tear_down),
		cmocka_unit_test(test_invented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
