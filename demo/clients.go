package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// client is one of an organisation's people in the simulated world.
type client struct {
	known
	// provider holds the person; departed says that the person left before today.
	provider string
	departed bool
	// id is CareSync's, once it is known.
	id string
}

// clients are the organisation's people, in the world's order.
func (d *demo) clients(ctx context.Context, owner *organisation) ([]client, error) {
	today, err := d.world.day(ctx)
	if err != nil {
		return nil, err
	}
	var listed []struct{ Key, RANumber, ServiceProviderID string }
	if err := read(ctx, d.world.address+"/control/people", "", &listed); err != nil {
		return nil, err
	}
	var people []client
	for _, entry := range listed {
		if entry.RANumber != owner.raNumber {
			continue
		}
		person, err := d.world.person(ctx, entry.Key)
		if err != nil {
			return nil, err
		}
		people = append(people, client{known: person, provider: entry.ServiceProviderID, departed: person.departedBefore(today.Format(time.DateOnly))})
	}
	return people, nil
}

func (k known) departedBefore(day string) bool {
	return slices.ContainsFunc(k.Entries, func(entry entry) bool { return entry.Departure != "" && entry.Departure < day })
}

// The outcomes of people in a bulk run.
const (
	outcomeSucceeded    = "succeeded"
	outcomeWithWarnings = "succeeded_with_warnings"
	outcomePartial      = "partial"
	outcomeFailed       = "failed"
)

// specialOutcomes are those of the scenarios' people who do not plainly succeed; nobody has moved them yet.
var specialOutcomes = map[string]string{
	"identity-mismatch": outcomeFailed, "mistyped-id": outcomeFailed, "not-found": outcomeFailed, "consent-refused": outcomePartial,
	"no-classification": outcomeWithWarnings, "same-name-other-spelling": outcomeWithWarnings, "used-without-line": outcomeWithWarnings,
}

// outcome is how a sync of the person ends in a world without faults.
func (c client) outcome() string {
	switch special, known := specialOutcomes[c.Key]; {
	case known:
		return special
	case c.departed:
		return outcomeWithWarnings
	default:
		return outcomeSucceeded
	}
}

func failsAlways(c client) bool { return c.outcome() == outcomeFailed }

// generatedPrefix begins the keys of people without a scenario.
const generatedPrefix = "person-"

// plainlySucceeding are generated people whose sync has nothing to remark.
func plainlySucceeding(people []client) (plain []client) {
	for _, person := range people {
		if strings.HasPrefix(person.Key, generatedPrefix) && person.outcome() == outcomeSucceeded {
			plain = append(plain, person)
		}
	}
	return plain
}

// outcome is how the sync of a person ends who may be in trouble.
func (t trouble) outcome(person client) string {
	switch person.Key {
	case t.renamed.Key, t.forbidden.Key:
		return outcomeFailed
	case t.unwilling.Key:
		return outcomePartial
	default:
		return person.outcome()
	}
}

// expected is how the people of the bulk run should end.
func (e *everybody) expected() (counts bulkCounts) {
	for _, person := range e.people {
		counts.add(e.trouble.outcome(person))
	}
	counts.Escalated, counts.Joined = 2, 1
	return counts
}

// expectedAgain is how those should end, without their trouble, who did not succeed.
func (e *everybody) expectedAgain() (counts bulkCounts) {
	for _, person := range e.people {
		if outcome := e.trouble.outcome(person); outcome == outcomeFailed || outcome == outcomePartial {
			counts.add(person.outcome())
		}
	}
	return counts
}

func (c *bulkCounts) add(outcome string) {
	c.Selected++
	c.Processed++
	switch outcome {
	case outcomeSucceeded:
		c.Succeeded++
	case outcomeWithWarnings:
		c.SucceededWithWarnings++
	case outcomePartial:
		c.Partial++
	case outcomeFailed:
		c.Failed++
	}
}

// report is the report of a bulk run: lines by column.
type report []map[string]string

func readReport(content string) (report, error) {
	lines, err := csv.NewReader(strings.NewReader(content)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("the report of the bulk run cannot be read: %w", err)
	}
	if len(lines) == 0 {
		return nil, errors.New("the report of the bulk run is empty")
	}
	var people report
	for _, line := range lines[1:] {
		person := map[string]string{}
		for i, column := range lines[0] {
			person[column] = line[i]
		}
		people = append(people, person)
	}
	return people, nil
}

// outcomes counts the lines by outcome and reason, as uniq -c does.
func (r report) outcomes() (lines []string) {
	times := map[string]int{}
	for _, person := range r {
		times[person["outcome"]+","+person["reason"]]++
	}
	for outcome, people := range times {
		lines = append(lines, fmt.Sprintf("%7d %s", people, outcome))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[8:], b[8:]) })
	return lines
}

// differing counts the people who do not stand in the report once, or with another outcome than the world has for them.
func (r report) differing(people []client, t trouble) (differing int) {
	outcomes := map[string][]string{}
	for _, line := range r {
		outcomes[line["care_recipient_id"]] = append(outcomes[line["care_recipient_id"]], line["outcome"])
	}
	for _, person := range people {
		if !slices.Equal(outcomes[person.HeldCareRecipientID], []string{t.outcome(person)}) {
			differing++
		}
	}
	return differing
}

// take notes CareSync's ids of the people.
func (e *everybody) take(r report) {
	ids := map[string]string{}
	for _, line := range r {
		ids[line["care_recipient_id"]] = line["person_id"]
	}
	for i := range e.people {
		e.people[i].id = ids[e.people[i].HeldCareRecipientID]
	}
}
