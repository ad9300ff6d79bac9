-- +goose Up
-- The care recipient id is the person's and may change (R33): the plan follows it (R12).
ALTER TABLE support_plan
    DROP CONSTRAINT support_plan_organisation_id_person_id_care_recipient_id_fkey,
    ADD FOREIGN KEY (organisation_id, person_id, care_recipient_id) REFERENCES person (organisation_id, id, care_recipient_id) ON UPDATE CASCADE;

-- Whether a person has a plan or a contract, so that they cannot become one with another who has.
-- +goose StatementBegin
CREATE FUNCTION person_has_records(of_organisation uuid, of_person uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM support_plan p WHERE p.organisation_id = of_organisation AND p.person_id = of_person)
        OR EXISTS (SELECT FROM service_contract c WHERE c.organisation_id = of_organisation AND c.person_id = of_person)
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION person_has_records(uuid, uuid);
ALTER TABLE support_plan
    DROP CONSTRAINT support_plan_organisation_id_person_id_care_recipient_id_fkey,
    ADD FOREIGN KEY (organisation_id, person_id, care_recipient_id) REFERENCES person (organisation_id, id, care_recipient_id);
