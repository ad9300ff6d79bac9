-- name: PACESettings :one
SELECT s.api_enabled, s.connection_id, n.name AS connection, s.budget_calls_per_hour,
       (s.notification_secret_hash IS NOT NULL OR s.notification_key_sealed IS NOT NULL)::boolean AS notification_secret_set,
       (s.notification_key_sealed IS NOT NULL)::boolean AS notifications_signed, s.changed_by, s.changed_at
FROM pace_settings s JOIN connection n ON n.organisation_id = s.organisation_id AND n.id = s.connection_id
WHERE s.organisation_id = @organisation_id;

-- name: EnablePACE :exec
-- Nothing happens if that is not one of the organisation's connections to the NDIA, or if it would change nothing.
INSERT INTO pace_settings AS s (organisation_id, api_enabled, connection_id, budget_calls_per_hour, changed_by)
SELECT n.organisation_id, true, n.id, coalesce(sqlc.narg(budget_calls_per_hour)::integer, @default_budget_calls_per_hour::integer), @changed_by::text
FROM connection n WHERE n.organisation_id = @organisation_id AND n.id = @connection_id AND n.service = 'ndia'
ON CONFLICT (organisation_id) DO UPDATE
SET api_enabled = true, connection_id = excluded.connection_id,
    budget_calls_per_hour = coalesce(sqlc.narg(budget_calls_per_hour), s.budget_calls_per_hour), changed_by = excluded.changed_by, changed_at = now()
WHERE (s.api_enabled, s.connection_id, s.budget_calls_per_hour)
    IS DISTINCT FROM (true, excluded.connection_id, coalesce(sqlc.narg(budget_calls_per_hour), s.budget_calls_per_hour));

-- name: DisablePACE :exec
UPDATE pace_settings SET api_enabled = false, changed_by = @changed_by, changed_at = now()
WHERE organisation_id = @organisation_id AND api_enabled;

-- name: SetNotificationSecret :execrows
-- One of the two: the hash of a shared secret, or the sealed key of signatures.
UPDATE pace_settings SET notification_secret_hash = sqlc.narg(notification_secret_hash)::bytea, notification_key_sealed = sqlc.narg(notification_key_sealed)::bytea, changed_by = @changed_by, changed_at = now()
WHERE organisation_id = @organisation_id;

-- name: NotificationOrganisation :one
SELECT o.id, o.slug, o.name, o.time_zone, o.created_at, s.notification_secret_hash, s.notification_key_sealed
FROM pace_settings s JOIN organisation o ON o.id = s.organisation_id
WHERE s.organisation_id = @organisation_id AND (s.notification_secret_hash IS NOT NULL OR s.notification_key_sealed IS NOT NULL);
