-- name: LoadSubject :one
SELECT c.id, c.care_recipient_id, c.connection_id, c.verified_at, o.time_zone, p.id AS plan_id,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'activated_at', n.activated_at)), '[]')
     FROM connection n WHERE n.organisation_id = o.id AND n.service = 'services-australia')::jsonb AS connections
FROM person c
JOIN organisation o ON o.id = c.organisation_id
LEFT JOIN support_plan p ON p.organisation_id = c.organisation_id AND p.person_id = c.id
WHERE c.organisation_id = @organisation_id AND c.id = @person_id;

-- name: RecordRun :execrows
-- Written by whoever starts a run, so that it can be followed at once, and by its first step. A run that has started already stands.
INSERT INTO sync_run (id, organisation_id, person_id, kind, trigger, requested_by, all_budgets, workflow_id, started_at, bulk_id)
VALUES (@id, @organisation_id, @person_id, @kind, @trigger, @requested_by, @all_budgets, @workflow_id, sqlc.narg(started_at), sqlc.narg(bulk_id))
ON CONFLICT (organisation_id, id) DO UPDATE
SET trigger = excluded.trigger, requested_by = excluded.requested_by, all_budgets = excluded.all_budgets, started_at = excluded.started_at,
    bulk_id = excluded.bulk_id
WHERE sync_run.started_at IS NULL AND excluded.started_at IS NOT NULL;

-- name: FinishRun :one
-- The outcome is set where none is set. Areas that ended without a step of their own get one (not attempted, failed, cancelled), and so
-- does usage where a later chunk of budgets went wrong. What the government said last stands beside the failure that it caused.
WITH missing_steps AS (
    INSERT INTO sync_step (organisation_id, run_id, area, chunk, outcome, reason, answer, as_of)
    SELECT @organisation_id, @run_id, s.area, coalesce(t.chunks, 0), s.answer ->> 'outcome', coalesce(s.answer ->> 'reason', ''),
           CASE WHEN t.chunks IS NULL THEN s.answer ELSE s.answer - 'counts' - 'warnings' END, now()
    FROM jsonb_to_recordset(@areas::jsonb) AS s (area text, answer jsonb)
    LEFT JOIN (SELECT area, max(chunk) + 1 AS chunks, array_agg(outcome) AS outcomes FROM sync_step WHERE run_id = @run_id GROUP BY area) t
        ON t.area = s.area
    WHERE t.chunks IS NULL OR s.area = 'usage' AND NOT s.answer ->> 'outcome' = ANY (t.outcomes)
    ON CONFLICT (run_id, area, chunk) DO NOTHING
), finished AS (
    UPDATE sync_run
    SET outcome = @outcome::text, reason = @reason, warnings = @warnings, counts = @counts, finished_at = now()
    WHERE organisation_id = @organisation_id AND id = @run_id AND outcome IS NULL
    RETURNING id, person_id, kind, bulk_id
), issues AS (
    INSERT INTO sync_issue (organisation_id, run_id, area, severity, code, words, kind, record_id, about, details, position)
    SELECT @organisation_id, @run_id, i.area, i.severity, i.code, coalesce(nullif(i.words, ''), t.words, ''), i.kind,
           i.record_id, i.about, i.details, row_number() OVER ()
    FROM finished f, jsonb_to_recordset(@issues::jsonb)
        AS i (area text, severity text, code text, words text, kind text, record_id uuid, about jsonb, details jsonb)
    LEFT JOIN sync_retry t ON t.run_id = @run_id AND t.area = i.area AND i.code IN ('service_unavailable', 'login_unavailable', 'unavailable_for_person')
), announced AS (
    INSERT INTO outbox (organisation_id, topic, payload)
    SELECT @organisation_id, f.kind || '.sync.completed',
           jsonb_build_object('run_id', f.id, 'person_id', f.person_id, 'outcome', @outcome::text)
    FROM finished f
), settled AS (
    -- A person of a bulk run is settled with the run, and once. One who is given a sync of their own is settled by that.
    UPDATE bulk_item i
    SET outcome = CASE WHEN NOT @escalates::boolean THEN @outcome::text END, reason = CASE WHEN @escalates THEN '' ELSE @reason END,
        run_id = CASE WHEN NOT @escalates THEN f.id END, settled_at = CASE WHEN NOT @escalates THEN now() END,
        escalated_at = CASE WHEN @escalates THEN now() ELSE i.escalated_at END
    FROM finished f
    WHERE i.organisation_id = @organisation_id AND i.bulk_id = f.bulk_id AND i.person_id = f.person_id AND i.outcome IS NULL
), ended_retrieval AS (
    -- Whatever still waits to be created belongs to a run that is over (R22).
    UPDATE pace_preview p SET closed_at = now(), closed_as = 'ended', sealed = NULL
    WHERE p.organisation_id = @organisation_id AND p.run_id = @run_id AND p.closed_at IS NULL
)
SELECT p.id FROM sync_run r
LEFT JOIN support_plan p ON r.kind = 'care-recipient' AND p.organisation_id = r.organisation_id AND p.person_id = r.person_id
WHERE r.organisation_id = @organisation_id AND r.id = @run_id;

-- name: NoteRetry :exec
-- Whatever waits for something else than before waits since now.
INSERT INTO sync_retry AS t (organisation_id, run_id, area, cause, trouble, until, problem, words)
VALUES (@organisation_id, @run_id, @area, @cause, @trouble, sqlc.narg(until), @problem, @words)
ON CONFLICT (run_id, area) DO UPDATE
SET attempts = CASE WHEN t.cause = excluded.cause THEN t.attempts + 1 ELSE 1 END, since = CASE WHEN t.cause = excluded.cause THEN t.since ELSE now() END,
    cause = excluded.cause, trouble = excluded.trouble, until = excluded.until, problem = excluded.problem,
    words = CASE WHEN excluded.words = '' AND t.cause = excluded.cause THEN t.words ELSE excluded.words END, last_at = now();
