-- The read side of bulk runs. How people have ended is counted from their rows; every query names the organisation (R11).

-- name: ListBulks :many
-- Newest first; before is the last bulk run of the page that was shown before. settled_lately is how many people were settled within the
-- last five minutes of the run, watched_seconds how long that is.
SELECT b.id, b.kind, b.requested_by, b.workflow_id, b.options, b.requested_at, b.started_at, b.planned_at, b.paused_at, b.paused_by, b.waiting_for, b.waiting_trouble, b.waiting_since, b.waiting_until, b.waiting_words, b.finished_at,
       coalesce(b.outcome, '')::text AS outcome, b.reason,
       i.selected, i.succeeded, i.succeeded_with_warnings, i.partial, i.failed, i.not_started, i.cancelled, i.skipped, i.joined, i.escalated, i.unavailable, i.losing, i.settled_lately, coalesce(i.quiet_seconds, 0)::float8 AS quiet_seconds,
       extract(epoch FROM least(now() - b.planned_at, interval '5 minutes'))::float8 AS watched_seconds, now()::timestamptz AS at, b.listed_at, b.absent, b.absent_held,
       (SELECT count(*) FROM bulk_unknown u WHERE u.organisation_id = b.organisation_id AND u.bulk_id = b.id)::int AS unknown,
       (SELECT count(*) FROM schedule_time t WHERE t.organisation_id = b.organisation_id AND t.bulk_id = b.id)::int AS times_left_out
FROM (
    SELECT r.* FROM bulk_run r
    WHERE r.organisation_id = @organisation_id
      AND (@outcome::text = '' OR r.outcome = @outcome OR @outcome = 'unfinished' AND r.outcome IS NULL)
      AND (sqlc.narg(ids)::uuid[] IS NULL OR r.id = ANY (sqlc.narg(ids)))
      AND (sqlc.narg(before)::uuid IS NULL
           OR (r.requested_at, r.id) < (SELECT l.requested_at, l.id FROM bulk_run l
                                        WHERE l.organisation_id = @organisation_id AND l.id = sqlc.narg(before)))
    ORDER BY r.requested_at DESC, r.id DESC
    LIMIT @most
) b
CROSS JOIN LATERAL (
    SELECT count(*)::int AS selected,
           (count(*) FILTER (WHERE p.outcome = 'succeeded'))::int AS succeeded,
           (count(*) FILTER (WHERE p.outcome = 'succeeded_with_warnings'))::int AS succeeded_with_warnings,
           (count(*) FILTER (WHERE p.outcome = 'partial'))::int AS partial,
           (count(*) FILTER (WHERE p.outcome = 'failed' AND p.reason <> 'plan_in_future'))::int AS failed,
           (count(*) FILTER (WHERE p.outcome = 'failed' AND p.reason = 'plan_in_future'))::int AS not_started,
           (count(*) FILTER (WHERE p.outcome = 'cancelled'))::int AS cancelled,
           (count(*) FILTER (WHERE p.outcome = 'skipped'))::int AS skipped,
           (count(*) FILTER (WHERE p.joined))::int AS joined,
           (count(*) FILTER (WHERE p.escalated_at IS NOT NULL))::int AS escalated,
           (count(*) FILTER (WHERE p.set_aside_for = 'unavailable' AND p.outcome IS NULL AND p.escalated_at IS NULL))::int AS unavailable,
           (count(*) FILTER (WHERE p.set_aside_for = 'contributions' AND p.outcome IS NULL AND p.escalated_at IS NULL))::int AS losing,
           (count(*) FILTER (WHERE p.settled_at > now() - interval '5 minutes'))::int AS settled_lately,
           extract(epoch FROM now() - max(p.settled_at))::float8 AS quiet_seconds
    FROM bulk_item p WHERE p.organisation_id = b.organisation_id AND p.bulk_id = b.id
) i
ORDER BY b.requested_at DESC, b.id DESC;

-- name: CountBulkReasons :many
-- Why people did not simply succeed, the most frequent reason first.
SELECT coalesce(i.outcome, '')::text AS outcome, i.reason, count(*)::int AS people
FROM bulk_item i
WHERE i.organisation_id = @organisation_id AND i.bulk_id = @bulk_id AND i.reason <> ''
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;

-- name: ListUnknown :many
-- People who may be ours first, then in the order of the numbers; after is the last of the page that was shown before, and
-- after_strange whether that one may be none of ours.
SELECT u.care_recipient_id, c.id AS may_be_id, coalesce(c.care_recipient_id, '')::text AS may_be_care_recipient_id, coalesce(c.ndis_number, '')::text AS may_be_ndis_number,
       coalesce(c.given_name, '')::text AS may_be_given_name, coalesce(c.family_name, '')::text AS may_be_family_name
FROM bulk_unknown u
LEFT JOIN person c ON c.organisation_id = u.organisation_id AND c.id = u.may_be_person_id
WHERE u.organisation_id = @organisation_id AND u.bulk_id = @bulk_id
  AND (u.may_be_person_id IS NULL, u.care_recipient_id) > (@after_strange::boolean, @after::text)
ORDER BY u.may_be_person_id IS NULL, u.care_recipient_id
LIMIT @most;

-- name: BulkKind :one
SELECT kind FROM bulk_run WHERE organisation_id = @organisation_id AND id = @id;

-- name: ListBulkItems :many
-- In the order of our ids; after is the last person of the page that was shown before. words are what the government said about the
-- person's run.
SELECT i.person_id, coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number, c.given_name, c.family_name,
       coalesce(i.outcome, '')::text AS outcome, i.reason, i.run_id, i.joined, i.escalated_at, i.settled_at, coalesce(r.warnings, 0)::int AS warnings,
       ARRAY(SELECT DISTINCT n.words FROM sync_issue n
             WHERE n.organisation_id = i.organisation_id AND n.run_id = i.run_id AND n.severity = 'error' AND n.words <> '' ORDER BY n.words)::text[] AS words
FROM (
    SELECT p.* FROM bulk_item p
    WHERE p.organisation_id = @organisation_id AND p.bulk_id = @bulk_id
      AND CASE @outcome::text WHEN '' THEN true WHEN 'unfinished' THEN p.outcome IS NULL
                              WHEN 'unsuccessful' THEN p.outcome NOT IN ('succeeded', 'succeeded_with_warnings') ELSE p.outcome = @outcome END
      AND (sqlc.narg(after)::uuid IS NULL OR p.person_id > sqlc.narg(after))
    ORDER BY p.person_id
    LIMIT @most
) i
JOIN person c ON c.organisation_id = i.organisation_id AND c.id = i.person_id
LEFT JOIN sync_run r ON r.organisation_id = i.organisation_id AND r.id = i.run_id
ORDER BY i.person_id;

-- name: ResolvePeople :many
-- The person with each number, in the given order, and nothing if there is none. A number that could be either is read as an NDIS number first where that is preferred.
SELECT t.place::int AS place,
       coalesce(coalesce(own.id, CASE WHEN @ndis_first::boolean THEN participant.id END, recipient.id, participant.id)::text, '')::text AS person_id
FROM unnest(@numbers::text[]) WITH ORDINALITY AS t (number, place)
LEFT JOIN person own ON own.organisation_id = @organisation_id
    AND own.id = CASE WHEN t.number ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN t.number::uuid END
LEFT JOIN person recipient ON recipient.organisation_id = @organisation_id AND recipient.care_recipient_id = t.number
LEFT JOIN person participant ON participant.organisation_id = @organisation_id AND participant.ndis_number = t.number
ORDER BY t.place;
