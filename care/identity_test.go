package care_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

func TestCheckIdentity(t *testing.T) { // R8
	held := care.Identity{CareRecipientID: "0415056224", GivenName: "Zoë", FamilyName: "O'Brien-Núñez", BirthDate: day("1941-03-09")}
	for _, test := range []struct {
		name   string
		report func(*care.Identity)
		want   care.IdentityCheck
	}{
		{"the same person", func(*care.Identity) {}, care.IdentityCheck{}},
		{"another birth date", func(r *care.Identity) { r.BirthDate = day("1941-09-03") }, care.IdentityCheck{Mismatches: []string{"birth_date"}}},
		{"another care recipient id", func(r *care.Identity) { r.CareRecipientID = "0415056225" }, care.IdentityCheck{Mismatches: []string{"care_recipient_id"}}},
		{"an id without its leading zero", func(r *care.Identity) { r.CareRecipientID = "415056224" }, care.IdentityCheck{Mismatches: []string{"care_recipient_id"}}},
		{"another surname", func(r *care.Identity) { r.FamilyName = "Brien" }, care.IdentityCheck{Mismatches: []string{"family_name"}}},
		{"half of a double surname", func(r *care.Identity) { r.FamilyName = "O'Brien" }, care.IdentityCheck{Mismatches: []string{"family_name"}}},
		{"another given name is a warning only", func(r *care.Identity) { r.GivenName = "Zara" }, care.IdentityCheck{GivenNameDiffers: true}},
		{"a stranger", func(r *care.Identity) {
			*r = care.Identity{CareRecipientID: "999999999", GivenName: "Ada", FamilyName: "Example", BirthDate: day("1950-01-01")}
		}, care.IdentityCheck{Mismatches: []string{"care_recipient_id", "family_name", "birth_date"}, Unconfirmed: true, GivenNameDiffers: true}},

		{"no id", func(r *care.Identity) { r.CareRecipientID = "" }, care.IdentityCheck{}},
		{"no surname", func(r *care.Identity) { r.FamilyName = "" }, care.IdentityCheck{}},
		{"a surname of nothing but signs", func(r *care.Identity) { r.FamilyName = " - " }, care.IdentityCheck{}},
		{"a placeholder for a surname", func(r *care.Identity) { r.FamilyName = "ONLYNAME" }, care.IdentityCheck{}},
		{"a placeholder for a given name", func(r *care.Identity) { r.GivenName = "Unknown" }, care.IdentityCheck{}},
		{"neither surname nor birth date", func(r *care.Identity) { r.FamilyName, r.BirthDate = ".", noDate }, care.IdentityCheck{Unconfirmed: true}},
		{"no given name", func(r *care.Identity) { r.GivenName = "" }, care.IdentityCheck{}},
		{"no birth date", func(r *care.Identity) { r.BirthDate = noDate }, care.IdentityCheck{}},
		{"nothing at all", func(r *care.Identity) { *r = care.Identity{} }, care.IdentityCheck{Unconfirmed: true}},
		{"nothing but another birth date", func(r *care.Identity) { *r = care.Identity{BirthDate: day("1940-01-01")} },
			care.IdentityCheck{Mismatches: []string{"birth_date"}, Unconfirmed: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			reported := held
			test.report(&reported)
			require.Equal(t, test.want, care.CheckIdentity(held, reported))
			require.Equal(t, test.want, care.CheckIdentity(reported, held), "it matters who holds what")
		})
	}
}

func TestTheSameSurnameInOtherLetters(t *testing.T) { // R8
	for _, names := range [][]string{
		{"O'Brien", "OBRIEN", "o’brien", "O Brien", "O`BRIEN"},
		{"Smith-Jones", "SMITH JONES", "Smith–Jones", "smithjones"},
		{"Núñez", "NUNEZ", "Nu\u0301n\u0303ez"},
		{"Müller", "MULLER", "Mu\u0308ller"},
		{"Sørensen", "SORENSEN", "SØRENSEN"},
		{"Wałęsa", "WALESA", "WAŁĘSA"},
		{"Đorđević", "DORDEVIC", "ĐORĐEVIĆ"},
		{"Strauß", "STRAUSS", "STRAUẞ"},
		{"Æbelø", "AEBELO"},
		{"Yıldız", "YILDIZ", "Yildiz"},
		{"Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"},
		{"Nguyễn", "NGUYEN"},
		{"de la Cruz", "DELACRUZ", "De  La Cruz"},
		{"St. John", "ST JOHN"},
		{"ﬁsher", "FISHER", "Ｆｉｓｈｅｒ"},
		{"Ǆorđević", "DŽORĐEVIĆ"},
	} {
		for _, other := range names[1:] {
			check := care.CheckIdentity(care.Identity{FamilyName: names[0], GivenName: names[0]}, care.Identity{FamilyName: other, GivenName: other})
			require.Equal(t, care.IdentityCheck{}, check, "%s and %s", names[0], other)
		}
	}
}

func TestOtherSurnames(t *testing.T) { // R8
	for _, names := range [][2]string{
		{"Smith", "Smyth"}, {"Smith", "Smit"}, {"Müller", "Mueller"}, {"Nguyen", "Nguyem"}, {"Lee", "Li"}, {"王", "黄"}, {"Jones", "Jones-Smith"},
	} {
		check := care.CheckIdentity(care.Identity{FamilyName: names[0]}, care.Identity{FamilyName: names[1]})
		require.Equal(t, []string{"family_name"}, check.Mismatches, "%s and %s", names[0], names[1])
	}
}

func TestCaseAndSignsNeverMakeAnotherPerson(t *testing.T) { // R8
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOfN(rapid.SampledFrom([]rune("abzäéñøłßčı王")), 1, 12).Draw(t, "letters")
		disguised := ""
		for _, letter := range letters {
			disguised += rapid.SampledFrom([]string{"", " ", "-", "'", "’", ".", "\u0301", "7"}).Draw(t, "sign")
			disguised += rapid.SampledFrom([]string{string(letter), strings.ToUpper(string(letter))}).Draw(t, "case")
		}
		check := care.CheckIdentity(care.Identity{FamilyName: string(letters)}, care.Identity{FamilyName: disguised})
		require.Empty(t, check.Mismatches, "%s and %s", string(letters), disguised)
	})
}

// juneHart and roseHart are twins, who differ by their given names and ids.
var juneHart = care.Identity{CareRecipientID: "0415056224", GivenName: "June", FamilyName: "Hart", BirthDate: day("1941-03-09")}

func roseHart(change func(*care.Identity)) []care.Identity {
	twin := care.Identity{CareRecipientID: "0415056225", GivenName: "Rose", FamilyName: "HART", BirthDate: day("1941-03-09")}
	change(&twin)
	return []care.Identity{twin}
}

func TestNamesakes(t *testing.T) { // R8
	twin := roseHart(func(*care.Identity) {})
	mismatch := care.IdentityCheck{Mismatches: []string{"given_name"}, Namesake: true}
	for _, test := range []struct {
		name           string
		held, reported string
		others         []care.Identity
		same           []string
		want           care.IdentityCheck
	}{
		{"the same given name", "June", "JUNE", twin, nil, care.IdentityCheck{}},
		{"the other's given name", "June", "Rose", twin, nil, mismatch},
		{"the other's given name, without another person", "June", "Rose", nil, nil, care.IdentityCheck{GivenNameDiffers: true}},
		{"a given name that is no one's", "June", "Juniper", twin, nil, care.IdentityCheck{GivenNameDiffers: true}},
		{"none is reported", "June", "", twin, nil, mismatch},
		{"none is reported, without another person", "June", "", nil, nil, care.IdentityCheck{}},
		{"a placeholder is reported", "June", "Unknown", twin, nil, mismatch},
		{"a placeholder is held", "-", "June", twin, nil, mismatch},
		{"none is held", "", "June", twin, nil, mismatch},
		{"both have the same given name", "June", "June", roseHart(func(r *care.Identity) { r.GivenName = "June" }), nil, care.IdentityCheck{}},
		{"the other was born on another day", "June", "Rose", roseHart(func(r *care.Identity) { r.BirthDate = day("1941-03-10") }), nil, care.IdentityCheck{GivenNameDiffers: true}},
		{"the other has another surname", "June", "Rose", roseHart(func(r *care.Identity) { r.FamilyName = "Hartley" }), nil, care.IdentityCheck{GivenNameDiffers: true}},
		{"someone said that it is the same person", "June", "Rose", twin, []string{"ROSE"}, care.IdentityCheck{}},
		{"someone said so of another name", "June", "Rose", twin, []string{"Juniper"}, mismatch},
		{"someone said so of no name", "June", "", twin, []string{"-"}, care.IdentityCheck{}},
		{"someone said so, without another person", "June", "Juniper", nil, []string{"Juniper"}, care.IdentityCheck{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			held, reported := juneHart, juneHart
			held.GivenName, reported.GivenName = test.held, test.reported
			known := care.Known{Identity: held, Others: test.others, SamePerson: test.same}
			require.Equal(t, test.want, known.Check(care.Reported{Identity: reported}))
		})
	}
}

func TestWhatCannotBeReadContradicts(t *testing.T) { // R8
	known := care.Known{Identity: juneHart}
	for _, field := range []string{care.FieldCareRecipientID, care.FieldFamilyName, care.FieldBirthDate} {
		reported := care.Reported{Identity: juneHart, Unreadable: map[string]string{field: "1950-05-05T00:00:00"}}
		switch field {
		case care.FieldCareRecipientID:
			reported.CareRecipientID = ""
		case care.FieldFamilyName:
			reported.FamilyName = ""
		default:
			reported.BirthDate = noDate
		}
		reason, issues := known.CheckRows([]care.Summary{{Reported: reported}})
		require.Equal(t, care.ReasonIdentityMismatch, reason)
		details, ok := care.IdentityDetailsOf(issues[0].Code, issues[0].Details)
		require.True(t, ok)
		require.Equal(t, []string{field}, details.Fields)
		require.Equal(t, reported.Unreadable, details.Unreadable, "field and value are shown")
	}
}

func TestLeadingZeros(t *testing.T) { // R19
	number := func(id string) care.Reported {
		reported := care.Reported{Identity: juneHart, NumberID: true}
		reported.CareRecipientID = id
		return reported
	}
	known := care.Known{Identity: juneHart}
	require.Equal(t, care.IdentityCheck{LostZeros: true}, known.Check(number("415056224")))
	require.Equal(t, []string{"care_recipient_id"}, known.Check(number("415056225")).Mismatches)
	text := number("415056224")
	text.NumberID = false
	require.Equal(t, []string{"care_recipient_id"}, known.Check(text).Mismatches, "a text has lost nothing")
	known.Others = []care.Identity{{CareRecipientID: "415056224"}}
	require.Equal(t, []string{"care_recipient_id"}, known.Check(number("415056224")).Mismatches, "it is someone else's")

	require.Equal(t, "0415056224", care.RestoreZeros("415056224", []string{"0415056224", "0415056225"}))
	require.Equal(t, "415056224", care.RestoreZeros("415056224", []string{"0415056224", "00415056224"}), "two fit")
	require.Equal(t, "415056224", care.RestoreZeros("415056224", nil))
}

// A row that is not the person refuses all rows, in whatever order they come (R8).
func TestOneRowOfSomeoneElseRefusesAll(t *testing.T) {
	own := care.Summary{Reported: care.Reported{Identity: juneHart}}
	stranger, nameless, renamed := own, own, own
	stranger.CareRecipientID, stranger.FamilyName = "0999999999", "Other"
	nameless.FamilyName, nameless.BirthDate = "", noDate
	renamed.GivenName = "Juniper"
	known := care.Known{Identity: juneHart}
	for _, test := range []struct {
		rows   []care.Summary
		reason care.Reason
		issues int
	}{
		{[]care.Summary{own}, "", 0},
		{[]care.Summary{own, stranger}, care.ReasonIdentityMismatch, 1},
		{[]care.Summary{own, nameless}, care.ReasonIdentityUnconfirmed, 1},
		{[]care.Summary{nameless, stranger, own}, care.ReasonIdentityMismatch, 1},
		{[]care.Summary{own, renamed, renamed}, "", 1},
	} {
		reason, issues := known.CheckRows(test.rows)
		require.Equal(t, test.reason, reason)
		require.Len(t, issues, test.issues)
		slices.Reverse(test.rows)
		again, same := known.CheckRows(test.rows)
		require.Equal(t, reason, again)
		require.Equal(t, issues, same)
	}
}

// A person who differs in surname, birth date or id, or is a twin by the given name, is never taken for the one whom we hold (R8).
func TestDifferentPeopleNeverPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		person := rapid.Custom(func(t *rapid.T) care.Identity {
			return care.Identity{
				CareRecipientID: rapid.SampledFrom([]string{"0415056224", "0415056225"}).Draw(t, "id"),
				GivenName:       rapid.SampledFrom([]string{"June", "Rose", ""}).Draw(t, "given"),
				FamilyName:      rapid.SampledFrom([]string{"Hart", "Onlyname", "Heart", ""}).Draw(t, "family"),
				BirthDate:       rapid.SampledFrom([]care.Date{noDate, day("1941-03-09"), day("1914-03-09")}).Draw(t, "born"),
			}
		})
		held, other, reported := person.Draw(t, "held"), person.Draw(t, "other"), person.Draw(t, "reported")
		check := care.Known{Identity: held, Others: []care.Identity{other}}.Check(care.Reported{Identity: reported})
		if check.Refusal() != "" {
			return
		}
		require.Equal(t, held.CareRecipientID, reported.CareRecipientID)
		bothNamed := func(a, b string) bool { return a != "" && b != "" && a != "Onlyname" && b != "Onlyname" }
		sameSurname := bothNamed(held.FamilyName, reported.FamilyName) && held.FamilyName == reported.FamilyName
		sameBirth := !held.BirthDate.IsZero() && held.BirthDate == reported.BirthDate
		require.True(t, sameSurname || sameBirth, "something agrees")
		require.False(t, bothNamed(held.FamilyName, reported.FamilyName) && held.FamilyName != reported.FamilyName)
		require.False(t, !held.BirthDate.IsZero() && !reported.BirthDate.IsZero() && held.BirthDate != reported.BirthDate)
		if bothNamed(held.FamilyName, other.FamilyName) && held.FamilyName == other.FamilyName && !held.BirthDate.IsZero() && held.BirthDate == other.BirthDate {
			require.NotEmpty(t, held.GivenName)
			require.NotEmpty(t, reported.GivenName)
			require.True(t, reported.GivenName == held.GivenName || reported.GivenName != other.GivenName, "the namesake's name is not this person's")
		}
	})
}

func TestValidCareRecipientID(t *testing.T) {
	for _, id := range []string{"415056224", "0415056224", "0", "0000000000", "9999999999"} {
		require.True(t, care.ValidCareRecipientID(id), id)
	}
	for _, id := range []string{"", " ", "41505622A", "12345678901", "-15056224", "415 056 224", "415056224\n", " 415056224", "415.056", "٤١٥"} {
		require.False(t, care.ValidCareRecipientID(id), id)
	}
}
