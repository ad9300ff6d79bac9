package care_test

import (
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
		}, care.IdentityCheck{Mismatches: []string{"care_recipient_id", "family_name", "birth_date"}, GivenNameDiffers: true}},

		{"no id", func(r *care.Identity) { r.CareRecipientID = "" }, care.IdentityCheck{}},
		{"no surname", func(r *care.Identity) { r.FamilyName = "" }, care.IdentityCheck{}},
		{"a surname of nothing but signs", func(r *care.Identity) { r.FamilyName = " - " }, care.IdentityCheck{}},
		{"no given name", func(r *care.Identity) { r.GivenName = "" }, care.IdentityCheck{}},
		{"no birth date", func(r *care.Identity) { r.BirthDate = noDate }, care.IdentityCheck{}},
		{"nothing at all", func(r *care.Identity) { *r = care.Identity{} }, care.IdentityCheck{}},
		{"nothing but another birth date", func(r *care.Identity) { *r = care.Identity{BirthDate: day("1940-01-01")} },
			care.IdentityCheck{Mismatches: []string{"birth_date"}}},
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

func TestValidCareRecipientID(t *testing.T) {
	for _, id := range []string{"415056224", "0415056224", "0", "0000000000", "9999999999"} {
		require.True(t, care.ValidCareRecipientID(id), id)
	}
	for _, id := range []string{"", " ", "41505622A", "12345678901", "-15056224", "415 056 224", "415056224\n", " 415056224", "415.056", "٤١٥"} {
		require.False(t, care.ValidCareRecipientID(id), id)
	}
}
