package hosting

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/deployment"
	"github.com/caresync/caresync/platform/health"
	"github.com/caresync/caresync/platform/poll"
	"github.com/caresync/caresync/platform/run"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
)

// checkInterval is how often a host looks whether its workers may work.
const checkInterval = 2 * time.Second

// beginTimeout bounds one attempt to find out whether the workers may begin.
const beginTimeout = 10 * time.Second

// Host runs a process's workers for as long as they may work: PostgreSQL and Temporal have answered, and the database belongs to this
// deployment (R37). Until then it waits, and takes no task.
type Host struct {
	client client.Client
	queues protocol.TaskQueues
	steps  *activities.Steps
	guard  *deployment.Guard
	begin  func(context.Context) error
	logger *zap.Logger
	also   []run.Part
	// working: the workers take tasks.
	working atomic.Bool
}

// NewHost makes a host. What must hold before the workers begin, beside what the guard checks, is begin: while the database is away the host
// waits, and it fails with any other error. The parts in also run for as long as the workers do.
func NewHost(connected client.Client, queues protocol.TaskQueues, steps *activities.Steps, guard *deployment.Guard, begin func(context.Context) error,
	logger *zap.Logger, also ...run.Part) *Host {
	return &Host{client: connected, queues: queues, steps: steps, guard: guard, begin: begin, logger: logger, also: also}
}

var (
	// errIdle: the workers take no task.
	errIdle = errors.New("the worker takes no task yet")
	// errNotPolling: Temporal does not see one of the workers.
	errNotPolling = errors.New("a worker of this process does not poll its queue")
)

// Readiness is the check whether the workers take tasks, as Temporal sees it.
func (h *Host) Readiness() health.Check {
	return health.Check{Name: "worker", Probe: h.polls, Explain: func(err error) string {
		if errors.Is(err, errNotPolling) {
			return "Temporal does not see this worker on all of its task queues."
		}
		return "The worker takes no tasks. The other checks say what it waits for."
	}}
}

func (h *Host) polls(ctx context.Context) error {
	if !h.working.Load() {
		return errIdle
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, queue := range h.queues.Polled() {
		group.Go(func() error {
			described, err := h.client.DescribeTaskQueue(ctx, queue.Name, queue.Kind)
			if err != nil {
				return err
			}
			for _, poller := range described.GetPollers() {
				if poller.GetIdentity() == identity {
					return nil
				}
			}
			return fmt.Errorf("%w %s", errNotPolling, queue.Name)
		})
	}
	return group.Wait()
}

// Run runs the workers whenever they may work, until ctx ends or a worker fails.
func (h *Host) Run(ctx context.Context) error {
	for {
		admitted, err := h.admitted(ctx)
		if err != nil || !admitted {
			return err
		}
		if err := h.work(ctx); err != nil {
			if !lostNamespace(err) {
				return err
			}
			h.logger.Warn("the namespace is gone; the worker takes no task until it is back", zap.Error(err))
			select { // the guard's last answer may stand for some seconds
			case <-ctx.Done():
			case <-time.After(checkInterval):
			}
		}
	}
}

// admitted waits until the workers may work, and reports false where ctx ends before. It logs why it waits, each cause once, and that it
// waits no longer. It fails with what waiting does not mend.
func (h *Host) admitted(ctx context.Context) (bool, error) {
	cause := ""
	_, err := poll.Until(ctx, checkInterval, func() (struct{}, bool, error) {
		err := h.mayBegin(ctx)
		if err != nil && !db.Away(err) {
			return struct{}{}, true, err
		}
		if err == nil {
			err = h.guard.Check(ctx)
		}
		if err != nil && err.Error() != cause && ctx.Err() == nil {
			cause = err.Error()
			h.logger.Warn(waitingFor(err), zap.Error(err))
		}
		return struct{}{}, err == nil, nil
	})
	if ctx.Err() != nil {
		return false, nil
	}
	if err == nil && cause != "" {
		h.logger.Info("the wait is over; the worker takes tasks")
	}
	return err == nil, err
}

func (h *Host) mayBegin(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, beginTimeout)
	defer cancel()
	return h.begin(bounded)
}

// waitingFor says what a worker that takes no task waits for.
func waitingFor(err error) string {
	switch {
	case db.OfAnotherDeployment(err):
		return "the database belongs to another deployment; the worker takes no task until an operator has looked at `caresync deployment show`"
	case errors.Is(err, db.ErrSchemaMissing):
		return "waiting for `caresync migrate`; the worker takes no task"
	case errors.Is(err, db.ErrUnavailable):
		return "waiting for PostgreSQL; the worker takes no task. " + db.ExplainTrouble(err)
	default:
		return "waiting for Temporal; the worker takes no task"
	}
}

// work runs the workers until ctx ends, one of them fails, or they may no longer work.
func (h *Host) work(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range append(Workers(h.client, h.queues, h.steps, h.guard), h.also...) {
		group.Go(func() error { return part(ctx) })
	}
	group.Go(func() error {
		h.watch(ctx)
		stop()
		return nil
	})
	h.working.Store(true)
	defer h.working.Store(false)
	return group.Wait()
}

// watch returns when ctx ends or the workers may no longer work.
func (h *Host) watch(ctx context.Context) {
	_, _ = poll.Until(ctx, checkInterval, func() (struct{}, bool, error) { return struct{}{}, h.guard.Check(ctx) != nil, nil })
}

// lostNamespace reports whether a worker failed because its namespace is gone, as after Temporal's databases were lost. It may come back.
func lostNamespace(err error) bool {
	var gone *serviceerror.NamespaceNotFound
	return errors.As(err, &gone) || errors.Is(err, temporal.ErrNamespaceMissing)
}
