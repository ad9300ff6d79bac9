-- +goose Up
-- The NDIA's notifications to an organisation are authenticated by a shared secret, or by a signature over the body.
ALTER TABLE pace_settings
    ADD notification_key_sealed bytea,
    ADD CHECK (notification_secret_hash IS NULL OR notification_key_sealed IS NULL);

COMMENT ON COLUMN pace_settings.notification_key_sealed IS 'The key by which notifications are signed, NULL where they carry a shared secret.';

-- +goose Down
ALTER TABLE pace_settings DROP COLUMN notification_key_sealed;
