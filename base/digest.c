/*
 * base/digest.c: SHA-256 by libcrypto, digests as numbers, and UUIDs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * OpenSSL 3 calls SHA256_Init() and its siblings deprecated.  They are used on purpose: they need
 * no fetch per text, which over 10,000 small scripts is 0.5 ms against 2.7 ms (FACTS, Costs).
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/error.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct pga_digester),
               "libcrypto's state has outgrown ours");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct pga_digester),
               "libcrypto's state needs more alignment");
_Static_assert(SHA256_DIGEST_LENGTH == PGA_DIGEST_BYTES, "SHA-256 has 32 bytes");

static SHA256_CTX *
state_of(struct pga_digester *digester)
{
    return (SHA256_CTX *)(void *)digester->state;
}

void
pga_digester_init(struct pga_digester *digester)
{
    (void)SHA256_Init(state_of(digester)); /* these three never fail */
}

void
pga_digester_update(struct pga_digester *digester, const void *data, size_t len)
{
    if (len > 0)
        (void)SHA256_Update(state_of(digester), data, len);
}

struct pga_digest
pga_digester_final(struct pga_digester *digester)
{
    struct pga_digest digest;

    (void)SHA256_Final(digest.bytes, state_of(digester));
    return digest;
}

void
pga_digester_field(struct pga_digester *digester, const void *data, size_t len)
{
    uint8_t head[9] = {data != NULL};

    for (int i = 0; i < 8; i++)
        head[8 - i] = (uint8_t)((uint64_t)len >> (8 * i));
    pga_digester_update(digester, head, data == NULL ? 1 : sizeof(head));
    if (data != NULL)
        pga_digester_update(digester, data, len);
}

struct pga_digest
pga_digest_of(struct pga_str text)
{
    struct pga_digester digester;

    pga_digester_init(&digester);
    pga_digester_update(&digester, text.data, text.len);
    return pga_digester_final(&digester);
}

bool
pga_digest_equal(const struct pga_digest *a, const struct pga_digest *b)
{
    return memcmp(a->bytes, b->bytes, PGA_DIGEST_BYTES) == 0;
}

bool
pga_digest_is_zero(const struct pga_digest *d)
{
    static const struct pga_digest zero;

    return pga_digest_equal(d, &zero);
}

void
pga_digest_add(struct pga_digest *a, const struct pga_digest *b)
{
    unsigned carry = 0;

    for (int i = PGA_DIGEST_BYTES - 1; i >= 0; i--) {
        carry += (unsigned)a->bytes[i] + b->bytes[i];
        a->bytes[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

void
pga_digest_subtract(struct pga_digest *a, const struct pga_digest *b)
{
    unsigned borrow = 0;

    for (int i = PGA_DIGEST_BYTES - 1; i >= 0; i--) {
        unsigned difference = 256u + a->bytes[i] - b->bytes[i] - borrow;

        a->bytes[i] = (uint8_t)difference;
        borrow = difference < 256u;
    }
}

static const char hex_digits[] = "0123456789abcdef";

char *
pga_digest_format(struct pga_arena *mem, const struct pga_digest *d)
{
    char *hex = pga_alloc(mem, PGA_DIGEST_HEX + 1, 1);

    for (size_t i = 0; i < PGA_DIGEST_BYTES; i++) {
        hex[2 * i] = hex_digits[d->bytes[i] >> 4];
        hex[2 * i + 1] = hex_digits[d->bytes[i] & 15];
    }
    return hex;
}

/* The value of a hexadecimal digit, or -1. */
static int
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool
pga_digest_parse(struct pga_str hex, struct pga_digest *out)
{
    struct pga_digest digest;

    if (hex.len != PGA_DIGEST_HEX)
        return false;
    for (size_t i = 0; i < PGA_DIGEST_BYTES; i++) {
        int high = hex_value(hex.data[2 * i]), low = hex_value(hex.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        digest.bytes[i] = (uint8_t)(high * 16 + low);
    }
    *out = digest;
    return true;
}

char *
pga_uuid_new(struct pga_arena *mem)
{
    uint8_t bytes[16];
    char *uuid = pga_alloc(mem, 37, 1);
    size_t at = 0;

    /* Not RAND_bytes(), which first loads libcrypto's providers and its configuration (1 ms). */
    if (getentropy(bytes, sizeof(bytes)) != 0) {
        pga_bug("no random bytes: %s", strerror(errno)); /* GCOVR_EXCL_LINE: all have them */
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40); /* version 4: random */
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80); /* the variant of RFC 9562 */
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            uuid[at++] = '-';
        uuid[at++] = hex_digits[bytes[i] >> 4];
        uuid[at++] = hex_digits[bytes[i] & 15];
    }
    return uuid;
}

const char *
pga_digest_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
