-- name: SealingKeys :many
-- The keys that have sealed, the one that began last first.
SELECT key_id, sealed FROM sealing_key ORDER BY first_used_at DESC, key_id DESC;

-- name: RecordSealingKey :exec
INSERT INTO sealing_key (key_id, sealed) VALUES (@key_id, @sealed) ON CONFLICT DO NOTHING;
