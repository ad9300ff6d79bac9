package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
)

// demo is a story in the telling.
type demo struct {
	out      *page
	ports    ports
	programs *programs
	world    world
	verdict  verdict

	codecToken string
	banksia    *organisation
	wattle     *organisation
	worker     *program
	// planOf is the plan that each person had after the last sync, by CareSync's ids.
	planOf map[string]string
}

// organisation is a customer of CareSync's.
type organisation struct {
	slug, name string
	raNumber   string
	token      string
	// providers are the service provider ids of its connections; people are held under the first.
	providers []string
}

// tokenVariable is what a user would call the organisation's API token.
func (o *organisation) tokenVariable() string { return strings.ToUpper(o.slug) + "_TOKEN" }

// chapter is a part of the story. It fails only where the story cannot go on; what is not as expected goes into the verdict.
type chapter struct {
	title string
	tell  func(context.Context) error
}

func newDemo(out *page, chosen string) (*demo, error) {
	ports, err := parsePorts(chosen)
	if err != nil {
		return nil, err
	}
	programs, err := newPrograms()
	if err != nil {
		return nil, err
	}
	return &demo{
		out: out, ports: ports, programs: programs, world: world{webAddress(ports.simulator)},
		banksia: &organisation{slug: "banksia", name: "Banksia Home Care"},
		wattle:  &organisation{slug: "wattle", name: "Wattle Aged Care"},
		planOf:  map[string]string{},
	}, nil
}

func (d *demo) chapters() []chapter {
	return []chapter{
		{"Setting up", d.setUp},
		{"Syncing people", d.syncPeople},
		{"Over HTTP", d.useHTTP},
		{"A worker dies in the middle of a sync", d.killWorker},
		{"What is known of one person", d.showPlan},
		{"Everybody at once", d.syncEverybody},
		{"A claim is paid", d.followClaim},
		{"The next night", d.syncChanged},
		{"NDIS: the PACE API", d.enablePACE},
		{"NDIS: service contracts", d.createContracts},
		{"NDIS: what the NDIA tells", d.beNotified},
		{"Time passes", d.moveOn},
		{"The console", d.openConsole},
	}
}

func (d *demo) api(path string) string { return webAddress(d.ports.api) + path }

// caresync runs a command as a user would type it, and shows what it prints.
func (d *demo) caresync(ctx context.Context, args ...string) (output string, exitCode int, err error) {
	args = append([]string{"caresync"}, args...)
	d.out.command(commandLine(args...))
	return d.programs.run(ctx, d.out.output, d.out.output, args...)
}

// mustCaresync is caresync where the story cannot go on without the command's success.
func (d *demo) mustCaresync(ctx context.Context, args ...string) (output string, err error) {
	output, exitCode, err := d.caresync(ctx, args...)
	if err == nil && exitCode != 0 {
		err = fmt.Errorf("caresync %s ended with exit code %d", args[0], exitCode)
	}
	return output, err
}

// caresyncHead is caresync where the first lines of what it prints are enough.
func (d *demo) caresyncHead(ctx context.Context, lines int, args ...string) (exitCode int, err error) {
	args = append([]string{"caresync"}, args...)
	d.out.command(commandLine(args...) + fmt.Sprintf(" | head -n %d", lines))
	_, exitCode, err = d.programs.run(ctx, func(line string) {
		if lines--; lines >= 0 {
			d.out.output(line)
		}
	}, d.out.output, args...)
	return exitCode, err
}

// curl makes an HTTP call and shows it as it would be typed; what follows the call may be the rest of a pipe.
func (d *demo) curl(ctx context.Context, method, address string, caller *organisation, body string, pipe ...string) (answer, error) {
	words := []string{"curl", "-s"}
	if method != http.MethodGet {
		words = append(words, "-X", method)
	}
	words = append(words, address)
	token := ""
	if caller != nil {
		token = caller.token
		words = append(words, "-H", "Authorization: Bearer $"+caller.tokenVariable())
	}
	if body != "" {
		words = append(words, "--json", body)
	}
	d.out.command(strings.Join(append([]string{commandLine(words...)}, pipe...), " | "))
	return call(ctx, method, address, token, body)
}

// tellWorld makes a call of the simulator's control API. Without it the story cannot go on.
func (d *demo) tellWorld(ctx context.Context, method, path, body string, pipe ...string) (answer, error) {
	got, err := d.curl(ctx, method, d.world.address+path, nil, body, pipe...)
	if err == nil && got.status >= http.StatusBadRequest {
		err = fmt.Errorf("the simulator refused: %s", got.body)
	}
	return got, err
}

func (d *demo) showJSON(content []byte) {
	for _, line := range pretty(content) {
		d.out.output(line)
	}
}

// runOf finds the run's id in what `caresync sync` printed.
func runOf(output string) string {
	found := runLine.FindStringSubmatch(output)
	if found == nil {
		return ""
	}
	return found[1]
}

var runLine = regexp.MustCompile(`(?m)^run +([0-9a-f-]{36})$`)

func random(bytes int) []byte {
	secret := make([]byte, bytes)
	_, _ = rand.Read(secret) // never fails
	return secret
}

func newKey() string { return base64.StdEncoding.EncodeToString(random(32)) }

func newToken() string { return hex.EncodeToString(random(24)) }

func stackVariable(name string) (string, error) {
	value := os.Getenv(name)
	if value == "" {
		return "", fmt.Errorf("%s is not set: run the demo with `make demo`", name)
	}
	return value, nil
}
