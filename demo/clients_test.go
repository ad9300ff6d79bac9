package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// crowd are people of a world: five plain ones who can be in trouble, and one of each other outcome.
func crowd() everybody {
	people := []client{
		clientOf("person-1"), clientOf("person-2"), clientOf("person-3"), clientOf("person-4"), clientOf("person-5"),
		{known: known{Key: "person-6", HeldCareRecipientID: "person-6"}, departed: true},
		clientOf("not-found"), clientOf("consent-refused"), clientOf("no-classification"), clientOf("several-open"),
	}
	return everybody{people: people, trouble: trouble{people[0], people[1], people[2], people[3], people[4]}}
}

func clientOf(key string) client {
	return client{known: known{Key: key, CareRecipientID: key, HeldCareRecipientID: key}}
}

func TestPlainPeopleAreGeneratedAndHaveNothingToRemark(t *testing.T) {
	people := crowd().people
	require.Equal(t, people[:5], plainlySucceeding(people))
}

func TestWhatABulkRunIsExpectedToComeTo(t *testing.T) {
	run := crowd()
	require.Equal(t, bulkCounts{
		Selected: 10, Processed: 10, Succeeded: 3, SucceededWithWarnings: 2, Partial: 2, Failed: 3, Escalated: 2, Joined: 1,
	}, run.expected())
	require.Equal(t, bulkCounts{Selected: 5, Processed: 5, Succeeded: 3, Partial: 1, Failed: 1}, run.expectedAgain())
}

func TestFaultsAreJSON(t *testing.T) {
	var faults []struct{ Kind, Operation, CareRecipientID string }
	require.NoError(t, json.Unmarshal([]byte(crowd().trouble.faults(outage)), &faults))
	require.Len(t, faults, 4)
	require.Equal(t, "unavailable", faults[0].Kind, "an outage comes before anybody's own trouble")
	require.Equal(t, "person-3", faults[1].CareRecipientID)
}

func TestDepartures(t *testing.T) {
	left := known{Entries: []entry{{Departure: "2026-05-19"}}}
	require.True(t, left.departedBefore("2026-05-20"))
	require.False(t, left.departedBefore("2026-05-19"), "somebody is in care on the day of the departure")
	require.False(t, known{Entries: []entry{{}}}.departedBefore("2026-05-20"))
}

const reportOfTwo = `person_id,care_recipient_id,outcome,reason
01a,not-found,failed,not_found
01b,several-open,succeeded,
`

func TestAReportIsComparedWithTheWorld(t *testing.T) {
	people := []client{clientOf("not-found"), clientOf("several-open")}
	lines, err := readReport(reportOfTwo)
	require.NoError(t, err)
	require.Zero(t, lines.differing(people, trouble{}))
	require.Equal(t, []string{"      1 failed,not_found", "      1 succeeded,"}, lines.outcomes())

	require.Equal(t, 1, lines.differing(append(people, clientOf("reversal")), trouble{}), "somebody is missing")
	require.Equal(t, 1, append(lines, lines[1]).differing(people, trouble{}), "somebody stands twice")
	require.Equal(t, 1, lines.differing(people, trouble{renamed: people[1]}), "somebody has another outcome")

	run := everybody{people: people}
	run.take(lines)
	require.Equal(t, "01b", run.people[1].id)

	_, err = readReport("")
	require.ErrorContains(t, err, "is empty")
}

func TestBulkRunsAreFoundInWhatWasPrinted(t *testing.T) {
	id, err := bulkOf("Started a bulk run.\nbulk run  01a200f6-e5df-72b2-83b8-90a79874a788\nwho       everybody\n")
	require.NoError(t, err)
	require.Equal(t, "01a200f6-e5df-72b2-83b8-90a79874a788", id)
	_, err = bulkOf("caresync: nobody is selected")
	require.ErrorContains(t, err, "no bulk run was started")
}

func TestAClaimInWords(t *testing.T) {
	claim := decoded[claimView](t, `{"status":"approved","events":[{},{},{}],"syncs":[{"outcome":"succeeded"},{"outcome":"succeeded"}]}`)
	require.Equal(t, "approved; 3 events; 2 syncs succeeded", claim.words())
	claim.Syncs[1].Outcome = "failed"
	require.Equal(t, "approved; 3 events; 2 syncs", claim.words())
	require.Equal(t, "pending; 2 events; 0 syncs", decoded[claimView](t, `{"status":"pending","events":[{},{}]}`).words())
}

func TestBudgetsToDrawOn(t *testing.T) {
	person := decoded[known](t, `{"Budgets":[{"TypeCode":"ON","Start":"2026-04-01","End":"2026-06-30"},{"TypeCode":"AT","Start":"2026-07-01","End":"2026-09-30"}]}`)
	require.True(t, person.fundedOn("2026-06-30"))
	require.False(t, person.fundedOn("2026-07-01"))
}

func TestNamesOnAPageOfTheConsole(t *testing.T) {
	page := webPage{content: `<a href="/people">People</a>
		<a href="/people/01a200e9-330c-7ae8-95ca-449658ba54c1">M&uuml;ller-O&#39;Brien, Anneliese</a>
		<a href="/people/01a200e9-330c-7ae8-95ca-449658ba54c2" class="x"> Whitlock, Marjorie </a>`}
	require.Equal(t, []string{"Müller-O'Brien, Anneliese", "Whitlock, Marjorie"}, page.people())
}
