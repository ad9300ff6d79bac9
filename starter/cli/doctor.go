package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/doctor"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	command := a.command("doctor", "Find out what is wrong with this deployment, and what to do about it", func(ctx context.Context, _ []string) error {
		report := doctor.Examine(ctx, doctor.Options{
			DatabaseURL: a.database.ConnectionURL, Keyring: a.encryption.OpenKeyring, Queues: protocol.TaskQueues{Prefix: a.queues.Prefix.String()},
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if asJSON {
			if err := a.printJSON(report); err != nil {
				return err
			}
		} else {
			a.showReport(report)
		}
		if !report.Healthy() {
			return &exitError{ExitFailed, nil}
		}
		return nil
	})
	command.Long = command.Short + `.

Examines settings, PostgreSQL, Temporal, workers, schedules, what is in progress, and keys and allowances of the government's services, with the
settings of this program: run it with those of a worker. It changes nothing, calls no government service and names no person. Each part
gets a few seconds. The exit code is 1 if something failed or could not be checked; warnings alone do not change it.`
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// marks stand before findings.
var marks = map[doctor.Verdict]string{doctor.Failure: "✗", doctor.Warning: "!", doctor.Unknown: "?"}

// showReport prints what was found by area, then what was checked and is well.
func (a *app) showReport(report doctor.Report) {
	a.print("%s", headline(report))
	well, area := map[doctor.Area][]string{}, doctor.Area("")
	unchecked := map[string][]string{}
	for _, result := range report.Checks {
		if result.Verdict == doctor.OK {
			well[result.Area] = append(well[result.Area], result.Name)
			continue
		}
		for _, finding := range result.Findings {
			if finding.Verdict == doctor.Unknown && finding.Remedy == "" {
				unchecked[finding.Problem] = append(unchecked[finding.Problem], result.Name)
				continue
			}
			if area != result.Area {
				area = result.Area
				a.heading(string(area))
			}
			a.showFinding(result.Name, finding)
		}
	}
	a.showUnchecked(report, unchecked)
	a.showWell(report, well)
}

func headline(report doctor.Report) string {
	if report.Verdict == doctor.OK {
		return "✓ CareSync is healthy."
	}
	var found []string
	for _, one := range []struct {
		verdict      doctor.Verdict
		name, plural string
	}{{doctor.Failure, "failure", "failures"}, {doctor.Warning, "warning", "warnings"}} {
		if count := report.Count(one.verdict); count > 0 {
			found = append(found, present.Count(count, one.name, one.plural))
		}
	}
	said := "Nothing was found to be wrong."
	if len(found) > 0 {
		said = "Found " + strings.Join(found, " and ") + "."
	}
	if count := report.Count(doctor.Unknown); count > 0 {
		said += " " + present.Count(count, "check", "checks") + " could not be made."
	}
	return said
}

// findingWidth is how wide a finding is where the terminal does not say how wide it is.
const findingWidth = 120

func (a *app) showFinding(name string, finding doctor.Finding) {
	width := a.terminalWidth()
	if width == 0 || width > findingWidth {
		width = findingWidth
	}
	const indent = "  "
	lines := strings.Split(text.WrapSoft(name+": "+finding.Problem, width-len(indent)), "\n")
	a.print("%s %s", marks[finding.Verdict], strings.TrimRight(lines[0], " "))
	for _, line := range lines[1:] {
		a.print("%s%s", indent, strings.TrimRight(line, " "))
	}
	if finding.Remedy == "" {
		return
	}
	for i, line := range strings.Split(text.WrapSoft(finding.Remedy, width-len("  → ")), "\n") {
		lead := "  → "
		if i > 0 {
			lead = "    "
		}
		a.print("%s%s", lead, strings.TrimRight(line, " "))
	}
}

// showUnchecked names what could not be checked for the same reason together.
func (a *app) showUnchecked(report doctor.Report, unchecked map[string][]string) {
	if len(unchecked) == 0 {
		return
	}
	a.heading("Not checked")
	var said []string
	for _, result := range report.Checks {
		for _, finding := range result.Findings {
			names := unchecked[finding.Problem]
			if names == nil || slices.Contains(said, finding.Problem) {
				continue
			}
			said = append(said, finding.Problem)
			a.showFinding(strings.Join(names, ", "), doctor.Finding{Verdict: doctor.Unknown, Problem: strings.TrimPrefix(finding.Problem, "Not checked: ")})
		}
	}
}

func (a *app) showWell(report doctor.Report, well map[doctor.Area][]string) {
	if len(well) == 0 {
		return
	}
	a.print("\nChecked, and well:")
	var areas []doctor.Area
	var pairs []string
	for _, result := range report.Checks {
		if names := well[result.Area]; names != nil && !slices.Contains(areas, result.Area) {
			areas = append(areas, result.Area)
			pairs = append(pairs, fmt.Sprintf("  %s", result.Area), strings.Join(names, ", "))
		}
	}
	a.details(pairs...)
}
