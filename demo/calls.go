package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// runFields are what is shown of a run, and as a user would pick them.
var runFields = []string{"id", "outcome", "requested_by", "warnings", "issues", "counts"}

// useHTTP syncs a person over HTTP, and shows who is refused.
func (d *demo) useHTTP(ctx context.Context) error {
	one := subject{"used-without-line", d.banksia, "The government calls more used than the usage lines add up to. Both figures are kept.",
		"succeeded with warnings", nil, ""}
	person, err := d.world.person(ctx, one.key)
	if err != nil {
		return err
	}
	d.out.say(fmt.Sprintf("%s, %s. %s", person.heldName(), one.owner.name, one.about))
	d.out.say("People are found by the care recipient id, which stands in the body since addresses end up in logs.")
	id, err := d.search(ctx, d.banksia, person.HeldCareRecipientID)
	if err != nil {
		return err
	}
	syncs := d.api("/v1/people/" + id + "/syncs")
	d.out.say("The call waits up to 30 seconds for the end of the sync; without that it answers at once with the run to follow.")
	runID, err := d.syncOverHTTP(ctx, syncs)
	if err != nil {
		return err
	}
	if _, err := d.examine(ctx, one, runID); err != nil {
		return err
	}
	return d.isolate(ctx, syncs)
}

func (d *demo) search(ctx context.Context, owner *organisation, careRecipientID string) (id string, err error) {
	body := fmt.Sprintf(`{"care_recipient_id":%q}`, careRecipientID)
	got, err := d.curl(ctx, http.MethodPost, d.api("/v1/people/search"), owner, body, "jq .")
	if err != nil {
		return "", err
	}
	d.showJSON(got.body)
	var person personRef
	if err := json.Unmarshal(got.body, &person); err != nil || person.ID == "" {
		return "", fmt.Errorf("the search for a person answered %s", got.line)
	}
	return person.ID, nil
}

func (d *demo) syncOverHTTP(ctx context.Context, syncs string) (runID string, err error) {
	got, err := d.curl(ctx, http.MethodPost, syncs, d.banksia, `{"wait":30}`, "jq '.run | {"+strings.Join(runFields, ", ")+"}'")
	if err != nil {
		return "", err
	}
	var started struct {
		Run json.RawMessage `json:"run"`
	}
	var finished syncRun
	if err := errors.Join(json.Unmarshal(got.body, &started), json.Unmarshal(started.Run, &finished)); err != nil {
		return "", fmt.Errorf("the start of a sync answered %s: %w", got.line, err)
	}
	d.showJSON(picked(started.Run, runFields))
	return finished.ID, nil
}

// isolate shows that nobody but the person's own organisation reaches the person.
func (d *demo) isolate(ctx context.Context, syncs string) error {
	d.out.say(fmt.Sprintf("For %s this person does not exist, and nobody gets in without a token.", d.wattle.name))
	for _, caller := range []struct {
		about    string
		owner    *organisation
		expected string
	}{
		{"Another organisation's token is refused", d.wattle, "404 Not Found"},
		{"A call without a token is refused", nil, "401 Unauthorized"},
	} {
		got, err := d.curl(ctx, http.MethodPost, syncs, caller.owner, `{"wait":30}`)
		if err != nil {
			return err
		}
		d.showJSON(got.body)
		d.verdict.expect(caller.about, caller.expected, got.line, "")
	}
	return nil
}
