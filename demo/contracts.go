package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// createContracts tells the way from a plan of the NDIA's to a service contract: retrieve, look, create.
func (d *demo) createContracts(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.createFresh, d.createAfterChange, d.importDelivered, d.refuseUnendorsed, d.createOthers} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// meet introduces a participant.
func (d *demo) meet(ctx context.Context, key, about string) (participant, error) {
	one, err := d.world.participant(ctx, key)
	if err == nil {
		d.out.say(one.name() + ". " + about)
	}
	return one, err
}

// pace runs a command about a participant's plan.
func (d *demo) pace(ctx context.Context, command string, one participant, more ...string) (exitCode int, err error) {
	_, exitCode, err = d.caresync(ctx, append([]string{"pace", command, one.HeldNDISNumber, "--organisation", d.banksia.slug}, more...)...)
	return exitCode, err
}

// paceHead is pace where the first lines of what the command prints are enough.
func (d *demo) paceHead(ctx context.Context, lines int, command string, one participant) (exitCode int, err error) {
	return d.caresyncHead(ctx, lines, "pace", command, one.HeldNDISNumber, "--organisation", d.banksia.slug)
}

func (d *demo) createFresh(ctx context.Context) error {
	one, err := d.meet(ctx, freshPlan, "The plan has just begun and nothing is spent. What would be written is shown first; nothing is written until somebody says so.")
	if err != nil {
		return err
	}
	if _, err := d.pace(ctx, "retrieve", one); err != nil {
		return err
	}
	if _, err := d.pace(ctx, "create", one); err != nil {
		return err
	}
	return d.examineContract(ctx, freshPlan, "1 contract; no adjustment record", func(c contract, all []contractHeader) string {
		return joined(counted(len(all), "contract"), c.providers())
	})
}

// lastInvoice is what the previous plan manager sends in late.
const lastInvoice = "118.40"

// createAfterChange creates the contract of a participant whose previous plan manager had spent from the plan. The world moves between
// retrieve and create.
func (d *demo) createAfterChange(ctx context.Context) error {
	one, err := d.meet(ctx, changedManager, "Another plan manager spent from this plan before the person came. The adjustment records stand for that.")
	if err != nil {
		return err
	}
	if _, err := d.pace(ctx, "retrieve", one); err != nil {
		return err
	}
	d.out.say("While somebody looks, the last invoice of the previous plan manager reaches the NDIA. The preview no longer holds.")
	if _, err := d.tellWorld(ctx, http.MethodPost, "/control/participant/"+changedManager+"/spend",
		fmt.Sprintf(`{"category":%q,"amount":%q,"silent":true}`, dailyLife, lastInvoice)); err != nil {
		return err
	}
	const untilPreview = 8
	exitCode, err := d.paceHead(ctx, untilPreview, "create", one)
	if err != nil {
		return err
	}
	client, err := d.paceClient(ctx, changedManager)
	if err != nil {
		return err
	}
	d.verdict.expect("A preview that no longer holds writes nothing", "exit code 3; 0 contracts",
		joined(fmt.Sprintf("exit code %d", exitCode), counted(len(client.Contracts), "contract")), "")
	d.out.say("The new preview, with its own 30 minutes, is what is created.")
	if _, err := d.pace(ctx, "create", one); err != nil {
		return err
	}
	return d.examineContract(ctx, changedManager, "3 NDIA refer to PACE, 1 Previous Plan Manager; daily life 17503.02",
		func(c contract, _ []contractHeader) string {
			return joined(c.providers(), "daily life "+c.adjusted(dailyLife))
		})
}

const dailyLife = "Assistance with Daily Life"

// importDelivered imports the organisation's own work on the same budgets, which is not counted twice.
func (d *demo) importDelivered(ctx context.Context) error {
	today, err := d.world.day(ctx)
	if err != nil {
		return err
	}
	one, err := d.world.participant(ctx, changedManager)
	if err != nil {
		return err
	}
	const file = "banksia-delivered.csv"
	day := today.AddDate(0, 0, -7).Format(time.DateOnly)
	lines := "reference,ndis_number,category,delivered_on,amount,support_item_number,claim_status\n"
	for _, service := range []string{
		"D-1," + one.HeldNDISNumber + "," + dailyLife + "," + day + ",812.30,01_011_0107_1_1,submitted",
		"D-2," + one.HeldNDISNumber + "," + dailyLife + "," + day + ",96.40,01_011_0107_1_1,not_claimed",
		"D-3," + one.HeldNDISNumber + ",Consumables," + day + ",12.50,03_040919_0103_1_1,paid",
	} {
		lines += service + "\n"
	}
	if err := d.programs.write(file, lines); err != nil {
		return err
	}
	d.out.say(fmt.Sprintf("%s has worked for the person itself since. What it has claimed is part of what the NDIA calls spent, or will be: "+
		"the adjustment records give way to it. What is not claimed yet does not count.", d.banksia.name))
	d.out.command("cat " + file)
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		d.out.output(line)
	}
	if _, err := d.mustCaresync(ctx, "import", "delivered-services", file, "--organisation", d.banksia.slug); err != nil {
		return err
	}
	return d.showAdjusted(ctx)
}

func (d *demo) showAdjusted(ctx context.Context) error {
	held, _, err := d.currentContract(ctx, changedManager)
	if err != nil {
		return err
	}
	if _, err := d.mustCaresync(ctx, "contract", "show", held.ID, "--organisation", d.banksia.slug); err != nil {
		return err
	}
	return d.examineContract(ctx, changedManager, "daily life 16690.72, consumables 10.00",
		func(c contract, _ []contractHeader) string {
			return "daily life " + c.adjusted(dailyLife) + ", consumables " + c.adjusted("Consumables")
		})
}

// refuseUnendorsed meets a participant who did not endorse the organisation as plan manager, and later does.
func (d *demo) refuseUnendorsed(ctx context.Context) error {
	one, err := d.meet(ctx, endorsementMissing, "The organisation was not endorsed as plan manager, which only the participant or the nominee can do. The NDIA refuses.")
	if err != nil {
		return err
	}
	exitCode, err := d.pace(ctx, "retrieve", one)
	if err != nil {
		return err
	}
	client, err := d.paceClient(ctx, endorsementMissing)
	if err != nil {
		return err
	}
	d.verdict.expect(one.name()+", "+d.banksia.slug, "exit code 3; 0 contracts; syncs stopped (no_authority)",
		joined(fmt.Sprintf("exit code %d", exitCode), counted(len(client.Contracts), "contract"), client.standing()), "")
	d.out.say("The nominee endorses the organisation, and an operator lets the syncs go on.")
	if _, err := d.tellWorld(ctx, http.MethodPost, "/control/participant/"+endorsementMissing+"/endorse", `{"role":"Plan Manager"}`); err != nil {
		return err
	}
	if _, err := d.pace(ctx, "resume", one); err != nil {
		return err
	}
	if err := d.createOverHTTP(ctx, one); err != nil {
		return err
	}
	return d.examineContract(ctx, endorsementMissing, "1 contract; syncs go on", func(_ contract, all []contractHeader) string {
		client, err := d.paceClient(ctx, endorsementMissing)
		if err != nil {
			return err.Error()
		}
		return joined(counted(len(all), "contract"), client.standing())
	})
}

func (c paceClient) standing() string {
	if c.Standing.StopReason == "" {
		return "syncs go on"
	}
	return "syncs stopped (" + c.Standing.StopReason + ")"
}

// createOthers creates the contracts that the next chapters need.
func (d *demo) createOthers(ctx context.Context) error {
	d.out.say("Programs do both steps at once, where nobody wants to look.")
	for _, key := range []string{overspent, reassessedLater, extendedLater} {
		one, err := d.world.participant(ctx, key)
		if err != nil {
			return err
		}
		if err := d.createOverHTTP(ctx, one); err != nil {
			return err
		}
		if err := d.examineContract(ctx, key, "1 contract", func(_ contract, all []contractHeader) string { return counted(len(all), "contract") }); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) createOverHTTP(ctx context.Context, one participant) error {
	id, err := d.clientID(ctx, one.HeldNDISNumber)
	if err != nil {
		return err
	}
	got, err := d.curl(ctx, http.MethodPost, d.api("/v1/people/"+id+"/pace-previews"), d.banksia, `{"create_all":true,"wait":60}`,
		"jq '.created | {outcome, contract_id}'")
	if err != nil {
		return err
	}
	var answered struct {
		Created json.RawMessage `json:"created"`
	}
	if err := json.Unmarshal(got.body, &answered); err != nil || len(answered.Created) == 0 {
		d.showJSON(got.body)
		return nil // the expectations say that there is no contract
	}
	d.showJSON(picked(answered.Created, []string{"outcome", "contract_id"}))
	return nil
}
