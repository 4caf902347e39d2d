/*
 * drivers/pq/result.c: from libpq's results to pgalter's.  A PGresult never leaves this folder.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <string.h>

static const char *
field(const PGresult *res, int code)
{
    const char *text = PQresultErrorField(res, code);

    return text == NULL ? "" : text;
}

static int64_t
number(const PGresult *res, int code)
{
    int64_t value = 0;

    if (!pga_parse_int(pga_str_of(field(res, code)), 0, INT32_MAX, &value))
        return 0;
    return value;
}

void
pga_pq_read_message(const PGresult *res, struct pga_server_message *out)
{
    *out = (struct pga_server_message){
        .severity = field(res, PG_DIAG_SEVERITY_NONLOCALIZED),
        .sqlstate = field(res, PG_DIAG_SQLSTATE),
        .message = field(res, PG_DIAG_MESSAGE_PRIMARY),
        .detail = field(res, PG_DIAG_MESSAGE_DETAIL),
        .hint = field(res, PG_DIAG_MESSAGE_HINT),
        .context = field(res, PG_DIAG_CONTEXT),
        .schema = field(res, PG_DIAG_SCHEMA_NAME),
        .table = field(res, PG_DIAG_TABLE_NAME),
        .column = field(res, PG_DIAG_COLUMN_NAME),
        .datatype = field(res, PG_DIAG_DATATYPE_NAME),
        .constraint = field(res, PG_DIAG_CONSTRAINT_NAME),
        .internal_query = field(res, PG_DIAG_INTERNAL_QUERY),
        .position = number(res, PG_DIAG_STATEMENT_POSITION),
        .internal_position = number(res, PG_DIAG_INTERNAL_POSITION),
    };
    if (out->severity[0] == '\0') /* some poolers send the older field only */
        out->severity = field(res, PG_DIAG_SEVERITY);
}

/*
 * libpq hands a notice on as soon as it sees it, also before a result that it has read already was fetched.  There is no
 * question for that, but the mode can be set (again) only as long as nothing of a result is there.
 */
static bool
is_ahead(const struct pga_pq *pq)
{
    return pq->conn != NULL && pq->by_row && PQsetSingleRowMode(pq->conn) == 0;
}

void
pga_pq_receive_notice(void *arg, const PGresult *res)
{
    struct pga_pq *pq = arg;
    struct pga_server_message notice;

    pga_pq_read_message(res, &notice);
    notice.is_ahead = is_ahead(pq);
    pga_driver_report(&pq->base, &notice);
}

/* All texts of a result lie in one piece of memory, each with its NUL. */
static const char *const *
copy_values(const PGresult *res, struct pga_arena *mem, int rows, int columns)
{
    const char **values = pga_new_array(mem, const char *, (size_t)rows *(size_t)columns);
    size_t bytes = 0, i = 0;
    char *text;

    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            bytes += (size_t)PQgetlength(res, row, column) + 1;
    text = pga_new_array(mem, char, bytes);
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++, i++) {
            size_t size = (size_t)PQgetlength(res, row, column) + 1;

            if (PQgetisnull(res, row, column))
                continue;
            memcpy(text, PQgetvalue(res, row, column), size);
            values[i] = text;
            text += size;
        }
    }
    return values;
}

void
pga_pq_add_result(struct pga_results *results, struct pga_arena *mem, PGresult *res,
                  const struct pga_message *message, size_t rows_dropped)
{
    int rows = PQntuples(res), columns = PQnfields(res);
    struct pga_result *result = pga_driver_add_result(results, mem, PQcmdStatus(res));
    const char **names;

    result->row_count = rows_dropped + (size_t)rows;
    result->column_count = (size_t)columns;
    if (!message->keep_rows)
        return;
    names = pga_new_array(mem, const char *, (size_t)columns);
    for (int i = 0; i < columns; i++)
        names[i] = pga_strdup(mem, PQfname(res, i));
    result->names = names;
    result->values = copy_values(res, mem, rows, columns);
}
