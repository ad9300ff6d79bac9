package present_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
)

func TestWhoWaitsForTheEndOfABulkRun(t *testing.T) { // R9, R38
	for _, test := range []struct {
		aside read.SetAside
		lines []string
	}{
		{read.SetAside{}, nil},
		{read.SetAside{Unavailable: 1}, []string{"1 person waits: Services Australia answers 503 for them; they are retried at the end"}},
		{read.SetAside{Unavailable: 2, Contributions: 1200}, []string{
			"2 people wait: Services Australia answers 503 for them; they are retried at the end",
			"1,200 people wait: Services Australia no longer reports contributions for them; at the end of the run these are removed or held for approval",
		}},
	} {
		require.Equal(t, test.lines, present.SetAside(read.BulkSummary{Kind: care.RunCareRecipient, SetAside: test.aside}))
	}
}

func TestWhomSomeoneListedMayBe(t *testing.T) { // R33
	ada := &read.PersonRef{ID: db.NewID(), CareRecipientID: "415000001", GivenName: "Ada", FamilyName: "Wren"}
	require.Empty(t, present.MayBe(read.UnknownPerson{CareRecipientID: "415000009"}))
	require.Equal(t, "415000009 is listed with the name and birth date of Ada Wren (415000001), who is no longer listed: change the number of Ada Wren, or import 415000009 as a new person.",
		present.MayBe(read.UnknownPerson{CareRecipientID: "415000009", MayBe: ada}))
	require.Equal(t, "Ada Wren now has the number 415000001.", present.MayBe(read.UnknownPerson{CareRecipientID: "415000001", MayBe: ada}))
}
