package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// ndiaConnection is the name of the connection to the NDIA.
const ndiaConnection = "ndia"

// enablePACE connects an organisation to the NDIA and says who has a PACE plan.
func (d *demo) enablePACE(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		d.connectNDIA, d.importParticipants, d.tickBoxes, d.refuseAtGates, d.receiveNotifications,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// connectNDIA sets the connection up; PACE is enabled only when the connection works.
func (d *demo) connectNDIA(ctx context.Context) error {
	connections, err := d.world.connections(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(connections, func(c connection) bool { return c.OrganisationName == d.banksia.name })
	if at < 0 {
		return fmt.Errorf("the simulator has no connection for %s", d.banksia.name)
	}
	c := connections[at]
	d.out.say(fmt.Sprintf("%s also manages NDIS plans. The NDIA has a connection of its own, with a PRODA device of its own. The PACE API is enabled "+
		"only when the connection works. Two calls a second is what the NDIA is asked by default; the simulated one bears ten.", d.banksia.name))
	if _, err := d.mustCaresync(ctx, "connection", "create", ndiaConnection, "--organisation", d.banksia.slug, "--service", "ndia",
		"--ra-number", c.RANumber, "--device-name", c.NDIADeviceName, "--client-id", c.ClientID, "--api-key", c.NDIAIBMClientID,
		"--product-id", c.NDIAProductID, "--audience", c.NDIAAudience, "--base-url", c.NDIABaseURL,
		"--token-base-url", c.TokenBaseURL, "--device-base-url", c.DeviceBaseURL, "--rate-per-second", "10"); err != nil {
		return err
	}
	_, exitCode, err := d.caresync(ctx, "pace", "enable", "--organisation", d.banksia.slug)
	if err != nil {
		return err
	}
	d.expectExit("PACE is not enabled over a connection that does not work", exitRefused, exitCode)
	if _, err := d.mustCaresync(ctx, "connection", "activate", ndiaConnection, "--organisation", d.banksia.slug, "--code", c.NDIAActivationCode); err != nil {
		return err
	}
	_, err = d.mustCaresync(ctx, "pace", "enable", "--organisation", d.banksia.slug)
	return err
}

// The exit codes of caresync that the story meets.
const (
	exitUsage   = 2
	exitRefused = 3
)

func (d *demo) expectExit(about string, expected, found int) {
	d.verdict.expect(about, fmt.Sprintf("exit code %d", expected), fmt.Sprintf("exit code %d", found), "")
}

func (d *demo) importParticipants(ctx context.Context) error {
	d.out.say("Participants come from the provider's own system, too: name, date of birth and NDIS number.")
	file := d.banksia.slug + "-participants.csv"
	if err := d.world.export(ctx, "participants", d.banksia.raNumber, d.programs.directory, file); err != nil {
		return err
	}
	d.out.command(commandLine("curl", "-s", d.world.exportAddress("participants", d.banksia.raNumber), "-o", file))
	_, err := d.mustCaresync(ctx, "import", "people", file, "--organisation", d.banksia.slug)
	return err
}

// participants are those of the story.
const (
	freshPlan          = "fresh-plan"
	changedManager     = "changed-manager"
	endorsementMissing = "endorsement-missing"
	overspent          = "overspent-category"
	reassessedLater    = "reassessed-later"
	extendedLater      = "extended-later"
)

// tickBoxes marks the participants of the story: one by a command that is shown in full, the others in the same way.
func (d *demo) tickBoxes(ctx context.Context) error {
	first, err := d.world.participant(ctx, freshPlan)
	if err != nil {
		return err
	}
	d.out.say("Nobody is read from the NDIA but those on whom two boxes are ticked: NDIS PACE Participant and, offered only with it, API access.")
	_, exitCode, err := d.caresync(ctx, tick(first.HeldNDISNumber, d.banksia, "--api-access=yes")...)
	if err != nil {
		return err
	}
	d.expectExit("API access is not offered without NDIS PACE Participant", exitUsage, exitCode)
	both := []string{"--participant=yes", "--api-access=yes"}
	if _, err := d.mustCaresync(ctx, tick(first.HeldNDISNumber, d.banksia, both...)...); err != nil {
		return err
	}
	return d.tickOthers(ctx, both)
}

func tick(person string, owner *organisation, boxes ...string) []string {
	return append([]string{"pace", "person", person, "--organisation", owner.slug}, boxes...)
}

func (d *demo) tickOthers(ctx context.Context, both []string) error {
	var numbers []string
	for _, key := range []string{changedManager, endorsementMissing, overspent, reassessedLater, extendedLater} {
		one, err := d.world.participant(ctx, key)
		if err != nil {
			return err
		}
		numbers = append(numbers, one.HeldNDISNumber)
	}
	d.out.command("for person in " + strings.Join(numbers, " ") + "; do\n    " +
		commandLine(append([]string{"caresync"}, tick("$person", d.banksia, both...)...)...) + " > /dev/null\n  done")
	for _, number := range numbers {
		_, exitCode, err := d.programs.run(ctx, nil, d.out.output, append([]string{"caresync"}, tick(number, d.banksia, both...)...)...)
		if err != nil {
			return err
		}
		if exitCode != 0 {
			return fmt.Errorf("the boxes of %s could not be ticked: exit code %d", number, exitCode)
		}
	}
	return nil
}

// refuseAtGates shows that a person without the boxes is refused before any call is made.
func (d *demo) refuseAtGates(ctx context.Context) error {
	one, err := d.world.participant(ctx, "negative-spent")
	if err != nil {
		return err
	}
	d.out.say(fmt.Sprintf("On %s no box is ticked: the person is refused with what to do, and the NDIA is not asked.", one.name()))
	if err := d.world.forgetCalls(ctx); err != nil {
		return err
	}
	_, exitCode, err := d.caresync(ctx, "pace", "retrieve", one.HeldNDISNumber, "--organisation", d.banksia.slug)
	if err != nil {
		return err
	}
	calls, err := d.world.calls(ctx, "ndia-determine-plan")
	d.verdict.expect("A person without the boxes is refused", "exit code 3; the NDIA was not asked",
		joined(fmt.Sprintf("exit code %d", exitCode), asked(calls)), "")
	return err
}

func asked(calls int) string {
	if calls == 0 {
		return "the NDIA was not asked"
	}
	return "the NDIA was asked"
}

// receiveNotifications has the NDIA tell of every change, each thing twice, as it really happens.
func (d *demo) receiveNotifications(ctx context.Context) error {
	d.out.say("The NDIA tells of changes: late, repeatedly and in any order. It sends a secret with them, which is shown this once.")
	args := []string{"caresync", "pace", "secret", "--organisation", d.banksia.slug}
	d.out.command("NDIA_SECRET=$(" + commandLine(args...) + ")")
	path := ""
	output, exitCode, err := d.programs.run(ctx, nil, func(line string) {
		d.out.output(line)
		if found := notificationPath.FindString(line); found != "" {
			path = found
		}
	}, args...)
	if err != nil {
		return err
	}
	if exitCode != 0 || path == "" {
		return fmt.Errorf("no secret for the NDIA's notifications: exit code %d", exitCode)
	}
	if _, err := d.mustCaresync(ctx, "pace", "subscribe", "--organisation", d.banksia.slug); err != nil {
		return err
	}
	return d.setWebhook(ctx, strings.TrimSpace(output), d.api(path))
}

var notificationPath = regexp.MustCompile(`/v1/notifications/ndia/[0-9a-f-]{36}`)

// setWebhook says in the simulator where the NDIA sends notifications, each of them twice.
func (d *demo) setWebhook(ctx context.Context, secret, address string) error {
	body := func(secret string) string {
		return fmt.Sprintf(`{"organisation":%q,"url":%q,"copies":2,"secret":"%s"}`, d.banksia.raNumber, address, secret)
	}
	webhooks := d.world.address + "/control/webhooks"
	d.out.command("curl -s -X PUT " + webhooks + " \\\n    -d '" + body(`'"$NDIA_SECRET"'`) + "'")
	got, err := call(ctx, http.MethodPut, webhooks, "", body(secret))
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("the simulator refused: %s", got.body)
	}
	return err
}
