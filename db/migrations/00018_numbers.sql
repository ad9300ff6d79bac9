-- +goose Up
-- The care recipient id is the person's and may change (R33): the plan follows it (R12).
ALTER TABLE support_plan
    DROP CONSTRAINT support_plan_organisation_id_client_id_care_recipient_id_fkey,
    ADD FOREIGN KEY (organisation_id, client_id, care_recipient_id) REFERENCES client (organisation_id, id, care_recipient_id) ON UPDATE CASCADE;

-- Whether a person has a plan or a contract, so that they cannot become one with another who has.
-- +goose StatementBegin
CREATE FUNCTION person_has_records(of_organisation uuid, of_client uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM support_plan p WHERE p.organisation_id = of_organisation AND p.client_id = of_client)
        OR EXISTS (SELECT FROM service_contract c WHERE c.organisation_id = of_organisation AND c.client_id = of_client)
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION person_has_records(uuid, uuid);
ALTER TABLE support_plan
    DROP CONSTRAINT support_plan_organisation_id_client_id_care_recipient_id_fkey,
    ADD FOREIGN KEY (organisation_id, client_id, care_recipient_id) REFERENCES client (organisation_id, id, care_recipient_id);
