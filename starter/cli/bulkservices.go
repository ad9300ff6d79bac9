package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
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
	organisation db.Organisation
	bulks        *bulks.Service
	schedules    *schedules.Service
}

// withBulks gives work what starts, commands and follows bulk runs, and what schedules them.
func (a *app) withBulks(ctx context.Context, work func(bulkServices) error) error {
	keyring, err := a.encryption.OpenKeyring()
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	return a.withSealedStore(ctx, func(store *db.Store, organisation db.Organisation) error {
		connected, err := temporal.Dial(ctx, temporal.Options{Keyring: keyring, Logger: zap.NewNop()})
		if err != nil {
			return err
		}
		defer connected.Close()
		services := bulkServices{store: store, organisation: organisation}
		services.bulks, services.schedules = newBulks(store, connected, keyring, a.taskQueues())
		return work(services)
	})
}

// newBulks makes the services of bulk runs and of their schedules.
func newBulks(store *db.Store, connected client.Client, keyring *sealing.Keyring, queues protocol.TaskQueues) (*bulks.Service, *schedules.Service) {
	runs := bulks.New(store, connected, queues)
	return runs, schedules.New(store, connected.ScheduleClient(), temporal.NewDataConverter(keyring), runs, queues)
}

func (a *app) taskQueues() protocol.TaskQueues {
	return protocol.TaskQueues{Prefix: a.queues.Prefix.String()}
}

// requestFlags say who is synced in a bulk run, and what of them.
type requestFlags struct {
	kind, only string
	people     []string
	request    bulks.Request
}

func (f *requestFlags) add(flags *pflag.FlagSet) {
	o := &f.request
	flags.StringVar(&f.kind, "kind", "care-recipients", "care-recipients (Support at Home plans) or pace-contracts (refresh existing contracts)")
	flags.StringVar(&o.ServiceProviderID, "service-provider-id", "", "only people of this service provider id's connection to Services Australia")
	flags.BoolVar(&o.InCare, "in-care", false, "only people in care")
	flags.DurationVar(&o.NotSyncedFor, "not-synced-for", 0, "only people who were not synced for this long, such as 24h")
	flags.BoolVar(&o.FailedLastTime, "failed-last-time", false, "only people whose last sync did not succeed")
	flags.StringVar(&f.only, "only", "", "besides the summary, sync only this: contributions or budgets")
	flags.BoolVar(&o.AllBudgets, "all-budgets", false, "also sync the usage of budgets that ended more than 90 days ago")
	flags.BoolVar(&o.Delta, "delta", false, "sync only people whom the providers' lists show as changed")
	flags.BoolVar(&o.ReviewAll, "hold", false, "hold every change of a contract for approval")
	flags.BoolVar(&o.AcceptAbsences, "accept-absences", false, "mark people who are on no list as not in care, however many they are")
	flags.IntVar(&o.Window, "window", 0, fmt.Sprintf("how many batches are synced in parallel, up to %d; by default %d", protocol.MostBatchesAtOnce, protocol.DefaultWindow))
	flags.IntVar(&o.FailureThreshold, "failure-threshold", 0,
		fmt.Sprintf("stop if more than this percentage of people have failed; checked once %d have ended", care.FailuresCountFrom))
}

// addPeople adds the flag that lists people, which a schedule cannot.
func (f *requestFlags) addPeople(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.people, "people", nil,
		"only these people: care recipient ids, NDIS numbers or CareSync's ids, or a file with one per line (- for standard input)")
}

// read is the order that the flags say.
func (f *requestFlags) read(a *app) (bulks.Request, error) {
	order := f.request
	order.Kind, order.Only = care.RunKind(strings.TrimSuffix(f.kind, "s")), care.Area(f.only)
	for _, named := range f.people {
		listed, err := a.listed(named)
		if err != nil {
			return order, err
		}
		order.People = append(order.People, listed...)
	}
	if len(f.people) > 0 && order.People == nil {
		return order, usageError("--people names nobody: the file is empty")
	}
	return order, nil
}

// listed are the people whom a value of --people names: a number names one, a file one a line.
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

// requestFlagNames are the flags of the fields that an order can be refused for.
var requestFlagNames = map[string]string{
	"kind": "--kind", "service_provider_id": "--service-provider-id", "people": "--people", "in_care": "--in-care", "not_synced_for": "--not-synced-for",
	"only": "--only", "all_budgets": "--all-budgets", "delta": "--delta", "review_all": "--hold", "accept_absences": "--accept-absences",
	"window": "--window", "failure_threshold": "--failure-threshold", "name": "NAME", "cron": "--cron", "time_of_day": "--at", "weekdays": "--on",
	"time_zone": "--time-zone", "overlap": "--overlap", "catch_up": "--catch-up", "jitter": "--jitter", "from": "--from", "to": "--to",
}

// bulkError puts what bulk runs and schedules answer into the words of the commands.
func (a *app) bulkError(err error, organisation db.Organisation, id care.ID) error {
	var invalid *db.InvalidError
	switch {
	case errors.As(err, &invalid) && requestFlagNames[invalid.Field] != "":
		return usageError("%s %s", requestFlagNames[invalid.Field], invalid.Message)
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
