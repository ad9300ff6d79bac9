package care_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

// R1: at 23:30 in Perth it is the next day in Sydney already.
func TestTodayIsTheOrganisations(t *testing.T) {
	now := time.Date(2026, time.June, 30, 15, 30, 0, 0, time.UTC)
	require.Equal(t, care.NewDate(2026, time.June, 30), care.Organisation{TimeZone: "Australia/Perth"}.Today(now))
	require.Equal(t, care.NewDate(2026, time.July, 1), care.Organisation{TimeZone: "Australia/Sydney"}.Today(now))
}
