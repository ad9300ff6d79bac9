package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// slowly makes each answer of Services Australia take a second.
const slowly = `{"kind":"latency","delay":"1s"}`

// killWorker kills the worker in the middle of a sync; another one takes the sync up where it was.
func (d *demo) killWorker(ctx context.Context) error {
	one := subject{"level-change", d.banksia, "The level of support changed in the middle of the quarter.", "succeeded", nil, ""}
	person, err := d.world.person(ctx, one.key)
	if err != nil {
		return err
	}
	d.out.say(fmt.Sprintf("%s, %s. %s Services Australia takes a second for each answer now, so that there is something to interrupt.",
		person.heldName(), one.owner.name, one.about))
	if _, err := d.tellWorld(ctx, http.MethodPut, "/control/faults", slowly); err != nil {
		return err
	}
	if err := d.world.forgetCalls(ctx); err != nil {
		return err
	}
	runID, err := d.syncWithoutWorker(ctx, person.HeldCareRecipientID)
	if err != nil {
		return err
	}
	if _, err := d.tellWorld(ctx, http.MethodDelete, "/control/faults", ""); err != nil {
		return err
	}
	if _, err = d.examine(ctx, one, runID); err != nil {
		return err
	}
	summaries, err := d.world.calls(ctx, "care-recipient-summary")
	d.verdict.expect("What was saved before the kill", "read once", "read "+times(summaries), "")
	return err
}

func times(number int) string {
	if number == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", number)
}

// syncWithoutWorker watches a sync while its worker is killed and another one started.
func (d *demo) syncWithoutWorker(ctx context.Context, careRecipientID string) (runID string, err error) {
	args := []string{"caresync", "sync", "care-recipient", careRecipientID, "--organisation", d.banksia.slug, "--wait"}
	d.out.command(commandLine(args...) + " &")
	begun, ended := make(chan struct{}), make(chan error, 1)
	var output string
	go func() {
		var err error
		output, _, err = d.programs.run(ctx, func(line string) {
			d.out.output(line)
			if strings.Contains(line, "✓ Summary") {
				close(begun)
			}
		}, d.out.output, args...)
		ended <- err
	}()
	select {
	case <-begun:
	case err := <-ended:
		return runOf(output), err
	}
	if err := d.replaceWorker(ctx); err != nil {
		return "", err
	}
	err = <-ended
	return runOf(output), err
}

func (d *demo) replaceWorker(ctx context.Context) error {
	d.out.command(fmt.Sprintf("kill -KILL %d", d.worker.pid()))
	if err := d.worker.kill(); err != nil {
		return err
	}
	d.out.output(fmt.Sprintf("[the worker, process %d, is gone: %s]", d.worker.pid(), d.worker.command.ProcessState))
	if _, _, err := d.caresync(ctx, "runs", "list", "--organisation", d.banksia.slug, "--outcome", "unfinished"); err != nil {
		return err
	}
	if err := d.startWorker(ctx); err != nil {
		return err
	}
	d.out.say("The new worker gets the steps of the dead one as soon as Temporal has missed its heartbeats for ten seconds. " +
		"What had been saved is not read again.")
	d.out.print("")
	return nil
}
