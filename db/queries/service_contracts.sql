-- A service contract is read and written as a whole: one statement before the NDIA is asked, one that says what we hold, one that
-- applies what was decided (R26). Whoever writes passes the fence first, which lets one in after the other.

-- name: LoadParticipant :one
SELECT c.id, c.given_name, c.family_name, c.birth_date, coalesce(c.ndis_number, '') AS ndis_number, c.pace_participant, c.pace_api_access,
       o.time_zone, coalesce(n.time_zone, 'Australia/Sydney') AS service_time_zone, coalesce(s.api_enabled, false) AS api_enabled, s.connection_id, n.activated_at,
       coalesce(t.relationships, '[]')::jsonb AS relationships, t.stopped_on, coalesce(t.stop_reason, '') AS stop_reason
FROM person c
JOIN organisation o ON o.id = c.organisation_id
LEFT JOIN pace_settings s ON s.organisation_id = c.organisation_id
LEFT JOIN connection n ON n.organisation_id = s.organisation_id AND n.id = s.connection_id
LEFT JOIN pace_standing t ON t.organisation_id = c.organisation_id AND t.person_id = c.id
WHERE c.organisation_id = @organisation_id AND c.id = @person_id;

-- name: BeginContract :one
SELECT
    begin_step(@organisation_id, @run_id, @person_id, @connection_id, 'contract', @chunk)::jsonb AS begin,
    jsonb_build_object(
        'participant', (SELECT to_jsonb(c) FROM person c WHERE c.organisation_id = @organisation_id AND c.id = @person_id),
        'budget_calls_per_hour', coalesce((SELECT s.budget_calls_per_hour FROM pace_settings s WHERE s.organisation_id = @organisation_id), 0)
    )::jsonb AS held;

-- name: HeldContracts :one
SELECT jsonb_build_object(
    'contracts', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.start_date, c.id), '[]') FROM service_contract c
                  WHERE c.organisation_id = @organisation_id AND c.person_id = @person_id),
    'budgets', (
        SELECT coalesce(jsonb_agg(to_jsonb(b) || jsonb_build_object(
            'stated_items', (SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.position), '[]') FROM stated_item i WHERE i.budget_id = b.id),
            'funding_periods', (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.position), '[]') FROM funding_period f WHERE f.budget_id = b.id)
        ) ORDER BY b.id), '[]')
        FROM plan_budget b JOIN service_contract c ON c.organisation_id = b.organisation_id AND c.id = b.contract_id
        WHERE b.organisation_id = @organisation_id AND c.person_id = @person_id),
    'delivered_services', (
        SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.id), '[]')
        FROM delivered_service d
        JOIN plan_budget b ON b.organisation_id = d.organisation_id AND b.id = d.budget_id
        JOIN service_contract c ON c.organisation_id = b.organisation_id AND c.id = b.contract_id
        WHERE d.organisation_id = @organisation_id AND c.person_id = @person_id)
)::jsonb AS held;

-- name: ApplyContract :one
-- The contract, those that it ends, its budgets with what is inside them, the delivered services, and what becomes of the retrieval and
-- of the list for review. Rows that would stay as they are are not touched.
WITH contracts AS (
    INSERT INTO service_contract AS c (id, organisation_id, person_id, origin, plan_first_start_date, plan_start_date, plan_end_date,
                                       start_date, end_date, superseded_by, total_funding, allocation_total, funding_incomplete,
                                       allocation_incomplete, retrieved_on, declined)
    SELECT r.id, @organisation_id, @person_id, r.origin, r.plan_first_start_date, r.plan_start_date, r.plan_end_date, r.start_date,
           r.end_date, nullif(r.superseded_by, '')::uuid, r.total_funding, r.allocation_total, r.funding_incomplete,
           r.allocation_incomplete, r.retrieved_on, coalesce(nullif(r.declined, 'null'), '[]')
    FROM jsonb_to_recordset(@contracts::jsonb)
        AS r (id uuid, origin text, plan_first_start_date date, plan_start_date date, plan_end_date date, start_date date, end_date date,
              superseded_by text, total_funding numeric, allocation_total numeric, funding_incomplete boolean,
              allocation_incomplete boolean, retrieved_on date, declined jsonb)
    ON CONFLICT (id) DO UPDATE
    SET plan_end_date = excluded.plan_end_date, start_date = excluded.start_date, end_date = excluded.end_date,
        superseded_by = excluded.superseded_by, total_funding = excluded.total_funding, allocation_total = excluded.allocation_total,
        funding_incomplete = excluded.funding_incomplete, allocation_incomplete = excluded.allocation_incomplete,
        retrieved_on = excluded.retrieved_on, declined = excluded.declined
    WHERE (c.plan_end_date, c.start_date, c.end_date, c.superseded_by, c.total_funding, c.allocation_total, c.funding_incomplete,
           c.allocation_incomplete, c.retrieved_on, c.declined)
        IS DISTINCT FROM (excluded.plan_end_date, excluded.start_date, excluded.end_date, excluded.superseded_by, excluded.total_funding,
                          excluded.allocation_total, excluded.funding_incomplete, excluded.allocation_incomplete, excluded.retrieved_on,
                          excluded.declined)
), budgets AS (
    INSERT INTO plan_budget (id, organisation_id, contract_id, identity, ordinal, budget_type, management, support_type, category,
                             category_number, funding_component, approved, released, spent, remaining, start_date, end_date,
                             instalment_type, excluded_from_totals)
    SELECT r.id, @organisation_id, r.contract_id, r.identity, r.ordinal, r.budget_type, r.management, r.support_type, r.category,
           r.category_number, r.funding_component, r.approved, r.released, r.spent, r.remaining, r.start_date, r.end_date,
           r.instalment_type, r.excluded_from_totals
    FROM jsonb_to_recordset(@budgets::jsonb)
        AS r (id uuid, contract_id uuid, identity text, ordinal integer, budget_type text, management text, support_type text, category text,
              category_number integer, funding_component text, approved numeric, released numeric, spent numeric, remaining numeric,
              start_date date, end_date date, instalment_type text, excluded_from_totals boolean)
    ON CONFLICT (id) DO UPDATE
    SET budget_type = excluded.budget_type, management = excluded.management, support_type = excluded.support_type,
        category = excluded.category, category_number = excluded.category_number, funding_component = excluded.funding_component,
        approved = excluded.approved, released = excluded.released, spent = excluded.spent, remaining = excluded.remaining,
        start_date = excluded.start_date, end_date = excluded.end_date, instalment_type = excluded.instalment_type,
        excluded_from_totals = excluded.excluded_from_totals, removed_at = NULL
), removed_budgets AS (
    UPDATE plan_budget b SET removed_at = now() WHERE b.organisation_id = @organisation_id AND b.id = ANY (@removed_budgets::uuid[])
), items AS (
    INSERT INTO stated_item AS i (organisation_id, budget_id, position, support_item_number, support_item_text, approved)
    SELECT @organisation_id, r.id, m.position, m.item ->> 'support_item_number', m.item ->> 'support_item_text', (m.item ->> 'approved')::numeric
    FROM jsonb_to_recordset(@budgets::jsonb) AS r (id uuid, stated_items jsonb),
         jsonb_array_elements(coalesce(nullif(r.stated_items, 'null'), '[]')) WITH ORDINALITY AS m (item, position)
    ON CONFLICT (budget_id, position) DO UPDATE
    SET support_item_number = excluded.support_item_number, support_item_text = excluded.support_item_text, approved = excluded.approved
    WHERE (i.support_item_number, i.support_item_text, i.approved)
        IS DISTINCT FROM (excluded.support_item_number, excluded.support_item_text, excluded.approved)
), surplus_items AS (
    DELETE FROM stated_item i USING jsonb_to_recordset(@budgets::jsonb) AS r (id uuid, stated_items jsonb)
    WHERE i.organisation_id = @organisation_id AND i.budget_id = r.id
      AND i.budget_id = ANY (ARRAY(SELECT b.id FROM jsonb_to_recordset(@budgets::jsonb) AS b (id uuid)))
      AND i.position > jsonb_array_length(coalesce(nullif(r.stated_items, 'null'), '[]'))
), periods AS (
    INSERT INTO funding_period AS f (organisation_id, budget_id, position, funding_period_id, start_date, end_date, amount, released)
    SELECT @organisation_id, r.id, m.position, m.period ->> 'funding_period_id', (m.period ->> 'start_date')::date,
           (m.period ->> 'end_date')::date, (m.period ->> 'amount')::numeric, (m.period ->> 'released')::boolean
    FROM jsonb_to_recordset(@budgets::jsonb) AS r (id uuid, funding_periods jsonb),
         jsonb_array_elements(coalesce(nullif(r.funding_periods, 'null'), '[]')) WITH ORDINALITY AS m (period, position)
    ON CONFLICT (budget_id, position) DO UPDATE
    SET funding_period_id = excluded.funding_period_id, start_date = excluded.start_date, end_date = excluded.end_date,
        amount = excluded.amount, released = excluded.released
    WHERE (f.funding_period_id, f.start_date, f.end_date, f.amount, f.released)
        IS DISTINCT FROM (excluded.funding_period_id, excluded.start_date, excluded.end_date, excluded.amount, excluded.released)
), surplus_periods AS (
    DELETE FROM funding_period f USING jsonb_to_recordset(@budgets::jsonb) AS r (id uuid, funding_periods jsonb)
    WHERE f.organisation_id = @organisation_id AND f.budget_id = r.id
      AND f.budget_id = ANY (ARRAY(SELECT b.id FROM jsonb_to_recordset(@budgets::jsonb) AS b (id uuid)))
      AND f.position > jsonb_array_length(coalesce(nullif(r.funding_periods, 'null'), '[]'))
), adjustments AS (
    INSERT INTO delivered_service (id, organisation_id, budget_id, kind, delivered_on, amount, support_item_number,
                                   support_item_description, service_provider_name, note, claim_status, claimable)
    SELECT r.id, @organisation_id, r.budget_id, r.kind, r.delivered_on, r.amount, r.support_item_number, r.support_item_description,
           r.service_provider_name, r.note, r.claim_status, r.claimable
    FROM jsonb_to_recordset(@adjustments::jsonb)
        AS r (id uuid, budget_id uuid, kind text, delivered_on date, amount numeric, support_item_number text,
              support_item_description text, service_provider_name text, note text, claim_status text, claimable boolean)
    ON CONFLICT (id) DO UPDATE
    SET delivered_on = excluded.delivered_on, amount = excluded.amount, support_item_number = excluded.support_item_number,
        support_item_description = excluded.support_item_description, service_provider_name = excluded.service_provider_name,
        note = excluded.note, removed_at = NULL
), removed_adjustments AS (
    UPDATE delivered_service d SET removed_at = now() WHERE d.organisation_id = @organisation_id AND d.id = ANY (@removed_adjustments::uuid[])
), created AS (
    UPDATE pace_preview p SET closed_at = now(), closed_as = 'created', sealed = NULL, contract_id = sqlc.narg(contract_id)
    WHERE p.organisation_id = @organisation_id AND p.id = sqlc.narg(preview_id) AND p.closed_at IS NULL
), reviewed AS (
    -- A person who saw the whole plan has seen what waited of it.
    DELETE FROM pace_review v
    WHERE v.organisation_id = @organisation_id AND v.person_id = @person_id
      AND CASE @reviewing::text WHEN 'all' THEN v.position > jsonb_array_length(@review::jsonb)
                                WHEN 'contract' THEN coalesce(v.contract_id = sqlc.narg(contract_id), v.kind = 'new_contract')
                                WHEN 'budgets' THEN coalesce(v.budget_id = ANY (@reviewed_budgets::uuid[]),
                                                             v.kind = 'new_budget' AND v.subject = ANY (@reviewed_subjects::text[]))
                                ELSE false END
), review AS (
    INSERT INTO pace_review AS v (organisation_id, person_id, position, kind, contract_id, budget_id, subject, field, old_value, new_value, run_id)
    SELECT @organisation_id, @person_id, m.position, m.item ->> 'kind', (m.item ->> 'contract_id')::uuid, (m.item ->> 'budget_id')::uuid,
           m.item ->> 'subject', coalesce(m.item ->> 'field', ''), m.item ->> 'old_value', m.item ->> 'new_value', @run_id
    FROM jsonb_array_elements(@review::jsonb) WITH ORDINALITY AS m (item, position)
    ON CONFLICT (person_id, position) DO UPDATE
    SET kind = excluded.kind, contract_id = excluded.contract_id, budget_id = excluded.budget_id, subject = excluded.subject,
        field = excluded.field, old_value = excluded.old_value, new_value = excluded.new_value, run_id = excluded.run_id, held_at = now()
    WHERE (v.kind, v.contract_id, v.budget_id, v.subject, v.field, v.old_value, v.new_value)
        IS DISTINCT FROM (excluded.kind, excluded.contract_id, excluded.budget_id, excluded.subject, excluded.field, excluded.old_value,
                          excluded.new_value)
)
SELECT record_step(@organisation_id, @run_id, @person_id, 'contract', @chunk, @answer, @as_of, @issues, @changes, '[]', true)::jsonb AS answer;

-- name: RefuseContract :one
-- What we hold stays as it is; a denied authority stops the scheduled syncs of the person (R30).
WITH standing AS (
    INSERT INTO pace_standing AS t (organisation_id, person_id, stopped_on, stop_reason)
    SELECT @organisation_id, @person_id, sqlc.narg(stopped_on)::date, @stop_reason::text WHERE sqlc.narg(stopped_on)::date IS NOT NULL
    ON CONFLICT (person_id) DO UPDATE SET stopped_on = excluded.stopped_on, stop_reason = excluded.stop_reason
    WHERE t.stopped_on IS NULL
)
SELECT record_step(@organisation_id, @run_id, @person_id, 'contract', @chunk, @answer, @as_of, @issues, '[]', '[]', true)::jsonb AS answer;

-- name: StorePreview :exec
-- A new retrieval takes the place of the one that waits (R22). Staging the same one again changes nothing.
WITH replaced AS (
    UPDATE pace_preview p SET closed_at = now(), closed_as = 'replaced', sealed = NULL
    WHERE p.organisation_id = @organisation_id AND p.person_id = @person_id AND p.closed_at IS NULL AND p.id <> @id
    RETURNING p.id
)
INSERT INTO pace_preview (id, organisation_id, person_id, run_id, sealed, retrieved_at, expires_at)
SELECT @id, @organisation_id, @person_id, @run_id, @sealed, @retrieved_at, @expires_at FROM (SELECT count(*) FROM replaced) AS once_closed
ON CONFLICT (id) DO NOTHING;

-- name: Preview :one
SELECT id, person_id, run_id, sealed, retrieved_at, expires_at, closed_at, closed_as, contract_id
FROM pace_preview WHERE organisation_id = @organisation_id AND id = @id;

-- name: WaitingPreview :one
SELECT id, person_id, run_id, sealed, retrieved_at, expires_at, closed_at, closed_as, contract_id
FROM pace_preview WHERE organisation_id = @organisation_id AND person_id = @person_id AND closed_at IS NULL AND expires_at > now();
