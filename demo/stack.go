package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const localhost = "127.0.0.1"

// ports are where everything listens, on 127.0.0.1.
type ports struct{ api, apiHealth, workerHealth, simulator, ui, temporal, postgres int }

// usualPorts are those of the programs' own defaults, next to the usual PostgreSQL's.
func usualPorts() ports {
	return ports{api: 8080, apiHealth: 8082, workerHealth: 8081, simulator: 8090, ui: 8233, temporal: 7233, postgres: 5433}
}

func (p *ports) all() []*int {
	return []*int{&p.api, &p.apiHealth, &p.workerHealth, &p.simulator, &p.ui, &p.temporal, &p.postgres}
}

// chooseFree replaces each port that is taken by the next free one.
func (p *ports) chooseFree() error {
	for _, port := range p.all() {
		listener, err := listenFrom(*port)
		if err != nil {
			return err
		}
		defer func() { _ = listener.Close() }() // held until all are chosen, so that none is chosen twice
		*port = listener.Addr().(*net.TCPAddr).Port
	}
	return nil
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

func webAddress(port int) string { return "http://" + address(port) }

// String and parsePorts carry ports from one process to the next.
func (p ports) String() string {
	var numbers []string
	for _, port := range p.all() {
		numbers = append(numbers, strconv.Itoa(*port))
	}
	return strings.Join(numbers, ",")
}

func parsePorts(text string) (p ports, err error) {
	numbers := strings.Split(text, ",")
	if len(numbers) != len(p.all()) {
		return p, fmt.Errorf("%q are not the ports of a demo", text)
	}
	for i, port := range p.all() {
		if *port, err = strconv.Atoi(numbers[i]); err != nil {
			return p, fmt.Errorf("%q are not the ports of a demo: %w", text, err)
		}
	}
	return p, nil
}

// becomeDevstack turns this process into devstack, with the story as its command. It returns only if it cannot.
func becomeDevstack() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the programs: %w", err)
	}
	if os.Getenv("DEVSTACK_SEARCH_ATTRIBUTE") == "" {
		return errors.New("run it with `make demo`, which builds the programs and names the search attributes of the namespace")
	}
	chosen := usualPorts()
	if err := chosen.chooseFree(); err != nil {
		return err
	}
	out := newPage(os.Stdout)
	out.title("CareSync", "keeps a care provider's records of government funding in step with the government")
	out.say("This demo sets CareSync up for two care providers, syncs people with a simulated Services Australia, kills a worker on the way, " +
		"syncs more than 200 people at once through an outage, follows a claim, brings NDIS plans in from a simulated NDIA, lets a quarter pass, opens the " +
		"console, and checks everything that it found. It takes little more than a minute.")
	out.say("Starting PostgreSQL, a Temporal server and its UI, on this machine and only for this demo …")
	devstack := filepath.Join(filepath.Dir(self), "devstack")
	return syscall.Exec(devstack, devstackArguments(devstack, self, chosen), os.Environ())
}

func devstackArguments(devstack, self string, chosen ports) []string {
	return []string{
		devstack, "exec", "--fast",
		"--temporal-port", strconv.Itoa(chosen.temporal), "--ui-port", strconv.Itoa(chosen.ui), "--postgres-port", strconv.Itoa(chosen.postgres),
		"--codec-endpoint", webAddress(chosen.api) + "/codec", "--", self, tellStory, chosen.String(),
	}
}
