package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// beNotified lets the NDIA tell of changes, and shows which are applied by themselves and which are left to people.
func (d *demo) beNotified(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.reassess, d.refreshUnchanged, d.loseAuthority, d.untick} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// reassess gives a participant a new plan. A new contract is left to people.
func (d *demo) reassess(ctx context.Context) error {
	one, err := d.meet(ctx, reassessedLater, "A reassessment brings a new plan from today on. The NDIA tells, CareSync reads, and leaves the new contract to people.")
	if err != nil {
		return err
	}
	if _, err := d.tellWorld(ctx, http.MethodPost, "/control/participant/"+reassessedLater+"/reassess", `{"percentage":108}`); err != nil {
		return err
	}
	var waiting []string
	if err := until(ctx, func(ctx context.Context) (bool, error) {
		waiting, err = d.reviews(ctx, one)
		return len(waiting) > 0, err
	}); err != nil {
		return err
	}
	if _, _, err := d.caresync(ctx, "pace", "review", "--organisation", d.banksia.slug); err != nil {
		return err
	}
	d.verdict.expect(one.name()+": a new plan is held for review", "new_contract", strings.Join(waiting, ", "), "")
	if err := d.untilQuiet(ctx); err != nil {
		return err
	}
	const untilBudgets = 14
	if _, err := d.paceHead(ctx, untilBudgets, "accept", one); err != nil {
		return err
	}
	return d.examineContract(ctx, reassessedLater, "2 contracts; 1 superseded", func(_ contract, all []contractHeader) string {
		superseded := 0
		for _, header := range all {
			if header.SupersededBy != nil {
				superseded++
			}
		}
		return joined(counted(len(all), "contract"), fmt.Sprint(superseded, " superseded"))
	})
}

// untilQuiet waits until no sync is under way: whatever the NDIA told, it told twice.
func (d *demo) untilQuiet(ctx context.Context) error {
	return until(ctx, func(ctx context.Context) (bool, error) {
		var unfinished struct {
			Runs []syncRun `json:"runs"`
		}
		err := read(ctx, d.api("/v1/runs?outcome=unfinished"), d.banksia.token, &unfinished)
		return len(unfinished.Runs) == 0, err
	})
}

// reviews are the kinds of what was left to people.
func (d *demo) reviews(ctx context.Context, one participant) (kinds []string, err error) {
	id, err := d.clientID(ctx, one.HeldNDISNumber)
	if err != nil {
		return nil, err
	}
	var list struct {
		Reviews []struct {
			Kind string `json:"kind"`
		} `json:"reviews"`
	}
	err = read(ctx, d.api("/v1/pace-reviews?person="+id), d.banksia.token, &list)
	for _, review := range list.Reviews {
		kinds = append(kinds, review.Kind)
	}
	return kinds, err
}

// refreshUnchanged shows that a refresh of unchanged data changes nothing.
func (d *demo) refreshUnchanged(ctx context.Context) error {
	one, err := d.meet(ctx, changedManager, "Nothing has happened since: a refresh reads everything, and changes nothing.")
	if err != nil {
		return err
	}
	output, _, err := d.caresync(ctx, "pace", "refresh", one.HeldNDISNumber, "--organisation", d.banksia.slug, "--wait")
	if err != nil {
		return err
	}
	id := runOf(output)
	if id == "" {
		d.verdict.expect("A refresh of unchanged data", "0 records changed", "no run at all", "")
		return nil
	}
	var finished syncRun
	if err := read(ctx, d.api("/v1/runs/"+id), d.banksia.token, &finished); err != nil {
		return err
	}
	d.verdict.expect("A refresh of unchanged data", "succeeded; 0 records changed",
		joined(finished.words(), fmt.Sprintf("%d records changed", finished.changed()+len(finished.Changes))), "")
	return nil
}

// loseAuthority ends an endorsement. What is held stays, and nobody asks the NDIA by itself any more.
func (d *demo) loseAuthority(ctx context.Context) error {
	one, err := d.meet(ctx, overspent, "The participant ends the endorsement. What is held stays; scheduled syncs stop until an operator resumes them.")
	if err != nil {
		return err
	}
	if _, err := d.tellWorld(ctx, http.MethodPost, "/control/participant/"+overspent+"/lose-endorsement", `{}`); err != nil {
		return err
	}
	var client paceClient
	if err := until(ctx, func(ctx context.Context) (bool, error) {
		client, err = d.paceClient(ctx, overspent)
		return client.Standing.StopReason != "", err
	}); err != nil {
		return err
	}
	if _, err := d.pace(ctx, "person", one); err != nil {
		return err
	}
	d.verdict.expect(one.name()+": the endorsement has ended", "1 contract; syncs stopped (relationship_ended)",
		joined(counted(len(client.Contracts), "contract"), client.standing()), "")
	return nil
}

// untick takes a person out of PACE: unticking the first box clears the second.
func (d *demo) untick(ctx context.Context) error {
	one, err := d.meet(ctx, reassessedLater, "Whoever is no longer to be read from the NDIA is unticked. Unticking NDIS PACE Participant unticks API access, too.")
	if err != nil {
		return err
	}
	if _, err := d.pace(ctx, "person", one, "--participant=no"); err != nil {
		return err
	}
	client, err := d.paceClient(ctx, reassessedLater)
	d.verdict.expect(one.name()+" is unticked", "no box; 2 contracts", joined(client.boxes(), counted(len(client.Contracts), "contract")), "")
	return err
}

func (c paceClient) boxes() string {
	if c.PACEParticipant || c.PACEAPIAccess {
		return "a box"
	}
	return "no box"
}

// moveContracts shows what the NDIA has told while time passed: amounts and an extension, which are applied by themselves.
func (d *demo) moveContracts(ctx context.Context) error {
	d.out.say("The NDIA has told of changes meanwhile. Amounts and extensions need nobody's yes: a plan was extended by a year, supports were paid from " +
		"two others, among them the claim that had been submitted.")
	extended, err := d.meet(ctx, extendedLater, "The contract runs a year longer.")
	if err != nil {
		return err
	}
	end := extended.Plans[len(extended.Plans)-1].End
	if err := d.untilContract(ctx, extendedLater, func(c contract) bool { return c.EndDate == end }); err != nil {
		return err
	}
	if _, err := d.mustCaresync(ctx, "contract", "list", extended.HeldNDISNumber, "--organisation", d.banksia.slug); err != nil {
		return err
	}
	if err := d.examineContract(ctx, extendedLater, "1 contract until "+end, func(c contract, all []contractHeader) string {
		return counted(len(all), "contract") + " until " + c.EndDate
	}); err != nil {
		return err
	}
	return d.moveAmounts(ctx)
}

func (d *demo) moveAmounts(ctx context.Context) error {
	for _, one := range []struct{ key, adjusted string }{{freshPlan, "386.40"}, {changedManager, "17503.02"}} {
		adjusted := func(c contract) bool { return c.adjusted(dailyLife) == one.adjusted }
		if err := d.untilContract(ctx, one.key, adjusted); err != nil {
			return err
		}
		if err := d.examineContract(ctx, one.key, "daily life "+one.adjusted,
			func(c contract, _ []contractHeader) string { return "daily life " + c.adjusted(dailyLife) }); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) untilContract(ctx context.Context, key string, holds func(contract) bool) error {
	return until(ctx, func(ctx context.Context) (bool, error) {
		held, _, err := d.currentContract(ctx, key)
		return err == nil && holds(held), err
	})
}
