package care_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestNumbersThatDifferByLeadingZeros(t *testing.T) { // R33
	require.True(t, care.DifferByLeadingZeros("0415056224", "415056224"))
	require.False(t, care.DifferByLeadingZeros("415056224", "415056224"), "they are equal")
	require.False(t, care.DifferByLeadingZeros("415056224", "415056225"))
	require.False(t, care.DifferByLeadingZeros("4150562240", "415056224"), "a zero at the end is a digit")
}

func TestWhoCanBeOnePersonByNameAndBirthDate(t *testing.T) { // R33
	kim := care.Identity{GivenName: "Kim", FamilyName: "Lê", BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: "1"}
	for name, test := range map[string]struct {
		change func(*care.Identity)
		same   bool
	}{
		"another number":       {func(i *care.Identity) { i.CareRecipientID = "2" }, true},
		"case and diacritics":  {func(i *care.Identity) { i.FamilyName = "LE" }, true},
		"no given name":        {func(i *care.Identity) { i.GivenName = "" }, true},
		"another given name":   {func(i *care.Identity) { i.GivenName = "Kit" }, false},
		"another birth date":   {func(i *care.Identity) { i.BirthDate = care.NewDate(1941, time.March, 10) }, false},
		"no birth date":        {func(i *care.Identity) { i.BirthDate = care.Date{} }, false},
		"no surname":           {func(i *care.Identity) { i.FamilyName = "" }, false},
		"a surname of no name": {func(i *care.Identity) { i.FamilyName = "-" }, false},
	} {
		other := kim
		test.change(&other)
		require.Equal(t, test.same, care.SameNameAndBirthDate(kim, other), name)
		require.Equal(t, test.same, care.SameNameAndBirthDate(other, kim), name)
	}
}

func TestWhomSomeoneListedMayBe(t *testing.T) { // R33
	born := care.NewDate(1941, time.March, 9)
	named := func(given string) care.Identity {
		return care.Identity{GivenName: given, FamilyName: "Wren", BirthDate: born}
	}
	other := care.Identity{GivenName: "Ada", FamilyName: "Lark", BirthDate: born}
	for name, test := range map[string]struct {
		listed care.Identity
		people []care.Identity
		place  int
		found  bool
	}{
		"one":                        {named("Ada"), []care.Identity{other, named("Ada")}, 1, true},
		"nobody":                     {named("Ada"), []care.Identity{other, named("Ben")}, 0, false},
		"of no one":                  {named("Ada"), nil, 0, false},
		"twins, by the given name":   {named("Ada"), []care.Identity{named(""), named("Ada"), named("Ben")}, 1, true},
		"twins without a given name": {named(""), []care.Identity{named("Ada"), named("Ben")}, 0, false},
		"two of one name":            {named("Ada"), []care.Identity{named("Ada"), named("Ada")}, 0, false},
		"one without a given name":   {named(""), []care.Identity{named("Ada")}, 0, true},
		"without a birth date":       {care.Identity{GivenName: "Ada", FamilyName: "Wren"}, []care.Identity{named("Ada")}, 0, false},
	} {
		place, found := care.MayBe(test.listed, test.people)
		require.Equal(t, test.found, found, name)
		require.Equal(t, test.place, place, name)
	}
}

func TestAnEmptyNumberContradictsNothing(t *testing.T) { // R33
	require.False(t, care.ContradictsNumber("", "1"))
	require.False(t, care.ContradictsNumber("1", ""))
	require.True(t, care.ContradictsNumber("1", "2"))
}
