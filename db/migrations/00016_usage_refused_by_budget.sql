-- +goose Up
-- A budget whose details are refused keeps its figures: why, and since which read. It holds until a read that began later is written
-- (usage_fence.as_of).
CREATE TABLE usage_refusal (
    organisation_id uuid NOT NULL,
    budget_id       uuid PRIMARY KEY,
    reason          text NOT NULL,
    since           timestamptz NOT NULL,
    FOREIGN KEY (organisation_id, budget_id) REFERENCES budget (organisation_id, id)
);

-- +goose Down
DROP TABLE usage_refusal;
