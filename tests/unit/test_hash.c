/* test_hash.c: SHA-256 against the vectors of FIPS 180-4
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/hash.h"
#include "support/check.h"

static void hash_in_pieces(const char *data, size_t size, size_t piece, char hex[65])
{
    octet_sha256 hash;
    uint8_t digest[32];

    octet_sha256_init(&hash);
    for (size_t i = 0; i < size; i += piece)
        octet_sha256_add(&hash, data + i, size - i < piece ? size - i : piece);
    octet_sha256_finish(&hash, digest);
    octet_sha256_hex(digest, hex);
}

static void known_vectors(void **state)
{
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hex[65];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hash_in_pieces(cases[i].text, strlen(cases[i].text), 64, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void a_million_letters_in_pieces(void **state)
{
    static const size_t pieces[] = {1, 63, 64, 65, 1000, 1000000};
    char *text = malloc(1000000), hex[65];

    (void)state;
    memset(text, 'a', 1000000);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        hash_in_pieces(text, 1000000, pieces[i], hex);
        assert_string_equal(hex,
                            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
    free(text);
}

/* Every length around the place where the padding needs another block: pieces must not matter. */
static void padding_at_every_length(void **state)
{
    char text[130], whole[65], bytes[65];

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t size = 50; size < sizeof text; size++) {
        hash_in_pieces(text, size, sizeof text, whole);
        hash_in_pieces(text, size, 1, bytes);
        assert_string_equal(whole, bytes);
    }
    hash_in_pieces(text, 119, 119, whole);
    assert_string_equal(whole, "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors),
        cmocka_unit_test(a_million_letters_in_pieces),
        cmocka_unit_test(padding_at_every_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
