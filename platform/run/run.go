// Package run keeps the parts of a program going until it is told to stop, and stops them gracefully.
package run

import (
	"context"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// Part is something that works until its context ends, such as a server or a worker. It then finishes what it has in
// hand and returns nil. An error means that it cannot continue.
type Part func(ctx context.Context) error

// UntilStopped runs the parts side by side until SIGINT or SIGTERM arrives, ctx ends, or a part fails. Then it tells
// all to stop, waits for them, and returns the first failure. A second signal ends the process at once.
func UntilStopped(ctx context.Context, parts ...Part) error {
	ctx, restoreSignals := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer restoreSignals()
	context.AfterFunc(ctx, restoreSignals)

	group, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		group.Go(func() error { return part(ctx) })
	}
	return group.Wait()
}
