package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/caresync/caresync/simulator/server"
)

// shutdownTime is how long calls under way may take after the signal to stop.
const shutdownTime = 10 * time.Second

// deadlines bound how long a caller can hold a connection. A call that is told to hang does so until its request's time is over.
type deadlines struct{ header, request, answer, idle time.Duration }

var usualDeadlines = deadlines{header: 10 * time.Second, request: time.Minute, answer: 2 * time.Minute, idle: 2 * time.Minute}

// serve runs the simulator until the context ends; then calls under way finish, except for those that hang.
func serve(ctx context.Context, given settings, log *zap.Logger) error {
	simulator, err := newSimulator(given)
	if err != nil {
		return err
	}
	defer func() {
		if err := simulator.Close(); err != nil {
			log.Error("cannot close the simulator", zap.Error(err))
		}
	}()
	listener, err := net.Listen("tcp", given.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return serveUntilDone(ctx, listener, simulator, usualDeadlines, log)
}

func serveUntilDone(ctx context.Context, listener net.Listener, simulator *server.Simulator, limits deadlines, log *zap.Logger) error {
	httpServer := &http.Server{
		Handler: simulator, ReadHeaderTimeout: limits.header, ReadTimeout: limits.request, WriteTimeout: limits.answer, IdleTimeout: limits.idle,
		ErrorLog: zap.NewStdLog(log),
	}
	ended := make(chan error, 1)
	go func() { ended <- httpServer.Serve(listener) }()
	log.Info("simulator ready",
		zap.String("address", "http://"+listener.Addr().String()),
		zap.String("today", simulator.World.Today().String()),
		zap.Int("people", len(simulator.World.Recipients())),
		zap.Int("participants", len(simulator.World.Participants())))

	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("simulator stopping")
	simulator.Faults.Clear()
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := httpServer.Shutdown(deadline); err != nil {
		return errors.Join(fmt.Errorf("shut down: %w", err), httpServer.Close())
	}
	return nil
}
