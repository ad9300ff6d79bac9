// Package cli is the caresync program's commands. They are thin: what they do is in db, syncs, imports and upstream.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/config"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/problems"
)

// Exit codes of the program.
const (
	ExitSucceeded   = 0   // done; for a sync: succeeded, with or without warnings
	ExitFailed      = 1   // the command could not do its work, or doctor found a failure
	ExitUsage       = 2   // wrong usage or bad input
	ExitNotComplete = 3   // a sync run with --wait was partially saved, failed, cancelled or refused; a connection test or a look at the keyring found a problem, or `deployment show` another deployment's database
	ExitStopped     = 130 // Ctrl-C; a sync that was watched continues
)

const exitCodes = `Exit codes:
  0    done; for a sync: succeeded, with or without warnings
  1    the command could not do its work, or doctor found a failure or could not check something
  2    wrong usage or bad input
  3    a sync run with --wait was partially saved, failed, cancelled or refused, a connection test or a look at the
       keyring found a problem, or "deployment show" found that the database belongs to another deployment
  130  stopped with Ctrl-C; a sync that was being watched continues`

// exitError ends the program with a code. Its error may be nil where everything has been said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, values ...any) error {
	return &exitError{ExitUsage, fmt.Errorf(format, values...)}
}

// Main runs the program and returns its exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	a := &app{in: in, out: &visibleWriter{out: out}, errOut: &visibleWriter{out: errOut}, terminal: out}
	root := a.root()
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitSucceeded
	}
	if text := a.explain(command, err); text != "" {
		fmt.Fprintln(a.errOut, "caresync: "+text)
	}
	return a.exitCode(err)
}

func (a *app) exitCode(err error) int {
	var exit *exitError
	meaning, _ := problems.Of(err)
	switch {
	case errors.As(err, &exit):
		return exit.code
	case errors.Is(err, context.Canceled):
		return ExitStopped
	case meaning.Correctable, !a.running:
		return ExitUsage
	default:
		return ExitFailed
	}
}

// explain says what went wrong in a command and what to do about it.
func (a *app) explain(command *cobra.Command, err error) string {
	var exit *exitError
	var refused *imports.FileError
	var keyring *db.KeyringError
	meaning, known := problems.Of(err)
	switch {
	case errors.As(err, &exit) && exit.err == nil, errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &refused):
		return explainImport(refused)
	case errors.As(err, &keyring):
		return keyring.Error() + ". Other programs cannot read runs that are started with it."
	case known && exit == nil:
		return explainProblem(meaning)
	case !a.running:
		return fmt.Sprintf("%v\nRun `%s --help` for usage.", err, command.CommandPath())
	default:
		return err.Error()
	}
}

// explainProblem says what an error means to whoever typed the command, who often runs the programs, too.
func explainProblem(meaning problems.Problem) string {
	if len(meaning.Invalid) > 0 {
		return meaning.Invalid[0].Error() + ". Nothing was changed."
	}
	meaning.Advice = cmp.Or(meaning.Operators, meaning.Advice)
	detail := meaning.Detail()
	if strings.HasPrefix(detail, "API ") {
		return detail
	}
	return strings.ToLower(detail[:1]) + detail[1:]
}

func explainImport(refused *imports.FileError) string {
	lines := make([]string, 0, len(refused.Problems)+1)
	lines = append(lines, "nothing was imported. Correct the file and import it again:")
	for _, problem := range refused.Problems {
		lines = append(lines, "  "+problem.String())
		if values := problem.Contradiction; values != nil {
			lines = append(lines, fmt.Sprintf("    in CareSync: %s, in the file: %s", values.Held, values.Given))
		}
	}
	return strings.Join(lines, "\n")
}

// app is what all commands share: settings and where they read and write.
type app struct {
	database     config.Database
	encryption   config.Encryption
	queues       config.TaskQueues
	logging      config.Logging
	links        config.Links
	organisation string

	in          io.Reader
	out, errOut io.Writer
	// terminal is where out ends: for the program's own control sequences, and nothing else.
	terminal io.Writer
	// running is set once a command's own work begins: errors before that are about usage.
	running bool
}

func (a *app) root() *cobra.Command {
	root := a.group("caresync", "Keep people's government funding up to date with Services Australia and the NDIA",
		a.migrateCommand(), a.organisationCommand(), a.tokenCommand(), a.connectionCommand(), a.importCommand(), a.personCommand(),
		a.syncCommand(), a.runsCommand(), a.planCommand(), a.paceCommand(), a.contractCommand(), a.claimCommand(), a.bulkCommand(), a.scheduleCommand(), a.deploymentCommand(), a.doctorCommand(), a.keyringCommand(), a.serveCommand(), a.consoleCommand(), a.openAPICommand(), a.versionCommand())
	root.Long = root.Short + ".\n\n" + exitCodes
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.errOut)
	root.CompletionOptions.HiddenDefaultCmd = true
	flags := root.PersistentFlags()
	a.database.AddFlags(flags)
	a.encryption.AddFlags(flags)
	a.queues.AddFlags(flags)
	a.logging.AddFlags(flags)
	a.links.AddFlags(flags)
	config.Bind(root)
	addHelp(root)
	return root
}

// suggestionDistance is how many letters a command may be away from what was typed to be suggested instead.
const suggestionDistance = 2

// group is a command that only holds others.
func (a *app) group(use, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: suggestionDistance}
	group.RunE = func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return command.Help()
		}
		if similar := command.SuggestionsFor(args[0]); len(similar) > 0 {
			return fmt.Errorf("%q has no command %q; did you mean %s?", command.CommandPath(), args[0], strings.Join(similar, " or "))
		}
		names := make([]string, 0, len(commands))
		for _, one := range commands {
			names = append(names, one.Name())
		}
		slices.Sort(names)
		return fmt.Errorf("%q has no command %q; its commands are %s", command.CommandPath(), args[0], strings.Join(names, ", "))
	}
	group.AddCommand(commands...)
	return group
}

// command is a command that does something. Use says which arguments it takes. Its work gets a context that ends with Ctrl-C.
func (a *app) command(use, short string, work func(ctx context.Context, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: argumentsOf,
		RunE: func(command *cobra.Command, args []string) error {
			if err := storableInput(command, args); err != nil {
				return err
			}
			a.running = true
			return work(command.Context(), args)
		},
	}
}

// storableInput refuses arguments and flags that are not text. The value is not repeated: a terminal may take it for something else.
func storableInput(command *cobra.Command, args []string) error {
	for i, argument := range args {
		if !care.StorableText(argument) {
			return usageError("argument %d is not UTF-8 text", i+1)
		}
	}
	var bad string
	command.Flags().Visit(func(flag *pflag.Flag) {
		if !care.StorableText(flag.Value.String()) {
			bad = flag.Name
		}
	})
	if bad != "" {
		return usageError("--%s is not UTF-8 text", bad)
	}
	return nil
}

func (a *app) print(format string, values ...any) { fmt.Fprintf(a.out, format+"\n", values...) }
