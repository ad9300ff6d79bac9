package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	claimPeople = 3
	claimLines  = 30
	claimAmount = "2.50"
	// strangersID is a care recipient id that the organisation does not have.
	strangersID = "999999999"
)

// claimView is a claim as the HTTP API shows it.
type claimView struct {
	ClaimID string `json:"claim_id"`
	Status  string `json:"status"`
	Events  []struct {
		Status string `json:"status"`
	} `json:"events"`
	Unknown []string `json:"unknown_people"`
	Syncs   []struct {
		ClientID string `json:"person_id"`
		Status   string `json:"status"`
		RunID    string `json:"run_id"`
		Outcome  string `json:"outcome"`
	} `json:"syncs"`
}

// claimFields are what is shown of a claim in the claim service.
var claimFields = []string{"id", "status", "invoices"}

// followClaim lets a claim go through Check Status in the organisation's claim service, which tells CareSync of each change.
func (d *demo) followClaim(ctx context.Context) error {
	people, err := d.claimants(ctx)
	if err != nil {
		return err
	}
	if err := d.setClaimWebhook(ctx); err != nil {
		return err
	}
	id, err := d.submitClaim(ctx, people)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, string) error{d.claimIsPending, d.claimIsApproved, d.claimIsCompleted} {
		if err := step(ctx, id); err != nil {
			return err
		}
	}
	return d.examineClaim(ctx, id, people)
}

// claimants are people whose sync has nothing to remark, and who have a budget to draw on.
func (d *demo) claimants(ctx context.Context) ([]client, error) {
	today, err := d.world.day(ctx)
	if err != nil {
		return nil, err
	}
	people, err := d.clients(ctx, d.banksia)
	if err != nil {
		return nil, err
	}
	funded := slices.DeleteFunc(plainlySucceeding(people), func(person client) bool {
		return person.provider != d.banksia.providers[0] || !person.fundedOn(today.Format(time.DateOnly))
	})
	if len(funded) < claimPeople {
		return nil, fmt.Errorf("only %d people of the simulated world can be claimed for", len(funded))
	}
	return funded[len(funded)-claimPeople:], nil
}

// fundedOn reports whether the person has a budget for ongoing services on a day.
func (k known) fundedOn(day string) bool {
	for _, budget := range k.Budgets {
		if budget.TypeCode == "ON" && budget.Start <= day && day <= budget.End {
			return true
		}
	}
	return false
}

// setClaimWebhook says in the simulator where the claim service tells of claims, of each change twice.
func (d *demo) setClaimWebhook(ctx context.Context) error {
	d.out.say(fmt.Sprintf("%s has a claim service, which runs Check Status and tells CareSync when a claim's status has changed: here over HTTP, with the "+
		"organisation's token, and everything twice.", d.banksia.name))
	body := func(token string) string {
		return fmt.Sprintf(`{"organisation":%q,"url":%q,"copies":2,"token":"%s"}`, d.banksia.raNumber, d.api("/v1/claim-events"), token)
	}
	webhooks := d.world.address + "/control/claim-webhooks"
	d.out.command("curl -s -X PUT " + webhooks + " \\\n    -d '" + body(`'"$`+d.banksia.tokenVariable()+`"'`) + "'")
	got, err := call(ctx, http.MethodPut, webhooks, "", body(d.banksia.token))
	if err == nil && got.status >= http.StatusBadRequest {
		err = fmt.Errorf("the simulator refused: %s", got.body)
	}
	return err
}

func (d *demo) submitClaim(ctx context.Context, people []client) (id string, err error) {
	keys := make([]string, 0, len(people))
	for _, person := range people {
		keys = append(keys, person.Key)
	}
	d.out.say(fmt.Sprintf("A claim for %s, %s and %s, %d lines each, and for somebody whom %s does not have.",
		people[0].heldName(), people[1].heldName(), people[2].heldName(), claimLines, d.banksia.name))
	order, err := json.Marshal(map[string]any{"people": keys, "lines": claimLines, "amount": claimAmount, "strangers": []string{strangersID}})
	if err != nil {
		return "", err
	}
	got, err := d.tellClaims(ctx, "/control/claims", string(order))
	if err != nil {
		return "", err
	}
	var claim struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(got.body, &claim); err != nil || claim.ID == "" {
		return "", fmt.Errorf("the claim service answered %s", got.line)
	}
	return claim.ID, nil
}

// tellClaims makes a call of the claim service and shows what a claim has become.
func (d *demo) tellClaims(ctx context.Context, path, body string) (answer, error) {
	got, err := d.tellWorld(ctx, http.MethodPost, path, body, "jq -c '{id, status, invoices}'")
	if err == nil {
		d.showJSON(picked(got.body, claimFields))
	}
	return got, err
}

func (d *demo) checkStatus(ctx context.Context, id string) error {
	_, err := d.tellClaims(ctx, "/control/claims/"+id+"/check-status", "{}")
	return err
}

func (d *demo) claimIsPending(ctx context.Context, id string) error {
	if err := d.checkStatus(ctx, id); err != nil {
		return err
	}
	claim, err := d.untilClaim(ctx, id, func(claim claimView) bool { return claim.Status == "pending" })
	if err != nil {
		return err
	}
	d.verdict.expect("A claim that is submitted, then pending", "pending; 2 events; 0 syncs", claim.words(), "")
	return nil
}

func (d *demo) claimIsApproved(ctx context.Context, id string) error {
	d.out.say("Approved: the government's records of these people have changed, and each of them is synced once, however many lines are theirs.")
	if err := d.checkStatus(ctx, id); err != nil {
		return err
	}
	claim, err := d.untilClaim(ctx, id, func(claim claimView) bool { return claim.succeeded() >= claimPeople })
	if err != nil {
		return err
	}
	d.verdict.expect("The claim is approved", fmt.Sprintf("approved; 3 events; %d syncs succeeded", claimPeople), claim.words(), "")
	return nil
}

func (d *demo) claimIsCompleted(ctx context.Context, id string) error {
	d.out.say("Completed: each of them once more.")
	if err := d.checkStatus(ctx, id); err != nil {
		return err
	}
	claim, err := d.untilClaim(ctx, id, func(claim claimView) bool { return claim.succeeded() >= 2*claimPeople })
	if err != nil {
		return err
	}
	d.verdict.expect("The claim is completed", fmt.Sprintf("completed; 4 events; %d syncs succeeded", 2*claimPeople), claim.words(), "")
	d.verdict.expect("Somebody whom the organisation does not have", "reported, not created: "+strangersID, "reported, not created: "+joined(claim.Unknown...), "")
	_, err = d.mustCaresync(ctx, "claim", "show", id, "--organisation", d.banksia.slug)
	return err
}

// words are how far a claim has come, with what it caused.
func (c claimView) words() string {
	syncs := fmt.Sprintf("%d syncs", len(c.Syncs))
	if len(c.Syncs) > 0 && c.succeeded() == len(c.Syncs) {
		syncs += " succeeded"
	}
	return joined(c.Status, counted(len(c.Events), "event"), syncs)
}

func (c claimView) succeeded() (syncs int) {
	for _, one := range c.Syncs {
		if one.Outcome == outcomeSucceeded {
			syncs++
		}
	}
	return syncs
}

// claim is what CareSync knows of a claim; nothing if no event has arrived yet.
func (d *demo) claim(ctx context.Context, id string) (claim claimView, err error) {
	got, err := call(ctx, http.MethodPost, d.api("/v1/claims/search"), d.banksia.token, fmt.Sprintf(`{"claim_id":%q}`, id))
	if err != nil || got.status == http.StatusNotFound {
		return claim, err
	}
	if err := json.Unmarshal(got.body, &claim); err != nil {
		return claim, errors.Join(fmt.Errorf("the search for a claim answered %s", got.line), err)
	}
	return claim, nil
}

func (d *demo) untilClaim(ctx context.Context, id string, holds func(claimView) bool) (claim claimView, err error) {
	err = until(ctx, func(ctx context.Context) (bool, error) {
		claim, err = d.claim(ctx, id)
		return err == nil && holds(claim), err
	})
	return claim, err
}

// examineClaim compares the people of the claim with the world, and counts what the syncs after its approval have brought.
func (d *demo) examineClaim(ctx context.Context, id string, people []client) error {
	claim, err := d.claim(ctx, id)
	if err != nil {
		return err
	}
	lines := 0
	for _, one := range claim.Syncs {
		if one.Status != "approved" {
			continue
		}
		var finished syncRun
		if err := read(ctx, d.api("/v1/runs/"+one.RunID), d.banksia.token, &finished); err != nil {
			return err
		}
		lines += finished.Counts["budget_usage"].Created
		at := slices.IndexFunc(people, func(person client) bool { return person.HeldCareRecipientID == finished.Person.CareRecipientID })
		if at < 0 {
			continue // the number of lines tells
		}
		if _, err := d.examine(ctx, subject{people[at].Key, d.banksia, "", "succeeded", nil, ""}, one.RunID); err != nil {
			return err
		}
	}
	d.verdict.expect("What the claim drew on the budgets", fmt.Sprintf("%d new usage lines", claimPeople*claimLines), fmt.Sprintf("%d new usage lines", lines), "")
	return nil
}
