-- +goose Up
-- A person's usage lines are those of their budgets. Without this index, each sync read the lines of everybody.
CREATE INDEX usage_line_budget ON usage_line (budget_id);

-- The index on the parts of a bulk run begins with another column than the primary key: while a table is new, PostgreSQL takes either for
-- the other, and settling a person read the rows of all.
DROP INDEX bulk_item_slice;
CREATE INDEX bulk_item_part ON bulk_item (batch, bulk_id, chunk);

-- +goose Down
DROP INDEX bulk_item_part;
CREATE INDEX bulk_item_slice ON bulk_item (bulk_id, batch, chunk);
DROP INDEX usage_line_budget;
