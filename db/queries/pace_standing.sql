-- name: LockPersonFlags :one
SELECT pace_participant, pace_api_access FROM person
WHERE organisation_id = @organisation_id AND id = @person_id FOR NO KEY UPDATE;

-- name: SetPersonFlags :exec
UPDATE person SET pace_participant = @pace_participant, pace_api_access = @pace_api_access
WHERE organisation_id = @organisation_id AND id = @person_id;

-- name: LockStanding :one
-- No row: nothing was ever said of the person.
SELECT relationships, stopped_on, stop_reason FROM pace_standing
WHERE organisation_id = @organisation_id AND person_id = @person_id FOR UPDATE;

-- name: SetStanding :exec
UPDATE pace_standing SET relationships = @relationships, ends_on = sqlc.narg(ends_on), stopped_on = sqlc.narg(stopped_on), stop_reason = @stop_reason
WHERE organisation_id = @organisation_id AND person_id = @person_id;

-- name: SetRelationships :exec
INSERT INTO pace_standing (organisation_id, person_id, relationships, ends_on)
VALUES (@organisation_id, @person_id, @relationships, sqlc.narg(ends_on))
ON CONFLICT (person_id) DO UPDATE SET relationships = excluded.relationships, ends_on = excluded.ends_on;

-- name: LockPersonByNDISNumber :one
-- Whoever notes something about one person waits for the other.
SELECT id FROM person WHERE organisation_id = @organisation_id AND ndis_number = @ndis_number::text FOR NO KEY UPDATE;

-- name: NoteNotification :one
-- Returns how often it was received, and whether we knew whose it is when it came before.
WITH before AS (
    SELECT n.person_id FROM pace_notification n WHERE n.organisation_id = @organisation_id AND n.digest = @digest
)
INSERT INTO pace_notification AS n (organisation_id, digest, event, person_id, first_received_at, last_received_at)
VALUES (@organisation_id, @digest, @event, sqlc.narg(person_id)::uuid, @received_at, @received_at)
ON CONFLICT (organisation_id, digest) DO UPDATE
SET times = n.times + 1, person_id = coalesce(excluded.person_id, n.person_id), last_received_at = excluded.last_received_at
RETURNING n.times, EXISTS (SELECT FROM before b WHERE b.person_id IS NOT NULL) AS person_known_before;

-- name: ViewNotifications :many
SELECT n.event, n.person_id, coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number,
       coalesce(c.given_name, '') AS given_name, coalesce(c.family_name, '') AS family_name, n.times, n.first_received_at, n.last_received_at
FROM pace_notification n
LEFT JOIN person c ON c.organisation_id = n.organisation_id AND c.id = n.person_id
WHERE n.organisation_id = @organisation_id
ORDER BY n.last_received_at DESC, n.digest
LIMIT @most;
