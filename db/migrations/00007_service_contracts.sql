-- +goose Up
-- Whether an organisation uses the PACE API, and how. The NDIA's notifications are authenticated by a shared secret, of which only the hash is
-- kept, or by a signature over the body.
CREATE TABLE pace_settings (
    organisation_id          uuid PRIMARY KEY REFERENCES organisation (id),
    api_enabled              boolean NOT NULL,
    connection_id            uuid NOT NULL,
    budget_calls_per_hour    integer NOT NULL CHECK (budget_calls_per_hour BETWEEN 1 AND 1000000),
    notification_secret_hash bytea,
    notification_key_sealed  bytea,
    changed_by               text NOT NULL,
    changed_at               timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id),
    CHECK (notification_secret_hash IS NULL OR notification_key_sealed IS NULL)
);

COMMENT ON COLUMN pace_settings.notification_key_sealed IS 'The key by which notifications are signed, NULL where they carry a shared secret.';

-- Whether the NDIA still lets us read a participant (R30). relationships are what its notifications said last of each role.
CREATE TABLE pace_standing (
    organisation_id uuid NOT NULL,
    person_id       uuid NOT NULL PRIMARY KEY,
    relationships   jsonb NOT NULL DEFAULT '[]',
    ends_on         date,
    stopped_on      date,
    stop_reason     text NOT NULL DEFAULT '',
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    CHECK ((stopped_on IS NULL) = (stop_reason = ''))
);

COMMENT ON COLUMN pace_standing.ends_on IS 'When the first of the relationships that give access ends, as the relationships say.';

-- Our record of one plan. One from PACE is recognised by the plan's two start dates (R24); one made by hand by the provider's own
-- reference. A sum is incomplete where an amount that belongs to it was not provided (R3): then it shows less than what was approved.
CREATE TABLE service_contract (
    id                    uuid PRIMARY KEY,
    organisation_id       uuid NOT NULL,
    person_id             uuid NOT NULL,
    origin                text NOT NULL CHECK (origin IN ('pace', 'hand')),
    reference             text NOT NULL DEFAULT '',
    plan_first_start_date date,
    plan_start_date       date,
    plan_end_date         date,
    start_date            date NOT NULL,
    end_date              date,
    superseded_by         uuid,
    total_funding         numeric(16, 2),
    funding_incomplete    boolean NOT NULL DEFAULT false,
    allocation_total      numeric(16, 2),
    allocation_incomplete boolean NOT NULL DEFAULT false,
    retrieved_on          date,
    declined              jsonb NOT NULL DEFAULT '[]',
    created_at            timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    FOREIGN KEY (organisation_id, superseded_by) REFERENCES service_contract (organisation_id, id),
    CHECK (CASE origin WHEN 'pace' THEN plan_first_start_date IS NOT NULL AND plan_start_date IS NOT NULL AND retrieved_on IS NOT NULL
                       ELSE reference <> '' END)
);

CREATE UNIQUE INDEX service_contract_plan ON service_contract (organisation_id, person_id, plan_first_start_date, plan_start_date)
    WHERE origin = 'pace';
CREATE UNIQUE INDEX service_contract_reference ON service_contract (organisation_id, person_id, reference) WHERE origin = 'hand';
CREATE INDEX service_contract_person ON service_contract (organisation_id, person_id);

COMMENT ON COLUMN service_contract.superseded_by IS 'The contract that follows after a reassessment, which ends this one (R24).';
COMMENT ON COLUMN service_contract.declined IS 'Budgets that were shown and not ticked: an unattended refresh does not ask about them again (R31).';

-- One budget for a support category and more (R25). Amounts are as the NDIA reported them, NULL where it reported nothing (R3). A budget
-- that is no longer in PACE is kept as removed.
CREATE TABLE plan_budget (
    id                   uuid PRIMARY KEY,
    organisation_id      uuid NOT NULL,
    contract_id          uuid NOT NULL,
    identity             text NOT NULL,
    identity_hash        text GENERATED ALWAYS AS (md5(identity)) STORED,
    ordinal              integer NOT NULL,
    budget_type          text NOT NULL,
    management           text NOT NULL,
    support_type         text NOT NULL,
    category             text NOT NULL,
    category_number      integer NOT NULL CHECK (category_number BETWEEN 0 AND 21),
    funding_component    text NOT NULL,
    approved             numeric(14, 2),
    released             numeric(14, 2),
    spent                numeric(14, 2),
    remaining            numeric(14, 2),
    start_date           date,
    end_date             date,
    instalment_type      text NOT NULL,
    excluded_from_totals boolean NOT NULL,
    removed_at           timestamptz,
    removed              boolean GENERATED ALWAYS AS (removed_at IS NOT NULL) STORED,
    created_at           timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    CONSTRAINT plan_budget_identity UNIQUE (contract_id, identity_hash, ordinal),
    FOREIGN KEY (organisation_id, contract_id) REFERENCES service_contract (organisation_id, id)
);

COMMENT ON COLUMN plan_budget.identity_hash IS 'An identity may be longer than an index entry.';

-- When a budget's money is released. No period, or one, means up front.
CREATE TABLE funding_period (
    organisation_id   uuid NOT NULL,
    budget_id         uuid NOT NULL,
    position          integer NOT NULL,
    funding_period_id text NOT NULL,
    start_date        date,
    end_date          date,
    amount            numeric(14, 2),
    released          boolean,
    PRIMARY KEY (budget_id, position),
    FOREIGN KEY (organisation_id, budget_id) REFERENCES plan_budget (organisation_id, id)
);

CREATE INDEX funding_period_start ON funding_period (organisation_id, start_date);

-- The support items that a stated budget names.
CREATE TABLE stated_item (
    organisation_id     uuid NOT NULL,
    budget_id           uuid NOT NULL,
    position            integer NOT NULL,
    support_item_number text NOT NULL,
    support_item_text   text NOT NULL,
    approved            numeric(14, 2),
    PRIMARY KEY (budget_id, position),
    FOREIGN KEY (organisation_id, budget_id) REFERENCES plan_budget (organisation_id, id)
);

-- What drew on a budget: our own work with its claim, and at most one adjustment record (R27), which can never be claimed.
CREATE TABLE delivered_service (
    id                       uuid PRIMARY KEY,
    organisation_id          uuid NOT NULL,
    budget_id                uuid NOT NULL,
    kind                     text NOT NULL CHECK (kind IN ('own', 'pace_adjustment')),
    reference                text NOT NULL DEFAULT '',
    delivered_on             date,
    amount                   numeric(14, 2) NOT NULL,
    support_item_number      text NOT NULL,
    support_item_description text NOT NULL,
    service_provider_name    text NOT NULL,
    note                     text NOT NULL,
    claim_status             text NOT NULL,
    claimable                boolean NOT NULL,
    removed_at               timestamptz,
    removed                  boolean GENERATED ALWAYS AS (removed_at IS NOT NULL) STORED,
    created_at               timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, budget_id) REFERENCES plan_budget (organisation_id, id),
    CHECK (CASE kind
        WHEN 'own' THEN reference <> '' AND delivered_on IS NOT NULL
                        AND claim_status IN ('not_claimed', 'submitted', 'pending', 'paid', 'rejected', 'cancelled')
        ELSE NOT claimable AND claim_status = '' END)
);

CREATE UNIQUE INDEX delivered_service_adjustment ON delivered_service (budget_id) WHERE kind = 'pace_adjustment';
CREATE UNIQUE INDEX delivered_service_reference ON delivered_service (organisation_id, reference) WHERE kind = 'own';
CREATE INDEX delivered_service_budget ON delivered_service (budget_id);

COMMENT ON COLUMN delivered_service.reference IS 'The provider''s own id of the work; empty for an adjustment record.';

-- A retrieval that waits to be created (R22), sealed. It is unreadable once it is closed.
CREATE TABLE pace_preview (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    person_id       uuid NOT NULL,
    run_id          uuid NOT NULL,
    sealed          bytea,
    retrieved_at    timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    closed_at       timestamptz,
    closed_as       text NOT NULL DEFAULT '' CHECK (closed_as IN ('', 'created', 'replaced', 'ended')),
    contract_id     uuid,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    FOREIGN KEY (organisation_id, run_id) REFERENCES sync_run (organisation_id, id),
    FOREIGN KEY (organisation_id, contract_id) REFERENCES service_contract (organisation_id, id),
    CHECK ((closed_at IS NULL) = (closed_as = '') AND (closed_at IS NULL) = (sealed IS NOT NULL))
);

CREATE UNIQUE INDEX pace_preview_waiting ON pace_preview (person_id) WHERE closed_at IS NULL;

-- What an unattended refresh left to people (R31). A later one takes the place of the list.
CREATE TABLE pace_review (
    organisation_id uuid NOT NULL,
    person_id       uuid NOT NULL,
    position        integer NOT NULL,
    kind            text NOT NULL,
    contract_id     uuid,
    budget_id       uuid,
    subject         text NOT NULL,
    field           text NOT NULL,
    old_value       text,
    new_value       text,
    run_id          uuid NOT NULL,
    held_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, position),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    FOREIGN KEY (organisation_id, contract_id) REFERENCES service_contract (organisation_id, id),
    FOREIGN KEY (organisation_id, budget_id) REFERENCES plan_budget (organisation_id, id),
    FOREIGN KEY (organisation_id, run_id) REFERENCES sync_run (organisation_id, id)
);

CREATE INDEX pace_review_organisation ON pace_review (organisation_id, held_at);

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

-- What the NDIA has told us, each notification once however often it came. It holds neither the participant nor the text.
CREATE TABLE pace_notification (
    organisation_id   uuid NOT NULL REFERENCES organisation (id),
    digest            bytea NOT NULL,
    event             text NOT NULL,
    person_id         uuid,
    times             integer NOT NULL DEFAULT 1,
    first_received_at timestamptz NOT NULL DEFAULT now(),
    last_received_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, digest),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);

CREATE INDEX pace_notification_newest ON pace_notification (organisation_id, last_received_at DESC);

COMMENT ON COLUMN pace_notification.person_id IS 'NULL for a participant whom the organisation does not have.';

-- Whether a person has a plan or a contract, so that they cannot become one with another who has.
-- +goose StatementBegin
CREATE FUNCTION person_has_records(of_organisation uuid, of_person uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM support_plan p WHERE p.organisation_id = of_organisation AND p.person_id = of_person)
        OR EXISTS (SELECT FROM service_contract c WHERE c.organisation_id = of_organisation AND c.person_id = of_person)
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION person_has_records;
DROP TABLE pace_notification, plan_ahead, pace_review, pace_preview, delivered_service, stated_item, funding_period, plan_budget,
    service_contract, pace_standing, pace_settings;
