-- +goose Up
-- Plans that the NDIA lists and that have not begun: they are looked at again on their day (R34), whether or not there is a contract.
CREATE TABLE plan_ahead (
    organisation_id uuid NOT NULL,
    person_id       uuid NOT NULL,
    plan_start_date date NOT NULL,
    noted_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, plan_start_date),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);

CREATE INDEX plan_ahead_start ON plan_ahead (organisation_id, plan_start_date);
CREATE INDEX funding_period_start ON funding_period (organisation_id, start_date);

-- +goose Down
DROP INDEX funding_period_start;
DROP TABLE plan_ahead;
