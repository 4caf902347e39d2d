/*
 * alterations/version.c: SemVer 2.0, `next`, and constraints over them.
 *
 * Versions are kept as text and taken apart into views when they are compared, so that numbers may be of any
 * length.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/version.h"

#include <string.h>

#include "base/error.h"

/* A version's parts; views into its text. */
struct semver {
    struct pga_str numbers[3];
    struct pga_str pre; /* without its "-"; empty: a release proper */
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_identifier_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool
is_number(struct pga_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.data[i]))
            return false;
    return s.len > 0;
}

static bool
has_leading_zero(struct pga_str s)
{
    return s.len > 1 && s.data[0] == '0';
}

/* Cut *rest at the first `separator`: the part before it, which is all when there is none. */
static struct pga_str
cut(struct pga_str *rest, char separator, bool *out_found)
{
    const char *at = rest->len == 0 ? NULL : memchr(rest->data, separator, rest->len);
    struct pga_str part = *rest;

    *out_found = at != NULL;
    if (at == NULL) {
        *rest = pga_str_slice(*rest, rest->len, 0);
        return part;
    }
    part.len = (size_t)(at - rest->data);
    *rest = pga_str_slice(*rest, part.len + 1, rest->len);
    return part;
}

/* Whether s is identifiers between dots; numeric ones may start with 0 only in build metadata. */
static bool
check_identifiers(struct pga_str s, bool leading_zeros)
{
    bool more = true;

    while (more) {
        struct pga_str identifier = cut(&s, '.', &more);

        if (identifier.len == 0)
            return false;
        for (size_t i = 0; i < identifier.len; i++)
            if (!is_identifier_character(identifier.data[i]))
                return false;
        if (!leading_zeros && is_number(identifier) && has_leading_zero(identifier))
            return false;
    }
    return true;
}

static bool
split(struct pga_str text, struct semver *out)
{
    struct pga_str build = text, core, pre;
    bool has_build, has_pre, more = true;

    if (text.len > PGA_VERSION_MAX)
        return false;
    pre = cut(&build, '+', &has_build);
    core = cut(&pre, '-', &has_pre);
    for (int i = 0; i < 3; i++) {
        if (!more)
            return false;
        out->numbers[i] = cut(&core, '.', &more);
        if (!is_number(out->numbers[i]) || has_leading_zero(out->numbers[i]))
            return false;
    }
    out->pre = pre;
    return !more && (!has_pre || check_identifiers(pre, false)) &&
           (!has_build || check_identifiers(build, true));
}

static int
compare_numbers(struct pga_str a, struct pga_str b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return memcmp(a.data, b.data, a.len);
}

static int
compare_text(struct pga_str a, struct pga_str b)
{
    int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

    if (order != 0 || a.len == b.len)
        return order;
    return a.len < b.len ? -1 : 1;
}

/* Pre-releases, identifier by identifier; a release proper stands above all of its pre-releases. */
static int
compare_pre(struct pga_str a, struct pga_str b)
{
    bool more_a = true, more_b = true;

    if (a.len == 0 || b.len == 0)
        return (a.len == 0) - (b.len == 0);
    while (more_a && more_b) {
        struct pga_str left = cut(&a, '.', &more_a), right = cut(&b, '.', &more_b);
        bool left_number = is_number(left), right_number = is_number(right);
        int order;

        if (left_number != right_number)
            return left_number ? -1 : 1;
        order = left_number ? compare_numbers(left, right) : compare_text(left, right);
        if (order != 0)
            return order;
    }
    return (int)more_a - (int)more_b;
}

static int
compare_semver(const struct semver *a, const struct semver *b)
{
    for (int i = 0; i < 3; i++) {
        int order = compare_numbers(a->numbers[i], b->numbers[i]);

        if (order != 0)
            return order;
    }
    return compare_pre(a->pre, b->pre);
}

bool
pga_version_parse(struct pga_arena *mem, struct pga_str text, struct pga_version *out)
{
    struct semver parts;
    enum pga_version_kind kind = PGA_VERSION_RELEASE;

    if (text.len == 0)
        kind = PGA_VERSION_NONE;
    else if (pga_str_equal_c(text, "next"))
        kind = PGA_VERSION_NEXT;
    else if (!split(text, &parts))
        return false;
    *out = (struct pga_version){kind, text.len == 0 ? "" : pga_str_dup(mem, text)};
    return true;
}

/* A copy of text with every `from` made `to`. */
static char *
translate(struct pga_arena *mem, struct pga_str text, char from, char to)
{
    char *copy = pga_alloc(mem, text.len + 1, 1);

    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.data[i] == from ? to : text.data[i];
    return copy;
}

bool
pga_version_parse_name(struct pga_arena *mem, struct pga_str text, struct pga_version *out)
{
    if (text.len > PGA_VERSION_MAX || (text.len > 0 && memchr(text.data, '-', text.len) != NULL))
        return false;
    return pga_version_parse(mem, (struct pga_str){translate(mem, text, '_', '-'), text.len}, out);
}

char *
pga_version_format_name(struct pga_arena *mem, const struct pga_version *version)
{
    return translate(mem, pga_str_of(version->text), '-', '_');
}

/* The place of a kind in the order: none, releases, next. */
static int
rank(enum pga_version_kind kind)
{
    return kind == PGA_VERSION_NONE ? 0 : kind == PGA_VERSION_RELEASE ? 1 : 2;
}

int
pga_version_compare(const struct pga_version *a, const struct pga_version *b)
{
    struct semver left, right;

    if (a->kind != b->kind)
        return rank(a->kind) - rank(b->kind);
    if (a->kind != PGA_VERSION_RELEASE)
        return 0;
    if (!split(pga_str_of(a->text), &left) || !split(pga_str_of(b->text), &right))
        pga_bug("no version: \"%s\" or \"%s\"", a->text, b->text); /* GCOVR_EXCL_LINE: a bug */
    return compare_semver(&left, &right);
}

enum relation {
    RELATION_LESS,
    RELATION_LESS_EQUAL,
    RELATION_GREATER,
    RELATION_GREATER_EQUAL,
    RELATION_EQUAL
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Take the next relation and version off *rest; false when what stands there is no such pair. */
static bool
next_comparison(struct pga_str *rest, enum relation *out_relation, struct semver *out_version)
{
    static const struct {
        const char *text;
        enum relation relation;
    } relations[] = {
        {"<=", RELATION_LESS_EQUAL}, {"<", RELATION_LESS},  {">=", RELATION_GREATER_EQUAL},
        {">", RELATION_GREATER},     {"=", RELATION_EQUAL},
    };
    size_t len = 0;

    for (size_t i = 0; i < PGA_COUNT_OF(relations); i++) {
        if (!pga_str_starts(*rest, relations[i].text))
            continue;
        *out_relation = relations[i].relation;
        *rest = pga_str_trim(pga_str_slice(*rest, strlen(relations[i].text), rest->len));
        while (len < rest->len && !is_blank(rest->data[len]))
            len++;
        if (!split(pga_str_slice(*rest, 0, len), out_version))
            return false;
        *rest = pga_str_trim(pga_str_slice(*rest, len, rest->len));
        return true;
    }
    return false;
}

static bool
holds(enum relation relation, int order)
{
    switch (relation) {
    case RELATION_LESS:
        return order < 0;
    case RELATION_LESS_EQUAL:
        return order <= 0;
    case RELATION_GREATER:
        return order > 0;
    case RELATION_GREATER_EQUAL:
        return order >= 0;
    case RELATION_EQUAL:
        return order == 0;
    }
    pga_bug("no such relation: %d", (int)relation); /* GCOVR_EXCL_LINE: a bug */
}

bool
pga_version_constraint_check(struct pga_str constraint)
{
    struct pga_str rest = pga_str_trim(constraint);
    enum relation relation;
    struct semver version;

    while (rest.len > 0)
        if (!next_comparison(&rest, &relation, &version))
            return false;
    return pga_str_trim(constraint).len > 0;
}

bool
pga_version_satisfies(const struct pga_version *version, struct pga_str constraint)
{
    struct pga_str rest = pga_str_trim(constraint);
    bool is_next = version->kind == PGA_VERSION_NEXT, all = true;
    enum relation relation;
    struct semver own, bound;

    if (version->kind == PGA_VERSION_NONE || !pga_version_constraint_check(constraint))
        return false;
    if (!is_next && !split(pga_str_of(version->text), &own))
        pga_bug("no version: \"%s\"", version->text); /* GCOVR_EXCL_LINE: a bug */
    while (rest.len > 0 && next_comparison(&rest, &relation, &bound))
        all = holds(relation, is_next ? 1 : compare_semver(&own, &bound)) && all;
    return all;
}
