package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How long a start waits for the watchdog of a killed stack to leave the directory.
const leaveTimeout = 60 * time.Second

// stateDir is the directory of one stack. A lock on it keeps a second stack out; the watchdog shares the lock, so that it is
// held until PostgreSQL is really stopped, also after a kill.
type stateDir struct {
	path      string
	temporary bool
	lock      *os.File
}

// openStateDir creates the directory if needed (a temporary one for an empty path) and locks it.
func openStateDir(ctx context.Context, path string) (*stateDir, error) {
	d := &stateDir{path: path, temporary: path == ""}
	var err error
	if d.temporary {
		d.path, err = os.MkdirTemp("", "devstack-")
	} else {
		d.path, err = filepath.Abs(path)
	}
	if err == nil {
		err = os.MkdirAll(d.path, 0o755)
	}
	if err == nil && d.temporary {
		// The user that PostgreSQL runs as must be able to pass through.
		err = os.Chmod(d.path, 0o711)
	}
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	if err := d.acquire(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *stateDir) acquire(ctx context.Context) error {
	lock, err := os.OpenFile(filepath.Join(d.path, "devstack.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	err = waitUntil(ctx, leaveTimeout, nil, func(context.Context) error {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return final(err)
		}
		if owner := lockOwner(lock.Name()); owner != 0 && alive(owner) {
			return final(fmt.Errorf("devstack with process id %d is using it", owner))
		}
		return errors.New("a killed stack has not been cleaned up yet")
	})
	if err != nil {
		lock.Close()
		return fmt.Errorf("state directory %s: %w", d.path, err)
	}
	d.lock = lock
	if err := os.WriteFile(lock.Name(), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	return nil
}

// lockOwner is the process id in the lock file, 0 if there is none.
func lockOwner(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

func (d *stateDir) fate() string {
	if d.temporary {
		return "removed at the end"
	}
	return "kept"
}

// close releases the directory and removes it if it is a temporary one.
func (d *stateDir) close() {
	if d.temporary {
		os.RemoveAll(d.path)
	}
	d.lock.Close()
}
