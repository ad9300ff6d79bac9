package cli

import (
	"io"
	"iter"
	"strings"

	"github.com/spf13/cobra"
)

// Root shows a test the program's commands.
func Root() *cobra.Command {
	a := &app{in: strings.NewReader(""), out: io.Discard, errOut: io.Discard, terminal: io.Discard}
	return a.root()
}

// Commands are a command and all commands below it, by path.
func Commands(command *cobra.Command) iter.Seq2[string, *cobra.Command] {
	return func(yield func(string, *cobra.Command) bool) {
		if !yield(command.CommandPath(), command) {
			return
		}
		for _, child := range command.Commands() {
			for path, one := range Commands(child) {
				if !yield(path, one) {
					return
				}
			}
		}
	}
}

// CountExamples returns how many commands have an example.
func CountExamples() int { return len(examples) }
