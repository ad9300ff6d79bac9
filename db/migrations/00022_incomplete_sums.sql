-- +goose Up
-- A sum is incomplete where an amount that belongs to it was not provided (R3): then what it shows is less than what was approved.
ALTER TABLE service_contract
    ADD COLUMN funding_incomplete    boolean NOT NULL DEFAULT false,
    ADD COLUMN allocation_incomplete boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE service_contract DROP COLUMN funding_incomplete, DROP COLUMN allocation_incomplete;
