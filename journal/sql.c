/*
 * journal/sql.c: filling in the .sql templates.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/sql.h"

#include <ctype.h>
#include <string.h>

#include "base/error.h"

void
pga_sql_raw(struct pga_sql_values *values, const char *name, const char *sql)
{
    if (values->count == PGA_SQL_VALUES_MAX)
        pga_bug("a template with more than %d values", /* GCOVR_EXCL_LINE: a bug */
                PGA_SQL_VALUES_MAX);
    values->items[values->count++] = (struct pga_sql_value){name, sql};
}

void
pga_sql_text(struct pga_sql_values *values, const char *name, const char *text)
{
    struct pga_buf buf = pga_buf_on(values->mem);

    pga_buf_append_literal(&buf, pga_str_of(text));
    pga_sql_raw(values, name, buf.data);
}

void
pga_sql_int(struct pga_sql_values *values, const char *name, int64_t number)
{
    pga_sql_raw(values, name, pga_format(values->mem, "%lld", (long long)number));
}

void
pga_sql_digest(struct pga_sql_values *values, const char *name, const struct pga_digest *digest)
{
    if (digest == NULL)
        pga_sql_raw(values, name, "NULL");
    else
        pga_sql_raw(values, name,
                    pga_format(values->mem, "E'\\\\x%s'", pga_digest_format(values->mem, digest)));
}

static const char *
value_of(const struct pga_sql_values *values, struct pga_str name)
{
    for (size_t i = 0; i < values->count; i++)
        if (pga_str_equal_c(name, values->items[i].name))
            return values->items[i].text;
    pga_bug("a template asks for the value \"%.*s\"", /* GCOVR_EXCL_LINE: a bug */
            PGA_STR_ARG(name));
}

/* Length of the name between two @ at the start of `s`, or 0 when there is none. */
static size_t
placeholder(struct pga_str s)
{
    size_t len = 1;

    while (len < s.len && (islower((unsigned char)s.data[len]) || s.data[len] == '_'))
        len++;
    return len > 1 && len < s.len && s.data[len] == '@' ? len - 1 : 0;
}

/* One line of a template; a comment line is for readers and not sent. */
static void
expand_line(struct pga_buf *buf, struct pga_str line, const struct pga_sql_values *values)
{
    size_t start = 0;

    if (pga_str_starts(line, "--"))
        return;
    for (size_t i = 0; i < line.len; i++) {
        size_t len = line.data[i] == '@' ? placeholder(pga_str_slice(line, i, line.len)) : 0;

        if (len == 0)
            continue;
        pga_buf_append(buf, pga_str_slice(line, start, i - start));
        pga_buf_append_c(buf, value_of(values, pga_str_slice(line, i + 1, len)));
        i += len + 1;
        start = i + 1;
    }
    pga_buf_append(buf, pga_str_slice(line, start, line.len));
}

void
pga_sql_expand(struct pga_buf *buf, const char *sql, const struct pga_sql_values *values)
{
    while (*sql != '\0') {
        const char *end = strchr(sql, '\n');
        size_t len = end == NULL ? strlen(sql) : (size_t)(end - sql) + 1;

        expand_line(buf, (struct pga_str){sql, len}, values);
        sql += len;
    }
}
