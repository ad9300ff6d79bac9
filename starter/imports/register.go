package imports

import (
	"cmp"
	"context"
	"fmt"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

// StorePeople stores the people of a file, all or none. What changes is kept in each person's history, with by, who imports. It fails with
// FileError or db.ErrImportRunning.
func StorePeople(ctx context.Context, store *db.Store, organisation care.ID, file File[Person], by string) (count care.Count, err error) {
	var named db.NamedPeople
	for _, person := range file.Rows {
		named.CareRecipientIDs = append(named.CareRecipientIDs, person.CareRecipientID)
		named.NDISNumbers = append(named.NDISNumbers, person.NDISNumber)
		named.BirthDates = append(named.BirthDates, person.BirthDate)
	}
	err = store.ImportPeople(ctx, organisation, named, by, func(held db.HeldPeople) (write db.PeopleToWrite, err error) {
		write, count, err = DecidePeople(file, held)
		return write, err
	})
	return count, err
}

// DecidePeople decides what a file does to the people we hold. A person is recognised by the care recipient id, else by the NDIS
// number, else by name and birth date; a number is never changed (R33), and what the file leaves empty stays as it was. It fails with
// FileError.
func DecidePeople(file File[Person], held db.HeldPeople) (db.PeopleToWrite, care.Count, error) {
	r := newRegister(file.Rows, held)
	for _, person := range file.Rows {
		if r.problems.enough() {
			break
		}
		r.add(person)
	}
	if err := fileError(append(file.Problems, r.problems...)); err != nil {
		return db.PeopleToWrite{}, care.Count{}, err
	}
	return r.write, r.count, nil
}

// register is the people we hold, as far as a file is about them, and what the file does to them.
type register struct {
	byCareRecipientID map[string]*db.PersonRecord
	byNDISNumber      map[string]*db.PersonRecord
	// byDigits are the people by their care recipient ids without leading zeros.
	byDigits    map[string][]*db.PersonRecord
	byBirthDate map[care.Date][]*db.PersonRecord
	connections map[string]care.ID
	// providers are the service provider ids of the connections.
	providers map[care.ID]string
	// linesByID are the lines of the file's care recipient ids, lineOfDigits the first with such an id but for leading zeros, lineOfNDIS
	// the lines of its NDIS numbers, lineOfPerson of the people they are about.
	linesByID    map[string]int
	lineOfDigits map[string]Person
	lineOfNDIS   map[string]int
	lineOfPerson map[care.ID]int

	write    db.PeopleToWrite
	count    care.Count
	problems problems
}

func newRegister(file []Person, held db.HeldPeople) *register {
	r := &register{
		byCareRecipientID: map[string]*db.PersonRecord{}, byNDISNumber: map[string]*db.PersonRecord{}, byDigits: map[string][]*db.PersonRecord{},
		byBirthDate: map[care.Date][]*db.PersonRecord{}, connections: held.Connections, providers: map[care.ID]string{},
		linesByID: map[string]int{}, lineOfDigits: map[string]Person{}, lineOfNDIS: map[string]int{}, lineOfPerson: map[care.ID]int{},
	}
	for _, person := range file {
		if _, twice := r.linesByID[person.CareRecipientID]; !twice {
			r.linesByID[person.CareRecipientID] = person.Line
		}
	}
	for provider, connection := range held.Connections {
		r.providers[connection] = provider
	}
	for i := range held.People {
		r.index(&held.People[i])
	}
	return r
}

func (r *register) index(person *db.PersonRecord) {
	if person.CareRecipientID != "" {
		r.byCareRecipientID[person.CareRecipientID] = person
		digits := care.SignificantDigits(person.CareRecipientID)
		r.byDigits[digits] = append(r.byDigits[digits], person)
	}
	if person.NDISNumber != "" {
		r.byNDISNumber[person.NDISNumber] = person
	}
	r.byBirthDate[person.BirthDate] = append(r.byBirthDate[person.BirthDate], person)
}

// add decides what a line does: a new person, a changed one, nothing, or an error.
func (r *register) add(person Person) {
	before := len(r.problems)
	held := r.recognise(person)
	r.checkTwice(person, held)
	connection := r.connectionOf(person, held)
	flags := r.flagsOf(person, held)
	if len(r.problems) > before {
		return
	}
	row := db.PersonRecord{Identity: person.Identity, NDISNumber: person.NDISNumber, ConnectionID: connection, PACEFlags: flags}
	if held == nil {
		row.ID = db.NewID()
		r.count.Created++
		r.keep(row, care.Change{Kind: care.KindPerson, RecordID: row.ID, Action: care.ActionCreated})
		return
	}
	row.ID = held.ID
	row.CareRecipientID = cmp.Or(row.CareRecipientID, held.CareRecipientID)
	row.NDISNumber = cmp.Or(row.NDISNumber, held.NDISNumber)
	row.GivenName = cmp.Or(row.GivenName, held.GivenName)
	changes := r.changesOf(held, row)
	if len(changes) == 0 {
		r.count.Unchanged++
		return
	}
	r.count.Updated++
	r.keep(row, changes...)
}

func (r *register) keep(person db.PersonRecord, changes ...care.Change) {
	r.write.People = append(r.write.People, person)
	r.write.Changes = append(r.write.Changes, changes...)
}

// changesOf are the fields in which a person differs from what we hold of them.
func (r *register) changesOf(held *db.PersonRecord, after db.PersonRecord) []care.Change {
	return append(care.ChangedFields(care.KindPerson, held.ID, [][3]string{
		{givenName, held.GivenName, after.GivenName},
		{familyName, held.FamilyName, after.FamilyName},
		{birthDate, held.BirthDate.String(), after.BirthDate.String()},
		{careRecipientID, held.CareRecipientID, after.CareRecipientID},
		{ndisNumber, held.NDISNumber, after.NDISNumber},
		{serviceProviderID, r.providers[held.ConnectionID], r.providers[after.ConnectionID]},
	}...), care.ChangedFlags(held.ID, held.PACEFlags, after.PACEFlags)...)
}

// recognise finds the person we hold that a line is about, if any. A line never changes a number (R33): one that would is refused, and so
// is one that may be about someone we hold under another number.
func (r *register) recognise(person Person) *db.PersonRecord {
	byID, byNumber := r.byCareRecipientID[person.CareRecipientID], r.byNDISNumber[person.NDISNumber]
	if byID == nil && !person.NewPerson {
		r.checkLeadingZeros(person)
	}
	switch {
	case byID != nil && byNumber != nil && byID != byNumber:
		r.refuse(person, ndisNumber, "belongs to another person than the care recipient id does: correct one of the two")
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
	careRecipientIDs = numberOf{care.CareRecipientIDNumber, func(p Person) string { return p.CareRecipientID },
		func(p *db.PersonRecord) string { return p.CareRecipientID }}
	ndisNumbers = numberOf{care.NDISNumber, func(p Person) string { return p.NDISNumber },
		func(p *db.PersonRecord) string { return p.NDISNumber }}
)

// numberOf is one of the two numbers, as a line gives it and as we hold it.
type numberOf struct {
	kind  care.NumberKind
	given func(Person) string
	held  func(*db.PersonRecord) string
}

func (n numberOf) contradicts(person Person, held *db.PersonRecord) bool {
	return care.ContradictsNumber(n.held(held), n.given(person))
}

// keepNumber refuses a line that would change a number of the person identified by its other number.
func (r *register) keepNumber(person Person, number numberOf, held *db.PersonRecord) {
	if number.contradicts(person, held) {
		r.refuseNumber(person, number, held, fmt.Sprintf("is not the one that this person (%s) has, and an import never changes a number: "+
			"correct the file, or use “Change number” on the person's page or `caresync person change-number`", held.ID))
	}
}

// checkLeadingZeros refuses a care recipient id that is a known one but for leading zeros.
func (r *register) checkLeadingZeros(person Person) {
	if person.CareRecipientID == "" {
		return
	}
	for _, held := range r.byDigits[care.SignificantDigits(person.CareRecipientID)] {
		if care.DifferByLeadingZeros(held.CareRecipientID, person.CareRecipientID) {
			r.refuseNumber(person, careRecipientIDs, held, fmt.Sprintf("differs from a known one (of person %s) only in leading zeros: correct the file, "+
				"or say \"yes\" in the column new_person if this is another person", held.ID))
		}
	}
}

// recogniseByName finds the person who has the line's name and birth date, and whose numbers do not contradict it.
func (r *register) recogniseByName(person Person) *db.PersonRecord {
	var alike []*db.PersonRecord
	for _, held := range r.byBirthDate[person.BirthDate] {
		if care.SameNameAndBirthDate(held.Identity, person.Identity) {
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

func (r *register) checkTwice(person Person, held *db.PersonRecord) {
	if line := r.linesByID[person.CareRecipientID]; person.CareRecipientID != "" && line != person.Line {
		r.refuse(person, careRecipientID, fmt.Sprintf("is also in line %d: two people cannot have the same one", line))
		return
	}
	if line, twice := r.lineOfNDIS[person.NDISNumber]; person.NDISNumber != "" && twice {
		r.refuse(person, ndisNumber, fmt.Sprintf("is also in line %d: two people cannot have the same one", line))
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

// checkDigitsTwice refuses two lines whose care recipient ids differ in leading zeros, unless one of them says that it is another person.
func (r *register) checkDigitsTwice(person Person) {
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
			Message: fmt.Sprintf("differs from the one in line %d only in leading zeros: correct one, or say \"yes\" in the column new_person if they are two people", first.Line),
		})
	}
}

// connectionOf is the connection that the line's service provider id chooses (R11); without one it stays as it was.
func (r *register) connectionOf(person Person, held *db.PersonRecord) care.ID {
	if person.ServiceProviderID == "" {
		if held == nil {
			return ""
		}
		return held.ConnectionID
	}
	connection, known := r.connections[person.ServiceProviderID]
	if !known {
		r.refuse(person, serviceProviderID, "is not that of any of the organisation's connections to Services Australia: create the connection first, or leave it empty")
	}
	return connection
}

// flagsOf are the two boxes as the line changes them (PACE guide, step 2, R21).
func (r *register) flagsOf(person Person, held *db.PersonRecord) care.PACEFlags {
	var flags care.PACEFlags
	if held != nil {
		flags = held.PACEFlags
	}
	flags, err := flags.With(person.FlagChange)
	if err != nil {
		r.refuse(person, paceAPIAccess, "is ticked, and pace_participant is not: API access is offered only for a PACE participant")
	}
	return flags
}

func (r *register) refuse(person Person, column, message string) {
	r.problems.refuse(person.Line, column, message)
}

// refuseNumber refuses a line over a number, with both values beside the text.
func (r *register) refuseNumber(person Person, number numberOf, held *db.PersonRecord, message string) {
	r.problems = append(r.problems, LineError{
		Line: person.Line, Column: string(number.kind), Message: message,
		Contradiction: &Contradiction{Held: number.held(held), Given: number.given(person)},
	})
}
