package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/report"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

const peopleOfTheRun = 3

// failedRun is a finished bulk run whose people, named like formulas, were not found.
func failedRun(t *testing.T) (run stored.BulkRun, listedAgain *read.PersonRef) {
	t.Helper()
	run = stored.BulkRun{Store: testkit.Store(t, testkit.DatabaseURL(t)), ID: db.NewID()}
	run.Organisation = stored.Organisation(t, run.Store, "wattle")
	for i := range peopleOfTheRun {
		testkit.AddPeople(t, run.Store, run.Organisation.ID, stored.Person("=cmd()", fmt.Sprintf("Wren %d", i), fmt.Sprint(415000000+i)))
	}
	run.Plan(t, stored.EveryCareRecipient)
	require.NoError(t, run.Store.SettleItems(t.Context(), run.Organisation.ID, run.ID, nil, care.RunFailed, care.ReasonNotFound))
	listedAgain = listAgain(t, run)
	_, _, err := run.Store.FinishBulk(t.Context(), run.Organisation.ID, run.ID, "")
	require.NoError(t, err)
	return run, listedAgain
}

// listAgain lists a person of ours under another number, and a stranger (R33).
func listAgain(t *testing.T, run stored.BulkRun) *read.PersonRef {
	t.Helper()
	connection, err := run.Store.CreateConnection(t.Context(), run.Organisation.ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	person := stored.PersonOf(t, run.Store, run.Organisation, "415000000")
	again := care.Identity{GivenName: person.GivenName, FamilyName: person.FamilyName, BirthDate: person.BirthDate, CareRecipientID: "99"}
	require.NoError(t, run.Store.ReportUnknown(t.Context(), run.Organisation.ID, run.ID, db.ListedPeople{
		People: []care.Identity{again, {CareRecipientID: "77"}, {CareRecipientID: "415000001"}, {CareRecipientID: "415000002"}}, ByConnection: map[care.ID]int{connection.ID: 4},
	}))
	return &read.PersonRef{ID: person.ID, CareRecipientID: person.CareRecipientID, GivenName: person.GivenName, FamilyName: person.FamilyName}
}

func written(t *testing.T, run stored.BulkRun, format report.Format) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.Write(t.Context(), run.Store, run.Organisation.ID, run.ID, format, &out))
	return out.Bytes()
}

func TestTheReportIsSafeInASpreadsheet(t *testing.T) {
	t.Parallel()
	run, gone := failedRun(t)

	rows, err := csv.NewReader(bytes.NewReader(written(t, run, report.CSV))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, report.Columns, rows[0])
	require.Len(t, rows, 1+peopleOfTheRun+2)
	require.Equal(t, "'=cmd()", rows[1][3])
	require.Equal(t, []string{"failed", "not_found"}, rows[1][5:7])
	require.Equal(t, []string{"99", "unknown", "99 is listed with the name and birth date of =cmd() Wren 0 (415000000), who is no longer listed: " +
		"change the number of =cmd() Wren 0, or import 99 as a new person."}, []string{rows[4][1], rows[4][5], rows[4][7]})
	require.Equal(t, []string{"77", "unknown"}, []string{rows[5][1], rows[5][5]})

	var document struct {
		BulkRun       views.BulkView        `json:"bulk_run"`
		People        []views.BulkItem      `json:"people"`
		UnknownPeople []views.UnknownPerson `json:"unknown_people"`
	}
	require.NoError(t, json.Unmarshal(written(t, run, report.JSON), &document))
	require.Equal(t, peopleOfTheRun, document.BulkRun.Counts.Failed)
	require.Equal(t, "=cmd()", document.People[0].Person.GivenName, "programs get what is stored")
	require.Equal(t, []views.UnknownPerson{{CareRecipientID: "99", MayBe: views.OrNil(gone, views.FromPersonRef)}, {CareRecipientID: "77"}}, document.UnknownPeople)
	require.ErrorIs(t, report.Write(t.Context(), run.Store, db.NewID(), run.ID, report.CSV, &bytes.Buffer{}), db.ErrNotFound)
}
