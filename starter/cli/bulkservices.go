package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/deployment"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/schedules"
)

// bulkServices are what commands about bulk runs and schedules work with.
type bulkServices struct {
	store        *db.Store
	organisation care.Organisation
	bulks        *bulks.Service
	schedules    *schedules.Service
}

// withBulks gives work what starts, commands and follows bulk runs.
func (a *app) withBulks(ctx context.Context, work func(bulkServices) error) error {
	return a.withTemporal(ctx, a.bulkWork(work))
}

// withSchedules gives work what schedules bulk runs, also while the Temporal server is away.
func (a *app) withSchedules(ctx context.Context, work func(bulkServices) error) error {
	dialLater := func(_ context.Context, options temporal.Options) (client.Client, error) {
		return temporal.DialLazily(options)
	}
	return a.withTemporalBy(ctx, dialLater, a.bulkWork(work))
}

func (a *app) bulkWork(work func(bulkServices) error) func(*db.Store, care.Organisation, *deployment.Client, *sealing.Keyring) error {
	return func(store *db.Store, organisation care.Organisation, connected *deployment.Client, keyring *sealing.Keyring) error {
		services := bulkServices{store: store, organisation: organisation}
		services.bulks, services.schedules = newBulks(store, connected, keyring, a.taskQueues())
		return work(services)
	}
}

// newBulks makes the services of bulk runs and of their schedules.
func newBulks(store *db.Store, connected *deployment.Client, keyring *sealing.Keyring, queues protocol.TaskQueues) (*bulks.Service, *schedules.Service) {
	runs := bulks.New(store, connected, queues)
	return runs, schedules.New(store, connected.ScheduleClient(), keyring, runs, queues)
}

// requestFlags say who is synced in a bulk run, and what of them.
type requestFlags struct {
	options care.BulkOptions
	people  []string
}

// add adds the flags of all options. What they say takes the place of what the options say already.
func (f *requestFlags) add(flags *pflag.FlagSet) {
	f.options.Kind = cmp.Or(f.options.Kind, care.RunCareRecipient)
	for _, option := range bulks.Options {
		switch value := option.Value(&f.options).(type) {
		case *bool:
			flags.BoolVar(value, option.Flag, *value, option.Usage)
		case *int:
			flags.IntVar(value, option.Flag, *value, option.Usage)
		case *string:
			flags.StringVar(value, option.Flag, *value, option.Usage)
		case *care.Area:
			flags.StringVar((*string)(value), option.Flag, string(*value), option.Usage)
		case *care.Timespan:
			flags.DurationVar((*time.Duration)(value), option.Flag, time.Duration(*value), option.Usage)
		case *care.RunKind:
			flags.Var((*kindFlag)(value), option.Flag, option.Usage)
		}
	}
}

// kindFlag is a kind of sync as the command line names it: by the people synced.
type kindFlag care.RunKind

// String implements pflag.Value.
func (k *kindFlag) String() string { return string(*k) + "s" }

// Set implements pflag.Value.
func (k *kindFlag) Set(text string) error {
	*k = kindFlag(strings.TrimSuffix(text, "s"))
	return nil
}

// Type implements pflag.Value.
func (k *kindFlag) Type() string { return "string" }

// addPeople adds the flag that lists people, which a schedule cannot.
func (f *requestFlags) addPeople(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.people, "people", nil,
		"only these people: care recipient ids, NDIS numbers or CareSync's ids, or a file with one per line (- for standard input)")
}

// readPeople are the people that the flag lists; nil where it was not given.
func (f *requestFlags) readPeople(a *app) (people []string, err error) {
	for _, named := range f.people {
		listed, err := a.listed(named)
		if err != nil {
			return nil, err
		}
		people = append(people, listed...)
	}
	if len(f.people) > 0 && people == nil {
		return nil, usageError("--people must name at least one person: the file is empty")
	}
	return people, nil
}

// listed are the people that a value of --people names: a number names one, a file one per line.
func (a *app) listed(named string) ([]string, error) {
	if _, isID := parseID(named); isID || care.ValidCareRecipientID(named) {
		return []string{named}, nil
	}
	if _, err := os.Stat(named); err != nil && named != "-" {
		return nil, usageError("--people is a file, or %w", errNoPersonID)
	}
	file, err := a.openFile(named)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, imports.MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > imports.MaxSize {
		return nil, usageError("%s is larger than %d MiB", named, imports.MaxSize>>20)
	}
	var people []string
	for _, line := range strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			people = append(people, line)
		}
	}
	return people, nil
}

// otherFlags are the flags of the other fields that a bulk run or a schedule can be refused for.
var otherFlags = map[string]string{
	"people": "--people", "name": "NAME", "cron": "--cron", "time_of_day": "--at", "weekdays": "--on", "time_zone": "--time-zone",
	"overlap": "--overlap", "catch_up": "--catch-up", "jitter": "--jitter", "from": "--from", "to": "--to",
}

// flagOf is the flag that a field is given by; empty where there is none.
func flagOf(field string) string {
	if option, known := bulks.OptionNamed(field); known {
		return "--" + option.Flag
	}
	return otherFlags[field]
}

// bulkError puts what bulk runs and schedules answer into the words of the commands.
func (a *app) bulkError(err error, organisation care.Organisation, id care.ID) error {
	var invalid *care.InvalidError
	switch {
	case errors.As(err, &invalid) && flagOf(invalid.Field) != "":
		return usageError("%s %s", flagOf(invalid.Field), invalid.Message)
	case errors.Is(err, db.ErrNotFound) && id != "":
		return fmt.Errorf("%s has no bulk run %s; `caresync bulk list` shows those it has", organisation.Name, id)
	default:
		return err
	}
}

// shortDuration shows a time without needless parts.
func shortDuration(text string) string {
	read, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	text = read.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
