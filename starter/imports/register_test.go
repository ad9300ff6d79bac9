package imports_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/imports"
)

// person is a line about someone who was born on 9 March 1941. An empty care recipient id is none.
func person(line int, given, family, careRecipientID string) imports.Person {
	return imports.Person{Line: line, Identity: care.Identity{
		GivenName: given, FamilyName: family, BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: careRecipientID,
	}}
}

// register is the people of an organisation, without a database.
type register struct{ db.HeldPeople }

func (r *register) try(rows ...imports.Person) (care.Count, error) {
	write, count, err := imports.DecidePeople(imports.File[imports.Person]{Rows: rows}, r.HeldPeople)
	for _, person := range write.People {
		if at := slices.IndexFunc(r.People, func(held db.PersonRecord) bool { return held.ID == person.ID }); at >= 0 {
			r.People[at] = person
		} else {
			r.People = append(r.People, person)
		}
	}
	return count, err
}

func (r *register) imports(t *testing.T, rows ...imports.Person) care.Count {
	t.Helper()
	count, err := r.try(rows...)
	require.NoError(t, err)
	return count
}

// refuses are the places and the values of a file that is refused.
func (r *register) refuses(t *testing.T, rows ...imports.Person) []imports.LineError {
	t.Helper()
	before := slices.Clone(r.People)
	count, err := r.try(rows...)
	var refused *imports.FileError
	require.ErrorAs(t, err, &refused)
	for _, problem := range refused.Problems {
		if values := problem.Contradiction; values != nil {
			require.NotContains(t, err.Error()+problem.String(), values.Held, "R10")
			require.NotContains(t, err.Error()+problem.String(), values.Given, "R10")
		}
	}
	require.Zero(t, count)
	require.Equal(t, before, r.People, "all or nothing")
	return refused.Problems
}

func (r *register) of(t *testing.T, careRecipientID string) db.PersonRecord {
	t.Helper()
	at := slices.IndexFunc(r.People, func(held db.PersonRecord) bool { return held.CareRecipientID == careRecipientID })
	require.GreaterOrEqual(t, at, 0)
	return r.People[at]
}

func TestImportingPeopleAgainUpdates(t *testing.T) {
	var r register
	rows := []imports.Person{person(2, "Ada", "Wren", "0415056224"), person(3, "Ben", "Lark", "415056225")}
	require.Equal(t, care.Count{Created: 2}, r.imports(t, rows...))
	require.Equal(t, care.Count{Unchanged: 2}, r.imports(t, rows...))

	ada := r.of(t, "0415056224")
	rows[0].FamilyName = "Wren-Lark"
	rows[0].NDISNumber = "430000001"
	require.Equal(t, care.Count{Updated: 1, Unchanged: 1}, r.imports(t, rows...))
	changed := r.of(t, "0415056224")
	require.Equal(t, ada.ID, changed.ID)
	require.Equal(t, "Wren-Lark", changed.FamilyName)

	rows[0].NDISNumber, rows[0].GivenName = "", ""
	require.Equal(t, care.Count{Unchanged: 2}, r.imports(t, rows...), "what the file leaves empty stays")
}

func TestEveryLineThatIsWrongIsNamed(t *testing.T) {
	stranger := person(5, "Cid", "Crake", "415056226")
	stranger.ServiceProviderID = "4000099999"
	file := imports.File[imports.Person]{
		Rows:     []imports.Person{person(2, "Ada", "Wren", "415056224"), person(4, "Ben", "Lark", "415056224"), stranger},
		Problems: []imports.LineError{{Line: 3, Column: "birth_date", Message: "is not a date"}},
	}
	write, _, err := imports.DecidePeople(file, db.HeldPeople{})
	require.Empty(t, write)
	var refused *imports.FileError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, []int{3, 4, 5}, []int{refused.Problems[0].Line, refused.Problems[1].Line, refused.Problems[2].Line})
	require.Contains(t, refused.Problems[1].Message, "line 2")
	require.Equal(t, "service_provider_id", refused.Problems[2].Column)
	require.NotContains(t, err.Error(), "415056224", "no care recipient ids in errors (R10)")
}

// A file that is wrong in every line is told so for as many lines as someone can read.
func TestTheListOfProblemsEnds(t *testing.T) {
	rows := make([]imports.Person, 3*imports.MostProblems)
	for i := range rows {
		rows[i] = person(i+2, "Ada", "Wren", fmt.Sprint(415000000+i))
		rows[i].ServiceProviderID = "4000099999"
	}
	var r register
	problems := r.refuses(t, rows...)
	require.Len(t, problems, imports.MostProblems+1)
	require.Equal(t, "line 1001: the list ends here, after 1000 problems: correct these first", problems[imports.MostProblems].String())
}

func TestAServiceProviderIDChoosesTheConnection(t *testing.T) { // R11
	r := register{db.HeldPeople{Connections: map[string]care.ID{"4000012345": "first", "4000012346": "second"}}}
	ada := person(2, "Ada", "Wren", "415056224")
	ada.ServiceProviderID = "4000012346"
	r.imports(t, ada)
	require.Equal(t, care.ID("second"), r.of(t, "415056224").ConnectionID)

	ada.ServiceProviderID = ""
	require.Equal(t, care.Count{Unchanged: 1}, r.imports(t, ada))
	require.Equal(t, care.ID("second"), r.of(t, "415056224").ConnectionID, "it stays as it was")
	ada.ServiceProviderID = "4000012345"
	require.Equal(t, care.Count{Updated: 1}, r.imports(t, ada))
	require.Equal(t, care.ID("first"), r.of(t, "415056224").ConnectionID)
}

func TestTwoPeopleOfOneNameAreTwoPeople(t *testing.T) {
	var r register
	rows := []imports.Person{person(2, "Ada", "Wren", "415056224"), person(3, "Ada", "Wren", "415056225")}
	require.Equal(t, care.Count{Created: 2}, r.imports(t, rows...))
	require.Equal(t, care.Count{Unchanged: 2}, r.imports(t, rows...))
}

func TestNumbersOfTwoPeopleOnOneLineAreAnError(t *testing.T) {
	var r register
	ada, ben := person(2, "Ada", "Wren", "415056224"), person(3, "Ben", "Lark", "415056225")
	ada.NDISNumber, ben.NDISNumber = "430000001", "430000002"
	r.imports(t, ada, ben)

	ada.NDISNumber = ben.NDISNumber
	require.Equal(t, "ndis_number", r.refuses(t, ada)[0].Column)
}

// No one stands in a file twice, by a number or by what they are recognised by.
func TestAPersonStandsInAFileOnce(t *testing.T) {
	var r register
	ada := person(2, "Ada", "Wren", "415056224")
	ada.NDISNumber = "430000001"
	r.imports(t, ada)
	byNumber := person(3, "Ada", "Wren", "")
	byNumber.NDISNumber = "430000001"
	for want, second := range map[string]imports.Person{
		"line 3, care_recipient_id: is also in line 2: two people cannot have the same one": person(3, "Ada", "Wren", "415056224"),
		"line 3, ndis_number: is also in line 2: two people cannot have the same one":       byNumber,
		"line 3: is about the same person as line 2: keep one of the two":                   person(3, "Ada", "Wren", ""),
	} {
		problems := r.refuses(t, ada, second)
		require.Len(t, problems, 1)
		require.Equal(t, want, problems[0].String())
	}
}

// R33: an import fills an empty number and never changes one, before the first sync or after.
func TestAnImportNeverChangesANumber(t *testing.T) {
	var r register
	ada := person(2, "Ada", "Wren", "0415056224")
	r.imports(t, ada)
	ada.NDISNumber = "430000001"
	require.Equal(t, care.Count{Updated: 1}, r.imports(t, ada), "filling an empty number is no change")
	participant := person(3, "Ben", "Lark", "")
	participant.NDISNumber = "430000002"
	r.imports(t, participant)
	participant.CareRecipientID = "415056225"
	require.Equal(t, care.Count{Updated: 1}, r.imports(t, participant))

	for name, test := range map[string]struct {
		change func(*imports.Person)
		column string
		values imports.Contradiction
	}{
		"same name and birth date": {func(p *imports.Person) { p.CareRecipientID, p.NDISNumber = "415056229", "" },
			"care_recipient_id", imports.Contradiction{Held: "0415056224", Given: "415056229"}},
		"same NDIS number": {func(p *imports.Person) { p.CareRecipientID, p.GivenName = "415056229", "Adele" },
			"care_recipient_id", imports.Contradiction{Held: "0415056224", Given: "415056229"}},
		"same care recipient id": {func(p *imports.Person) { p.NDISNumber, p.FamilyName = "430000009", "Finch" },
			"ndis_number", imports.Contradiction{Held: "430000001", Given: "430000009"}},
		"same name, another NDIS number": {func(p *imports.Person) { p.CareRecipientID, p.NDISNumber = "", "430000009" },
			"ndis_number", imports.Contradiction{Held: "430000001", Given: "430000009"}},
		"only a zero in front": {func(p *imports.Person) { p.CareRecipientID, p.NDISNumber, p.GivenName = "415056224", "", "Zoe" },
			"care_recipient_id", imports.Contradiction{Held: "0415056224", Given: "415056224"}},
	} {
		t.Run(name, func(t *testing.T) {
			row := ada
			test.change(&row)
			problems := r.refuses(t, row)
			require.Equal(t, test.column, problems[0].Column)
			require.Equal(t, &test.values, problems[0].Contradiction)
		})
	}
	require.Equal(t, "430000001", r.of(t, "0415056224").NDISNumber)
}

// R33: someone who resembles a known person is created only if the line says so; the same file can then be imported again.
func TestALineSaysThatItIsAboutANewPerson(t *testing.T) {
	var r register
	r.imports(t, person(2, "Kim", "Lee", "0415056224"))
	for line, careRecipientID := range map[int]string{3: "415056225", 4: "415056224"} {
		other := person(line, "Kim", "Lee", careRecipientID)
		require.NotEmpty(t, r.refuses(t, other))
		other.NewPerson = true
		require.Equal(t, care.Count{Created: 1}, r.imports(t, other))
		require.Equal(t, care.Count{Unchanged: 1}, r.imports(t, other))
	}
}

// R33: of several people of one name and birth date, none is taken for the one who is meant.
func TestWhichOfTwoKimsIsNeverGuessed(t *testing.T) {
	var r register
	first, second := person(2, "Kim", "Lee", ""), person(3, "Kim", "Lee", "")
	first.NDISNumber, second.NDISNumber = "430000001", "430000002"
	second.NewPerson = true
	r.imports(t, first, second)

	third := person(2, "Kim", "Lee", "415056224")
	problems := r.refuses(t, third)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].Message, "any of 2 known people")
	third.NDISNumber = "430000002"
	require.Equal(t, care.Count{Updated: 1}, r.imports(t, third), "the NDIS number says which")
}

// R33: two lines of one file whose numbers differ in leading zeros are perhaps one person, whom a spreadsheet has changed.
func TestZerosInFrontWithinAFile(t *testing.T) {
	var r register
	rows := []imports.Person{person(2, "Ada", "Wren", "0415056224"), person(3, "Ben", "Lark", "415056224")}
	problems := r.refuses(t, rows...)
	require.Equal(t, &imports.Contradiction{Held: "0415056224", Given: "415056224"}, problems[0].Contradiction)
	rows[1].NewPerson = true
	require.Equal(t, care.Count{Created: 2}, r.imports(t, rows...))
	require.Equal(t, care.Count{Unchanged: 2}, r.imports(t, rows...))
}

func TestAnImportOfPeopleTicksTheBoxes(t *testing.T) { // PACE guide, step 2, R21
	var r register
	ada := person(2, "Ada", "Wren", "415056224")
	ada.PACEParticipant, ada.PACEAPIAccess = new(true), new(true)
	r.imports(t, ada)
	ada.FlagChange = care.FlagChange{}
	require.Equal(t, care.Count{Unchanged: 1}, r.imports(t, ada), "what the file leaves empty stays")
	require.Equal(t, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, r.of(t, "415056224").PACEFlags)
	ada.PACEParticipant = new(false)
	require.Equal(t, care.Count{Updated: 1}, r.imports(t, ada))
	require.Equal(t, care.PACEFlags{}, r.of(t, "415056224").PACEFlags, "unticking participant clears API access")
	ada.PACEParticipant, ada.PACEAPIAccess = nil, new(true)
	require.Contains(t, r.refuses(t, ada)[0].String(), "line 2, pace_api_access")
	ada.PACEParticipant = new(true)
	require.Equal(t, care.Count{Updated: 1}, r.imports(t, ada))
	require.Equal(t, care.Count{Unchanged: 1}, r.imports(t, ada))
	require.Equal(t, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, r.of(t, "415056224").PACEFlags)
}
