package ndia

import (
	"math"
	"strconv"
	"sync"
	"time"
)

// hourlyCap counts calls by organisation in hours that begin with the first call.
type hourlyCap struct {
	most int
	now  func() time.Time

	mu    sync.Mutex
	hours map[string]*hour
}

type hour struct {
	began time.Time
	calls int
}

// take counts a call, or returns how long the organisation has to wait for the next hour.
func (c *hourlyCap) take(organisation string) (time.Duration, bool) {
	if c.most <= 0 {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	current := c.hours[organisation]
	if current == nil || now.Sub(current.began) >= time.Hour {
		if c.hours == nil {
			c.hours = map[string]*hour{}
		}
		current = &hour{began: now}
		c.hours[organisation] = current
	}
	if current.calls >= c.most {
		return current.began.Add(time.Hour).Sub(now), true
	}
	current.calls++
	return 0, false
}

// wholeSeconds rounds up, as Retry-After is written.
func wholeSeconds(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}
