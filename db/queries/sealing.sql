-- name: SealingKeys :many
-- The keys that have sealed, the one that began last first.
SELECT key_id, sealed, first_used_at, last_used_at FROM sealing_key ORDER BY first_used_at DESC, key_id DESC;

-- name: RecordSealingKey :exec
INSERT INTO sealing_key (key_id, sealed) VALUES (@key_id, @sealed) ON CONFLICT DO NOTHING;

-- name: NoteSealingKey :exec
UPDATE sealing_key SET last_used_at = now() WHERE key_id = @key_id AND last_used_at < now() - make_interval(secs => sqlc.arg(seconds)::float8);

-- name: CountSealed :many
-- How many values each key seals, by table. A schedule's input is in Temporal.
SELECT held_in::text AS held_in, key_id::text AS key_id, count(*)::int AS number
FROM (
    SELECT 'device_key' AS held_in, sealed_with(private_key_sealed) AS key_id FROM device_key
    UNION ALL
    SELECT 'upstream_token', sealed_with(token_sealed) FROM upstream_token WHERE token_sealed IS NOT NULL
    UNION ALL
    SELECT 'pace_settings', sealed_with(notification_key_sealed) FROM pace_settings WHERE notification_key_sealed IS NOT NULL
    UNION ALL
    SELECT 'pace_preview', sealed_with(sealed) FROM pace_preview WHERE sealed IS NOT NULL
) value
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: SealedWithOthers :many
-- The next values that another key seals, after one of them. Owner and detail say which row it is, and what it is sealed for.
SELECT held_in::text AS held_in, owner::uuid AS owner, detail::text AS detail, sealed::bytea AS sealed, sealed_with(sealed)::text AS key_id
FROM (
    SELECT 'device_key' AS held_in, connection_id AS owner, state AS detail, private_key_sealed AS sealed FROM device_key
    UNION ALL
    SELECT 'upstream_token', connection_id, audience, token_sealed FROM upstream_token WHERE token_sealed IS NOT NULL
    UNION ALL
    SELECT 'pace_settings', organisation_id, '', notification_key_sealed FROM pace_settings WHERE notification_key_sealed IS NOT NULL
    UNION ALL
    SELECT 'pace_preview', id, '', sealed FROM pace_preview WHERE sealed IS NOT NULL
) value
WHERE sealed_with(sealed) <> @active::text AND (held_in, owner, detail) > (@after_held_in::text, sqlc.arg(after_owner)::uuid, @after_detail::text)
ORDER BY held_in, owner, detail LIMIT @most;

-- Of the next ones, each takes effect only if the value is as it was read and no one else is replacing it.

-- name: ResealDeviceKey :execrows
UPDATE device_key k SET private_key_sealed = @sealed
FROM (SELECT held.connection_id, held.state FROM device_key held
      WHERE held.connection_id = @owner AND held.private_key_sealed = @before FOR NO KEY UPDATE SKIP LOCKED) free
WHERE k.connection_id = free.connection_id AND k.state = free.state;

-- name: ResealToken :execrows
UPDATE upstream_token t SET token_sealed = @sealed
FROM (SELECT held.connection_id, held.audience FROM upstream_token held
      WHERE held.connection_id = @owner AND held.audience = @detail AND held.token_sealed = @before::bytea FOR NO KEY UPDATE SKIP LOCKED) free
WHERE t.connection_id = free.connection_id AND t.audience = free.audience;

-- name: ResealNotificationKey :execrows
UPDATE pace_settings s SET notification_key_sealed = @sealed
FROM (SELECT held.organisation_id FROM pace_settings held
      WHERE held.organisation_id = @owner AND held.notification_key_sealed = @before::bytea FOR NO KEY UPDATE SKIP LOCKED) free
WHERE s.organisation_id = free.organisation_id;

-- name: ResealPreview :execrows
UPDATE pace_preview p SET sealed = @sealed
FROM (SELECT held.id FROM pace_preview held WHERE held.id = @owner AND held.sealed = @before::bytea FOR NO KEY UPDATE SKIP LOCKED) free
WHERE p.id = free.id;
