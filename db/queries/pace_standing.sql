-- name: LockClientFlags :one
SELECT pace_participant, pace_api_access FROM client
WHERE organisation_id = @organisation_id AND id = @client_id FOR NO KEY UPDATE;

-- name: SetClientFlags :exec
UPDATE client SET pace_participant = @pace_participant, pace_api_access = @pace_api_access
WHERE organisation_id = @organisation_id AND id = @client_id;

-- name: LockStanding :one
-- No row: nothing was ever said of the client.
SELECT relationships, stopped_on, stop_reason FROM pace_standing
WHERE organisation_id = @organisation_id AND client_id = @client_id FOR UPDATE;

-- name: SetStanding :exec
UPDATE pace_standing SET relationships = @relationships, ends_on = sqlc.narg(ends_on), stopped_on = sqlc.narg(stopped_on), stop_reason = @stop_reason
WHERE organisation_id = @organisation_id AND client_id = @client_id;

-- name: SetRelationships :exec
INSERT INTO pace_standing (organisation_id, client_id, relationships, ends_on)
VALUES (@organisation_id, @client_id, @relationships, sqlc.narg(ends_on))
ON CONFLICT (client_id) DO UPDATE SET relationships = excluded.relationships, ends_on = excluded.ends_on;

-- name: LockClientByNDISNumber :one
-- Whoever notes something about one client waits for the other.
SELECT id FROM client WHERE organisation_id = @organisation_id AND ndis_number = @ndis_number::text FOR NO KEY UPDATE;

-- name: NoteNotification :one
-- Answers with how often it has come, and whether we knew whose it is when it came before.
WITH before AS (
    SELECT n.client_id FROM pace_notification n WHERE n.organisation_id = @organisation_id AND n.digest = @digest
)
INSERT INTO pace_notification AS n (organisation_id, digest, event, client_id, first_received_at, last_received_at)
VALUES (@organisation_id, @digest, @event, sqlc.narg(client_id)::uuid, @received_at, @received_at)
ON CONFLICT (organisation_id, digest) DO UPDATE
SET times = n.times + 1, client_id = coalesce(excluded.client_id, n.client_id), last_received_at = excluded.last_received_at
RETURNING n.times, EXISTS (SELECT FROM before b WHERE b.client_id IS NOT NULL) AS client_known_before;

-- name: ViewNotifications :many
SELECT n.event, n.client_id, coalesce(c.care_recipient_id, '') AS care_recipient_id, coalesce(c.ndis_number, '') AS ndis_number,
       coalesce(c.given_name, '') AS given_name, coalesce(c.family_name, '') AS family_name, n.times, n.first_received_at, n.last_received_at
FROM pace_notification n
LEFT JOIN client c ON c.organisation_id = n.organisation_id AND c.id = n.client_id
WHERE n.organisation_id = @organisation_id
ORDER BY n.last_received_at DESC, n.digest
LIMIT @most;
