// Command caresync-simulator serves the simulated government services PRODA, Services Australia and the NDIA, and a control API
// that advances their world and makes them fail.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "caresync-simulator:", err)
		os.Exit(1)
	}
}
