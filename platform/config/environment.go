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

	// fileSuffix makes of a secret's variable the one that names a file with the secret, as containers are given theirs.
	fileSuffix = "_FILE"

	// A bound flag carries its variable. Flags that cobra adds later (--help, --version) stay unbound.
	variableAnnotation = "caresync_environment_variable"
)

// Bind lets every flag of root and its subcommands be given as an environment variable, and names the variable in the
// flag's help. Call it once, after all commands and flags have been added. A flag on the command line wins over its
// variable; an empty variable counts as not set. A secret can also be in a file, which the variable with _FILE at its end names.
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
			names := "[$" + variable + "]"
			if isSecret(flag) {
				names += " [$" + variable + fileSuffix + "]"
			}
			if !strings.HasSuffix(flag.Usage, names) {
				flag.Usage += " " + names
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
		if !bound || flag.Changed {
			return
		}
		text, err := textOf(flag, variable)
		if err != nil {
			problems = append(problems, err)
		}
		if text == "" {
			return
		}
		if err := flags.Set(flag.Name, text); err != nil {
			problems = append(problems, fmt.Errorf("environment variable %s: %w; wanted: %s",
				variable, withoutValue(err), flag.Usage))
		}
	})
	return errors.Join(problems...)
}

// textOf is what a flag's variable says, or of a secret the file that its variable names.
func textOf(flag *pflag.Flag, variable string) (string, error) {
	text, file := os.Getenv(variable), os.Getenv(variable+fileSuffix)
	if !isSecret(flag) || file == "" {
		return text, nil
	}
	if text != "" {
		return "", fmt.Errorf("environment variables %s and %[1]s%s are both set: set one of them", variable, fileSuffix)
	}
	content, err := os.ReadFile(file) //nolint:gosec // whoever starts the program says where its secrets are
	if err != nil {
		return "", fmt.Errorf("environment variable %s%s: %w", variable, fileSuffix, err)
	}
	if text = strings.TrimSpace(string(content)); text == "" {
		return "", fmt.Errorf("environment variable %s%s: the file %s is empty", variable, fileSuffix, file)
	}
	return text, nil
}

func isSecret(flag *pflag.Flag) bool { return flag.Value.Type() == Secret{}.Type() }

// withoutValue drops pflag's sentence, which speaks of an argument and repeats its value.
func withoutValue(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalid.Unwrap()
	}
	return err
}
