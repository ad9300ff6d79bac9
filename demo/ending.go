package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// showWhatIsRunning prints where everything is, and what to try next.
func (d *demo) showWhatIsRunning(ctx context.Context) {
	env := d.writeEnvironment()
	d.out.say("Everything goes on running until Ctrl-C.")
	d.out.print("")
	d.out.details(
		"Console", d.consoleLink(ctx),
		"", fmt.Sprintf("This link signs you in to %s, once; the line below makes another one.", d.banksia.name),
		"Temporal UI", d.signInLink(),
		"", "This link signs you in; without it you see only ciphertext. Syncs that were refused or failed:",
		"", workflowsPage()+"?query=CareSyncFailedCount%3E0",
		"HTTP API", d.api("/v1")+"   OpenAPI 3.1: "+d.api("/openapi.json"),
		"Simulator", d.world.address+"/control/world   scenarios and moves: simulator/README.md",
		"PostgreSQL", os.Getenv("DATABASE_URL"),
		"Logs", d.programs.directory,
	)
	d.tryConsole()
	d.out.say("Try next, in another terminal:")
	d.out.print("")
	for _, line := range []string{
		". " + env,
		commandLine(d.linkArguments(d.banksia)...),
		"caresync runs list --organisation banksia",
		"caresync plan show 415056224 --organisation banksia --history",
		`curl ` + d.world.address + `/control/person/several-open/claim --json '{"amount":"250.00"}'`,
		"caresync sync care-recipient 415056224 --organisation banksia --wait",
		`curl -H "Authorization: Bearer $BANKSIA_TOKEN" ` + d.api("/v1/people"),
		"caresync connection test banksia --organisation banksia",
		"caresync bulk list --organisation banksia",
		"caresync bulk start --organisation banksia --wait",
		"caresync claim event CL-1 approved --care-recipient 415056224 --organisation banksia",
		"caresync contract list 430200102 --organisation banksia",
		`curl ` + d.world.address + `/control/participant/changed-manager/spend --json '{"amount":"75.00"}'   # CareSync is told, and reads`,
		"caresync runs list --organisation banksia --person 430200102",
		"caresync pace person 430200119 --organisation banksia --participant=yes --api-access=yes",
		"caresync pace retrieve 430200119 --organisation banksia",
		"caresync pace create 430200119 --organisation banksia --without 5",
	} {
		d.out.output(d.out.styled(cyan, "$ "+line))
	}
	d.out.print("")
}

// consoleSteps are what there is to do in the console.
var consoleSteps = []string{
	"People: find Whitlock, look at her Support at Home plan and its budgets, press Synchronise Budget Information and watch.",
	"People: find Delacroix. Services Australia holds somebody else under his id, and the run shows both.",
	"People: find 430200119, tick the two boxes under Client Funding for NDIS, and press + NDIS PACE.",
	"Runs: what each sync changed, field by field.",
	"Bulk runs: the one over everybody, with who did not succeed and why. Start one, pause it, let it go on.",
}

// notice is what the console's first page says: the same.
func notice() string { return "What to try\n" + strings.Join(consoleSteps, "\n") }

func (d *demo) tryConsole() {
	d.out.say("Try next, in the console:")
	d.out.print("")
	for _, step := range consoleSteps {
		d.out.output(step)
	}
}

// consoleLink signs in to the console; where no link can be had, it leads to the form that asks for a token.
func (d *demo) consoleLink(ctx context.Context) string {
	const wholeDay = "24h"
	link, exitCode, err := d.programs.run(ctx, nil, nil, d.linkArguments(d.banksia, "--valid-for", wholeDay)...)
	if err != nil || exitCode != 0 {
		return d.consoleAddress()
	}
	return strings.TrimSpace(link)
}

// signInLink opens the list of workflows in the Temporal UI, with a session that decrypts.
func (d *demo) signInLink() string {
	query := url.Values{"token": {d.codecToken}, "to": {workflowsPage()}}
	return d.api("/codec/session?") + query.Encode()
}

func workflowsPage() string {
	return os.Getenv("TEMPORAL_UI_URL") + "/namespaces/" + os.Getenv("TEMPORAL_NAMESPACE") + "/workflows"
}

// writeEnvironment writes what the commands need in another terminal, and answers with the file.
func (d *demo) writeEnvironment() string {
	var file strings.Builder
	fmt.Fprintf(&file, "export PATH='%s':\"$PATH\"\n", d.programs.binaries)
	for _, variable := range d.programs.environment {
		name, value, _ := strings.Cut(variable, "=")
		if name == "DATABASE_URL" || strings.HasPrefix(name, "TEMPORAL_") || strings.HasPrefix(name, "CARESYNC_") {
			fmt.Fprintf(&file, "export %s='%s'\n", name, value)
		}
	}
	for _, owner := range []*organisation{d.banksia, d.wattle} {
		fmt.Fprintf(&file, "export %s='%s'\n", owner.tokenVariable(), owner.token)
	}
	if err := d.programs.write("env", file.String()); err != nil {
		d.out.failure(err)
	}
	return filepath.Join(d.programs.directory, "env")
}
