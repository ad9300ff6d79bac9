-- +goose Up
-- An answer can be taken back, and is named by an id: no address carries a name (R10).
ALTER TABLE same_person ADD id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;

-- +goose Down
ALTER TABLE same_person DROP COLUMN id;
