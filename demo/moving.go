package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

func (d *demo) showPlan(ctx context.Context) error {
	person, err := d.world.person(ctx, "usage-by-others")
	if err != nil {
		return err
	}
	d.out.say(fmt.Sprintf("%s came from another provider, whose services drew on the same budgets.", person.heldName()))
	_, err = d.mustCaresync(ctx, "plan", "show", person.HeldCareRecipientID, "--organisation", d.banksia.slug)
	return err
}

// moveOn lets time pass in the simulated world, and shows what the next syncs change, and that one of unchanged data changes nothing.
func (d *demo) moveOn(ctx context.Context) error {
	if err := d.passTime(ctx); err != nil {
		return err
	}
	for _, one := range d.movedSubjects() {
		if err := d.syncMoved(ctx, one); err != nil {
			return err
		}
	}
	if err := d.linkInvoices(ctx); err != nil {
		return err
	}
	if err := d.syncUnchanged(ctx); err != nil {
		return err
	}
	return d.moveContracts(ctx)
}

// passTime goes on to the next quarter, and lets everything happen that the scenarios have waiting for it.
func (d *demo) passTime(ctx context.Context) error {
	d.out.say("In the simulated world a new quarter begins, with new budgets, and much else happens: invoices are claimed and amended, consent " +
		"is given, a classification is opened again, an identity corrected, an entry registered.")
	got, err := d.tellWorld(ctx, http.MethodPost, "/control/advance", `{"quarters":1}`, "jq '{"+strings.Join(worldFields, ", ")+"}'")
	if err != nil {
		return err
	}
	d.showJSON(picked(got.body, worldFields))
	got, err = d.tellWorld(ctx, http.MethodPost, "/control/person/several-open/claim", `{"amount":"120.00"}`)
	d.showJSON(got.body)
	return err
}

var worldFields = []string{"today", "changes", "skipped"}

// moved is a person for whom something has changed.
type moved struct {
	subject
	// detailed shows the run field by field.
	detailed bool
}

func (d *demo) movedSubjects() []moved {
	return []moved{
		{subject{"several-open", d.banksia, "A new quarter, three claims, and another contribution.",
			"succeeded", openClassifications, "3 open classifications"}, true},
		{subject{"re-opened", d.banksia, "The classification is open again: the same plan gets new dates, and the budget a new total.",
			"succeeded", planDates, "an open-ended plan"}, true},
		{subject{"reversal", d.banksia, "An invoice was amended, and one of its lines taken back.",
			"succeeded", reversedLines, "1 line given back"}, true},
		{subject{"contributions-pending", d.banksia, "The assessment has come, for one of two categories.",
			"succeeded", unknownPercentages, "2 percentages not provided"}, false},
		{subject{"consent-refused", d.banksia, "Consent was given: the budgets come in.", "succeeded", nil, ""}, false},
		{subject{"identity-mismatch", d.banksia, "The record at Services Australia was corrected: it is the same person after all.", "succeeded", nil, ""}, false},
		{subject{"entry-not-registered", d.wattle, "The entry was registered: the budgets come in.", "succeeded", nil, ""}, false},
	}
}

func (d *demo) syncMoved(ctx context.Context, one moved) error {
	person, err := d.world.person(ctx, one.key)
	if err != nil {
		return err
	}
	d.out.say(fmt.Sprintf("%s. %s", person.heldName(), one.about))
	finished, err := d.sync(ctx, one.subject)
	if err != nil || !one.detailed {
		return err
	}
	d.out.say("What that sync changed, field by field:")
	_, _, err = d.caresync(ctx, "runs", "show", finished.ID, "--organisation", one.owner.slug)
	return err
}

// linkInvoices imports the invoices of the new claims, whose usage waits for them.
func (d *demo) linkInvoices(ctx context.Context) error {
	d.out.say("The claims' invoices come from billing a little later. Usage that waited for them is linked.")
	return d.importList(ctx, "invoices", d.banksia)
}

func (d *demo) syncUnchanged(ctx context.Context) error {
	d.out.say("Nothing has happened since: the next sync reads everything, and changes nothing.")
	one := subject{"several-open", d.banksia, "", "succeeded", openClassifications, "3 open classifications"}
	finished, err := d.sync(ctx, one)
	if err != nil {
		return err
	}
	found := fmt.Sprintf("%d records changed", finished.changed()+len(finished.Changes))
	d.verdict.expect("A sync of unchanged data", "0 records changed", found, "")
	return nil
}
