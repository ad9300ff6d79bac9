package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/caresync/caresync/simulator/ndia"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/world"
)

// origin identifies the world that a state file belongs to.
type origin struct {
	Seed         uint64     `json:"seed"`
	People       int        `json:"people"`
	Participants int        `json:"participants,omitzero"`
	Today        world.Date `json:"today"`
	// Inputs is a digest of scenario files and organisations.
	Inputs string `json:"inputs"`
}

// entry is a line of the state file: the origin first, then what happened, in order.
type entry struct {
	Origin *origin       `json:"origin,omitzero"`
	World  *world.Change `json:"world,omitzero"`
	PRODA  *proda.Record `json:"proda,omitzero"`
	// Subscription is one to notifications of the NDIA.
	Subscription *ndia.Subscription `json:"subscription,omitzero"`
}

// journal appends what happens to the state file, a JSON line each.
type journal struct {
	mu   sync.Mutex
	file *os.File
}

func (j *journal) append(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write state file: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write state file: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close state file: %w", err)
	}
	return nil
}

// restore makes the world that the state file belongs to and brings back what happened to it.
func restore(c config) (*Simulator, error) {
	file, entries, err := openState(c.stateFile)
	if err != nil {
		return nil, err
	}
	simulator, err := replay(c, &journal{file: file}, entries)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("state file %s: %w", c.stateFile, err), file.Close())
	}
	return simulator, nil
}

func replay(c config, j *journal, entries []entry) (*Simulator, error) {
	expected, err := originOf(c.world)
	if err != nil {
		return nil, err
	}
	fresh := len(entries) == 0
	if !fresh {
		if entries[0].Origin == nil {
			return nil, errors.New("the first line does not identify the world: remove the file")
		}
		if err := expected.accept(*entries[0].Origin); err != nil {
			return nil, err
		}
		c.world.Today = entries[0].Origin.Today
		entries = entries[1:]
	}
	c.world.OnChange = also(c.world.OnChange, func(change world.Change) error { return j.append(entry{World: &change}) })
	c.proda.OnChange = also(c.proda.OnChange, func(record proda.Record) error { return j.append(entry{PRODA: &record}) })
	c.ndia.OnSubscribe = also(c.ndia.OnSubscribe, func(subscription ndia.Subscription) error {
		return j.append(entry{Subscription: &subscription})
	})

	simulator, err := assemble(c)
	if err != nil {
		return nil, err
	}
	simulator.journal = j
	if fresh {
		expected.Today = simulator.World.Origin()
		return simulator, j.append(entry{Origin: &expected})
	}
	for n, e := range entries {
		if err := simulator.bringBack(e); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+2, err)
		}
	}
	return simulator, nil
}

func (s *Simulator) bringBack(e entry) error {
	switch {
	case e.World != nil:
		return s.World.Replay(*e.World)
	case e.PRODA != nil:
		return s.PRODA.Restore(*e.PRODA)
	case e.Subscription != nil:
		s.NDIA.Subscribe(*e.Subscription)
		return nil
	default:
		return errors.New("unknown entry")
	}
}

// also calls two listeners, the first of which may be missing.
func also[T any](first, second func(T) error) func(T) error {
	if first == nil {
		return second
	}
	return func(value T) error {
		if err := first(value); err != nil {
			return err
		}
		return second(value)
	}
}

func originOf(options world.Options) (origin, error) {
	digest := sha256.New()
	organisations, err := json.Marshal(options.Organisations)
	if err != nil {
		return origin{}, fmt.Errorf("digest of the organisations: %w", err)
	}
	digest.Write(organisations)
	if options.Scenarios != nil {
		if err := digestFiles(digest, options.Scenarios); err != nil {
			return origin{}, fmt.Errorf("digest of the scenario files: %w", err)
		}
	}
	return origin{
		Seed: options.Seed, People: options.People, Participants: options.Participants, Today: options.Today,
		Inputs: hex.EncodeToString(digest.Sum(nil)),
	}, nil
}

func digestFiles(digest io.Writer, files fs.FS) error {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(digest, "%s %d\n%s", name, len(content), content); err != nil {
			return err
		}
	}
	return nil
}

// accept refuses the state of another world. A today that was not given is taken from the state.
func (o origin) accept(kept origin) error {
	if o.Today == world.NoDate {
		o.Today = kept.Today
	}
	if o != kept {
		return fmt.Errorf("it belongs to another world (seed %d, %d people, %d participants, first day %s, or other scenario files): use the same options, or remove the file",
			kept.Seed, kept.People, kept.Participants, kept.Today)
	}
	return nil
}

// openState opens a state file for appending and reads what it holds. A last line that was cut off by a kill is dropped.
func openState(path string) (*os.File, []entry, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open state file: %w", err)
	}
	entries, err := readState(file)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read state file %s: %w", path, err), file.Close())
	}
	return file, entries, nil
}

func readState(file *os.File) ([]entry, error) {
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	whole := content[:bytes.LastIndexByte(content, '\n')+1]
	if len(whole) < len(content) {
		if err := file.Truncate(int64(len(whole))); err != nil {
			return nil, err
		}
	}
	var entries []entry
	for n, line := range bytes.Split(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n")) {
		if len(whole) == 0 {
			break
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
