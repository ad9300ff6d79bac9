-- Who is signed in to the console. Secrets are looked up by their SHA-256 only.

-- name: CreateConsoleSession :exec
-- Those that have expired are cleared away with it.
WITH cleared AS (DELETE FROM console_session WHERE expires_at <= now())
INSERT INTO console_session (id_hash, organisation_id, token_id, name, expires_at)
VALUES (@id_hash, @organisation_id, sqlc.narg(token_id)::uuid, @name, @expires_at);

-- name: ConsoleSession :one
SELECT s.name, s.token_id, s.expires_at, o.id AS organisation_id, o.slug, o.name AS organisation_name, o.time_zone, o.created_at
FROM console_session s
JOIN organisation o ON o.id = s.organisation_id
LEFT JOIN api_token t ON t.organisation_id = s.organisation_id AND t.id = s.token_id
WHERE s.id_hash = @id_hash AND s.expires_at > now() AND t.revoked_at IS NULL;

-- name: CloseConsoleSession :exec
DELETE FROM console_session WHERE id_hash = @id_hash;

-- name: ConsoleSessions :many
-- Who is signed in to an organisation, newest first.
SELECT s.id_hash, s.name, coalesce(t.name, '') AS token, s.created_at, s.expires_at
FROM console_session s LEFT JOIN api_token t ON t.organisation_id = s.organisation_id AND t.id = s.token_id
WHERE s.organisation_id = @organisation_id AND s.expires_at > now() AND t.revoked_at IS NULL
ORDER BY s.created_at DESC, s.id_hash;

-- name: EndConsoleSession :execrows
DELETE FROM console_session WHERE organisation_id = @organisation_id AND substring(id_hash FOR 8) = @id::bytea;

-- name: EndConsoleSessions :one
-- Ends all sessions of an organisation, and makes its links useless.
WITH sessions AS (
    DELETE FROM console_session s WHERE s.organisation_id = @organisation_id RETURNING s.expires_at > now() AS open
), links AS (
    DELETE FROM console_link l WHERE l.organisation_id = @organisation_id RETURNING l.expires_at > now() AS open
)
SELECT (SELECT count(*) FROM sessions WHERE open)::int AS sessions, (SELECT count(*) FROM links WHERE open)::int AS links;

-- name: CreateConsoleLink :exec
WITH cleared AS (DELETE FROM console_link WHERE expires_at <= now())
INSERT INTO console_link (secret_hash, organisation_id, name, expires_at) VALUES (@secret_hash, @organisation_id, @name, @expires_at);

-- name: ConsoleLink :one
SELECT l.name, o.id AS organisation_id, o.slug, o.name AS organisation_name, o.time_zone, o.created_at
FROM console_link l JOIN organisation o ON o.id = l.organisation_id
WHERE l.secret_hash = @secret_hash AND l.expires_at > now();

-- name: UseConsoleLink :one
DELETE FROM console_link WHERE secret_hash = @secret_hash AND expires_at > now()
RETURNING organisation_id, name;
