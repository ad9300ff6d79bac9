package transport

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	at := func(after time.Duration) string { return now.Add(after).Format(http.TimeFormat) }
	for _, test := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{"seconds", "7", "", 7 * time.Second},
		{"seconds with space", " 7 ", "", 7 * time.Second},
		{"none", "", "", 0},
		{"zero", "0", "", 0},
		{"negative", "-5", "", 0},
		{"nonsense", "soon", "", 0},
		{"a fraction", "1.5", "", 0},
		{"too long", "86400", "", longestRetryAfter},
		{"absurdly long", "99999999999999999999", "", 0},
		{"date", at(90 * time.Second), "", 90 * time.Second},
		{"date in the old form", now.Add(time.Minute).Format("Monday, 02-Jan-06 15:04:05 GMT"), "", time.Minute},
		{"date that has passed", at(-time.Hour), "", 0},
		{"date far away", at(48 * time.Hour), "", longestRetryAfter},
		{"date by the service's own clock", at(time.Hour + time.Minute), at(time.Hour), time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{}
			header.Set("Retry-After", test.value)
			header.Set("Date", test.date)
			require.Equal(t, test.want, RetryAfter(header, now))
		})
	}
}
