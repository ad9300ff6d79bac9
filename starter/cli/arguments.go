package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
)

// argumentWords say what an argument of a command is, by its name in Use.
var argumentWords = map[string]string{
	"PERSON": "a person: " + personWords, "CARE_RECIPIENT_ID|ID": "a person: " + personWords,
	"CONTRACT": "the id of a contract", "CLAIM": "the id of a claim", "STATUS": "the claim's status", "RUN_ID": "the id of a run",
	"BULK_ID": "the id of a bulk run", "NUMBER": "a number", "TOKEN_ID": "the id of a token", "SESSION_ID": "the id of a session",
	"ANSWER": "the id of an answer", "FILE": "a CSV file", "NAME": "a name", "SLUG": "a slug",
}

// argumentChecks look at an argument before the command's work begins, by its name in Use.
var argumentChecks = map[string]func(string) error{"PERSON": onePerson, "CARE_RECIPIENT_ID|ID": onePerson, "CONTRACT": oneContract}

const personWords = "a care recipient id (1 to 10 digits), an NDIS number (nine digits that start with 43) or CareSync's own id"

var errNoPersonID = errors.New("a person is named by " + personWords)

// argumentsOf checks the arguments of a command against its Use: "change-number PERSON" takes one, "show [NAME]" at most one.
func argumentsOf(command *cobra.Command, args []string) error {
	names := strings.Fields(command.Use)[1:]
	for i, name := range names {
		plain := strings.Trim(name, "[]")
		switch {
		case i < len(args):
			if check := argumentChecks[plain]; check != nil {
				if err := check(args[i]); err != nil {
					return err
				}
			}
		case plain == name:
			return fmt.Errorf("%q requires %s", command.CommandPath(), argumentWords[name])
		}
	}
	switch {
	case len(args) <= len(names):
		return nil
	case len(names) == 0:
		return fmt.Errorf("%q takes no arguments", command.CommandPath())
	default:
		return fmt.Errorf("%q takes no more arguments than %s", command.CommandPath(), strings.Join(names, " "))
	}
}

func onePerson(text string) error {
	if _, isID := parseID(text); !isID && !care.ValidCareRecipientID(text) {
		return errNoPersonID
	}
	return nil
}

func oneContract(text string) error {
	if _, isID := parseID(text); !isID {
		return fmt.Errorf("%q is not the id of a contract; `caresync contract list PERSON` shows them", text)
	}
	return nil
}
