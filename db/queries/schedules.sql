-- Schedules of bulk runs, what Temporal was told of them, and which of their times led to no run.

-- name: CreateSchedule :exec
INSERT INTO schedule (organisation_id, name, cron, time_of_day, weekdays, time_zone, jitter_ms, catch_up_ms, overlap, pause_on_failure, options,
                      paused_at, paused_by, created_by, changed_by)
VALUES (@organisation_id, @name, @cron, @time_of_day, @weekdays, @time_zone, @jitter_ms, @catch_up_ms, @overlap, @pause_on_failure, @options,
        CASE WHEN @paused::boolean THEN now() END, CASE WHEN @paused THEN @requested_by::text ELSE '' END, @requested_by, @requested_by);

-- name: ChangeSchedule :execrows
-- version is the one that the change was made for; 0 replaces any.
UPDATE schedule
SET cron = @cron, time_of_day = @time_of_day, weekdays = @weekdays, time_zone = @time_zone, jitter_ms = @jitter_ms, catch_up_ms = @catch_up_ms,
    overlap = @overlap, pause_on_failure = @pause_on_failure, options = @options, changed_by = @requested_by, changed_at = now(), version = nextval('schedule_version')
WHERE organisation_id = @organisation_id AND name = @name AND (@version::bigint = 0 OR version = @version);

-- name: PauseSchedule :execrows
UPDATE schedule SET paused_at = now(), paused_by = @requested_by, version = nextval('schedule_version')
WHERE organisation_id = @organisation_id AND name = @name AND paused_at IS NULL AND (@version::bigint = 0 OR version = @version);

-- name: ResumeSchedule :execrows
UPDATE schedule SET paused_at = NULL, paused_by = '', changed_by = @requested_by, changed_at = now(), version = nextval('schedule_version')
WHERE organisation_id = @organisation_id AND name = @name AND paused_at IS NOT NULL;

-- name: DeleteSchedule :execrows
DELETE FROM schedule WHERE organisation_id = @organisation_id AND name = @name;

-- name: Schedules :many
-- Of one organisation or of all, one of that name or all.
SELECT s.*, coalesce(t.version, 0)::bigint AS applied_version, coalesce(t.key_id, '')::text AS key_id, coalesce(t.fingerprint, '')::text AS fingerprint,
       coalesce(t.paused, false)::boolean AS applied_paused, t.made_at, t.applied_at, t.edited_at, coalesce(t.error, '')::text AS error, t.error_at
FROM schedule s LEFT JOIN temporal_schedule t ON t.id = 'schedule/' || s.organisation_id || '/' || s.name
WHERE (sqlc.narg(organisation_id)::uuid IS NULL OR s.organisation_id = sqlc.narg(organisation_id)) AND (@name::text = '' OR s.name = @name)
ORDER BY s.organisation_id, s.name;

-- name: SchedulesPending :one
-- Whether a row has changed since Temporal was told, or has gone.
SELECT (EXISTS (
    SELECT FROM schedule s LEFT JOIN temporal_schedule t ON t.id = 'schedule/' || s.organisation_id || '/' || s.name
    WHERE t.version IS DISTINCT FROM s.version
) OR EXISTS (
    SELECT FROM temporal_schedule t
    WHERE t.id LIKE 'schedule/%' AND NOT EXISTS (SELECT FROM schedule s WHERE t.id = 'schedule/' || s.organisation_id || '/' || s.name)
))::boolean AS pending;

-- name: AppliedSchedules :many
SELECT * FROM temporal_schedule ORDER BY id;

-- name: AppliedSchedule :one
SELECT * FROM temporal_schedule WHERE id = @id;

-- name: BeginApplyingSchedule :exec
-- From now on Temporal may have been told, whether or not that can be recorded.
UPDATE temporal_schedule SET fingerprint = '' WHERE id = @id;

-- name: RecordAppliedSchedule :exec
-- What it started so far was sealed with the key of before.
WITH used AS (
    UPDATE sealing_key k SET last_used_at = now() FROM temporal_schedule held
    WHERE held.id = @id AND held.key_id = k.key_id AND held.key_id <> @key_id
)
INSERT INTO temporal_schedule AS t (id, version, key_id, fingerprint, paused, made_at, applied_at, edited_at)
VALUES (@id, @version, @key_id, @fingerprint, @paused, now(), now(), CASE WHEN @edited::boolean THEN now() END)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, key_id = excluded.key_id, fingerprint = excluded.fingerprint, paused = excluded.paused,
    made_at = CASE WHEN @made::boolean THEN now() ELSE coalesce(t.made_at, now()) END, applied_at = now(), edited_at = coalesce(excluded.edited_at, t.edited_at), error = '', error_at = NULL;

-- name: RecordScheduleError :exec
INSERT INTO temporal_schedule AS t (id, error, error_at) VALUES (@id, @error, now())
ON CONFLICT (id) DO UPDATE SET error = excluded.error, error_at = CASE WHEN t.error = excluded.error THEN t.error_at ELSE excluded.error_at END;

-- name: ForgetAppliedSchedule :exec
WITH used AS (
    UPDATE sealing_key k SET last_used_at = now() FROM temporal_schedule held WHERE held.id = @id AND held.key_id = k.key_id
)
DELETE FROM temporal_schedule t WHERE t.id = @id;

-- name: ScheduledRuns :many
-- A schedule's bulk runs that were requested since then or were still in progress then, newest first.
SELECT b.id, b.kind, b.workflow_id, b.requested_at, b.started_at, b.finished_at, b.paused_at, b.paused_by, b.waiting_for, b.waiting_since, coalesce(b.outcome, '')::text AS outcome, b.reason
FROM bulk_run b
WHERE b.organisation_id = @organisation_id AND b.requested_by = @requested_by AND (b.requested_at >= @since OR b.finished_at IS NULL OR b.finished_at >= @since)
ORDER BY b.requested_at DESC, b.id DESC LIMIT @most;

-- name: SettleSchedule :execrows
UPDATE schedule SET settled_until = @until WHERE organisation_id = @organisation_id AND name = @name AND settled_until = @settled_until AND version = @version;

-- name: RecordScheduleTimes :exec
INSERT INTO schedule_time (organisation_id, name, due_at, bulk_id, waiting_for, waiting_by, waiting_since)
SELECT @organisation_id, @name, t.due_at, t.bulk_id, t.waiting_for, t.waiting_by, t.waiting_since
FROM jsonb_to_recordset(@times::jsonb) AS t (due_at timestamptz, bulk_id uuid, waiting_for text, waiting_by text, waiting_since timestamptz)
ON CONFLICT DO NOTHING;

-- name: ScheduleTimes :many
SELECT t.*, coalesce(b.kind, '')::text AS bulk_kind, b.requested_at AS bulk_requested_at, coalesce(b.finished_at IS NULL, false)::boolean AS bulk_unfinished
FROM schedule_time t LEFT JOIN bulk_run b ON b.organisation_id = t.organisation_id AND b.id = t.bulk_id
WHERE t.organisation_id = @organisation_id AND (@name::text = '' OR t.name = @name) AND t.due_at >= @since
ORDER BY t.due_at;

-- name: ForgetScheduleTimes :exec
DELETE FROM schedule_time WHERE due_at < @before;

-- name: TakeLease :execrows
-- A lease that ends later than any can was taken before the clock was put back.
INSERT INTO lease AS l (name, holder, until) VALUES (@name, @holder, now() + make_interval(secs => @seconds::float8))
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE l.until < now() OR l.until > now() + 2 * make_interval(secs => @seconds) OR l.holder = excluded.holder;

-- name: ReleaseLease :exec
DELETE FROM lease WHERE name = @name AND holder = @holder;

