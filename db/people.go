package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// MostProblems is how many problems of a file are listed. A file that has as many is not looked at any further.
const MostProblems = 1000

// importChunk is how many rows one statement of an import writes. It bounds a statement's size and time.
const importChunk = 10_000

// Import is a file as it was read: its good rows, and what was wrong with the others.
type Import[T any] struct {
	Rows     []T
	Problems []LineError
}

// LineError says what is wrong with a line of a file. It names line and column; its text never repeats a value (R10).
type LineError struct {
	// Line counts from 1, the header's; 0 is the file as a whole.
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
	// Contradiction are the two values of a number that a file may not change (R33). It is shown to who imports, beside the text.
	Contradiction *Contradiction `json:"contradiction,omitempty"`
}

// Contradiction is a value that we hold beside the one that was given. It is about a person: show it, and never log it (R10).
type Contradiction struct {
	Held  string `json:"held"`
	Given string `json:"given"`
}

// String names the place first.
func (e LineError) String() string {
	switch {
	case e.Line == 0:
		return e.Message
	case e.Column == "":
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	default:
		return fmt.Sprintf("line %d, %s: %s", e.Line, e.Column, e.Message)
	}
}

// ImportError says that nothing of a file was imported, and everything that is wrong with it, by line.
type ImportError struct{ Problems []LineError }

func (e *ImportError) Error() string {
	if len(e.Problems) == 1 {
		return "nothing was imported: " + e.Problems[0].String()
	}
	return fmt.Sprintf("nothing was imported: the file has %d errors, the first in %s", len(e.Problems), e.Problems[0])
}

func importError(problems []LineError) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b LineError) int { return a.Line - b.Line })
	if len(problems) >= MostProblems {
		last := LineError{Line: problems[MostProblems-1].Line, Message: fmt.Sprintf("the list ends here, after %d problems: correct these first", MostProblems)}
		problems = append(problems[:MostProblems:MostProblems], last)
	}
	return &ImportError{Problems: problems}
}

// ImportResult is what an import did.
type ImportResult struct {
	Created   int
	Updated   int
	Unchanged int
}

// ImportedPerson is a line of a file of people. At least one of CareRecipientID and NDISNumber is set.
type ImportedPerson struct {
	Line int
	care.Identity
	ServiceProviderID string
	NDISNumber        string
	// FlagChange are the two boxes of PACE, where the file says something of them.
	care.FlagChange
	// NewPerson says that the line is about a different person from everyone we hold, however alike they are (R33).
	NewPerson bool
}

// personRow is a person as WritePeople stores them.
type personRow struct {
	ID              care.ID   `json:"id"`
	GivenName       string    `json:"given_name"`
	FamilyName      string    `json:"family_name"`
	BirthDate       care.Date `json:"birth_date"`
	CareRecipientID string    `json:"care_recipient_id"`
	NDISNumber      string    `json:"ndis_number"`
	ConnectionID    *care.ID  `json:"connection_id"`
	care.PACEFlags
}

// ImportPeople stores the people of a file, all or none. A person is recognised by the care recipient id, else by the NDIS number,
// else by name and birth date; a number is never changed (R33), and what the file leaves empty stays as it was. What changes is kept in each person's history, with by, who
// imports. It fails with ImportError.
func (s *Store) ImportPeople(ctx context.Context, organisation care.ID, file Import[ImportedPerson], by string) (ImportResult, error) {
	var result ImportResult
	err := s.inTransaction(ctx, "import people", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		register, err := loadRegister(ctx, queries, organisation, file.Rows)
		if err != nil {
			return err
		}
		for _, person := range file.Rows {
			if len(register.problems) >= MostProblems {
				break
			}
			register.add(person)
		}
		if err := importError(append(file.Problems, register.problems...)); err != nil {
			return err
		}
		result = register.result
		if err := writePeople(ctx, queries, organisation, register.writes); err != nil {
			return err
		}
		if err := recheckNamesakes(ctx, queries, organisation, birthDatesOf(register.writes)); err != nil {
			return err
		}
		return recordChanges(ctx, queries, organisation, care.Origin{Source: care.SourceImportPeople, RequestedBy: by}, register.changes)
	})
	return result, err
}

func writePeople(ctx context.Context, queries *gen.Queries, organisation care.ID, people []personRow) error {
	for chunk := range slices.Chunk(people, importChunk) {
		if err := queries.WritePeople(ctx, gen.WritePeopleParams{OrganisationID: organisation, People: list(chunk)}); err != nil {
			return err
		}
	}
	return nil
}

// register is the people we hold, as far as a file is about them, and what the file does to them.
type register struct {
	held              []gen.PeopleForImportRow
	byCareRecipientID map[string]*gen.PeopleForImportRow
	byNDISNumber      map[string]*gen.PeopleForImportRow
	// byDigits are the people by their care recipient ids without leading zeros.
	byDigits    map[string][]*gen.PeopleForImportRow
	byBirthDate map[care.Date][]*gen.PeopleForImportRow
	connections map[string]care.ID
	// providers are the service provider ids of the connections.
	providers map[care.ID]string
	// linesByID are the lines of the file's care recipient ids, lineOfDigits the first with such an id but for zeros in front, lineOfNDIS
	// the lines of its NDIS numbers, lineOfPerson of the people they are about.
	linesByID    map[string]int
	lineOfDigits map[string]ImportedPerson
	lineOfNDIS   map[string]int
	lineOfPerson map[care.ID]int

	writes   []personRow
	changes  []care.Change
	result   ImportResult
	problems []LineError
}

func loadRegister(ctx context.Context, queries *gen.Queries, organisation care.ID, people []ImportedPerson) (*register, error) {
	r := &register{
		byCareRecipientID: map[string]*gen.PeopleForImportRow{}, byNDISNumber: map[string]*gen.PeopleForImportRow{},
		byDigits: map[string][]*gen.PeopleForImportRow{}, lineOfDigits: map[string]ImportedPerson{},
		byBirthDate: map[care.Date][]*gen.PeopleForImportRow{}, connections: map[string]care.ID{}, providers: map[care.ID]string{},
		linesByID: map[string]int{}, lineOfNDIS: map[string]int{}, lineOfPerson: map[care.ID]int{},
	}
	query := gen.PeopleForImportParams{OrganisationID: organisation}
	for _, person := range people {
		query.CareRecipientIds = append(query.CareRecipientIds, person.CareRecipientID)
		query.SignificantDigits = append(query.SignificantDigits, care.SignificantDigits(person.CareRecipientID))
		query.NdisNumbers = append(query.NdisNumbers, person.NDISNumber)
		query.BirthDates = append(query.BirthDates, person.BirthDate.String())
		if _, twice := r.linesByID[person.CareRecipientID]; !twice {
			r.linesByID[person.CareRecipientID] = person.Line
		}
	}
	connections, err := queries.ServiceProviderConnections(ctx, organisation)
	if err != nil {
		return nil, err
	}
	for _, connection := range connections {
		r.connections[connection.ServiceProviderID], r.providers[connection.ID] = connection.ID, connection.ServiceProviderID
	}
	r.held, err = queries.PeopleForImport(ctx, query)
	r.indexHeld()
	return r, err
}

func (r *register) indexHeld() {
	for i := range r.held {
		person := &r.held[i]
		if person.CareRecipientID != "" {
			r.byCareRecipientID[person.CareRecipientID] = person
			digits := care.SignificantDigits(person.CareRecipientID)
			r.byDigits[digits] = append(r.byDigits[digits], person)
		}
		if person.NdisNumber != "" {
			r.byNDISNumber[person.NdisNumber] = person
		}
		r.byBirthDate[person.BirthDate] = append(r.byBirthDate[person.BirthDate], person)
	}
}

// add decides what a line does: a new person, a changed one, nothing, or an error.
func (r *register) add(person ImportedPerson) {
	before := len(r.problems)
	held := r.recognise(person)
	r.checkTwice(person, held)
	connection := r.connectionOf(person, held)
	flags := r.flagsOf(person, held)
	if len(r.problems) > before {
		return
	}
	row := personRow{
		GivenName: person.GivenName, FamilyName: person.FamilyName, BirthDate: person.BirthDate,
		CareRecipientID: person.CareRecipientID, NDISNumber: person.NDISNumber, ConnectionID: connection, PACEFlags: flags,
	}
	if held == nil {
		row.ID = NewID()
		r.result.Created++
		r.keep(row, care.Change{Kind: care.KindPerson, RecordID: row.ID, Action: care.ActionCreated})
		return
	}
	row.ID = held.ID
	setIfEmpty(&row.CareRecipientID, held.CareRecipientID)
	setIfEmpty(&row.NDISNumber, held.NdisNumber)
	setIfEmpty(&row.GivenName, held.GivenName)
	changes := r.changesOf(held, row)
	if len(changes) == 0 {
		r.result.Unchanged++
		return
	}
	r.result.Updated++
	r.keep(row, changes...)
}

func (r *register) keep(person personRow, changes ...care.Change) {
	r.writes = append(r.writes, person)
	r.changes = append(r.changes, changes...)
}

func setIfEmpty(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// changesOf are the fields in which a person differs from what we hold of them.
func (r *register) changesOf(held *gen.PeopleForImportRow, after personRow) []care.Change {
	return append(changedFields(care.KindPerson, held.ID, []fieldChange{
		{"given_name", held.GivenName, after.GivenName},
		{"family_name", held.FamilyName, after.FamilyName},
		{"birth_date", held.BirthDate.String(), after.BirthDate.String()},
		{"care_recipient_id", held.CareRecipientID, after.CareRecipientID},
		{"ndis_number", held.NdisNumber, after.NDISNumber},
		{"service_provider_id", r.providers[optional.Value(held.ConnectionID)], r.providers[optional.Value(after.ConnectionID)]},
	}), changedFlags(held.ID, flagsHeld(held), after.PACEFlags)...)
}

func flagsHeld(held *gen.PeopleForImportRow) care.PACEFlags {
	if held == nil {
		return care.PACEFlags{}
	}
	return care.PACEFlags{PACEParticipant: held.PaceParticipant, PACEAPIAccess: held.PaceApiAccess}
}

// recognise finds the person we hold that a line is about, if any. A line never changes a number (R33): one that would is refused, and so
// is one that may be about someone we hold under another number.
func (r *register) recognise(person ImportedPerson) *gen.PeopleForImportRow {
	byID, byNumber := r.byCareRecipientID[person.CareRecipientID], r.byNDISNumber[person.NDISNumber]
	if byID == nil && !person.NewPerson {
		r.checkLeadingZeros(person)
	}
	switch {
	case byID != nil && byNumber != nil && byID != byNumber:
		r.refuse(person, "ndis_number", "belongs to another person than the care recipient id does: correct one of the two")
		return byID
	case byID != nil:
		r.keepNumber(person, careRecipientIDs, byID)
		r.keepNumber(person, ndisNumbers, byID)
		return byID
	case byNumber != nil:
		r.keepNumber(person, careRecipientIDs, byNumber)
		return byNumber
	case person.NewPerson:
		return nil
	default:
		return r.recogniseByName(person)
	}
}

var (
	careRecipientIDs = numberOf{care.CareRecipientIDNumber, func(p ImportedPerson) string { return p.CareRecipientID },
		func(p *gen.PeopleForImportRow) string { return p.CareRecipientID }}
	ndisNumbers = numberOf{care.NDISNumber, func(p ImportedPerson) string { return p.NDISNumber },
		func(p *gen.PeopleForImportRow) string { return p.NdisNumber }}
)

// numberOf is one of the two numbers, as a line gives it and as we hold it.
type numberOf struct {
	kind  care.NumberKind
	given func(ImportedPerson) string
	held  func(*gen.PeopleForImportRow) string
}

func (n numberOf) contradicts(person ImportedPerson, held *gen.PeopleForImportRow) bool {
	return care.ContradictsNumber(n.held(held), n.given(person))
}

// keepNumber refuses a line that would give a person whom its other number names another number.
func (r *register) keepNumber(person ImportedPerson, number numberOf, held *gen.PeopleForImportRow) {
	if number.contradicts(person, held) {
		r.refuseNumber(person, number, held, fmt.Sprintf("is not the one that this person (%s) has, and an import never changes a number: "+
			"correct the file, or use “Change number” on the person's page or `caresync person change-number`", held.ID))
	}
}

// checkLeadingZeros refuses a care recipient id that is a known one but for zeros in front.
func (r *register) checkLeadingZeros(person ImportedPerson) {
	if person.CareRecipientID == "" {
		return
	}
	for _, held := range r.byDigits[care.SignificantDigits(person.CareRecipientID)] {
		if care.DifferByLeadingZeros(held.CareRecipientID, person.CareRecipientID) {
			r.refuseNumber(person, careRecipientIDs, held, fmt.Sprintf("differs from a known one (of person %s) only by zeros in front: correct the file, "+
				"or say \"yes\" in the column new_person if this is another person", held.ID))
		}
	}
}

// recogniseByName finds the person who has the line's name and birth date, and whose numbers do not contradict it.
func (r *register) recogniseByName(person ImportedPerson) *gen.PeopleForImportRow {
	var alike []*gen.PeopleForImportRow
	for _, held := range r.byBirthDate[person.BirthDate] {
		if care.SameNameAndBirthDate(care.Identity{GivenName: held.GivenName, FamilyName: held.FamilyName, BirthDate: held.BirthDate}, person.Identity) {
			alike = append(alike, held)
		}
	}
	if len(alike) == 0 {
		return nil
	}
	held := alike[0]
	if len(alike) > 1 {
		r.refuse(person, "", fmt.Sprintf("could be about any of %d known people of this name and birth date, none of whom has these numbers: "+
			"give a number that is known, or say \"yes\" in the column new_person if this is another person", len(alike)))
		return held
	}
	for _, number := range []numberOf{careRecipientIDs, ndisNumbers} {
		if number.contradicts(person, held) {
			r.refuseNumber(person, number, held, fmt.Sprintf("is not the one that a known person (%s) of this name and birth date has: if this is another person, "+
				"say \"yes\" in the column new_person; if the number has changed, use “Change number” on the person's page or `caresync person change-number`", held.ID))
		}
	}
	return held
}

func (r *register) checkTwice(person ImportedPerson, held *gen.PeopleForImportRow) {
	if line := r.linesByID[person.CareRecipientID]; person.CareRecipientID != "" && line != person.Line {
		r.refuse(person, "care_recipient_id", fmt.Sprintf("stands in line %d too: two people cannot have the same one", line))
		return
	}
	if line, twice := r.lineOfNDIS[person.NDISNumber]; person.NDISNumber != "" && twice {
		r.refuse(person, "ndis_number", fmt.Sprintf("stands in line %d too: two people cannot have the same one", line))
		return
	}
	r.lineOfNDIS[person.NDISNumber] = person.Line
	r.checkDigitsTwice(person)
	if held == nil {
		return
	}
	if line, twice := r.lineOfPerson[held.ID]; twice {
		r.refuse(person, "", fmt.Sprintf("is about the same person as line %d: keep one of the two", line))
		return
	}
	r.lineOfPerson[held.ID] = person.Line
}

// checkDigitsTwice refuses two lines whose care recipient ids differ by zeros in front, unless one of them says that it is another person.
func (r *register) checkDigitsTwice(person ImportedPerson) {
	digits := care.SignificantDigits(person.CareRecipientID)
	if digits == "" {
		return
	}
	first, twice := r.lineOfDigits[digits]
	if !twice {
		r.lineOfDigits[digits] = person
		return
	}
	if !first.NewPerson && !person.NewPerson && r.byCareRecipientID[person.CareRecipientID] == nil {
		r.problems = append(r.problems, LineError{
			Line: person.Line, Column: string(care.CareRecipientIDNumber), Contradiction: &Contradiction{Held: first.CareRecipientID, Given: person.CareRecipientID},
			Message: fmt.Sprintf("differs from the one in line %d only by zeros in front: correct one, or say \"yes\" in the column new_person if they are two people", first.Line),
		})
	}
}

// connectionOf is the connection that the line's service provider id chooses (R11); without one it stays as it was.
func (r *register) connectionOf(person ImportedPerson, held *gen.PeopleForImportRow) *care.ID {
	if person.ServiceProviderID == "" {
		if held == nil {
			return nil
		}
		return held.ConnectionID
	}
	connection, known := r.connections[person.ServiceProviderID]
	if !known {
		r.refuse(person, "service_provider_id", "is not that of any of the organisation's connections to Services Australia: create the connection first, or leave it empty")
		return nil
	}
	return &connection
}

// flagsOf are the two boxes as the line changes them (PACE guide, step 2, R21).
func (r *register) flagsOf(person ImportedPerson, held *gen.PeopleForImportRow) care.PACEFlags {
	flags, err := flagsHeld(held).With(person.FlagChange)
	if err != nil {
		r.refuse(person, "pace_api_access", "is ticked, and pace_participant is not: API access is offered only for a PACE participant")
	}
	return flags
}

func (r *register) refuse(person ImportedPerson, column, message string) {
	r.problems = append(r.problems, LineError{Line: person.Line, Column: column, Message: message})
}

// refuseNumber refuses a line over a number, with both values beside the text.
func (r *register) refuseNumber(person ImportedPerson, number numberOf, held *gen.PeopleForImportRow, message string) {
	r.problems = append(r.problems, LineError{
		Line: person.Line, Column: string(number.kind), Message: message,
		Contradiction: &Contradiction{Held: number.held(held), Given: number.given(person)},
	})
}
