package schedules

import (
	"time"

	"go.temporal.io/sdk/client"
)

// Warnings shows a test on which days a time of day does not exist, or exists twice.
func (t Times) Warnings(now time.Time) []string { return t.warnings(now) }

// Spec shows a test what Temporal is told.
func (t Times) Spec() (client.ScheduleSpec, error) { return t.spec() }
