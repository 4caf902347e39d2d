/*
 * engine/step.c: the text of a step.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/step.h"

#include "journal/lock.h"
#include "journal/unfinished.h"

struct pga_step_counts
pga_step_head_sql(struct pga_buf *buf, const struct pga_step_frame *frame)
{
    struct pga_step_counts counts;

    counts.append = pga_session_head_sql(buf, frame->journal, &frame->head);
    counts.lock = counts.append;
    counts.append += pga_journal_lock_step_sql(buf, frame->journal);
    /* Append first: a second runner must lose here, before its script has run. */
    pga_append_sql(buf, frame->journal, frame->row, true);
    counts.script = counts.append + 1;
    return counts;
}

void
pga_airbag_sql(struct pga_buf *buf, const struct pga_statements *statements)
{
    pga_buf_append_c(buf, "\n;--'\\\"\\*/\\*/\\*/\\*/\\$$\\");
    for (size_t i = 0; i < statements->dollar_tag_count; i++)
        pga_buf_appendf(buf, "$%.*s$\\", PGA_STR_ARG(statements->dollar_tags[i]));
    pga_buf_append_char(buf, '\n');
}

void
pga_step_script_sql(struct pga_buf *buf, const struct pga_script_text *script,
                    const struct pga_prepared *prepared, struct pga_span_map *map)
{
    struct pga_span end = {.is_end = true};

    for (size_t i = 0; i < prepared->piece_count; i++) {
        const struct pga_piece *piece = &prepared->pieces[i];
        struct pga_span span = {
            .message_offset = buf->len, .len = piece->len, .script_offset = piece->offset};

        pga_span_add(buf->mem, map, &span);
        pga_buf_append(buf, pga_str_slice(script->text, piece->offset, piece->len));
        pga_buf_append_char(buf, '\n');
    }
    /* A last statement that lacks something is refused at the airbag's semicolon. */
    if (prepared->end > prepared->first) {
        const struct pga_statement *last = &prepared->statements.items[prepared->end - 1];

        end.script_offset = last->offset + last->len;
    }
    end.message_offset = buf->len;
    pga_airbag_sql(buf, &prepared->statements);
    end.len = buf->len - end.message_offset - 1;
    pga_span_add(buf->mem, map, &end);
}

void
pga_step_tail_sql(struct pga_buf *buf, const struct pga_step_frame *frame)
{
    pga_tail_reset_sql(buf, frame->journal, frame->synchronous_commit);
    if (frame->is_guarded)
        pga_untouched_sql(buf, frame->journal, frame->row->seq);
    if (frame->finishes)
        pga_unfinished_delete_sql(buf, frame->journal, frame->row->subject.id, true);
    /* The journal row is last: a script that dropped the journal fails here and leaves nothing. */
    pga_append_tail_sql(buf, frame->journal, frame->row, frame->change, frame->texts);
    /* Asked inside the transaction: behind it the script's own timeouts count again. */
    pga_journal_lock_held_sql(buf, frame->journal);
    pga_buf_append_c(buf, "COMMIT;");
}
