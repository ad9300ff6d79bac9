package activities

import "time"

// These are the times that a step keeps itself. How long an attempt may take, and when it is tried again, is in workflows/policies.go.
const (
	// HeartbeatInterval is how often a running step says that its worker is alive. A step whose worker died is given to another one after a
	// few missed beats, and a cancelled step learns of it with the next.
	HeartbeatInterval = 2 * time.Second
	// chunkStartDeadline is how long a chunk starts further people; the rest is left to another attempt.
	chunkStartDeadline = 45 * time.Second
	// pausePollInterval is how often a chunk looks whether its bulk run was paused.
	pausePollInterval = time.Second
	// outageGracePeriod is how long a chunk takes failures for an outage; then they are the people's own (R9).
	outageGracePeriod = 2 * time.Hour
)
