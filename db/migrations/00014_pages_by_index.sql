-- +goose Up
-- No index has a column that a sync changes in a row of person or contribution_set, and those on sync_run leave out what a bulk run adds
-- for somebody who succeeds.

-- The next page of the people by name, as programs read them.
CREATE INDEX person_family_name ON person (organisation_id, family_name, given_name, id);

-- The newest runs that ended in one way, other than the usual one.
CREATE INDEX sync_run_outcome ON sync_run (organisation_id, outcome, requested_at DESC, id DESC) WHERE outcome <> 'succeeded';

-- The newest runs that were caused in one way, other than by a bulk run.
CREATE INDEX sync_run_trigger ON sync_run (organisation_id, trigger, requested_at DESC, id DESC) WHERE trigger <> 'bulk';

-- The contributions that were in force for a person.
CREATE INDEX contribution_set_plan ON contribution_set (plan_id);

-- What a run has held back.
CREATE INDEX removal_hold_run ON removal_hold (run_id);

-- +goose Down
DROP INDEX removal_hold_run, contribution_set_plan, sync_run_trigger, sync_run_outcome, person_family_name;
