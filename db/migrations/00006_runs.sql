-- +goose Up
-- A run is one pass over one person. Its id is the Temporal run's (kept by a reset), or made from bulk and person. bulk_id has no foreign
-- key: checking it would lock the row of the bulk run for each of its people, many at the same time. What is written there comes from that
-- row, and neither is ever deleted.
CREATE TABLE sync_run (
    id              uuid NOT NULL,
    organisation_id uuid NOT NULL,
    person_id       uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('care-recipient', 'pace-contract')),
    trigger         text NOT NULL,
    requested_by    text NOT NULL,
    all_budgets     boolean NOT NULL,
    workflow_id     text NOT NULL,
    requested_at    timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    outcome         text CHECK (outcome IN ('succeeded', 'succeeded_with_warnings', 'partial', 'failed', 'cancelled')),
    reason          text NOT NULL DEFAULT '',
    warnings        integer NOT NULL DEFAULT 0,
    counts          jsonb NOT NULL DEFAULT '{}',
    bulk_id         uuid,
    areas           jsonb,
    read_at         timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    CHECK ((outcome IS NULL) = (finished_at IS NULL))
);

CREATE INDEX sync_run_person ON sync_run (organisation_id, person_id, requested_at DESC);
CREATE INDEX sync_run_newest ON sync_run (organisation_id, requested_at DESC);
-- The next two leave out what a bulk run adds for somebody who succeeds: the newest runs that ended in one way, other than the usual one,
-- and those that were caused in one way, other than by a bulk run.
CREATE INDEX sync_run_outcome ON sync_run (organisation_id, outcome, requested_at DESC, id DESC) WHERE outcome <> 'succeeded';
CREATE INDEX sync_run_trigger ON sync_run (organisation_id, trigger, requested_at DESC, id DESC) WHERE trigger <> 'bulk';
-- Those that may have been left open.
CREATE INDEX sync_run_open ON sync_run (requested_at) WHERE outcome IS NULL;

COMMENT ON COLUMN sync_run.bulk_id IS 'The bulk run that asked, NULL if none did.';
COMMENT ON COLUMN sync_run.areas IS 'How the areas ended that were written at once, in a bulk run, by area; those that were written by a step of their own stand in sync_step.';
COMMENT ON COLUMN sync_run.read_at IS 'When the read of these areas began.';

-- The ledger of a run: a step writes its row with its data, so that a retry that finds the row answers from it.
CREATE TABLE sync_step (
    organisation_id uuid NOT NULL,
    run_id          uuid NOT NULL,
    area            text NOT NULL,
    chunk           integer NOT NULL,
    outcome         text NOT NULL,
    reason          text NOT NULL,
    answer          jsonb NOT NULL,
    as_of           timestamptz NOT NULL,
    finished_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, area, chunk),
    FOREIGN KEY (organisation_id, run_id) REFERENCES sync_run (organisation_id, id)
);

-- How a run's areas ended, wherever that stands.
CREATE VIEW area_answer AS
SELECT s.organisation_id, s.run_id, s.area, s.chunk, s.outcome, s.reason, s.answer, s.as_of, s.finished_at FROM sync_step s
UNION ALL
SELECT r.organisation_id, r.id, a.area, 0, a.answer ->> 'outcome', coalesce(a.answer ->> 'reason', ''), a.answer, r.read_at, r.finished_at
FROM sync_run r CROSS JOIN LATERAL jsonb_each(r.areas) AS a (area, answer) WHERE r.areas IS NOT NULL;

-- What a run has to say: warnings, and why an area was refused or failed, with the government's words (R10: they live here only).
CREATE TABLE sync_issue (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL,
    run_id          uuid NOT NULL,
    area            text NOT NULL,
    severity        text NOT NULL CHECK (severity IN ('warning', 'error')),
    code            text NOT NULL,
    words           text NOT NULL,
    kind            text NOT NULL,
    record_id       uuid,
    about           jsonb, -- the record as people know it, the field and what came; null where the issue is about the area as a whole
    details         jsonb,
    position        integer NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organisation_id, run_id) REFERENCES sync_run (organisation_id, id)
);

CREATE INDEX sync_issue_run ON sync_issue (run_id, created_at, position);

-- Where a step is being retried: what it waits for (R38), since when, how often and what the government said last. It is what people see while
-- they wait.
CREATE TABLE sync_retry (
    organisation_id uuid NOT NULL,
    run_id          uuid NOT NULL,
    area            text NOT NULL,
    since           timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 1,
    cause           text NOT NULL,
    trouble         text NOT NULL DEFAULT '',
    until           timestamptz,
    problem         text NOT NULL,
    words           text NOT NULL,
    last_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, area),
    FOREIGN KEY (organisation_id, run_id) REFERENCES sync_run (organisation_id, id)
);

-- What changed, old and new, by field. A created, removed or revived record has one row with no field. Records also change where no run does
-- it: by an import, or by a person. Then the change itself says through what, by whom and why.
CREATE TABLE record_change (
    organisation_id uuid NOT NULL,
    run_id          uuid,
    kind            text NOT NULL,
    record_id       uuid NOT NULL,
    action          text NOT NULL CHECK (action IN ('created', 'updated', 'removed', 'revived')),
    field           text NOT NULL,
    old_value       text,
    new_value       text,
    source          text NOT NULL DEFAULT '',
    requested_by    text NOT NULL DEFAULT '',
    note            text NOT NULL DEFAULT '',
    position        integer NOT NULL,
    changed_at      timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organisation_id, run_id) REFERENCES sync_run (organisation_id, id),
    CHECK ((run_id IS NULL) = (source <> '')),
    CHECK ((run_id IS NULL) = (requested_by <> ''))
);

CREATE INDEX record_change_run ON record_change (run_id, changed_at, position);
CREATE INDEX record_change_record ON record_change (record_id, changed_at);

COMMENT ON COLUMN record_change.source IS 'What changed the record where no run did, such as import-people.';
COMMENT ON COLUMN record_change.requested_by IS 'Who did it, as in sync_run; where a run changed the record, the run says it.';
COMMENT ON COLUMN record_change.note IS 'Why, in their own words; empty where nobody is asked.';

-- Removals that the guard held back (R5), waiting for an operator. At most one is open for a list: a kind of record of a person, and
-- for what stands below a budget, that budget.
CREATE TABLE removal_hold (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id uuid NOT NULL,
    person_id       uuid NOT NULL,
    kind            text NOT NULL,
    budget_id       uuid,
    run_id          uuid NOT NULL,
    records         integer NOT NULL,
    held_at         timestamptz NOT NULL DEFAULT now(),
    accepted_at     timestamptz,
    accepted_by     text,
    closed_at       timestamptz,
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id),
    FOREIGN KEY (organisation_id, budget_id) REFERENCES budget (organisation_id, id),
    FOREIGN KEY (organisation_id, run_id) REFERENCES sync_run (organisation_id, id)
);

CREATE UNIQUE INDEX removal_hold_open ON removal_hold (person_id, kind, budget_id) NULLS NOT DISTINCT WHERE closed_at IS NULL;
CREATE INDEX removal_hold_run ON removal_hold (run_id);

-- Each attempt to read takes a ticket before its first request; the newer read wins (R7).
CREATE SEQUENCE read_ticket;

-- The ticket of the read whose data stands in an area of a person, and when that read began. previous_ticket lets a writer see
-- whether the data is still what it compared with.
CREATE TABLE area_fence (
    organisation_id uuid NOT NULL,
    person_id       uuid NOT NULL,
    area            text NOT NULL,
    ticket          bigint NOT NULL,
    previous_ticket bigint NOT NULL,
    as_of           timestamptz NOT NULL,
    PRIMARY KEY (person_id, area),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person (organisation_id, id)
);

-- Usage is fenced by budget.
CREATE TABLE usage_fence (
    organisation_id uuid NOT NULL,
    budget_id       uuid NOT NULL PRIMARY KEY,
    ticket          bigint NOT NULL,
    previous_ticket bigint NOT NULL,
    as_of           timestamptz NOT NULL,
    FOREIGN KEY (organisation_id, budget_id) REFERENCES budget (organisation_id, id)
);

-- Facts for other programs, written with the data they are about. They carry our ids only (R10).
CREATE TABLE outbox (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    topic           text NOT NULL,
    payload         jsonb NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    published_at    timestamptz
);

CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;

-- begin_step is the first statement of every step: it takes the read's ticket and returns what the step needs to know. The
-- ledger's answer is there if an earlier attempt has already finished the step. A fence must not be read here: a function like this
-- sees rows newer than those that the calling statement sees.
-- +goose StatementBegin
CREATE FUNCTION begin_step(
    step_organisation uuid, step_run uuid, step_person uuid, step_connection uuid, step_area text, step_chunk integer
) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'ticket', nextval('read_ticket'),
        'began_at', clock_timestamp(),
        'answer', (SELECT s.answer FROM sync_step s WHERE s.run_id = step_run AND s.area = step_area AND s.chunk = step_chunk),
        'person', (SELECT to_jsonb(c) FROM person c WHERE c.organisation_id = step_organisation AND c.id = step_person),
        'connection', (SELECT to_jsonb(n) FROM connection n WHERE n.organisation_id = step_organisation AND n.id = step_connection),
        'plan', (SELECT to_jsonb(p) FROM support_plan p WHERE p.organisation_id = step_organisation AND p.person_id = step_person),
        'holds', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', h.kind, 'budget_id', h.budget_id, 'records', h.records,
                                                              'accepted', h.accepted_at IS NOT NULL)), '[]')
                  FROM removal_hold h WHERE h.organisation_id = step_organisation AND h.person_id = step_person AND h.closed_at IS NULL)
    )
$$;
-- +goose StatementEnd

-- record_step writes what every step writes beside its data, and returns what the ledger says of the step: for a step that
-- another attempt finished first, that attempt's answer. changes, issues and holds are arrays of objects with the columns'
-- names; a hold of no records closes one that was open. The outbox's topics are named after the kind of run. A pass that writes all areas at once
-- keeps its answers in its run's row, and not in the ledger.
-- +goose StatementBegin
CREATE FUNCTION record_step(
    step_organisation uuid, step_run uuid, step_person uuid, step_area text, step_chunk integer, step_answer jsonb,
    step_as_of timestamptz, issues jsonb, changes jsonb, holds jsonb, in_ledger boolean
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    stored jsonb;
BEGIN
    IF in_ledger THEN
        INSERT INTO sync_step (organisation_id, run_id, area, chunk, outcome, reason, answer, as_of)
        VALUES (step_organisation, step_run, step_area, step_chunk, step_answer ->> 'outcome', coalesce(step_answer ->> 'reason', ''),
                step_answer, step_as_of)
        ON CONFLICT (run_id, area, chunk) DO NOTHING
        RETURNING answer INTO stored;
    ELSE
        stored := step_answer;
    END IF;

    IF stored IS NULL THEN
        SELECT answer INTO stored FROM sync_step WHERE run_id = step_run AND area = step_area AND chunk = step_chunk;
    ELSIF jsonb_array_length(issues) > 0 THEN
        INSERT INTO sync_issue (organisation_id, run_id, area, severity, code, words, kind, record_id, about, details, position)
        SELECT step_organisation, step_run, step_area, i.severity, i.code, i.words, i.kind, i.record_id, i.about, i.details, row_number() OVER ()
        FROM jsonb_to_recordset(issues) AS i (severity text, code text, words text, kind text, record_id uuid, about jsonb, details jsonb);
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

-- Whether the last finished run of a person succeeded; NULL if there was none. One that read some areas only does not make good for what
-- failed in others: where it succeeded, the run before counts.
-- +goose StatementBegin
CREATE FUNCTION last_sync_succeeded(of_organisation uuid, of_person uuid, of_kind text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT n.succeeded
    FROM (
        SELECT r.id, r.kind, r.requested_at, r.outcome IN ('succeeded', 'succeeded_with_warnings') AS succeeded FROM sync_run r
        WHERE r.organisation_id = of_organisation AND r.person_id = of_person AND r.kind = of_kind AND r.outcome IS NOT NULL
    ) n
    WHERE NOT n.succeeded OR n.kind = 'pace-contract'
       OR 2 = (SELECT count(DISTINCT s.area) FROM area_answer s WHERE s.organisation_id = of_organisation AND s.run_id = n.id AND s.area IN ('contributions', 'budgets'))
    ORDER BY n.requested_at DESC LIMIT 1
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION last_sync_succeeded, record_step, begin_step;
DROP VIEW area_answer;
DROP TABLE outbox, usage_fence, area_fence, removal_hold, record_change, sync_retry, sync_issue, sync_step, sync_run;
DROP SEQUENCE read_ticket;
