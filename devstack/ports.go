package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Free ports are taken from below the range that Linux (from 32768) and macOS (from 49152) use for outgoing connections, so
// that none of those takes one between its choice and its use.
const (
	lowestFreePort  = 20000
	highestFreePort = 32000
)

// How often a start is tried again when another program took the chosen port first.
const portAttempts = 5

// errPortTaken says that another program took a port between its choice and its use.
var errPortTaken = errors.New("the port is in use")

// onFreePort starts something on the requested port or, for 0, on a free one, and tries again with another when that one was
// taken in the meantime. flag is the one that asks for a port, for the message.
func onFreePort(requested int, flag string, start func(port int) error) error {
	var err error
	for range portAttempts {
		var port int
		if port, err = choosePort(requested, flag); err != nil {
			return err
		}
		if err = start(port); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return err
}

func choosePort(requested int, flag string) (int, error) {
	if requested == 0 {
		return freePort()
	}
	if requested < 0 || requested > 65535 {
		return 0, fmt.Errorf("%s %d: not a port number", flag, requested)
	}
	if !isPortFree(requested) {
		return 0, fmt.Errorf("port %d of %s is in use: stop the program that uses it, or choose another port with %s", requested, localhost, flag)
	}
	return requested, nil
}

func freePort() (int, error) {
	for range 1000 {
		port := lowestFreePort + rand.IntN(highestFreePort-lowestFreePort)
		if isPortFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port on %s between %d and %d", localhost, lowestFreePort, highestFreePort)
}

func isPortFree(port int) bool {
	listener, err := net.Listen("tcp", hostPort(port))
	if err != nil {
		return false
	}
	listener.Close()
	return true
}

func hostPort(port int) string {
	return net.JoinHostPort(localhost, strconv.Itoa(port))
}
