-- name: CreateAPIToken :exec
INSERT INTO api_token (id, organisation_id, name, token_hash) VALUES (@id, @organisation_id, @name, @token_hash);

-- name: ListAPITokens :many
SELECT id, name, created_at, revoked_at FROM api_token WHERE organisation_id = @organisation_id ORDER BY created_at, id;

-- name: RevokeAPIToken :one
UPDATE api_token SET revoked_at = coalesce(revoked_at, now())
WHERE organisation_id = @organisation_id AND id = @id
RETURNING id, name, created_at, revoked_at;

-- name: AuthenticateAPIToken :one
SELECT t.id, t.name, o.id AS organisation_id, o.slug, o.name AS organisation_name, o.time_zone, o.created_at
FROM api_token t JOIN organisation o ON o.id = t.organisation_id
WHERE t.token_hash = @token_hash AND t.revoked_at IS NULL;
