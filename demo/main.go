// Command demo tells the story of CareSync: Markdown files whose commands it runs and whose expected lines it looks for (demo/README.md).
// `make demo` builds and runs it on a stack of its own. With EXIT=1 it also runs the commands of the README's first five minutes and ends
// after its verdict, else it leaves everything running until Ctrl-C.
//
// It starts as three processes. The first chooses ports and becomes devstack, which starts this program again as its command: so one
// signal ends everything, in the right order. That one tells the story; the third guards it, and ends what the story has started however
// the story ends.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	tellStory     = "story"
	guardPrograms = "guard"
	comparePeople = "compare"

	endAfterVerdict = "EXIT"
	showEverything  = "VERBOSE"

	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130

	// storyTimeout ends a story that hangs; it usually takes two or three minutes.
	storyTimeout = 20 * time.Minute
	// checkInterval is how often the programs are looked after while everything is left running.
	checkInterval = 2 * time.Second
)

// The files of the story, relative to the root of the repository.
const (
	chapters = "demo/story/*.md"
	ending   = "demo/ending.md"
	readme   = "README.md"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	switch {
	case len(args) == 0:
		fmt.Fprintln(os.Stderr, "demo:", becomeDevstack())
		return exitFailed
	case args[0] == tellStory && len(args) == 1:
		return runStory()
	case args[0] == guardPrograms && len(args) == 2:
		guardUntilEnd(os.Stdin, args[1])
		return 0
	case args[0] == comparePeople && len(args) > 1:
		return runComparison(args[1:])
	default:
		fmt.Fprintln(os.Stderr, "demo: run it with `make demo` or `make demo EXIT=1`; in the story, `demo compare PERSON...`")
		return exitUsage
	}
}

// runStory tells the story on the stack whose addresses are in the environment.
func runStory() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second Ctrl-C does not wait: it ends this program at once, and the guard ends the others.
	context.AfterFunc(ctx, stop)

	d, err := newDemo()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		return exitFailed
	}
	defer d.end()
	passed, err := d.tell(ctx)
	if err == nil && !isSet(endAfterVerdict) {
		err = d.keepRunning(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case err != nil:
		d.out.failure(err)
	}
	if err != nil || !passed {
		d.guard.keepDirectory()
		d.out.say("The programs' logs stay in " + d.directory + ".")
		return exitFailed
	}
	return 0
}

// isSet reports whether a variable of make's command line is set, other than to 0.
func isSet(name string) bool { return os.Getenv(name) != "" && os.Getenv(name) != "0" }

// demo is a story in the telling.
type demo struct {
	out         *page
	guard       *guard
	directory   string
	environment []string
	shells      []*shell
	verdict     verdict
}

func newDemo() (*demo, error) {
	environment, err := storyEnvironment()
	if err != nil {
		return nil, err
	}
	directory, err := os.MkdirTemp("", "caresync-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	guard, err := startGuard(directory)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(directory))
	}
	return &demo{out: newPage(os.Stdout), guard: guard, directory: directory, environment: environment}, nil
}

// end ends everything that the story has started, newest first, and removes the directory.
func (d *demo) end() {
	for i := len(d.shells) - 1; i >= 0; i-- {
		d.shells[i].stop()
	}
	d.guard.release()
}

// terminal opens a shell, as another terminal would.
func (d *demo) terminal() (*teller, error) {
	opened, err := startShell(d.directory, d.environment)
	if err != nil {
		return nil, err
	}
	d.guard.watch(opened.pid())
	d.shells = append(d.shells, opened)
	return &teller{
		out: d.out, shell: opened, known: variables{}, verdict: &d.verdict, timeout: commandTimeout, verbose: isSet(showEverything),
	}, nil
}

// tell tells the story and reports whether everything came out as expected.
func (d *demo) tell(ctx context.Context) (passed bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, storyTimeout, errors.New("the demo took too long"))
	defer cancel()
	files, err := filepath.Glob(chapters)
	if err != nil || len(files) == 0 {
		return false, fmt.Errorf("there is no story in %s: run the demo with `make demo`", chapters)
	}
	storyteller, err := d.terminal()
	if err != nil {
		return false, err
	}
	for i := 0; i < len(files) && err == nil; i++ {
		err = storyteller.tell(ctx, files[i])
	}
	if err == nil && isSet(endAfterVerdict) {
		err = d.tellREADME(ctx)
	}
	return d.verdict.show(d.out), err
}

// tellREADME runs the commands of the README in another terminal with the settings that the story has written, as its readers do.
func (d *demo) tellREADME(ctx context.Context) error {
	reader, err := d.terminal()
	if err != nil {
		return err
	}
	if _, err := reader.shell.run(ctx, ". ./env", func(string) {}); err != nil {
		return err
	}
	const title = "The README's first five minutes"
	d.out.chapter(title)
	d.verdict.begin(title)
	reader.silent = true
	err = reader.tell(ctx, readme)
	d.out.say(fmt.Sprintf("%d commands of README.md were run; VERBOSE=1 shows them.", d.verdict.current().commands))
	return err
}

// keepRunning shows where everything is and leaves it running until Ctrl-C or until a program ends unexpectedly.
func (d *demo) keepRunning(ctx context.Context) error {
	storyteller := &teller{out: d.out, shell: d.shells[0], known: variables{}, verdict: &verdict{}, timeout: commandTimeout, verbose: true}
	if err := storyteller.tell(ctx, ending); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			d.out.say("Shutting down.")
			return nil
		case <-time.After(checkInterval):
			if _, err := d.shells[0].run(ctx, ":", func(string) {}); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// storyEnvironment leaves out settings of CareSync that the user may have for other installations; the simulator's are welcome.
func storyEnvironment() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the programs: %w", err)
	}
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "CARESYNC_") && !strings.HasPrefix(variable, "CARESYNC_SIMULATOR_")
	})
	return append(environment, "PATH="+filepath.Dir(self)+string(os.PathListSeparator)+os.Getenv("PATH")), nil
}
