package care

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Identity is what two parties know of a person. Empty fields are not known.
type Identity struct {
	CareRecipientID string `json:"care_recipient_id"`
	GivenName       string `json:"given_name"`
	FamilyName      string `json:"family_name"`
	BirthDate       Date   `json:"birth_date"`
}

// careRecipientIDPattern is "a string of digits, at most 10"; leading zeros count.
var careRecipientIDPattern = regexp.MustCompile(`^[0-9]{1,10}$`)

// ValidCareRecipientID reports whether a text can be a care recipient id.
func ValidCareRecipientID(id string) bool { return careRecipientIDPattern.MatchString(id) }

// serviceProviderIDPattern is how Services Australia numbers service providers.
var serviceProviderIDPattern = regexp.MustCompile(`^[0-9]{1,20}$`)

// ValidServiceProviderID reports whether a text can be a service provider id.
func ValidServiceProviderID(id string) bool { return serviceProviderIDPattern.MatchString(id) }

// Reported is what the government says of who a person is.
type Reported struct {
	Identity
	// Unreadable are the fields that are there and cannot be read, by their names in Identity, with the beginning of what came.
	Unreadable map[string]string
	// NumberID is set where the care recipient id came as a number, which has lost its leading zeros.
	NumberID bool
}

// Known is a person as we hold them, with what tells them from the others of the organisation (R8).
type Known struct {
	Identity
	// Others are the organisation's other people who were born on the same day, or whose care recipient id has the same digits after its
	// leading zeros.
	Others []Identity `json:"others"`
	// SamePerson are the given names of which someone has said that the government means this person by them.
	SamePerson []string `json:"same_person"`
}

// IdentityCheck is the answer to "is this the person we mean?" (R8).
type IdentityCheck struct {
	// Mismatches are the fields that contradict each other: nothing may be written.
	Mismatches []string
	// Unconfirmed is set where neither surname nor birth date agrees, since one side lacks them: nothing may be written either.
	Unconfirmed bool
	// Namesake is set if the given name is a mismatch because someone else in the organisation has the same surname and birth date.
	Namesake bool
	// GivenNameDiffers is a warning only.
	GivenNameDiffers bool
	// LostZeros is a warning only: the id came as a number, and is this person's and no one else's but for its leading zeros.
	LostZeros bool
}

// Refusal is why nothing may be written; empty if this is the person.
func (c IdentityCheck) Refusal() Reason {
	switch {
	case len(c.Mismatches) > 0:
		return ReasonIdentityMismatch
	case c.Unconfirmed:
		return ReasonIdentityUnconfirmed
	default:
		return ""
	}
}

// Check compares the person with the one the government sent (R8). What is absent on one side contradicts nothing, and identifies
// no one; what is there and cannot be read contradicts.
func (k Known) Check(reported Reported) IdentityCheck {
	lostZeros := reported.NumberID && k.lostZeros(reported.CareRecipientID)
	if lostZeros {
		reported.CareRecipientID = k.CareRecipientID
	}
	check := CheckIdentity(k.Identity, reported.Identity)
	check.LostZeros = lostZeros
	for _, field := range slices.Sorted(maps.Keys(reported.Unreadable)) {
		if !slices.Contains(check.Mismatches, field) {
			check.Mismatches = append(check.Mismatches, field)
		}
	}
	if k.isSamePerson(reported.GivenName) {
		check.GivenNameDiffers = false
	} else if k.isNamesakes(reported.GivenName) {
		check.Namesake, check.GivenNameDiffers = true, false
		check.Mismatches = append(check.Mismatches, FieldGivenName)
	}
	return check
}

// lostZeros reports whether a number is the person's care recipient id without its leading zeros, and no one else's.
func (k Known) lostZeros(number string) bool {
	fits := func(id string) bool { return id != "" && withoutZeros(id) == withoutZeros(number) }
	return number != k.CareRecipientID && fits(k.CareRecipientID) &&
		!slices.ContainsFunc(k.Others, func(other Identity) bool { return fits(other.CareRecipientID) })
}

// RestoreZeros gives a care recipient id that came as a number the leading zeros of the one known id that fits. Where it is known as it
// is, or several fit, it stays.
func RestoreZeros(number string, known []string) string {
	fits := filter(known, func(id string) bool { return withoutZeros(id) == withoutZeros(number) })
	if len(fits) == 1 {
		return fits[0]
	}
	return number
}

func withoutZeros(id string) string { return strings.TrimLeft(id, "0") }

func (k Known) isSamePerson(givenName string) bool {
	return slices.ContainsFunc(k.SamePerson, func(said string) bool { return comparableName(said) == comparableName(givenName) })
}

// isNamesakes reports whether a given name may be that of someone else in the organisation with the same surname and birth date: it is
// theirs and not this person's, or one of the two is not known.
func (k Known) isNamesakes(givenName string) bool {
	own, reported := comparableName(k.GivenName), comparableName(givenName)
	return slices.ContainsFunc(k.Others, func(other Identity) bool {
		if !agrees(other.FamilyName, k.FamilyName) || other.BirthDate.IsZero() || other.BirthDate != k.BirthDate {
			return false
		}
		return own == "" || reported == "" || reported != own && reported == comparableName(other.GivenName)
	})
}

// CheckIdentity compares two records of who a person is (R8). A value that one side does not have contradicts nothing.
func CheckIdentity(held, reported Identity) IdentityCheck {
	var check IdentityCheck
	if differs(held.CareRecipientID, reported.CareRecipientID) {
		check.Mismatches = append(check.Mismatches, FieldCareRecipientID)
	}
	if differs(comparableName(held.FamilyName), comparableName(reported.FamilyName)) {
		check.Mismatches = append(check.Mismatches, FieldFamilyName)
	}
	if differs(held.BirthDate.String(), reported.BirthDate.String()) {
		check.Mismatches = append(check.Mismatches, FieldBirthDate)
	}
	check.Unconfirmed = !agrees(held.FamilyName, reported.FamilyName) && (held.BirthDate.IsZero() || held.BirthDate != reported.BirthDate)
	check.GivenNameDiffers = differs(comparableName(held.GivenName), comparableName(reported.GivenName))
	return check
}

// The fields of an Identity, by their names in JSON.
const (
	FieldCareRecipientID = "care_recipient_id"
	FieldFamilyName      = "family_name"
	FieldGivenName       = "given_name"
	FieldBirthDate       = "birth_date"
)

// agrees reports whether two names are known and the same.
func agrees(a, b string) bool {
	return comparableName(a) != "" && comparableName(a) == comparableName(b)
}

func differs(a, b string) bool { return a != "" && b != "" && a != b }

// comparableName drops case, diacritics and everything that is not a letter (R8). A placeholder is no name.
func comparableName(name string) string {
	compatible := norm.NFKD.String(name)                    // ligatures and full-width forms as plain letters, marks as runes of their own
	oneCase := strings.ToLower(strings.ToUpper(compatible)) // to upper case first, so that ς equals σ and ı equals i
	plain := undecomposed.Replace(norm.NFKD.String(oneCase))
	letters := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return r
	}, plain)
	if placeholders[letters] {
		return ""
	}
	return letters
}

// placeholders are the words that stand where a name is not known or a person has only one. Signs alone are dropped anyway.
var placeholders = map[string]bool{"onlyname": true, "unknown": true}

// undecomposed writes out the letters of European names whose stroke or ligature Unicode does not take apart.
var undecomposed = strings.NewReplacer(
	"ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "þ", "th", "ß", "ss", "æ", "ae", "œ", "oe",
)
