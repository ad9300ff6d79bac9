-- +goose Up
-- A person's row is settled in place: no index has a column that settling changes, and its page keeps room for the new version.
DROP INDEX bulk_item_open;
CREATE INDEX bulk_item_slice ON bulk_item (bulk_id, batch, chunk);
ALTER TABLE bulk_item SET (fillfactor = 60);

-- Checking this key locked the row of the bulk run for each of its people, many at the same time. What is written there comes from that
-- row, and neither is ever deleted.
ALTER TABLE sync_run DROP CONSTRAINT sync_run_organisation_id_bulk_id_fkey;

-- +goose Down
ALTER TABLE sync_run ADD FOREIGN KEY (organisation_id, bulk_id) REFERENCES bulk_run (organisation_id, id);
ALTER TABLE bulk_item RESET (fillfactor);
DROP INDEX bulk_item_slice;
CREATE INDEX bulk_item_open ON bulk_item (bulk_id, batch, chunk) WHERE outcome IS NULL;
