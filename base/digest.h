/*
 * base/digest.h: SHA-256, the only digest that pgalter uses.
 *
 * The incremental calls are OpenSSL's SHA256_Init/Update/Final, which need no fetch per text: over
 * 10,000 small scripts 0.5 ms, where the one-shot call takes 2.7 ms (FACTS, Costs).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_DIGEST_H
#define PGA_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/str.h"

#define PGA_DIGEST_BYTES 32
#define PGA_DIGEST_HEX   64 /* digits of its hexadecimal form */

struct pga_digest {
    uint8_t bytes[PGA_DIGEST_BYTES];
};

/* An unfinished digest; opaque storage, large enough for libcrypto's state. */
struct pga_digester {
    uint64_t state[16];
};

void pga_digester_init(struct pga_digester *digester);
void pga_digester_update(struct pga_digester *digester, const void *data, size_t len);
struct pga_digest pga_digester_final(struct pga_digester *digester);

/*
 * Add one field of a record so that no two records have one byte sequence: a tag byte 1, the length
 * as 8 bytes big-endian, then the bytes.  `data` NULL is absent: a tag byte 0 and nothing else.
 * Journals depend on it.
 */
void pga_digester_field(struct pga_digester *digester, const void *data, size_t len);

struct pga_digest pga_digest_of(struct pga_str text);
bool pga_digest_equal(const struct pga_digest *a, const struct pga_digest *b);
bool pga_digest_is_zero(const struct pga_digest *d);

/* a += b or a -= b, both read as 256-bit big-endian numbers, modulo 2^256. */
void pga_digest_add(struct pga_digest *a, const struct pga_digest *b);
void pga_digest_subtract(struct pga_digest *a, const struct pga_digest *b);

/* 64 lower-case hexadecimal digits.  Parsing takes capitals too; on failure *out is untouched. */
char *pga_digest_format(struct pga_arena *mem, const struct pga_digest *d);
bool pga_digest_parse(struct pga_str hex, struct pga_digest *out) PGA_MUST_CHECK;

/* The version of the libcrypto that is loaded, e.g. "OpenSSL 3.0.16 11 Feb 2025". */
const char *pga_digest_library(void);

/* A random (version 4) UUID in its usual form of 36 characters, from the system's random source. */
char *pga_uuid_new(struct pga_arena *mem);

#endif
