package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	// bulkTimeout is how long a bulk run of the demo may take; on idle cores it is some seconds.
	bulkTimeout = 2 * time.Minute
	// callsPerSecond is what the simulated Services Australia bears. The connections' default is made for the real one.
	callsPerSecond = "200"
)

// bulkRun is a bulk run as the HTTP API shows it.
type bulkRun struct {
	State  string     `json:"state"`
	Counts bulkCounts `json:"counts"`
}

type bulkCounts struct {
	Selected              int `json:"selected"`
	Processed             int `json:"processed"`
	Succeeded             int `json:"succeeded"`
	SucceededWithWarnings int `json:"succeeded_with_warnings"`
	Partial               int `json:"partial"`
	Failed                int `json:"failed"`
	Cancelled             int `json:"cancelled"`
	Skipped               int `json:"skipped"`
	Joined                int `json:"joined"`
	Escalated             int `json:"escalated"`
}

// The states of a bulk run that the story waits for.
const (
	bulkWaiting  = "waiting"
	bulkFinished = "finished"
)

// everybody is the story of a bulk run: who is in it, how the world has each of them end, and who has trouble.
type everybody struct {
	id      string
	people  []client
	trouble trouble
}

// syncEverybody syncs everybody of an organisation at once, among them some who have trouble of their own, with an outage on the way;
// then those again who did not succeed.
func (d *demo) syncEverybody(ctx context.Context) error {
	run := &everybody{}
	for _, step := range []func(context.Context, *everybody) error{
		d.quicken, d.prepareTrouble, d.startAndPause, d.goThroughOutage, d.showUnsuccessful, d.saveReport, d.retryUnsuccessful, d.compareEverybody,
	} {
		if err := step(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

// quicken lets the connections make as many calls as the simulator bears.
func (d *demo) quicken(ctx context.Context, run *everybody) (err error) {
	if run.people, err = d.clients(ctx, d.banksia); err != nil {
		return err
	}
	d.out.say(fmt.Sprintf("Every night %s syncs everybody: %d people. Services Australia is asked ten times a second by default; the simulated one "+
		"bears more.", d.banksia.name, len(run.people)))
	for _, connection := range []string{"banksia", "banksia-north"} {
		if _, err := d.mustCaresync(ctx, "connection", "set", connection, "--organisation", d.banksia.slug, "--rate-per-second", callsPerSecond); err != nil {
			return err
		}
	}
	return nil
}

// trouble is had by five people: two of them have the same, and one of these is wanted by somebody else as well.
type trouble struct{ renamed, unwilling, forbidden, broken, wanted client }

// prepareTrouble gives five people trouble of their own, which is not that of the others.
func (d *demo) prepareTrouble(ctx context.Context, run *everybody) error {
	plain := plainlySucceeding(run.people)
	if len(plain) < 5 {
		return fmt.Errorf("only %d people of the simulated world have no trouble of their own", len(plain))
	}
	t := trouble{plain[0], plain[1], plain[2], plain[3], plain[4]}
	run.trouble = t
	d.out.say(fmt.Sprintf("Five of them will have trouble. %s has another surname at Services Australia, and %s withdraws consent. %s may not be read by this "+
		"provider. Whoever asks for the budgets of %s or %s meets a server error.",
		t.renamed.heldName(), t.unwilling.heldName(), t.forbidden.heldName(), t.broken.heldName(), t.wanted.heldName()))
	if _, err := d.tellWorld(ctx, http.MethodPost, "/control/person/"+t.renamed.Key+"/change-identity", `{"familyName":"Quillfeather"}`); err != nil {
		return err
	}
	if _, err := d.tellWorld(ctx, http.MethodPost, "/control/person/"+t.unwilling.Key+"/withdraw-consent", `{}`); err != nil {
		return err
	}
	_, err := d.tellWorld(ctx, http.MethodPut, "/control/faults", t.faults())
	return err
}

const outage = `{"kind":"unavailable","retryAfter":"2s"}`

// faults are what calls about the people in trouble meet, after the given ones.
func (t trouble) faults(before ...string) string {
	about := func(kind, operation string, one client) string {
		return fmt.Sprintf(`{"kind":%q,"operation":%q,"careRecipientId":%q}`, kind, operation, one.CareRecipientID)
	}
	return "[" + strings.Join(append(before,
		about("forbidden", "care-recipient-summary", t.forbidden),
		about("internal-error", "budget-care-recipient", t.broken), about("internal-error", "budget-care-recipient", t.wanted)), ",\n      ") + "]"
}

var bulkLine = regexp.MustCompile(`(?m)^bulk run +([0-9a-f-]{36})$`)

// startAndPause starts the bulk run and pauses it.
func (d *demo) startAndPause(ctx context.Context, run *everybody) error {
	output, err := d.mustCaresync(ctx, "bulk", "start", "--organisation", d.banksia.slug)
	if err != nil {
		return err
	}
	if run.id, err = bulkOf(output); err != nil {
		return err
	}
	if err := d.untilBulk(ctx, run.id, func(now bulkRun) bool { return now.Counts.Processed > 0 }); err != nil {
		return err
	}
	d.out.say("It can be paused at any time. People in hand are finished, nobody further is begun.")
	if _, err := d.mustBulk(ctx, "pause", run.id); err != nil {
		return err
	}
	const untilNumbers = 18
	if _, err := d.caresyncHead(ctx, untilNumbers, "bulk", "show", run.id, "--organisation", d.banksia.slug); err != nil {
		return err
	}
	now, err := d.bulkRun(ctx, run.id)
	if err != nil {
		return err
	}
	d.verdict.expect("A paused bulk run", "paused; some are not synced yet", joined(now.State, now.words()), "")
	return nil
}

func bulkOf(output string) (id string, err error) {
	found := bulkLine.FindStringSubmatch(output)
	if found == nil {
		return "", fmt.Errorf("no bulk run was started")
	}
	return found[1], nil
}

func (r bulkRun) words() string {
	if r.Counts.Processed < r.Counts.Selected || r.Counts.Selected == 0 {
		return "some are not synced yet"
	}
	return "all are synced"
}

// bulk runs a command about a bulk run.
func (d *demo) bulk(ctx context.Context, command, id string, more ...string) (output string, exitCode int, err error) {
	return d.caresync(ctx, append([]string{"bulk", command, id, "--organisation", d.banksia.slug}, more...)...)
}

func (d *demo) mustBulk(ctx context.Context, command, id string, more ...string) (output string, err error) {
	return d.mustCaresync(ctx, append([]string{"bulk", command, id, "--organisation", d.banksia.slug}, more...)...)
}

func (d *demo) bulkRun(ctx context.Context, id string) (run bulkRun, err error) {
	err = read(ctx, d.api("/v1/bulk-runs/"+id), d.banksia.token, &run)
	return run, err
}

// goThroughOutage resumes the bulk run into an outage, ends that, and watches everybody being synced.
func (d *demo) goThroughOutage(ctx context.Context, run *everybody) error {
	d.out.say("While it is paused, Services Australia goes down for everybody. That is nobody's trouble in particular: the bulk run waits, and nobody " +
		"fails for it.")
	if _, err := d.tellWorld(ctx, http.MethodPut, "/control/faults", run.trouble.faults(outage)); err != nil {
		return err
	}
	if _, err := d.mustBulk(ctx, "resume", run.id); err != nil {
		return err
	}
	ended := d.watchBulk(ctx, run.id)
	if err := d.endOutage(ctx, run); err != nil {
		return err
	}
	if err := d.mendServer(ctx, run); err != nil {
		return err
	}
	end := <-ended
	if end.err != nil {
		return end.err
	}
	finished, err := d.bulkRun(ctx, run.id)
	if err != nil {
		return err
	}
	d.expectCounts("The bulk run", run.expected(), finished.Counts)
	d.expectExit("A bulk run in which some did not succeed says so", exitRefused, end.exitCode)
	return nil
}

// watched is how a command beside the story ended.
type watched struct {
	exitCode int
	err      error
}

// watchBulk watches a bulk run beside the story until its end.
func (d *demo) watchBulk(ctx context.Context, id string) <-chan watched {
	args := []string{"caresync", "bulk", "watch", id, "--organisation", d.banksia.slug}
	d.out.command(commandLine(args...) + " &")
	ended := make(chan watched, 1)
	go func() {
		_, exitCode, err := d.programs.run(ctx, d.out.output, d.out.output, args...)
		ended <- watched{exitCode, err}
	}()
	return ended
}

// endOutage lets Services Australia answer again once the bulk run waits for it. Meanwhile somebody asks for one of the people.
func (d *demo) endOutage(ctx context.Context, run *everybody) error {
	state := ""
	if err := d.untilBulk(ctx, run.id, func(now bulkRun) bool {
		state = now.State
		return state == bulkWaiting
	}); err != nil {
		return err
	}
	d.verdict.expect("A bulk run in an outage of Services Australia", bulkWaiting, state, "")
	if _, err := d.tellWorld(ctx, http.MethodPut, "/control/faults", run.trouble.faults()); err != nil {
		return err
	}
	d.out.say(fmt.Sprintf("Meanwhile somebody asks for %s alone. The bulk run will join that sync.", run.trouble.wanted.heldName()))
	_, err := d.mustCaresync(ctx, "sync", "care-recipient", run.trouble.wanted.HeldCareRecipientID, "--organisation", d.banksia.slug)
	return err
}

// mendServer ends the server errors about two people once they are the only ones who are left.
func (d *demo) mendServer(ctx context.Context, run *everybody) error {
	const left = 2
	if err := d.untilBulk(ctx, run.id, func(now bulkRun) bool { return now.Counts.Processed >= now.Counts.Selected-left }); err != nil {
		return err
	}
	d.out.say("All others are done. The last two met the server error while the others succeeded, so each has a sync of their own, which tries again and again " +
		"until the server is mended. It is now.")
	_, err := d.tellWorld(ctx, http.MethodDelete, "/control/faults", "")
	d.out.print("")
	return err
}

// untilBulk waits for a condition of a bulk run, or for its end.
func (d *demo) untilBulk(ctx context.Context, id string, holds func(bulkRun) bool) error {
	return untilWithin(ctx, bulkTimeout, func(ctx context.Context) (bool, error) {
		now, err := d.bulkRun(ctx, id)
		return holds(now) || now.State == bulkFinished, err
	})
}

// expectCounts notes how many people of a bulk run should have ended how, beside how many did.
func (d *demo) expectCounts(about string, expected, found bulkCounts) {
	for _, part := range []struct {
		about string
		words func(bulkCounts) string
	}{
		{"all of them", bulkCounts.reached},
		{"those who succeeded", bulkCounts.good},
		{"those who did not", bulkCounts.bad},
		{"those with a sync of their own", bulkCounts.alone},
	} {
		d.verdict.expect(about+", "+part.about, part.words(expected), part.words(found), "")
	}
}

func (c bulkCounts) reached() string {
	return fmt.Sprintf("%d selected; %d processed; %d not reached", c.Selected, c.Processed, c.Skipped+c.Cancelled)
}

func (c bulkCounts) good() string {
	return fmt.Sprintf("%d succeeded; %d succeeded with warnings", c.Succeeded, c.SucceededWithWarnings)
}

func (c bulkCounts) bad() string {
	return fmt.Sprintf("%d partly saved; %d failed", c.Partial, c.Failed)
}

func (c bulkCounts) alone() string {
	return fmt.Sprintf("%d; %d of them joined one that was running", c.Escalated, c.Joined)
}

func (d *demo) showUnsuccessful(ctx context.Context, run *everybody) error {
	d.out.say("Who did not succeed, and why; where the government gave words, they stand last.")
	if _, err := d.mustBulk(ctx, "people", run.id, "--outcome", "unsuccessful"); err != nil {
		return err
	}
	found, err := d.bulkPeople(ctx, run.id, "unsuccessful")
	if err != nil {
		return err
	}
	for _, one := range []struct {
		person client
		words  string
	}{
		{run.trouble.unwilling, "Care recipient has not provided consent"},
		{run.trouble.forbidden, "The device is not authorised for this operation"},
	} {
		d.verdict.expect(one.person.heldName()+": the government's words", one.words, joined(found[one.person.HeldCareRecipientID].Words...), "")
	}
	return nil
}

// bulkPerson is a person of a bulk run as the HTTP API shows it.
type bulkPerson struct {
	Person  personRef `json:"person"`
	Outcome string    `json:"outcome"`
	Words   []string  `json:"words"`
}

// bulkPeople are the people of a bulk run who ended in one way, by care recipient id; 200 at most.
func (d *demo) bulkPeople(ctx context.Context, id, outcome string) (map[string]bulkPerson, error) {
	query := url.Values{"limit": {"200"}}
	if outcome != "" {
		query.Set("outcome", outcome)
	}
	var listed struct {
		People []bulkPerson `json:"people"`
	}
	if err := read(ctx, d.api("/v1/bulk-runs/"+id+"/items?"+query.Encode()), d.banksia.token, &listed); err != nil {
		return nil, err
	}
	people := map[string]bulkPerson{}
	for _, one := range listed.People {
		people[one.Person.CareRecipientID] = one
	}
	return people, nil
}

// saveReport saves the report as CSV, and checks it person by person.
func (d *demo) saveReport(ctx context.Context, run *everybody) error {
	const file = "banksia-bulk.csv"
	args := []string{"caresync", "bulk", "report", run.id, "--organisation", d.banksia.slug}
	d.out.say("The report has a line for everybody, for spreadsheets.")
	d.out.command(commandLine(args...) + " > " + file)
	content, exitCode, err := d.programs.run(ctx, nil, d.out.output, args...)
	if err != nil {
		return err
	}
	if exitCode != 0 {
		return fmt.Errorf("there is no report of the bulk run: exit code %d", exitCode)
	}
	if err := d.programs.write(file, content); err != nil {
		return err
	}
	report, err := readReport(content)
	if err != nil {
		return err
	}
	d.out.command("tail -n +2 " + file + " | cut -d, -f6,7 | sort | uniq -c")
	for _, line := range report.outcomes() {
		d.out.output(line)
	}
	d.verdict.expect("The report, line by line", fmt.Sprintf("%d people; 0 not as the world has them", len(run.people)),
		fmt.Sprintf("%d people; %d not as the world has them", len(report), report.differing(run.people, run.trouble)), "")
	run.take(report)
	return nil
}

// retryUnsuccessful lets the trouble end and syncs those again who did not succeed.
func (d *demo) retryUnsuccessful(ctx context.Context, run *everybody) error {
	t := run.trouble
	d.out.say(fmt.Sprintf("The trouble ends: the surname of %s is corrected, %s consents, and the provider may read %s. One command syncs "+
		"those again who did not succeed.", t.renamed.heldName(), t.unwilling.heldName(), t.forbidden.heldName()))
	if _, err := d.tellWorld(ctx, http.MethodPost, "/control/person/"+t.renamed.Key+"/correct-identity", `{}`); err != nil {
		return err
	}
	if _, err := d.tellWorld(ctx, http.MethodPost, "/control/person/"+t.unwilling.Key+"/give-consent", `{}`); err != nil {
		return err
	}
	output, exitCode, err := d.bulk(ctx, "retry", run.id, "--wait")
	if err != nil {
		return err
	}
	d.expectExit("A retry that leaves some to people says so", exitRefused, exitCode)
	id, err := bulkOf(output)
	if err != nil {
		return err
	}
	retried, err := d.bulkRun(ctx, id)
	if err != nil {
		return err
	}
	d.expectCounts("The retry", run.expectedAgain(), retried.Counts)
	d.out.say("The last four are for people to settle: ids that are somebody else's or nobody's, a person whom the provider holds under another name, and a " +
		"consent that was never given.")
	return nil
}

// compareEverybody compares what CareSync holds of everybody with what the world reports, record by record.
func (d *demo) compareEverybody(ctx context.Context, run *everybody) error {
	differing, held := 0, records{}
	for _, person := range run.people {
		if failsAlways(person) {
			continue
		}
		if person.id == "" { // nobody has synced the person
			differing++
			continue
		}
		now, err := d.world.person(ctx, person.Key)
		if err != nil {
			return err
		}
		var saved plan
		if err := read(ctx, d.api("/v1/people/"+person.id+"/plan"), d.banksia.token, &saved); err != nil {
			return err
		}
		found := heldRecords(saved)
		if len(found.differsFrom(reportedRecords(now, person.provider, saved))) > 0 {
			differing++
		}
		for kind, lines := range found {
			held[kind] = append(held[kind], lines...)
		}
	}
	d.verdict.expect("The records of everybody", "0 people differ from Services Australia", differs(differing)+" from Services Australia", held.words())
	return nil
}

// syncChanged syncs those who have changed, as the providers' lists tell: among them the people of a claim.
func (d *demo) syncChanged(ctx context.Context) error {
	claimants, err := d.claimants(ctx)
	if err != nil {
		return err
	}
	d.out.say("Not every night everybody has to be read. A delta run reads the providers' lists, finds out who has changed since, and syncs those, and whoever has not succeeded.")
	output, _, err := d.caresync(ctx, "bulk", "start", "--organisation", d.banksia.slug, "--delta", "--wait")
	if err != nil {
		return err
	}
	id, err := bulkOf(output)
	if err != nil {
		return err
	}
	changed, err := d.bulkPeople(ctx, id, "")
	if err != nil {
		return err
	}
	found := 0
	for _, claimant := range claimants {
		if item, listed := changed[claimant.HeldCareRecipientID]; listed && item.Outcome == outcomeSucceeded {
			found++
		}
	}
	d.verdict.expect("A delta run", "few people; 3 of the claim among them", joined(fewOrMany(len(changed)), fmt.Sprintf("%d of the claim among them", found)), "")
	return nil
}

// fewOrMany: how many people have changed depends on the hour, since whatever was updated within one before the last run is read again.
func fewOrMany(people int) string {
	const few = 100
	if people < few {
		return "few people"
	}
	return countedPeople(people)
}

func differs(people int) string {
	if people == 1 {
		return "1 person differs"
	}
	return fmt.Sprintf("%d people differ", people)
}
