package main

import (
	"context"
	"fmt"
	"strings"
)

// subject is a telling person of the simulated world, with what a sync should come to.
type subject struct {
	key   string
	owner *organisation
	about string
	// outcome is how the run ends, in words.
	outcome string
	// special is what the plan shows beside that; want is how it should be.
	special func(plan) string
	want    string
}

// subjects are those of the first syncs, in the order of the story.
func (d *demo) subjects() []subject {
	banksia, wattle := d.banksia, d.wattle
	return []subject{
		{"several-open", banksia, "Three classifications are open at once: ongoing support, assistive technology and home modifications.",
			"succeeded", openClassifications, "3 open classifications"},
		{"no-classification", banksia, "There is no classification yet, so the plan has no dates.",
			"succeeded with warnings", planDates, "a plan without dates"},
		{"all-ended", banksia, "Every classification has ended, and the plan ends with the last of them.",
			"succeeded with warnings", planDates, "a plan that has ended"},
		{"re-opened", banksia, "The only classification has ended. We will see this person again.",
			"succeeded", planDates, "a plan that has ended"},
		{"usage-by-others", banksia, "An earlier provider drew on the budgets. Its usage lines carry no ids, and two of them are equal.",
			"succeeded", equalUsage, "2 equal lines kept apart"},
		{"zero-budgets", banksia, "Four budgets for assistive technology have the same dates, and three of them are 0.00: only their ids tell them apart.",
			"succeeded", zeroBudgets, "3 budgets of 0.00"},
		{"contributions-pending", banksia, "The assessment is pending. Percentages that are not known yet are not 0 %.",
			"succeeded", unknownPercentages, "2 percentages not provided"},
		{"reversal", banksia, "A usage line was given back by one with the opposite sign.",
			"succeeded", reversedLines, "1 line given back"},
		{"two-organisations", banksia, "Both organisations care for this person.", "succeeded", nil, ""},
		{"two-organisations", wattle, "The same person again: each organisation has a record of its own, with the budget it may see.", "succeeded", nil, ""},
		{"entry-not-registered", wattle, "The entry into care was never registered, so no budgets are visible.", "succeeded with warnings", nil, ""},
		{"unknown-codes", wattle, "Classification, service, supplement and budget have codes that nobody knows yet. They pass through as they came.",
			"succeeded", nil, ""},
		{"consent-refused", banksia, "Consent is refused: what may be read is saved, the rest says why not.", "partial (consent refused)", nil, ""},
		{"identity-mismatch", banksia, "Services Australia holds somebody else under this id. Nothing may be saved.", "failed (identity mismatch)", nil, ""},
		{"not-found", banksia, "Services Australia does not know the id.", "failed (not found)", nil, ""},
	}
}

// saves reports whether the sync should save anything.
func (s subject) saves() bool { return !strings.HasPrefix(s.outcome, "failed") }

// syncPeople syncs one telling person after the other.
func (d *demo) syncPeople(ctx context.Context) error {
	for _, one := range d.subjects() {
		person, err := d.world.person(ctx, one.key)
		if err != nil {
			return err
		}
		d.out.say(fmt.Sprintf("%s, %s. %s", person.heldName(), one.owner.name, one.about))
		if _, err := d.sync(ctx, one); err != nil {
			return err
		}
	}
	return d.syncBadInput(ctx)
}

func (d *demo) syncBadInput(ctx context.Context) error {
	d.out.say("A care recipient id has digits only; anything else is refused before any call is made.")
	_, exitCode, err := d.caresync(ctx, "sync", "care-recipient", "41505622A", "--organisation", d.banksia.slug, "--wait")
	d.verdict.expect("A care recipient id with a letter is refused", "exit code 2", fmt.Sprintf("exit code %d", exitCode), "")
	return err
}

// sync syncs a person with the command, and compares the outcome with what the world reports.
func (d *demo) sync(ctx context.Context, one subject) (syncRun, error) {
	person, err := d.world.person(ctx, one.key)
	if err != nil {
		return syncRun{}, err
	}
	output, _, err := d.caresync(ctx, "sync", "care-recipient", person.HeldCareRecipientID, "--organisation", one.owner.slug, "--wait")
	if err != nil {
		return syncRun{}, err
	}
	return d.examine(ctx, one, runOf(output))
}

// examine notes what a run came to, beside what it should have come to.
func (d *demo) examine(ctx context.Context, one subject, runID string) (finished syncRun, err error) {
	person, err := d.world.person(ctx, one.key)
	if err != nil {
		return finished, err
	}
	if runID == "" {
		d.verdict.expect(one.name(person), one.expected(), "no run at all", "")
		return finished, nil
	}
	if err := read(ctx, d.api("/v1/runs/"+runID), one.owner.token, &finished); err != nil {
		return finished, err
	}
	var held plan
	if err := read(ctx, d.api("/v1/people/"+finished.Person.ID+"/plan"), one.owner.token, &held); err != nil {
		return finished, err
	}
	records := heldRecords(held)
	differing := records.differsFrom(reportedRecords(person, one.owner.providers[0], held))
	if held.Client.Plan == nil {
		differing, records = nil, nil // nothing was saved, so there is nothing to compare
	}
	d.verdict.expect(one.name(person), one.expected(), joined(one.found(finished, held), differing.words(), d.anotherPlan(held)), records.words())
	return finished, nil
}

// anotherPlan says if a person has another plan than after the sync before (R12).
func (d *demo) anotherPlan(held plan) string {
	if held.Client.Plan == nil {
		return ""
	}
	before, known := d.planOf[held.Client.ID]
	d.planOf[held.Client.ID] = held.Client.Plan.ID
	if known && before != held.Client.Plan.ID {
		return "not the plan of the earlier sync"
	}
	return ""
}

// name is the person's, with whose records are meant.
func (s subject) name(person known) string { return person.heldName() + ", " + s.owner.slug }

func (s subject) expected() string {
	if !s.saves() {
		return joined(s.outcome, nothingSaved)
	}
	return joined(s.outcome, s.want)
}

const nothingSaved = "nothing saved"

func (s subject) found(finished syncRun, held plan) string {
	switch {
	case held.Client.Plan == nil:
		return joined(finished.words(), nothingSaved)
	case s.special == nil:
		return finished.words()
	default:
		return joined(finished.words(), s.special(held))
	}
}

func joined(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "; ")
}

func openClassifications(p plan) string {
	open := 0
	for _, one := range p.Classifications {
		if one.EndDate == nil && one.RemovedAt == nil {
			open++
		}
	}
	return fmt.Sprintf("%d open classifications", open)
}

func planDates(p plan) string {
	switch dates := p.Client.Plan; {
	case dates.StartDate == nil:
		return "a plan without dates"
	case dates.EndDate == nil:
		return "an open-ended plan"
	case dates.Active:
		return "a plan that will end"
	default:
		return "a plan that has ended"
	}
}

func equalUsage(p plan) string {
	times, equal := map[string]int{}, 0
	for _, line := range heldRecords(p)[usageLines] {
		times[line]++
	}
	for _, lines := range times {
		if lines > 1 {
			equal += lines
		}
	}
	return fmt.Sprintf("%d equal lines kept apart", equal)
}

func zeroBudgets(p plan) string {
	empty := 0
	for _, budget := range p.Budgets {
		if budget.TypeCode == "AT" && budget.Total != nil && *budget.Total == "0.00" {
			empty++
		}
	}
	return fmt.Sprintf("%d budgets of 0.00", empty)
}

func unknownPercentages(p plan) string {
	unknown := 0
	for _, one := range p.Contributions {
		if one.Percentage == nil {
			unknown++
		}
	}
	return fmt.Sprintf("%d percentages not provided", unknown)
}

func reversedLines(p plan) string {
	reversed := 0
	for _, budget := range p.Budgets {
		for _, line := range budget.Usage {
			if line.RemovedAt == nil && line.Amount != nil && strings.HasPrefix(*line.Amount, "-") {
				reversed++
			}
		}
	}
	return fmt.Sprintf("%d line given back", reversed)
}
