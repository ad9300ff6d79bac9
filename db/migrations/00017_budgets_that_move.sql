-- +goose Up
-- A budget that a person lists while it stands with another one of the organisation (R32). It moves once a complete read of the other, with
-- a later ticket than this one, lacks it; the row goes when the person gets the budget, or lists it no more.
CREATE TABLE budget_listed_twice (
    organisation_id    uuid NOT NULL,
    person_id          uuid NOT NULL,
    upstream_budget_id text NOT NULL,
    ticket             bigint NOT NULL,
    listed_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, upstream_budget_id, person_id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);

CREATE INDEX budget_listed_twice_person ON budget_listed_twice (person_id);

-- +goose Down
DROP TABLE budget_listed_twice;
