-- name: RecordAnswer :exec
INSERT INTO connection_call AS c (organisation_id, connection_id, answered_at)
SELECT n.organisation_id, n.id, @at::timestamptz FROM connection n WHERE n.id = @connection_id
ON CONFLICT (connection_id) DO UPDATE SET answered_at = greatest(c.answered_at, excluded.answered_at);

-- name: RecordCallFailure :exec
INSERT INTO connection_call AS c (organisation_id, connection_id, failed_at, failed_service, operation, kind, code, status, words)
SELECT n.organisation_id, n.id, @at::timestamptz, @failed_service, @operation, @kind, @code, @status, @words FROM connection n WHERE n.id = @connection_id
ON CONFLICT (connection_id) DO UPDATE
SET failed_at = excluded.failed_at, failed_service = excluded.failed_service, operation = excluded.operation, kind = excluded.kind, code = excluded.code,
    status = excluded.status, words = excluded.words
WHERE c.failed_at IS NULL OR c.failed_at <= excluded.failed_at;

-- name: ConnectionCalls :many
SELECT c.connection_id, c.answered_at, c.failed_at, c.failed_service, c.operation, c.kind, c.code, c.status, c.words
FROM connection_call c WHERE c.organisation_id = @organisation_id;

-- name: ConnectionAllowances :many
-- How far ahead the calls of connections are booked.
SELECT a.connection_id, a.name, greatest(0, extract(epoch FROM a.theoretical_arrival - clock_timestamp()))::float8 AS seconds
FROM upstream_allowance a WHERE a.organisation_id = @organisation_id ORDER BY a.connection_id, a.name;
