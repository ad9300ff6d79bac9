-- +goose Up
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
       OR 2 = (SELECT count(DISTINCT s.area) FROM sync_step s WHERE s.run_id = n.id AND s.area IN ('contributions', 'budgets'))
    ORDER BY n.requested_at DESC LIMIT 1
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION last_sync_succeeded(uuid, uuid, text);
