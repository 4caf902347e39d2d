/*
 * alterations/name.c: what a script's file name says, and what it was meant to say.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/name.h"

#include <string.h>

#include "alterations/mend.h"

#define NAME_SHAPE "[<version>-]<timestamp>-<slug>.up.sql"
#define NO_ENDING  "does not end in .up.sql, .down.sql, .before-up.sql or .before-down.sql"

/* A number before which a fraction is taken for an unfinished version: a date, or the seconds of one. */
#define DIGITS_OF_A_DATE 8

static const char *const part_names[PGA_PART_COUNT] = {"up", "down", "before-up", "before-down"};

const char *
pga_part_name(enum pga_part part)
{
    return part_names[part];
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_separator(char c)
{
    return c == '-' || c == '_';
}

static size_t
digits(struct pga_str s)
{
    size_t n = 0;

    while (n < s.len && is_digit(s.data[n]))
        n++;
    return n;
}

/* Bytes of the timestamp at the start of s; 0 when there is none. */
static size_t
timestamp_length(struct pga_str s)
{
    size_t whole = digits(s), fraction;

    if (whole == 0 || whole == s.len || s.data[whole] != '.')
        return whole;
    fraction = digits(pga_str_slice(s, whole + 1, s.len));
    return fraction == 0 ? whole : whole + 1 + fraction;
}

/* Compare numbers of any length; an empty one is 0. */
static int
compare_numbers(struct pga_str a, struct pga_str b)
{
    while (a.len > 0 && a.data[0] == '0')
        a = pga_str_slice(a, 1, a.len);
    while (b.len > 0 && b.data[0] == '0')
        b = pga_str_slice(b, 1, b.len);
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.data, b.data, a.len);
}

int
pga_timestamp_compare(const char *a, const char *b)
{
    struct pga_str left = pga_str_of(a), right = pga_str_of(b);
    size_t left_whole = digits(left), right_whole = digits(right);
    int order =
        compare_numbers(pga_str_slice(left, 0, left_whole), pga_str_slice(right, 0, right_whole));

    if (order != 0)
        return order;
    left = pga_str_slice(left, 0, timestamp_length(left));
    right = pga_str_slice(right, 0, timestamp_length(right));
    return compare_numbers(pga_str_slice(left, left_whole + 1, left.len),
                           pga_str_slice(right, right_whole + 1, right.len));
}

/* Where `separator` first stands in s; s.len when it doesn't. */
static size_t
index_of(struct pga_str s, char separator)
{
    const char *at = s.len == 0 ? NULL : memchr(s.data, separator, s.len);

    return at == NULL ? s.len : (size_t)(at - s.data);
}

/* Why what stands at the start of `rest` is no timestamp; `whole` is `rest` with its version, if it has one. */
static char *
no_timestamp(struct pga_arena *mem, struct pga_str whole, struct pga_str rest)
{
    struct pga_str head = pga_str_slice(rest, 0, index_of(rest, '-'));
    struct pga_version version;

    if (rest.len < whole.len)
        return pga_format(mem, "has no timestamp after its version");
    if (head.len == rest.len && pga_version_parse_name(mem, head, &version))
        return pga_format(mem, "has no timestamp after its version");
    if (head.len > 0 && is_digit(head.data[0]))
        return pga_format(mem, "begins with \"%s\", which is neither a version nor a timestamp",
                          pga_printable(mem, head));
    return pga_format(mem, "has no timestamp");
}

static char *
wrong_character(struct pga_arena *mem, struct pga_str slug, size_t at)
{
    size_t len = 1;

    if (slug.data[at] == ' ')
        return pga_format(mem, "has a blank in it");
    while (at + len < slug.len && ((unsigned char)slug.data[at + len] & 0xC0) == 0x80)
        len++;
    if (pga_utf8_valid_prefix(pga_str_slice(slug, at, len)) != len)
        return pga_format(mem, "is not valid UTF-8");
    return pga_format(mem, "has the character %s in it, which no slug may have",
                      pga_printable(mem, pga_str_slice(slug, at, len)));
}

/* Whether `slug` begins with a number that looks like a timestamp of its own. */
static bool
begins_with_date(struct pga_str slug)
{
    size_t n = digits(slug);

    return n >= DIGITS_OF_A_DATE && (n == slug.len || is_separator(slug.data[n]));
}

/* Parse a name without its ".<part>.sql" into *out but for the part.  NULL, or what is wrong with it. */
static char *
parse_stem(struct pga_arena *mem, struct pga_str stem, struct pga_name *out)
{
    size_t dash = index_of(stem, '-'), n, good;
    struct pga_str rest = stem, slug;
    bool versioned = dash > 0 && dash < stem.len &&
                     pga_version_parse_name(mem, pga_str_slice(stem, 0, dash), &out->version);

    if (versioned)
        rest = pga_str_slice(stem, dash + 1, stem.len);
    else
        out->version = (struct pga_version){PGA_VERSION_NONE, ""};
    n = timestamp_length(rest);
    if (n == 0 || (n < rest.len && !is_separator(rest.data[n])))
        return no_timestamp(mem, stem, rest);
    slug = pga_str_slice(rest, n + 1, rest.len);
    if (slug.len == 0)
        return pga_format(mem, "has no slug after its timestamp");
    good = pga_slug_prefix(slug);
    if (good < slug.len)
        return wrong_character(mem, slug, good);
    if (!versioned && n > digits(rest) && begins_with_date(slug))
        return pga_format(mem, "begins with \"%.*s\", which is no whole version", (int)n,
                          rest.data);
    out->timestamp = pga_strndup(mem, rest.data, n);
    out->slug = pga_str_dup(mem, slug);
    out->id = pga_format(mem, "%s-%s", out->timestamp, out->slug);
    return NULL;
}

/* A name taken apart at its last two dots. */
struct suffixes {
    struct pga_str stem, part, extension; /* without dots; empty: no such dot */
    struct pga_str before;                /* all before the extension */
};

static void
cut_last(struct pga_str s, struct pga_str *out_before, struct pga_str *out_after)
{
    size_t at = s.len;

    while (at > 0 && s.data[at - 1] != '.')
        at--;
    *out_before = at == 0 ? s : pga_str_slice(s, 0, at - 1);
    *out_after = at == 0 ? pga_str_slice(s, s.len, 0) : pga_str_slice(s, at, s.len);
}

static struct suffixes
cut_suffixes(struct pga_str name)
{
    struct suffixes s;

    cut_last(name, &s.before, &s.extension);
    cut_last(s.before, &s.stem, &s.part);
    return s;
}

static bool
parse_part(struct pga_str text, enum pga_part *out)
{
    for (enum pga_part part = 0; part < PGA_PART_COUNT; part++)
        if (pga_str_equal_c(text, part_names[part])) {
            *out = part;
            return true;
        }
    return false;
}

/* The same for what was meant: another case, a letter too many. */
static bool
guess_part(struct pga_arena *mem, struct pga_str text, enum pga_part *out)
{
    const char *nearest = pga_nearest(pga_str_dup(mem, text), part_names, PGA_PART_COUNT);

    return nearest != NULL && parse_part(pga_str_of(nearest), out);
}

/* Whether an extension is "sql" but for a slip: "SQL", "sq", "slq", "sqll"; "sql~" is another's. */
static bool
is_nearly_sql(struct pga_arena *mem, struct pga_str extension)
{
    static const char *const sql[] = {"sql"};
    bool has_q = false;

    for (size_t i = 0; i < extension.len; i++) {
        char c = (char)(extension.data[i] | 0x20);

        if (c < 'a' || c > 'z')
            return false;
        has_q = has_q || c == 'q';
    }
    return has_q && pga_nearest(pga_str_dup(mem, extension), sql, 1) != NULL;
}

/* 20240101_add-up.sql: the part is said, but not after a dot. */
static bool
take_part_from_end(struct pga_str *stem, enum pga_part *out)
{
    for (int part = PGA_PART_DOWN; part >= PGA_PART_UP; part--) {
        size_t len = strlen(part_names[part]);

        if (stem->len <= len + 1 || !is_separator(stem->data[stem->len - len - 1]) ||
            !pga_str_equal_nocase(pga_str_slice(*stem, stem->len - len, len), part_names[part]))
            continue;
        stem->len -= len + 1;
        *out = (enum pga_part)part;
        return true;
    }
    return false;
}

/* The letters at the end of *s, which is cut before them. */
static struct pga_str
take_letters(struct pga_str *s)
{
    size_t at = s->len;
    struct pga_str letters;

    while (at > 0 && (s->data[at - 1] | 0x20) >= 'a' && (s->data[at - 1] | 0x20) <= 'z')
        at--;
    letters = pga_str_slice(*s, at, s->len);
    s->len = at;
    return letters;
}

/* Whether c may divide the words of an ending, or is a blank. */
static bool
is_sign(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte <= ' ' || strchr(".,;:_-", c) != NULL;
}

/* Cut such characters from the end of *s; how many there were. */
static size_t
cut_signs(struct pga_str *s)
{
    size_t before = s->len;

    while (s->len > 0 && is_sign(s->data[s->len - 1]))
        s->len--;
    return before - s->len;
}

/* Whether a word is another extension under which SQL is saved; some editors make "sql.txt" of "sql". */
static bool
is_text(struct pga_str word)
{
    return pga_str_equal_nocase(word, "txt") || pga_str_equal_nocase(word, "text") ||
           pga_str_equal_nocase(word, "ddl");
}

/* "upsql": a part and nearly "sql" in one word. */
static bool
split_joined(struct pga_arena *mem, struct pga_str word, enum pga_part *out)
{
    for (enum pga_part part = PGA_PART_UP; part <= PGA_PART_DOWN; part++) {
        size_t len = strlen(part_names[part]);

        if (pga_str_equal_nocase(pga_str_slice(word, 0, len), part_names[part]) &&
            is_nearly_sql(mem, pga_str_slice(word, len, word.len))) {
            *out = part;
            return true;
        }
    }
    return false;
}

/* "up", "Down": a part as it is, but for the case. */
static bool
is_part(struct pga_str word, enum pga_part *out)
{
    for (enum pga_part part = PGA_PART_UP; part <= PGA_PART_DOWN; part++)
        if (pga_str_equal_nocase(word, part_names[part])) {
            *out = part;
            return true;
        }
    return false;
}

/* "x.before" with the part "up" is the before-script of x. */
static void
take_before(struct pga_str *stem, enum pga_part *part)
{
    struct pga_str rest = *stem;

    if (!pga_str_equal_nocase(take_letters(&rest), "before") || cut_signs(&rest) == 0)
        return;
    *part = *part == PGA_PART_DOWN ? PGA_PART_BEFORE_DOWN : PGA_PART_BEFORE_UP;
    *stem = rest;
}

/* x.sql.up, x.upsql, x_up_sql, x.up.txt, x.up.sql.txt: cut the ending from *s if it is one of these. */
static bool
cut_ending(struct pga_arena *mem, struct pga_str *s, enum pga_part *out_part)
{
    struct pga_str word = take_letters(s);
    bool is_other = is_text(word);

    if (is_part(word, out_part)) {
        (void)cut_signs(s);
        take_before(s, out_part);
        return pga_str_equal_nocase(take_letters(s), "sql");
    }
    if (split_joined(mem, word, out_part))
        return true;
    if (!is_other && !is_nearly_sql(mem, word))
        return false;
    (void)cut_signs(s);
    word = take_letters(s);
    if (is_other && pga_str_equal_nocase(word, "sql")) {
        (void)cut_signs(s);
        word = take_letters(s);
    }
    if (is_other) /* notes have names like 20240101_follow_up.txt */
        return is_part(word, out_part) && s->len > 0 &&
               (s->data[s->len - 1] == '.' || s->data[s->len - 1] == '-');
    return guess_part(mem, word, out_part);
}

/*
 * What is before an ending that says the part and SQL, but not as it should.  Only where that is the name of an
 * alteration: other files may end as they like.
 */
static bool
take_ending(struct pga_arena *mem, struct pga_str name, struct pga_str *out_stem,
            enum pga_part *out_part)
{
    struct pga_name parsed;

    while (name.len > 0 && (is_sign(name.data[name.len - 1]) || (name.data[name.len - 1] & 0x80)))
        name.len--; /* a blank or what looks like one: unseen */
    if (!cut_ending(mem, &name, out_part) || cut_signs(&name) == 0)
        return false;
    take_before(&name, out_part);
    *out_stem = name;
    return parse_stem(mem, name, &parsed) == NULL;
}

/* The name that was meant, or NULL. */
static char *
suggest(struct pga_arena *mem, struct pga_str stem, enum pga_part part)
{
    struct pga_name ignored;

    stem = pga_slug_mend(mem, stem);
    for (size_t way = 0; way < PGA_MEND_WAYS; way++) {
        enum pga_part mended_part = part;
        char *mended = pga_mend_stem(mem, stem, way, &mended_part);

        if (mended != NULL && parse_stem(mem, pga_str_of(mended), &ignored) == NULL)
            return pga_format(mem, "%s.%s.sql", mended, part_names[mended_part]);
    }
    return NULL;
}

static bool
refuse(struct pga_arena *mem, struct pga_str name, const char *why, const char *suggestion,
       struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "the file name \"%s\" %s", pga_printable(mem, name), why);
    (void)pga_error_identify(err, PGA_ID_FILE_NAME);
    if (suggestion != NULL)
        return pga_error_hint(err, "Rename it to \"%s\".", suggestion);
    return pga_error_hint(err,
                          "Name it %s, for example \"1.1.0-1714984800-add_invites.up.sql\", "
                          "or move it to another directory; then %s begins a right one.",
                          NAME_SHAPE, "\"pgalter new add_invites\"");
}

/* A name that is not exactly an alteration's: refuse it if it nearly is, pass over it otherwise. */
static bool
parse_other(struct pga_arena *mem, struct pga_str name, struct suffixes s, struct pga_error *err)
{
    enum pga_part part = PGA_PART_UP;
    struct pga_name parsed;
    struct pga_str stem;
    bool said, is_twice = false;

    while (pga_str_equal_nocase(s.extension, "sql") && pga_str_equal_nocase(s.part, "sql")) {
        s = cut_suffixes(s.before);
        is_twice = true;
    }
    if (pga_str_equal_nocase(s.extension, "sql")) {
        said = guess_part(mem, s.part, &part);
        if (!said) {
            s.stem = s.before;
            (void)take_part_from_end(&s.stem, &part);
        }
        if (is_twice)
            return refuse(mem, name, "ends in .sql twice", suggest(mem, s.stem, part), err);
        if (said && pga_str_equal_nocase(s.part, part_names[part]))
            return refuse(mem, name, "is not in lower case at its end", suggest(mem, s.stem, part),
                          err);
        return refuse(mem, name, NO_ENDING, suggest(mem, s.stem, part), err);
    }
    if (is_nearly_sql(mem, s.extension) && guess_part(mem, s.part, &part))
        return refuse(mem, name, "does not end in .sql", suggest(mem, s.stem, part), err);
    if (take_ending(mem, name, &stem, &part))
        return refuse(mem, name, NO_ENDING, suggest(mem, stem, part), err);
    if (guess_part(mem, s.extension, &part) &&
        pga_str_equal_nocase(s.extension, part_names[part]) &&
        parse_stem(mem, s.before, &parsed) == NULL)
        return refuse(mem, name, "does not end in .sql", suggest(mem, s.before, part), err);
    return false;
}

bool
pga_name_parse(struct pga_arena *mem, const char *file_name, struct pga_name *out,
               struct pga_error *err)
{
    struct pga_str name = pga_str_of(file_name);
    struct suffixes s = cut_suffixes(name);
    struct pga_name parsed;
    char *wrong;

    if (name.len == 0 || name.data[0] == '.')
        return false;
    if (!pga_str_equal_c(s.extension, "sql") || !parse_part(s.part, &parsed.part))
        return parse_other(mem, name, s, err);
    if (name.len > PGA_NAME_MAX) {
        name = pga_str_slice(name, 0, pga_utf8_offset(name, 60));
        (void)pga_fail(err, PGA_ERR_USAGE, "the file name \"%s...\" is longer than %d bytes",
                       pga_printable(mem, name), PGA_NAME_MAX);
        (void)pga_error_identify(err, PGA_ID_FILE_NAME);
        return pga_error_hint(err, "Shorten its slug, in all of the alteration's names alike.");
    }
    wrong = parse_stem(mem, s.stem, &parsed);
    if (wrong != NULL)
        return refuse(mem, name, wrong, suggest(mem, s.stem, parsed.part), err);
    *out = parsed;
    return true;
}

char *
pga_name_format(struct pga_arena *mem, const struct pga_version *version, const char *timestamp,
                const char *slug, enum pga_part part)
{
    char *in_name = pga_version_format_name(mem, version);

    return pga_format(mem, "%s%s%s-%s.%s.sql", in_name, in_name[0] == '\0' ? "" : "-", timestamp,
                      slug, part_names[part]);
}

bool
pga_id_parse(struct pga_arena *mem, struct pga_str id, const char **out_timestamp,
             const char **out_slug)
{
    size_t n = timestamp_length(id);
    struct pga_str slug = pga_str_slice(id, n + 1, id.len);

    if (n == 0 || id.len > PGA_NAME_MAX || slug.len == 0 || id.data[n] != '-' ||
        pga_slug_prefix(slug) != slug.len)
        return false;
    *out_timestamp = pga_strndup(mem, id.data, n);
    *out_slug = pga_str_dup(mem, slug);
    return true;
}
