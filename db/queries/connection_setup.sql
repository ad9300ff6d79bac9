-- name: CreateConnection :exec
INSERT INTO connection (id, organisation_id, service, name, base_url, token_base_url, device_base_url, ra_number, device_name, client_id,
                        api_key, audience, product_id, service_provider_id, rate_per_second, consent_code, time_zone)
VALUES (@id, @organisation_id, @service, @name, @base_url, @token_base_url, @device_base_url, @ra_number, @device_name, @client_id,
        @api_key, @audience, @product_id, @service_provider_id, @rate_per_second, @consent_code, @time_zone);

-- name: ListConnections :many
-- Of one organisation or of all, one or all of them.
SELECT n.id, n.organisation_id, n.service, n.name, n.base_url, n.token_base_url, n.device_base_url, n.ra_number, n.device_name, n.client_id, n.api_key, n.audience,
       n.product_id, n.service_provider_id, n.rate_per_second, n.consent_code, n.time_zone, n.activated_at, n.key_since, n.key_expiry, n.device_expiry
FROM connection n
WHERE (sqlc.narg(organisation_id)::uuid IS NULL OR n.organisation_id = sqlc.narg(organisation_id)) AND (sqlc.narg(id)::uuid IS NULL OR n.id = sqlc.narg(id))
ORDER BY n.organisation_id, n.service, n.name;

-- name: LockConnectionByName :one
SELECT n.id, n.organisation_id, n.service, n.name, n.base_url, n.token_base_url, n.device_base_url, n.ra_number, n.device_name, n.client_id, n.api_key, n.audience,
       n.product_id, n.service_provider_id, n.rate_per_second, n.consent_code, n.time_zone, n.activated_at, n.key_since, n.key_expiry, n.device_expiry
FROM connection n
WHERE n.organisation_id = @organisation_id AND n.name = @name FOR NO KEY UPDATE;

-- name: ChangeConnection :exec
-- A device or organisation other than before has not been activated here; its key and tokens belong to the old one.
UPDATE connection
SET base_url = @base_url, token_base_url = @token_base_url, device_base_url = @device_base_url, ra_number = @ra_number,
    device_name = @device_name, client_id = @client_id, api_key = @api_key, audience = @audience, product_id = @product_id,
    service_provider_id = @service_provider_id, rate_per_second = @rate_per_second, consent_code = @consent_code, time_zone = @time_zone,
    activated_at = sqlc.narg(activated_at), key_since = sqlc.narg(key_since), key_expiry = sqlc.narg(key_expiry), device_expiry = sqlc.narg(device_expiry)
WHERE organisation_id = @organisation_id AND id = @id;

-- name: ForgetLogins :exec
-- Tokens are only good for the login settings they were given for.
DELETE FROM upstream_token WHERE organisation_id = @organisation_id AND connection_id = @connection_id;

-- name: ForgetDeviceKeys :exec
DELETE FROM device_key WHERE organisation_id = @organisation_id AND connection_id = @connection_id;
