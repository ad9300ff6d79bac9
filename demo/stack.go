package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

const localhost = "127.0.0.1"

// usualPorts are those of the programs' own defaults, next to the usual PostgreSQL's, by the variables in which the story finds them. SPARE
// is for a second simulator, which the README starts.
var usualPorts = map[string]int{
	"API": 8080, "API_HEALTH": 8082, "WORKER_HEALTH": 8081, "SIMULATOR": 8090, "SPARE": 8190, "UI": 8233, "TEMPORAL": 7233, "POSTGRES": 5433,
}

// choosePorts replaces each port that is taken by the next free one.
func choosePorts(usual map[string]int) (map[string]int, error) {
	chosen := map[string]int{}
	for name, port := range usual {
		listener, err := listenFrom(port)
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }() // held until all are chosen, so that none is chosen twice
		chosen[name] = listener.Addr().(*net.TCPAddr).Port
	}
	return chosen, nil
}

func listenFrom(port int) (net.Listener, error) {
	const tries = 1000
	for next := port; next < port+tries; next++ {
		if listener, err := net.Listen("tcp", address(next)); err == nil {
			return listener, nil
		}
	}
	return nil, fmt.Errorf("no port from %d to %d is free on %s", port, port+tries-1, localhost)
}

func address(port int) string { return net.JoinHostPort(localhost, strconv.Itoa(port)) }

// becomeDevstack turns this process into devstack, with the story as its command. It returns only if it cannot.
func becomeDevstack() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the programs: %w", err)
	}
	if os.Getenv("DEVSTACK_SEARCH_ATTRIBUTE") == "" {
		return errors.New("run it with `make demo`, which builds the programs and names the search attributes of the namespace")
	}
	ports, err := choosePorts(usualPorts)
	if err != nil {
		return err
	}
	for name := range usualPorts {
		if err := os.Setenv(name, address(ports[name])); err != nil {
			return err
		}
	}
	out := newPage(os.Stdout)
	out.say("CareSync keeps care providers' records of government funding up to date.")
	out.say("Starting PostgreSQL, Temporal and its UI for this demo …")
	devstack := filepath.Join(filepath.Dir(self), "devstack")
	return syscall.Exec(devstack, []string{
		devstack, "exec", "--fast", "--ui-port", strconv.Itoa(ports["UI"]), "--temporal-port", strconv.Itoa(ports["TEMPORAL"]),
		"--postgres-port", strconv.Itoa(ports["POSTGRES"]), "--codec-endpoint", "http://" + address(ports["API"]) + "/codec",
		"--", self, tellStory,
	}, os.Environ())
}
