package care

import "strings"

// NumberKind is one of the government's two numbers of a person, by the name of its field.
type NumberKind string

// The government's numbers of a person.
const (
	CareRecipientIDNumber NumberKind = "care_recipient_id"
	NDISNumber            NumberKind = "ndis_number"
)

// Valid reports whether a text can be a number of this kind.
func (k NumberKind) Valid(number string) bool {
	switch k {
	case CareRecipientIDNumber:
		return ValidCareRecipientID(number)
	case NDISNumber:
		return ValidNDISNumber(number)
	default:
		return true
	}
}

// ContradictsNumber reports whether two numbers are both known, and differ. Filling an empty number is no change (R33).
func ContradictsNumber(held, given string) bool { return differs(held, given) }

// DifferByLeadingZeros reports whether two numbers are one, but for zeros that a spreadsheet may have dropped (R33).
func DifferByLeadingZeros(a, b string) bool {
	return a != b && SignificantDigits(a) == SignificantDigits(b)
}

// SignificantDigits is a number without its leading zeros.
func SignificantDigits(number string) string { return strings.TrimLeft(number, "0") }

// MayBe finds which of some people someone listed under another number may be, by name and birth date (R33). Where several match, the
// given name decides; where it does not, no one is named.
func MayBe(listed Identity, people []Identity) (place int, found bool) {
	var fits, agree []int
	for i, person := range people {
		if SameNameAndBirthDate(listed, person) {
			fits = append(fits, i)
			if agrees(listed.GivenName, person.GivenName) {
				agree = append(agree, i)
			}
		}
	}
	if len(fits) > 1 {
		fits = agree
	}
	if len(fits) != 1 {
		return 0, false
	}
	return fits[0], true
}

// SameNameAndBirthDate reports whether two identities can be one person by all but their numbers (R33). An absent given name contradicts
// nothing; surname and birth date must be there and agree.
func SameNameAndBirthDate(a, b Identity) bool {
	family := comparableName(a.FamilyName)
	return family != "" && family == comparableName(b.FamilyName) && !a.BirthDate.IsZero() && a.BirthDate == b.BirthDate &&
		!differs(comparableName(a.GivenName), comparableName(b.GivenName))
}
