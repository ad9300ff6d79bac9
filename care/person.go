package care

import (
	"regexp"
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

// IdentityCheck is the answer to "is this the person we mean?" (R8).
type IdentityCheck struct {
	// Mismatches are the fields that contradict each other: nothing may be written.
	Mismatches []string
	// GivenNameDiffers is a warning only.
	GivenNameDiffers bool
}

// CheckIdentity compares the person we hold with the one the government sent (R8). A value that one side does not have
// contradicts nothing.
func CheckIdentity(held, reported Identity) IdentityCheck {
	var check IdentityCheck
	if differs(held.CareRecipientID, reported.CareRecipientID) {
		check.Mismatches = append(check.Mismatches, "care_recipient_id")
	}
	if differs(comparableName(held.FamilyName), comparableName(reported.FamilyName)) {
		check.Mismatches = append(check.Mismatches, "family_name")
	}
	if differs(held.BirthDate.String(), reported.BirthDate.String()) {
		check.Mismatches = append(check.Mismatches, "birth_date")
	}
	check.GivenNameDiffers = differs(comparableName(held.GivenName), comparableName(reported.GivenName))
	return check
}

func differs(a, b string) bool { return a != "" && b != "" && a != b }

// comparableName drops case, diacritics and everything that is not a letter (R8).
func comparableName(name string) string {
	oneCase := strings.ToLower(strings.ToUpper(name)) // to upper case first, so that ς equals σ and ı equals i
	decomposed := norm.NFD.String(oneCase)            // letters first, their marks as runes of their own
	plain := undecomposed.Replace(decomposed)
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return r
	}, plain)
}

// undecomposed writes out the letters of European names whose stroke or ligature Unicode does not take apart.
var undecomposed = strings.NewReplacer(
	"ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "þ", "th", "ß", "ss", "æ", "ae", "œ", "oe",
)
