package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	// commandTimeout ends a command that hangs. The longest are bulk runs, which take some seconds on idle cores.
	commandTimeout = 5 * time.Minute
	pollInterval   = 200 * time.Millisecond
)

// teller tells stories: it prints their prose, runs their commands and compares what comes out with what is expected.
type teller struct {
	out     *page
	shell   *shell
	known   variables
	verdict *verdict
	timeout time.Duration
	// verbose shows every command with everything that it prints; silent shows nothing else.
	verbose, silent bool
}

// tell tells a file of a story. It fails where the story cannot continue; what is not as expected goes into the verdict.
func (t *teller) tell(ctx context.Context, path string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the story: %w", err)
	}
	parts, err := parseStory(path, source)
	if err != nil {
		return err
	}
	for _, one := range parts {
		switch {
		case one.command == nil && t.silent:
		case one.title != "":
			t.out.chapter(one.title)
			t.verdict.begin(one.title)
		case one.prose != "":
			t.out.say(one.prose)
		default:
			if err := t.perform(ctx, *one.command); err != nil {
				return fmt.Errorf("%s: %s: %w", one.command.at, firstLine(one.command.text), err)
			}
		}
	}
	return nil
}

// perform runs a command and notes how it compares with what is expected.
func (t *teller) perform(ctx context.Context, one command) error {
	shown := t.verbose || !t.silent && !one.quiet
	if shown && one.first {
		t.out.print("")
	}
	if shown {
		t.out.command(one.text)
	}
	result := t.attempt(ctx, one)
	if shown {
		t.show(result)
	}
	t.verdict.add(one, result)
	if result.failed != nil {
		return result.failed
	}
	for name, word := range result.known {
		if t.known[name] == word {
			continue
		}
		t.known[name] = word
		if err := t.shell.set(ctx, name, word); err != nil {
			return err
		}
	}
	if !result.complete() && lacksWord(one, t.known) {
		return errors.New("what it should have printed is needed below")
	}
	return nil
}

// lacksWord reports whether a command has not given the story a word that it captures.
func lacksWord(one command, known variables) bool {
	for _, line := range one.expected {
		for _, name := range token.FindAllStringSubmatch(line, -1) {
			if _, captured := known[name[1]]; name[1] != "" && !captured {
				return true
			}
		}
	}
	return false
}

// result is what became of a command.
type result struct {
	comparison
	printed  []string
	exitCode int
	// ended reports whether the command ended as it should; failed says why the story cannot continue after it.
	ended  bool
	failed error
}

func (r result) complete() bool { return r.ended && r.comparison.complete() }

// attempt runs a command, once or until what is expected comes out.
func (t *teller) attempt(ctx context.Context, one command) result {
	deadline := time.Now().Add(one.until)
	for {
		found := t.once(ctx, one)
		if found.failed != nil || found.complete() || time.Now().After(deadline) {
			return found
		}
		time.Sleep(pollInterval)
	}
}

func (t *teller) once(ctx context.Context, one command) (found result) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.timeout, fmt.Errorf("it has not ended after %s", t.timeout))
	defer cancel()
	found.exitCode, found.failed = t.shell.run(ctx, one.text, func(line string) { found.printed = append(found.printed, line) })
	if found.failed != nil {
		return found
	}
	found.ended = found.exitCode == one.exitCode
	found.comparison = comparison{known: t.known}
	if len(one.expected) > 0 {
		found.comparison = check(one.expected, found.printed, t.known)
	}
	return found
}

// show shows the lines that were expected and came; everything, if that is wanted or if something is not as expected.
func (t *teller) show(found result) {
	lines := found.met
	if t.verbose || !found.complete() {
		lines = found.printed
	}
	for _, line := range lines {
		t.out.output(line)
	}
	if found.exitCode != 0 {
		t.out.output(exitCodeWords(found.exitCode))
	}
}

func exitCodeWords(code int) string { return fmt.Sprintf("[exit code %d]", code) }
