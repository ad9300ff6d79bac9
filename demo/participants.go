package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"
)

// participant is all that the world knows of an NDIS participant.
type participant struct {
	HeldNDISNumber string
	Held           struct{ GivenName, FamilyName string }
	Plans          []struct {
		Start, End string
		Budgets    []struct{ Name, Type, Management, Approved, Spent string }
	}
}

func (p participant) name() string { return p.Held.GivenName + " " + p.Held.FamilyName }

func (w world) participant(ctx context.Context, key string) (one participant, err error) {
	err = read(ctx, w.address+"/control/participant/"+key, "", &one)
	return one, err
}

// contractHeader and contract are a service contract as the HTTP API shows it.
type contractHeader struct {
	ID            string  `json:"id"`
	PlanStartDate string  `json:"plan_start_date"`
	StartDate     string  `json:"start_date"`
	EndDate       string  `json:"end_date"`
	SupersededBy  *string `json:"superseded_by"`
	TotalFunding  *string `json:"total_funding"`
	Current       bool    `json:"current"`
}

type contract struct {
	contractHeader
	Budgets []struct {
		Category   string             `json:"category"`
		BudgetType string             `json:"budget_type"`
		Management string             `json:"management"`
		Approved   *string            `json:"approved"`
		Spent      *string            `json:"spent"`
		OwnClaimed *string            `json:"own_claimed"`
		Adjustment *string            `json:"adjustment"`
		RemovedAt  *string            `json:"removed_at"`
		Delivered  []deliveredService `json:"delivered_services"`
	} `json:"budgets"`
}

type deliveredService struct {
	Kind                string  `json:"kind"`
	Amount              *string `json:"amount"`
	ServiceProviderName string  `json:"service_provider_name"`
	RemovedAt           *string `json:"removed_at"`
}

// paceClient is a person as far as PACE is concerned.
type paceClient struct {
	ID              string `json:"person_id"`
	PACEParticipant bool   `json:"pace_participant"`
	PACEAPIAccess   bool   `json:"pace_api_access"`
	Standing        struct {
		StopReason string `json:"stop_reason"`
	} `json:"standing"`
	Contracts []contractHeader `json:"contracts"`
}

// clientID is CareSync's id of a participant.
func (d *demo) clientID(ctx context.Context, ndisNumber string) (string, error) {
	got, err := call(ctx, http.MethodPost, d.api("/v1/people/search"), d.banksia.token, fmt.Sprintf(`{"ndis_number":%q}`, ndisNumber))
	if err != nil {
		return "", err
	}
	var found personRef
	if err := json.Unmarshal(got.body, &found); err != nil || found.ID == "" {
		return "", fmt.Errorf("the search for a person answered %s", got.line)
	}
	return found.ID, nil
}

func (d *demo) paceClient(ctx context.Context, key string) (client paceClient, err error) {
	one, err := d.world.participant(ctx, key)
	if err != nil {
		return client, err
	}
	id, err := d.clientID(ctx, one.HeldNDISNumber)
	if err != nil {
		return client, err
	}
	err = read(ctx, d.api("/v1/people/"+id+"/pace"), d.banksia.token, &client)
	return client, err
}

// currentContract is a person's contract that covers today, and all of them, newest first.
func (d *demo) currentContract(ctx context.Context, key string) (current contract, all []contractHeader, err error) {
	client, err := d.paceClient(ctx, key)
	if err != nil {
		return current, nil, err
	}
	for _, header := range client.Contracts {
		if header.Current {
			err = read(ctx, d.api("/v1/contracts/"+header.ID), d.banksia.token, &current)
			return current, client.Contracts, err
		}
	}
	return current, client.Contracts, nil
}

// examineContract notes what a person's contract looks like beside how it should, and whether it is as the world reports it.
func (d *demo) examineContract(ctx context.Context, key, expected string, special func(contract, []contractHeader) string) error {
	one, err := d.world.participant(ctx, key)
	if err != nil {
		return err
	}
	held, all, err := d.currentContract(ctx, key)
	if err != nil {
		return err
	}
	about := one.name() + ", " + d.banksia.slug
	if held.ID == "" {
		d.verdict.expect(about, expected, "no contract", "")
		return nil
	}
	d.verdict.expect(about, expected, joined(special(held, all), held.notAsReported(one), held.notAddingUp()), held.words())
	return nil
}

// notAsReported says if the budgets with money are not those of the world's plan.
func (c contract) notAsReported(one participant) string {
	var held, reported []string
	for _, budget := range c.Budgets {
		if line := budgetLine(budget.Category, budget.BudgetType, budget.Management, text(budget.Approved), text(budget.Spent)); budget.RemovedAt == nil {
			held = append(held, line)
		}
	}
	for _, plan := range one.Plans {
		if plan.Start != c.PlanStartDate {
			continue
		}
		for _, budget := range plan.Budgets {
			reported = append(reported, budgetLine(budget.Name, budget.Type, budget.Management, budget.Approved, budget.Spent))
		}
	}
	unfunded := func(line string) bool { return strings.HasSuffix(line, unfundedBudget) }
	held, reported = slices.DeleteFunc(held, unfunded), slices.DeleteFunc(reported, unfunded)
	slices.Sort(held)
	slices.Sort(reported)
	if slices.Equal(held, reported) {
		return ""
	}
	return "budgets not as at the NDIA"
}

const unfundedBudget = " 0.00 0.00"

func budgetLine(category, budgetType, management, approved, spent string) string {
	return strings.ToLower(category+", "+budgetType+", "+management) + " " + cents(&approved) + " " + cents(&spent)
}

// notAddingUp says where adjustment + own claimed is not spent (R27).
func (c contract) notAddingUp() string {
	for _, budget := range c.Budgets {
		if budget.Spent == nil || budget.RemovedAt != nil {
			continue
		}
		if total(budget.Adjustment, budget.OwnClaimed) != cents(budget.Spent) {
			return "adjustment and own claimed are not what was spent from " + budget.Category
		}
	}
	return ""
}

// words counts what tells most of a contract.
func (c contract) words() string {
	parts := []string{counted(len(c.Budgets), "budget"), counted(len(c.adjustments()), "adjustment record")}
	if c.TotalFunding != nil {
		parts = append(parts, cents(c.TotalFunding)+" funding")
	}
	return strings.Join(parts, ", ")
}

func counted(number int, noun string) string {
	if number != 1 {
		noun += "s"
	}
	return fmt.Sprint(number, " ", noun)
}

func (c contract) adjustments() (records []deliveredService) {
	for _, budget := range c.Budgets {
		for _, one := range budget.Delivered {
			if one.Kind == "pace_adjustment" && one.RemovedAt == nil {
				records = append(records, one)
			}
		}
	}
	return records
}

// adjusted is the amount of a category's adjustment record.
func (c contract) adjusted(category string) string {
	for _, budget := range c.Budgets {
		if budget.Category == category && budget.Adjustment != nil {
			return cents(budget.Adjustment)
		}
	}
	return "none"
}

// providers counts the adjustment records by the service provider name that stands in them (R28).
func (c contract) providers() string {
	times := map[string]int{}
	for _, record := range c.adjustments() {
		times[record.ServiceProviderName]++
	}
	var parts []string
	for _, name := range []string{ndiaReferToPACE, previousPlanManager} {
		if times[name] > 0 {
			parts = append(parts, fmt.Sprint(times[name], " ", name))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "no adjustment record")
}

// The service provider names of adjustment records.
const (
	ndiaReferToPACE     = "NDIA refer to PACE"
	previousPlanManager = "Previous Plan Manager"
)

// cents writes an amount with two places; none is 0.00.
func cents(amount *string) string { return total(amount) }

func total(amounts ...*string) string {
	sum := new(big.Rat)
	for _, amount := range amounts {
		if value, ok := new(big.Rat).SetString(text(amount)); ok {
			sum.Add(sum, value)
		}
	}
	return sum.FloatString(2)
}

// conditionTimeout is how long something that the NDIA's notification causes may take.
const conditionTimeout = 20 * time.Second

// until waits for a condition. That it does not come true is for the expectations to find.
func until(ctx context.Context, holds func(context.Context) (bool, error)) error {
	return untilWithin(ctx, conditionTimeout, holds)
}

func untilWithin(ctx context.Context, timeout time.Duration, holds func(context.Context) (bool, error)) error {
	waiting, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	for {
		if held, err := holds(ctx); held || err != nil {
			return err
		}
		select {
		case <-time.After(pollInterval):
		case <-waiting.Done():
			return ctx.Err()
		}
	}
}
