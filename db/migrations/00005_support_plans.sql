-- +goose Up
-- One Support at Home plan for a person of an organisation, for ever (R12). The foreign key ties the plan to the person's care recipient id,
-- which may change (R33): the plan follows it.
CREATE TABLE support_plan (
    id                uuid PRIMARY KEY,
    organisation_id   uuid NOT NULL REFERENCES organisation (id),
    person_id         uuid NOT NULL,
    care_recipient_id text NOT NULL,
    start_date        date,
    end_date          date,
    created_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    UNIQUE (organisation_id, person_id),
    UNIQUE (organisation_id, care_recipient_id),
    FOREIGN KEY (organisation_id, person_id, care_recipient_id) REFERENCES person (organisation_id, id, care_recipient_id) ON UPDATE CASCADE
);

CREATE TABLE classification (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    plan_id         uuid NOT NULL,
    code            text NOT NULL,
    name            text NOT NULL,
    funding_source  text NOT NULL,
    start_date      date,
    end_date        date,
    ordinal         integer NOT NULL,
    removed_at      timestamptz,
    removed         boolean GENERATED ALWAYS AS (removed_at IS NOT NULL) STORED,
    UNIQUE NULLS NOT DISTINCT (plan_id, code, start_date, ordinal),
    FOREIGN KEY (organisation_id, plan_id) REFERENCES support_plan (organisation_id, id)
);

CREATE TABLE approved_service (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    plan_id         uuid NOT NULL,
    group_code      text NOT NULL,
    type_code       text NOT NULL,
    service_code    text NOT NULL,
    name            text NOT NULL,
    start_date      date,
    end_date        date,
    ordinal         integer NOT NULL,
    removed_at      timestamptz,
    removed         boolean GENERATED ALWAYS AS (removed_at IS NOT NULL) STORED,
    UNIQUE NULLS NOT DISTINCT (plan_id, group_code, type_code, service_code, start_date, ordinal),
    FOREIGN KEY (organisation_id, plan_id) REFERENCES support_plan (organisation_id, id)
);

CREATE TABLE supplement (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    plan_id         uuid NOT NULL,
    code            text NOT NULL,
    name            text NOT NULL,
    start_date      date,
    end_date        date,
    ordinal         integer NOT NULL,
    removed_at      timestamptz,
    removed         boolean GENERATED ALWAYS AS (removed_at IS NOT NULL) STORED,
    UNIQUE NULLS NOT DISTINCT (plan_id, code, start_date, ordinal),
    FOREIGN KEY (organisation_id, plan_id) REFERENCES support_plan (organisation_id, id)
);

-- Deleted and recreated on every sync (Care Recipient Sync §Contributions, R16). The table has no key on purpose: without one PostgreSQL lets no foreign
-- key refer to it.
CREATE TABLE contribution (
    organisation_id uuid NOT NULL,
    plan_id         uuid NOT NULL,
    position        integer NOT NULL,
    category        text NOT NULL,
    percentage      numeric(7, 4),
    start_date      date,
    end_date        date,
    status          text NOT NULL,
    FOREIGN KEY (organisation_id, plan_id) REFERENCES support_plan (organisation_id, id)
);

CREATE INDEX contribution_plan ON contribution (plan_id);

-- What was in force when: a set stays readable after one with other content replaced it (R16).
CREATE TABLE contribution_set (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    plan_id         uuid NOT NULL,
    contributions   jsonb NOT NULL,
    read_at         timestamptz NOT NULL,
    replaced_at     timestamptz,
    FOREIGN KEY (organisation_id, plan_id) REFERENCES support_plan (organisation_id, id)
);

CREATE UNIQUE INDEX contribution_set_current ON contribution_set (plan_id) WHERE replaced_at IS NULL;
CREATE INDEX contribution_set_plan ON contribution_set (plan_id);

-- Used, written off and rolled over amounts are positive where money was consumed (R4). An amount that was not provided is
-- NULL (R3); usage_amount is NULL as long as usage was never read (R15).
CREATE TABLE budget (
    id                  uuid PRIMARY KEY,
    organisation_id     uuid NOT NULL,
    plan_id             uuid NOT NULL,
    upstream_budget_id  text NOT NULL CHECK (upstream_budget_id <> ''),
    service_provider_id text NOT NULL,
    type_code           text NOT NULL,
    type_name           text NOT NULL,
    entry_date          date,
    start_date          date,
    end_date            date,
    status              text NOT NULL,
    total               numeric(14, 2),
    used                numeric(14, 2),
    write_off           numeric(14, 2),
    rollover            numeric(14, 2),
    available           numeric(14, 2),
    usage_amount        numeric(14, 2),
    ordinal             integer NOT NULL,
    removed_at          timestamptz,
    removed             boolean GENERATED ALWAYS AS (removed_at IS NOT NULL) STORED,
    UNIQUE (organisation_id, id),
    UNIQUE (plan_id, upstream_budget_id, ordinal),
    FOREIGN KEY (organisation_id, plan_id) REFERENCES support_plan (organisation_id, id)
);

-- A budget stands with one person at a time. Those with whom it stood keep their row, removed, with its history (R32).
CREATE UNIQUE INDEX budget_current ON budget (organisation_id, upstream_budget_id, ordinal) WHERE removed_at IS NULL;
CREATE INDEX budget_upstream ON budget (organisation_id, upstream_budget_id);

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

CREATE TABLE entitlement (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    budget_id       uuid NOT NULL,
    code            text NOT NULL,
    amount          numeric(14, 2),
    ordinal         integer NOT NULL,
    removed_at      timestamptz,
    removed         boolean GENERATED ALWAYS AS (removed_at IS NOT NULL) STORED,
    UNIQUE (budget_id, code, ordinal),
    FOREIGN KEY (organisation_id, budget_id) REFERENCES budget (organisation_id, id)
);

-- What drew on a budget (Care Recipient Sync §Budget usage, R17). invoice_line_id is ours, NULL for another provider's line.
CREATE TABLE usage_line (
    id                    uuid PRIMARY KEY,
    organisation_id       uuid NOT NULL,
    budget_id             uuid NOT NULL,
    invoice_line_id       uuid,
    upstream_invoice_id   text NOT NULL,
    upstream_item_id      text NOT NULL,
    external_reference_id text NOT NULL DEFAULT '',
    service_provider_id   text NOT NULL,
    service_code          text NOT NULL,
    delivery_date         date,
    amount                numeric(14, 2),
    ordinal               integer NOT NULL,
    removed_at            timestamptz,
    removed               boolean GENERATED ALWAYS AS (removed_at IS NOT NULL) STORED,
    FOREIGN KEY (organisation_id, budget_id) REFERENCES budget (organisation_id, id),
    FOREIGN KEY (organisation_id, invoice_line_id) REFERENCES invoice_line (organisation_id, id)
);

CREATE UNIQUE INDEX usage_line_of_invoice ON usage_line (budget_id, upstream_invoice_id, upstream_item_id, ordinal)
    WHERE upstream_invoice_id <> '' AND upstream_item_id <> '';
CREATE UNIQUE INDEX usage_line_without_ids ON usage_line (budget_id, service_provider_id, service_code, delivery_date, amount, ordinal)
    NULLS NOT DISTINCT WHERE upstream_invoice_id = '' OR upstream_item_id = '';
-- A person's usage lines are those of their budgets.
CREATE INDEX usage_line_budget ON usage_line (budget_id);
CREATE INDEX usage_line_invoice_line ON usage_line (invoice_line_id) WHERE invoice_line_id IS NOT NULL;
CREATE INDEX usage_line_place ON usage_line (organisation_id, upstream_invoice_id, upstream_item_id) WHERE upstream_invoice_id <> '';
CREATE INDEX usage_line_reference ON usage_line (organisation_id, external_reference_id) WHERE external_reference_id <> '';

-- A budget whose details are refused keeps its figures: why, and since which read. It holds until a read that began later is written
-- (usage_fence.as_of).
CREATE TABLE usage_refusal (
    organisation_id uuid NOT NULL,
    budget_id       uuid PRIMARY KEY,
    reason          text NOT NULL,
    since           timestamptz NOT NULL,
    FOREIGN KEY (organisation_id, budget_id) REFERENCES budget (organisation_id, id)
);

-- Whether a person has a budget that is not closed: without an end, or with one since that day (R15).
-- +goose StatementBegin
CREATE FUNCTION has_open_budget(person person, open_since date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM support_plan p JOIN budget b ON b.organisation_id = p.organisation_id AND b.plan_id = p.id
                   WHERE p.organisation_id = person.organisation_id AND p.person_id = person.id
                     AND b.removed_at IS NULL AND (b.end_date IS NULL OR b.end_date >= open_since))
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION has_open_budget;
DROP TABLE usage_refusal, usage_line, entitlement, budget_listed_twice, budget, contribution_set, contribution, supplement, approved_service,
    classification, support_plan;
