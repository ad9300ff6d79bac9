-- +goose Up
-- Whoever did not succeed last time is read as a whole, whatever the lists name.
ALTER TABLE bulk_item ADD whole boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN bulk_item.whole IS 'In a delta run: the person''s last run did not succeed, so that all usage is read and not only that of moved budgets.';

-- +goose Down
ALTER TABLE bulk_item DROP COLUMN whole;
