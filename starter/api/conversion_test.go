package api

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/testkit/wire"
)

// renamed are the fields of read models whose name in JSON is not their name in Go.
var renamed = map[string]map[string]string{
	"get-bulk-run.200":  {"per_minute": "people_per_minute"},
	"get-retrieval.200": {"old": "old_value", "new": "new_value"},
	"get-run.200":       {"old": "old_value", "new": "new_value"},
	"search-claims.200": {"unknown": "unknown_people"},
}

// worded are the texts that an answer puts together from several fields, by what the fields come to here.
var worded = map[string][]string{
	"get-plan.200":     {`"budget 2026-10-26"`, `"budget"`}, // a held removal names its budget by type and date
	"get-run.200":      slices.Concat([]string{`"budget 2026-10-26"`, `"budget"`}, wait),
	"get-bulk-run.200": wait,
}

// wait is what an answer says about a wait of whose cause no one knows more than its name.
var wait = []string{`", 5 attempts failed: words"`, `"explanation"`, `"dead_end":false`, `"dead_end":true`}

// conversions are the ways from what the store reads to what an operation answers.
var conversions = map[string]any{
	"get-bulk-run.200":              views.FromBulk,
	"get-contract.200":              views.FromContract,
	"get-participant.200":           views.FromParticipant,
	"get-person.200":                views.FromPerson,
	"get-plan.200":                  views.FromPlan,
	"get-budget.200":                views.FromBudget,
	"get-retrieval.200":             FromPreview,
	"get-run.200":                   views.FromRun,
	"search-claims.200":             views.FromClaim,
	"import-people.200":             views.FromImportResult,
	"import-delivered-services.200": views.FromDeliveredServicesResult,
	"import-invoices.200":           views.FromInvoiceImportResult,
	"get-pace-settings.200":         views.FromPACESettings,
}

// Every field that is read arrives under its name: the read model with every field set becomes the golden answer.
func TestEveryFieldArrivesUnderItsName(t *testing.T) {
	for name, conversion := range conversions {
		convert := reflect.ValueOf(conversion)
		answer, err := json.Marshal(convert.Call([]reflect.Value{wire.FilledAs(convert.Type().In(0), renamed[name])})[0].Interface())
		require.NoError(t, err)
		golden, err := os.ReadFile("testdata/wire/" + name + ".json")
		require.NoError(t, err)
		var want struct{ Full json.RawMessage }
		require.NoError(t, json.Unmarshal(golden, &want))
		require.JSONEq(t, string(want.Full), strings.NewReplacer(worded[name]...).Replace(string(answer)), name)
	}
}
