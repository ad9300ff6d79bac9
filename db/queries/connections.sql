-- name: TakeAllowance :one
-- Books some calls at once and returns how long to wait before the first of them, as a duration, so that workers' clocks do
-- not matter. booked_seconds is their number times the gap between two calls. No row: the booking would reach further ahead than
-- horizon_seconds.
INSERT INTO upstream_allowance AS a (organisation_id, connection_id, name, theoretical_arrival, booked_at)
VALUES (@organisation_id, @connection_id, @name, clock_timestamp() + make_interval(secs => sqlc.arg(booked_seconds)::float8), clock_timestamp())
ON CONFLICT (connection_id, name) DO UPDATE
SET theoretical_arrival = greatest(next_arrival(a), clock_timestamp()) + make_interval(secs => sqlc.arg(booked_seconds)::float8), booked_at = clock_timestamp()
WHERE next_arrival(a) <= clock_timestamp() + make_interval(secs => sqlc.arg(horizon_seconds)::float8)
RETURNING greatest(0, extract(epoch FROM theoretical_arrival - clock_timestamp()) - sqlc.arg(booked_seconds)::float8)::float8 AS wait_seconds;

-- name: FollowClock :exec
-- After the database's clock was put back, what was booked ahead begins to run by the new time.
UPDATE upstream_allowance a
SET theoretical_arrival = next_arrival(a), asked_until = a.asked_until + (next_arrival(a) - a.theoretical_arrival), booked_at = clock_timestamp()
WHERE a.connection_id = @connection_id AND a.name = @name AND a.booked_at > clock_timestamp();

-- name: PushBackAllowance :exec
-- After a 429 no worker calls again before the time the service named.
INSERT INTO upstream_allowance AS a (organisation_id, connection_id, name, theoretical_arrival, booked_at, asked_until)
VALUES (@organisation_id, @connection_id, @name, clock_timestamp() + make_interval(secs => sqlc.arg(wait_seconds)::float8), clock_timestamp(),
        clock_timestamp() + make_interval(secs => sqlc.arg(asked_seconds)::float8))
ON CONFLICT (connection_id, name) DO UPDATE
SET theoretical_arrival = greatest(next_arrival(a), excluded.theoretical_arrival), booked_at = clock_timestamp(),
    asked_until = greatest(a.asked_until, excluded.asked_until);

-- name: AllowanceFree :one
-- In how many seconds the next booking may be made, and whether the service itself has asked to be left alone until then.
SELECT greatest(0, extract(epoch FROM next_arrival(a) - clock_timestamp()) - sqlc.arg(horizon_seconds)::float8)::float8 AS free_seconds,
       coalesce(a.asked_until > clock_timestamp(), false)::boolean AS asked
FROM upstream_allowance a WHERE a.connection_id = @connection_id AND a.name = @name;

-- name: LoadToken :one
SELECT token_sealed FROM upstream_token WHERE connection_id = @connection_id AND audience = @audience;

-- name: LockToken :one
-- Creates the row if there is none, and holds its lock until the transaction ends: one token however many workers.
INSERT INTO upstream_token (organisation_id, connection_id, audience)
SELECT n.organisation_id, n.id, @audience FROM connection n WHERE n.id = @connection_id
ON CONFLICT (connection_id, audience) DO UPDATE SET audience = excluded.audience
RETURNING token_sealed;

-- name: StoreToken :exec
UPDATE upstream_token SET token_sealed = @token_sealed, updated_at = now() WHERE connection_id = @connection_id AND audience = @audience;

-- name: StoreDeviceExpiry :exec
UPDATE connection SET key_expiry = sqlc.narg(key_expiry), device_expiry = sqlc.narg(device_expiry) WHERE id = @id;

-- name: StoreKeyExpiry :exec
UPDATE connection SET key_expiry = sqlc.narg(key_expiry) WHERE id = @id;

-- name: LoadDeviceKey :one
SELECT private_key_sealed FROM device_key WHERE connection_id = @connection_id AND state = @state;

-- name: StorePendingKey :exec
INSERT INTO device_key (organisation_id, connection_id, state, private_key_sealed)
SELECT n.organisation_id, n.id, 'pending', @private_key_sealed FROM connection n WHERE n.id = @connection_id
ON CONFLICT (connection_id, state) DO NOTHING;

-- name: DeleteActiveKey :exec
DELETE FROM device_key WHERE connection_id = @connection_id AND state = 'active';

-- name: PromotePendingKey :exec
-- PRODA counts a key's life from when it took it, which was at this time or a little before.
WITH since AS (UPDATE connection SET key_since = @at WHERE id = @connection_id)
UPDATE device_key SET state = 'active' WHERE connection_id = @connection_id AND state = 'pending';
