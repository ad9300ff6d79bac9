package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// heartbeat sends heartbeats until the returned function is called.
func heartbeat(ctx context.Context) (stop func()) {
	if activity.GetInfo(ctx).HeartbeatTimeout == 0 {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(HeartbeatInterval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { close(done) }
}
