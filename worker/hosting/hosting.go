// Package hosting puts together what a worker process runs: the workflows, their steps, and how many of them at once.
package hosting

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/deployment"
	"github.com/caresync/caresync/platform/run"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
	"github.com/caresync/caresync/workflows"
)

const (
	// databaseSlots are the steps, of a few milliseconds each, that only touch the database. They run as local activities.
	databaseSlots = 20
	// waitingSlots are steps that wait for another workflow, or for a database that is away. They cost next to nothing.
	waitingSlots = 200
	// serviceSlots are steps that mostly wait for the government. The rate is bounded by the allowance, not by them.
	serviceSlots = 40
	// bulkSlots are chunks of bulk runs, each of which syncs several people at once. Four of them begin people; the others take their turn
	// as those finish.
	bulkSlots = 6
	// stopTimeout is how long a stopping worker lets its steps finish; what is not done by then is given to another worker.
	stopTimeout = 20 * time.Second
	// taskStopTimeout is the same for workflow tasks, and after them for the steps that run within them. It is short: these take milliseconds, save
	// where the database is away, and a stopping worker passes on nothing that they come to.
	taskStopTimeout = 5 * time.Second
	// syncStopTimeout is for workers of both: first the tasks take this long at most, then the steps within them, then those that call a service.
	syncStopTimeout = 10 * time.Second
)

// Steps puts together the steps for a process. expiring, if not nil, is told where a login says that a device or its key expires soon.
func Steps(store *db.Store, calls *transport.Client, expiring func(care.Connection, proda.ExpiryWarning)) *activities.Steps {
	login := proda.NewClient(calls, proda.Options{Now: store.Now, Expiring: expiring})
	tokens := proda.NewTokens(login, store.ProdaTokens(), store.DeviceKeys())
	servicesAustralia, participants := servicesaustralia.NewClient(calls, tokens, servicesaustralia.Options{}), ndia.NewClient(calls, tokens, ndia.Options{})
	onDemand, bulk := store.NewAllowances(), store.NewBulkAllowances()
	return &activities.Steps{
		CareRecipient: activities.NewCareRecipient(store, servicesAustralia, onDemand),
		PaceContract:  activities.NewPaceContract(store, participants, onDemand),
		Bulk: activities.NewBulk(store, activities.NewCareRecipient(store, servicesAustralia, bulk),
			activities.NewPaceContract(store, participants, bulk)),
		Runs:   activities.NewRuns(store),
		Claims: activities.NewClaims(store), DeviceKeys: activities.NewDeviceKeys(store, proda.NewDevices(login, tokens, store.DeviceKeys())),
	}
}

// Workers are the parts of a worker process. Each service has a worker for its syncs, which hosts their workflows beside the steps that call the service,
// and one for bulk runs; one more hosts the other workflows, and one the steps that wait. Each has slots of its own, so that an outage of a service
// never starves anything else, and a bulk run no one who waits for one person.
// The guard, which may be nil, is asked before every step, and before what steps ask of Temporal.
func Workers(connected client.Client, queues protocol.TaskQueues, steps *activities.Steps, guard *deployment.Guard) []run.Part {
	guarded := guard.Client(connected)
	databaseSteps := func(registry worker.ActivityRegistry) {
		steps.RegisterDatabaseSteps(registry)
		steps.RegisterClaimSteps(registry, guarded)
		steps.RegisterDueRefreshes(registry, guarded)
	}

	careSyncOptions, endSteps := hostingWorkflows(options(guard), taskStopTimeout)
	careSyncOptions.LocalActivityWorkerOnly = true
	careSync := worker.New(connected, queues.CareSync(), careSyncOptions)
	workflows.Register(careSync)
	databaseSteps(careSync)

	waiting := worker.New(connected, queues.CareSync(), hostingSteps(options(guard), waitingSlots))
	steps.RegisterWaitingSteps(waiting, guarded)
	databaseSteps(waiting) // a step waits where the database is away for long

	parts := []run.Part{thenEnd(part(careSync), endSteps), part(waiting)}
	for _, service := range []care.Service{care.ServicesAustralia, care.NDIA} {
		syncOptions, endSteps := hostingWorkflows(options(guard), syncStopTimeout)
		syncOptions.MaxConcurrentActivityExecutionSize = serviceSlots
		syncing := worker.New(connected, queues.Upstream(service), syncOptions)
		workflows.RegisterSyncs(syncing)
		databaseSteps(syncing)
		steps.RegisterServiceSteps(syncing, service)

		bulk := worker.New(connected, queues.Bulk(service), hostingSteps(options(guard), bulkSlots))
		steps.RegisterBulkSteps(bulk)
		parts = append(parts, thenEnd(part(syncing), endSteps), part(bulk))
	}
	return parts
}

// hostingWorkflows are the options of a worker that hosts workflows, with the steps that run within their tasks. These hold on to the database until
// endSteps is called.
func hostingWorkflows(common worker.Options, stopTimeout time.Duration) (with worker.Options, endSteps context.CancelFunc) {
	common.BackgroundActivityContext, endSteps = context.WithCancel(context.Background())
	common.WorkerStopTimeout = stopTimeout
	common.MaxConcurrentLocalActivityExecutionSize = databaseSlots
	return common, endSteps
}

// hostingSteps are the options of a worker for steps alone.
func hostingSteps(common worker.Options, slots int) worker.Options {
	common.DisableWorkflowWorker = true
	common.MaxConcurrentActivityExecutionSize = slots
	return common
}

// identity is how Temporal knows the workers of this process.
var identity = fmt.Sprintf("%d@%s", os.Getpid(), hostname())

func hostname() string {
	name, _ := os.Hostname() // without one, the process id has to do
	return name
}

func part(hosted worker.Worker) run.Part {
	return func(ctx context.Context) error { return temporal.RunWorker(ctx, hosted) }
}

// thenEnd ends the context of a part's steps once the part has stopped. The SDK does so only for steps that are tasks of their own; those within
// workflow tasks would hold on to the database, and with it to the process.
func thenEnd(hosted run.Part, endSteps context.CancelFunc) run.Part {
	return func(ctx context.Context) error {
		defer endSteps()
		return hosted(ctx)
	}
}

func options(guard *deployment.Guard) worker.Options {
	return worker.Options{
		Identity: identity,
		// Heartbeats are sent as often as they are made: by default up to a minute apart, which would look like a dead worker.
		MaxHeartbeatThrottleInterval:     activities.HeartbeatInterval,
		DefaultHeartbeatThrottleInterval: activities.HeartbeatInterval,
		WorkerStopTimeout:                stopTimeout,
		Interceptors:                     []interceptor.WorkerInterceptor{&activities.Interceptor{Admit: guard.Check}},
	}
}
