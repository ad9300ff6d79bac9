-- name: RecordChanges :exec
-- Changes that no run made.
INSERT INTO record_change (organisation_id, source, requested_by, note, kind, record_id, action, field, old_value, new_value, position)
SELECT @organisation_id, @source, @requested_by, @note, c.kind, c.record_id, c.action, c.field, c.old_value, c.new_value, row_number() OVER ()
FROM jsonb_to_recordset(@changes::jsonb) AS c (kind text, record_id uuid, action text, field text, old_value text, new_value text);

-- name: ViewPersonHistory :many
-- What changed in a person's own fields, newest first. What changed at one moment stays on one page.
WITH change AS (
    SELECT h.* FROM record_change h
    WHERE h.organisation_id = @organisation_id AND h.record_id = @person_id AND h.kind = 'person'
      AND (sqlc.narg(before)::timestamptz IS NULL OR h.changed_at < sqlc.narg(before))
), page AS (
    SELECT min(newest.changed_at) AS since FROM (SELECT changed_at FROM change ORDER BY changed_at DESC LIMIT @most) newest
)
SELECT h.changed_at, h.run_id, h.source, h.note, coalesce(r.trigger, '')::text AS trigger, coalesce(r.requested_by, h.requested_by)::text AS requested_by,
       h.action, h.field, h.old_value, h.new_value,
       EXISTS (SELECT FROM change earlier WHERE earlier.changed_at < page.since) AS more
FROM change h
CROSS JOIN page
LEFT JOIN sync_run r ON r.organisation_id = h.organisation_id AND r.id = h.run_id
WHERE h.changed_at >= page.since
ORDER BY h.changed_at DESC, h.position;
