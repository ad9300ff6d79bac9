package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetryAfter caps what a service may ask for. It is shorter than the 15 minutes after which an on-demand area gives up (R9),
// so that such an area asks once more; a service that still minds says so again.
const longestRetryAfter = 10 * time.Minute

// RetryAfter reads the header of that name, in seconds or as an HTTP date. A date is taken against the answer's own Date header
// where there is one, so that our clock does not matter. 0 means that nothing usable was said.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, longestRetryAfter)
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent
	}
	return min(max(until.Sub(now), 0), longestRetryAfter)
}

// AnsweredAt reads the header Date: the service's own clock. Zero means that nothing usable was said.
func AnsweredAt(header http.Header) time.Time {
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at
}
