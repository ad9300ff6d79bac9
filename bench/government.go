package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/world"
)

const (
	// seed makes the same people every time.
	seed = 11
	// governmentStarts is how long the simulator may take to make its people.
	governmentStarts = time.Minute
)

// population is the people of a simulated world: generated people of one provider, or the person of a built-in scenario.
type population struct {
	people   int
	scenario string
	// rate is how many calls a second the government allows, latency how long it takes to answer one.
	rate    int
	latency time.Duration
}

func (p population) arguments() []string {
	arguments := []string{
		"serve", "--listen=127.0.0.1:0", "--participants=0", "--no-throttle", "--seed=" + strconv.Itoa(seed),
		"--people=" + strconv.Itoa(p.generated()), "--rate=" + strconv.Itoa(p.rate), "--latency=" + p.latency.String(),
	}
	if p.scenario == "" {
		arguments = append(arguments, "--scenarios=none", "--one-provider")
	}
	return arguments
}

// generated is how many people are made: some have left their provider, and a bulk run leaves them out after a while (R19).
func (p population) generated() int {
	if p.scenario != "" {
		return 0
	}
	return p.people + p.people/10 + 10
}

// held are the people as their provider holds them. The simulator makes the same ones of the same seed.
func (p population) held() ([]world.HeldPerson, error) {
	options := world.Options{Seed: seed, People: p.generated(), Organisations: world.SingleProvider()}
	if p.scenario != "" {
		options.Scenarios, options.Organisations = scenarios.FS, nil
	}
	made, err := world.New(options)
	if err != nil {
		return nil, err
	}
	held := slices.DeleteFunc(made.People(world.Holder{}), func(one world.HeldPerson) bool { return !p.includes(made, one) })
	if p.scenario == "" && len(held) >= p.people {
		return held[:p.people], nil
	}
	if len(held) != 1 {
		return nil, errors.New("the simulated world has too few people")
	}
	return held, nil
}

func (p population) includes(made *world.World, one world.HeldPerson) bool {
	if p.scenario != "" {
		return one.Key == p.scenario
	}
	person, found := made.Find(one.Key)
	return found && !slices.ContainsFunc(person.Entries, func(entry world.Entry) bool { return entry.Departure != world.NoDate })
}

// government is the simulated government, in a process of its own so that its cost is separate from what is measured.
type government struct {
	process *exec.Cmd
	address string
}

func startGovernment(program string, living population) (*government, error) {
	g := &government{process: exec.Command(program, living.arguments()...)}
	log, err := g.process.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := g.process.Start(); err != nil {
		return nil, fmt.Errorf("start the simulator (run make build first): %w", err)
	}
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			var line struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "simulator ready" {
				ready <- line.Address
			}
		}
	}()
	select {
	case g.address = <-ready:
	case <-time.After(governmentStarts):
	}
	if g.address == "" {
		g.close()
		return nil, errors.New("the simulator did not start")
	}
	return g, nil
}

func (g *government) close() {
	_ = g.process.Process.Signal(syscall.SIGTERM) // it may have ended already
	_ = g.process.Wait()                          // whatever it ended with, it is gone
}

// connection is that of a service provider.
func (g *government) connection(ctx context.Context, serviceProviderID string) (server.Connection, error) {
	var all []server.Connection
	if err := g.control(ctx, http.MethodGet, "/control/connections", nil, &all); err != nil {
		return server.Connection{}, err
	}
	for _, one := range all {
		if one.ServiceProviderID == serviceProviderID {
			return one, nil
		}
	}
	return server.Connection{}, errors.New("the simulated world lacks the people's provider")
}

// setLatency makes every call take that long.
func (g *government) setLatency(ctx context.Context, latency time.Duration) error {
	if latency == 0 {
		return g.control(ctx, http.MethodDelete, "/control/faults", nil, nil)
	}
	return g.control(ctx, http.MethodPut, "/control/faults", faults.Fault{Kind: faults.Latency, Delay: latency}, nil)
}

// calls are those since forgetCalls, one by one as far as they are kept, and counted by operation.
func (g *government) calls(ctx context.Context) (list []calls.Call, counts map[string]calls.Count, err error) {
	var answer struct {
		Counts map[string]calls.Count
		Calls  []calls.Call
	}
	err = g.control(ctx, http.MethodGet, "/control/calls", nil, &answer)
	return answer.Calls, answer.Counts, err
}

func (g *government) forgetCalls(ctx context.Context) error {
	return g.control(ctx, http.MethodDelete, "/control/calls", nil, nil)
}

func (g *government) control(ctx context.Context, method, path string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, g.address+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("simulator returned %s for %s %s: %s", answer.Status, method, path, content)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(content, into)
}
