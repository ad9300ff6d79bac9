package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// addHelp gives every command its example, and leaves the settings that all commands share to the help of the program itself.
func addHelp(root *cobra.Command) {
	addExamples(root)
	usage := strings.Replace(root.UsageTemplate(), "Global Flags:", "Shared flags:", 1)
	root.SetUsageTemplate(usage + `{{if .HasParent}}
Run "{{.Root.Name}} --help" for the settings that all commands share: database, Temporal, encryption and logging.
{{end}}`)
	help := root.HelpFunc()
	root.SetHelpFunc(func(command *cobra.Command, args []string) {
		root.PersistentFlags().VisitAll(func(flag *pflag.Flag) { flag.Hidden = command.HasParent() })
		help(command, args)
	})
}

func addExamples(command *cobra.Command) {
	if example := examples[command.CommandPath()]; example != "" {
		command.Example = "  " + strings.ReplaceAll(example, "\n", "\n  ")
	}
	for _, child := range command.Commands() {
		addExamples(child)
	}
}

// Ids that examples use.
const (
	exampleID      = "0198b2c4-6f1e-7c3a-9d52-1b7e4a90c6f3"
	examplePerson  = "415056224"
	exampleNDIS    = "430123456"
	exampleNewNDIS = "430123457"
)

// examples are those that the help of each command shows.
var examples = map[string]string{
	"caresync migrate":        "caresync migrate",
	"caresync migrate status": "caresync migrate status",
	"caresync serve":          "caresync serve --listen 127.0.0.1:8080",
	"caresync openapi":        "caresync openapi > openapi.yaml",
	"caresync version":        "caresync version",

	"caresync deployment show":        "caresync deployment show",
	"caresync deployment adopt":       "caresync deployment adopt",
	"caresync deployment end-orphans": "caresync deployment end-orphans",
	"caresync doctor":                 "caresync doctor",
	"caresync keyring status":         "caresync keyring status",
	"caresync keyring reseal":         "caresync keyring reseal",

	"caresync organisation create": `caresync organisation create wattle --name "Wattle Grove" --time-zone Australia/Perth`,
	"caresync organisation set":    `caresync organisation set wattle --name "Wattle Grove Care"`,
	"caresync organisation list":   "caresync organisation list",

	"caresync token create": "caresync token create billing",
	"caresync token list":   "caresync token list",
	"caresync token revoke": "caresync token revoke " + exampleID,

	"caresync connection create":    "caresync connection create --ra-number 1234567890 --device-name caresync-1 --client-id caresync --service-provider-id 20120",
	"caresync connection set":       "caresync connection set --rate-per-second 5",
	"caresync connection list":      "caresync connection list",
	"caresync connection show":      "caresync connection show",
	"caresync connection activate":  "caresync connection activate --code 4821",
	"caresync connection test":      "caresync connection test",
	"caresync connection renew-key": "caresync connection renew-key",

	"caresync import people":             "caresync import people people.csv",
	"caresync import invoices":           "caresync import invoices invoices.csv",
	"caresync import delivered-services": "caresync import delivered-services services.csv",
	"caresync import contracts":          "caresync import contracts contracts.csv",

	"caresync person change-number": "caresync person change-number " + exampleNDIS + " --ndis-number " + exampleNewNDIS + ` --why "typing error"`,
	"caresync person answers":       "caresync person answers " + examplePerson,
	"caresync person take-back":     "caresync person take-back " + examplePerson + " " + exampleID,
	"caresync person history":       "caresync person history " + examplePerson,

	"caresync sync care-recipient": "caresync sync care-recipient " + examplePerson + " --wait",
	"caresync plan show":           "caresync plan show " + examplePerson + " --history",

	"caresync runs list":        "caresync runs list --outcome failed",
	"caresync runs show":        "caresync runs show " + exampleID,
	"caresync runs watch":       "caresync runs watch " + exampleID,
	"caresync runs accept":      "caresync runs accept " + exampleID,
	"caresync runs same-person": "caresync runs same-person " + exampleID + ` --reason "preferred name, confirmed by phone"`,
	"caresync runs cancel":      "caresync runs cancel " + exampleID,

	"caresync pace enable":        "caresync pace enable",
	"caresync pace disable":       "caresync pace disable",
	"caresync pace settings":      "caresync pace settings",
	"caresync pace secret":        "caresync pace secret --signed",
	"caresync pace subscribe":     "caresync pace subscribe",
	"caresync pace person":        "caresync pace person " + exampleNDIS + " --participant=yes --api-access=yes",
	"caresync pace resume":        "caresync pace resume " + exampleNDIS,
	"caresync pace retrieve":      "caresync pace retrieve " + exampleNDIS,
	"caresync pace preview":       "caresync pace preview " + exampleNDIS,
	"caresync pace create":        "caresync pace create " + exampleNDIS,
	"caresync pace refresh":       "caresync pace refresh " + exampleNDIS + " --wait",
	"caresync pace review":        "caresync pace review",
	"caresync pace accept":        "caresync pace accept " + exampleNDIS,
	"caresync pace notifications": "caresync pace notifications --most 10",

	"caresync contract list":    "caresync contract list " + exampleNDIS,
	"caresync contract show":    "caresync contract show " + exampleID,
	"caresync contract history": "caresync contract history " + exampleID,

	"caresync claim event": "caresync claim event CLM-2026-0042 approved --care-recipient " + examplePerson,
	"caresync claim show":  "caresync claim show CLM-2026-0042",

	"caresync bulk start":  "caresync bulk start --in-care --not-synced-for 24h --wait",
	"caresync bulk list":   "caresync bulk list",
	"caresync bulk show":   "caresync bulk show " + exampleID,
	"caresync bulk watch":  "caresync bulk watch " + exampleID,
	"caresync bulk people": "caresync bulk people " + exampleID + " --outcome failed",
	"caresync bulk pause":  "caresync bulk pause " + exampleID,
	"caresync bulk resume": "caresync bulk resume " + exampleID,
	"caresync bulk cancel": "caresync bulk cancel " + exampleID,
	"caresync bulk window": "caresync bulk window " + exampleID + " 4",
	"caresync bulk retry":  "caresync bulk retry " + exampleID,
	"caresync bulk report": "caresync bulk report " + exampleID + " > report.csv",

	"caresync schedule create":   "caresync schedule create nightly --at 03:30 --delta\ncaresync schedule create weekly-full --at 22:00 --on sat --pause-on-failure",
	"caresync schedule change":   "caresync schedule change nightly --at 04:30",
	"caresync schedule list":     "caresync schedule list",
	"caresync schedule show":     "caresync schedule show nightly",
	"caresync schedule pause":    "caresync schedule pause nightly",
	"caresync schedule resume":   "caresync schedule resume nightly",
	"caresync schedule trigger":  "caresync schedule trigger nightly --wait",
	"caresync schedule backfill": "caresync schedule backfill nightly --from 2026-05-20",
	"caresync schedule delete":   "caresync schedule delete nightly",

	"caresync console link":     `caresync console link --name "Ada Brown"`,
	"caresync console sessions": "caresync console sessions",
	"caresync console sign-out": "caresync console sign-out --all",
}
