package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestWhoIsAbsentMayBeMarked(t *testing.T) { // R5, R19
	for _, test := range []struct {
		name  string
		lists []care.ProviderList
		want  bool
	}{
		{"nobody is absent", []care.ProviderList{{InCare: 9, Listed: 9}}, true},
		{"a few", []care.ProviderList{{InCare: 9, Absent: 2, Listed: 7}}, true},
		{"half", []care.ProviderList{{InCare: 8, Absent: 4, Listed: 4}}, true},
		{"more than half", []care.ProviderList{{InCare: 8, Absent: 5, Listed: 3}}, false},
		{"more than half of fewer than five", []care.ProviderList{{InCare: 4, Absent: 3, Listed: 1}}, true},
		{"an empty list", []care.ProviderList{{InCare: 2, Absent: 2}}, false},
		{"an empty list of a provider that holds nobody", []care.ProviderList{{}, {InCare: 9, Absent: 1, Listed: 8}}, true},
		{"one empty list holds back everybody", []care.ProviderList{{InCare: 1, Absent: 1}, {InCare: 90, Absent: 1, Listed: 89}}, false},
		{"one short list holds back everybody", []care.ProviderList{{InCare: 8, Absent: 5, Listed: 3}, {InCare: 90, Listed: 90}}, false},
		{"whom another provider lists is not absent", []care.ProviderList{{InCare: 9}, {InCare: 9, Listed: 18}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, care.MayMarkAbsent(test.lists, false))
			require.True(t, care.MayMarkAbsent(test.lists, true), "somebody has accepted it")
		})
	}
}
