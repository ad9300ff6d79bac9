// Command demo shows CareSync at work, on a stack of its own and with nothing but what a user has: the programs, their commands and the
// HTTP API. `make demo` builds and runs it; with EXIT=1 it ends after its verdict, else it leaves everything running until Ctrl-C.
//
// It starts as three processes. The first chooses ports and becomes devstack, which starts this program again as its command: so one
// signal ends everything, in the right order. That one tells the story and starts the programs; the third guards them, and ends them
// however the story ends.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	tellStory     = "story"
	guardPrograms = "guard"

	exitFailed      = 1
	exitInterrupted = 130

	// storyTimeout ends a story that hangs; it usually takes little more than a minute.
	storyTimeout = 5 * time.Minute
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	switch {
	case len(args) == 0:
		fmt.Fprintln(os.Stderr, "demo:", becomeDevstack())
		return exitFailed
	case args[0] == tellStory && len(args) == 2:
		return runStory(args[1])
	case args[0] == guardPrograms && len(args) == 2:
		guardUntilEnd(os.Stdin, args[1])
		return 0
	default:
		fmt.Fprintln(os.Stderr, "demo: run it with `make demo`, or with `make demo EXIT=1`; it takes no arguments")
		return exitFailed
	}
}

// runStory tells the story on the stack whose addresses are in the environment.
func runStory(chosen string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second Ctrl-C does not wait: it ends this program at once, and the guard ends the others.
	context.AfterFunc(ctx, stop)

	out := newPage(os.Stdout)
	d, err := newDemo(out, chosen)
	if err != nil {
		out.failure(err)
		return exitFailed
	}
	defer d.programs.stop()
	passed, err := d.tell(ctx)
	if ctx.Err() != nil {
		return exitInterrupted
	}
	if err == nil && !endsAfterVerdict() {
		err = d.keepRunning(ctx)
	}
	if err != nil {
		out.failure(err)
	}
	if err != nil || !passed {
		return d.failed()
	}
	return 0
}

// failed leaves the logs for whoever wants to know why.
func (d *demo) failed() int {
	d.programs.guard.keepDirectory()
	d.out.say("The programs' logs stay in " + d.programs.directory + ".")
	return exitFailed
}

func endsAfterVerdict() bool {
	wanted := os.Getenv("EXIT")
	return wanted != "" && wanted != "0"
}

// tell tells the story and reports whether everything was found as expected. A program that dies ends it.
func (d *demo) tell(ctx context.Context) (passed bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, storyTimeout, errors.New("the demo took too long"))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	told := make(chan struct{})
	defer close(told)
	go func() {
		select {
		case died := <-d.programs.failed:
			fail(died)
		case <-told:
		}
	}()
	for _, chapter := range d.chapters() {
		d.out.chapter(chapter.title)
		d.verdict.chapter = chapter.title
		if err := chapter.tell(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return false, cause
			}
			return false, err
		}
	}
	return d.verdict.show(d.out), nil
}

// keepRunning leaves everything running until Ctrl-C.
func (d *demo) keepRunning(ctx context.Context) error {
	d.showWhatIsRunning(ctx)
	select {
	case <-ctx.Done():
		d.out.say("Ending everything.")
		return nil
	case died := <-d.programs.failed:
		return died
	}
}
