// Package config gives every program the same way to be configured: cobra flags, each of which can also be given as an
// environment variable, and the settings that several programs share.
package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const (
	variablePrefix = "CARESYNC_"

	// A bound flag carries its variable. Flags that cobra adds later (--help, --version) stay unbound.
	variableAnnotation = "caresync_environment_variable"
)

// Bind lets every flag of root and its subcommands be given as an environment variable, and names the variable in the
// flag's help. Call it once, after all commands and flags have been added. A flag on the command line wins over its
// variable; an empty variable counts as not set.
//
// Variables are read just before the first PersistentPreRun hook, so hooks, PreRun and Run see their values.
func Bind(root *cobra.Command) {
	describeFlags(root)
	bindHook(root)
	for _, command := range root.Commands() {
		bindSubcommand(command)
	}
}

// UseVariable gives a flag a variable that is agreed on beyond CareSync, such as DATABASE_URL. It panics if there is
// no such flag, since that is a mistake in the program.
func UseVariable(flags *pflag.FlagSet, flag, variable string) {
	if err := flags.SetAnnotation(flag, variableAnnotation, []string{variable}); err != nil {
		panic(err)
	}
}

func bindSubcommand(command *cobra.Command) {
	describeFlags(command)
	// Cobra runs only the nearest persistent hook, so a hook of its own would hide that of root.
	if command.PersistentPreRunE != nil || command.PersistentPreRun != nil {
		bindHook(command)
	}
	for _, child := range command.Commands() {
		bindSubcommand(child)
	}
}

func bindHook(command *cobra.Command) {
	before, beforeE := command.PersistentPreRun, command.PersistentPreRunE
	command.PersistentPreRunE = func(running *cobra.Command, args []string) error {
		if err := readVariables(running.Flags()); err != nil {
			return err
		}
		if beforeE != nil {
			return beforeE(running, args)
		}
		if before != nil {
			before(running, args)
		}
		return nil
	}
}

func describeFlags(command *cobra.Command) {
	for _, flags := range []*pflag.FlagSet{command.Flags(), command.PersistentFlags()} {
		flags.VisitAll(func(flag *pflag.Flag) {
			if _, chosen := variableOf(flag); !chosen {
				UseVariable(flags, flag.Name, variablePrefix+strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_")))
			}
			variable, _ := variableOf(flag)
			if name := "[$" + variable + "]"; !strings.HasSuffix(flag.Usage, name) {
				flag.Usage += " " + name
			}
		})
	}
}

func variableOf(flag *pflag.Flag) (variable string, bound bool) {
	if annotation := flag.Annotations[variableAnnotation]; len(annotation) == 1 {
		return annotation[0], true
	}
	return "", false
}

// readVariables reports all bad variables at once.
func readVariables(flags *pflag.FlagSet) error {
	var problems []error
	flags.VisitAll(func(flag *pflag.Flag) {
		variable, bound := variableOf(flag)
		text := os.Getenv(variable)
		if !bound || flag.Changed || text == "" {
			return
		}
		if err := flags.Set(flag.Name, text); err != nil {
			problems = append(problems, fmt.Errorf("environment variable %s: %w; wanted: %s",
				variable, withoutValue(err), flag.Usage))
		}
	})
	return errors.Join(problems...)
}

// withoutValue drops pflag's sentence, which speaks of an argument and repeats its value.
func withoutValue(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalid.Unwrap()
	}
	return err
}
