-- +goose Up
-- The two boxes that are ticked on a person (PACE guide, step 2): API access is offered only with PACE participant (R21).
ALTER TABLE person
    ADD pace_participant boolean NOT NULL DEFAULT false,
    ADD pace_api_access  boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT person_pace_api_access CHECK (pace_participant OR NOT pace_api_access);

-- Whether an organisation uses the PACE API, and how. The secret authenticates the NDIA's notifications; only its hash is kept.
CREATE TABLE pace_settings (
    organisation_id          uuid PRIMARY KEY REFERENCES organisation (id),
    api_enabled              boolean NOT NULL,
    connection_id            uuid NOT NULL,
    budget_calls_per_hour    integer NOT NULL CHECK (budget_calls_per_hour BETWEEN 1 AND 1000000),
    notification_secret_hash bytea,
    changed_by               text NOT NULL,
    changed_at               timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organisation_id, connection_id) REFERENCES connection (organisation_id, id)
);

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
-- reference.
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
    allocation_total      numeric(16, 2),
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

-- Records also change where no run does it: by an import, or by a person. Then the change itself says through what, by whom and why.
ALTER TABLE record_change
    ALTER run_id DROP NOT NULL,
    ADD source       text NOT NULL DEFAULT '',
    ADD requested_by text NOT NULL DEFAULT '',
    ADD note         text NOT NULL DEFAULT '',
    ADD CHECK ((run_id IS NULL) = (source <> '')),
    ADD CHECK ((run_id IS NULL) = (requested_by <> ''));

COMMENT ON COLUMN record_change.source IS 'What changed the record where no run did, such as import-people.';
COMMENT ON COLUMN record_change.requested_by IS 'Who did it, as in sync_run; where a run changed the record, the run says it.';
COMMENT ON COLUMN record_change.note IS 'Why, in their own words; empty where nobody is asked.';

-- As before, with the outbox's topics named after the kind of run.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION record_step(
    step_organisation uuid, step_run uuid, step_person uuid, step_area text, step_chunk integer, step_answer jsonb,
    step_as_of timestamptz, issues jsonb, changes jsonb, holds jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    stored jsonb;
BEGIN
    INSERT INTO sync_step (organisation_id, run_id, area, chunk, outcome, reason, answer, as_of)
    VALUES (step_organisation, step_run, step_area, step_chunk, step_answer ->> 'outcome', coalesce(step_answer ->> 'reason', ''),
            step_answer, step_as_of)
    ON CONFLICT (run_id, area, chunk) DO NOTHING
    RETURNING answer INTO stored;

    IF stored IS NULL THEN
        SELECT answer INTO stored FROM sync_step WHERE run_id = step_run AND area = step_area AND chunk = step_chunk;
    ELSIF jsonb_array_length(issues) > 0 THEN
        INSERT INTO sync_issue (organisation_id, run_id, area, severity, code, message, words, kind, record_id, about, details, position)
        SELECT step_organisation, step_run, step_area, i.severity, i.code, i.message, i.words, i.kind, i.record_id, i.about, i.details, row_number() OVER ()
        FROM jsonb_to_recordset(issues) AS i (severity text, code text, message text, words text, kind text, record_id uuid, about jsonb, details jsonb);
    END IF;

    IF jsonb_array_length(changes) > 0 THEN
        INSERT INTO record_change (organisation_id, run_id, kind, record_id, action, field, old_value, new_value, position)
        SELECT step_organisation, step_run, c.kind, c.record_id, c.action, c.field, c.old_value, c.new_value, row_number() OVER ()
        FROM jsonb_to_recordset(changes) AS c (kind text, record_id uuid, action text, field text, old_value text, new_value text);

        INSERT INTO outbox (organisation_id, topic, payload)
        SELECT step_organisation, r.kind || '.' || step_area || '.changed', jsonb_build_object('run_id', step_run, 'person_id', step_person)
        FROM sync_run r WHERE r.organisation_id = step_organisation AND r.id = step_run;
    END IF;

    IF jsonb_array_length(holds) > 0 THEN
        INSERT INTO removal_hold AS o (organisation_id, person_id, kind, budget_id, run_id, records)
        SELECT step_organisation, step_person, h.kind, h.budget_id, step_run, h.records
        FROM jsonb_to_recordset(holds) AS h (kind text, budget_id uuid, records integer)
        WHERE h.records > 0
        ON CONFLICT (person_id, kind, budget_id) WHERE closed_at IS NULL
        DO UPDATE SET run_id = excluded.run_id, records = excluded.records,
            -- Whoever began to read before the acceptance does not undo it; more records than were accepted have to be accepted anew.
            accepted_at = CASE WHEN excluded.records <= o.records THEN o.accepted_at END,
            accepted_by = CASE WHEN excluded.records <= o.records THEN o.accepted_by END;

        UPDATE removal_hold o SET closed_at = now()
        FROM jsonb_to_recordset(holds) AS h (kind text, budget_id uuid, records integer)
        WHERE h.records = 0 AND o.person_id = step_person AND o.kind = h.kind AND o.budget_id IS NOT DISTINCT FROM h.budget_id
          AND o.closed_at IS NULL;
    END IF;

    RETURN stored;
END
$$;
-- +goose StatementEnd

-- +goose Down
DELETE FROM record_change WHERE run_id IS NULL;
ALTER TABLE record_change DROP COLUMN source, DROP COLUMN requested_by, DROP COLUMN note, ALTER run_id SET NOT NULL;
DROP TABLE pace_notification, pace_review, pace_preview, delivered_service, stated_item, funding_period, plan_budget, service_contract,
    pace_standing, pace_settings;
ALTER TABLE person DROP COLUMN pace_participant, DROP COLUMN pace_api_access;
