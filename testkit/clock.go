package testkit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// standing is the instant at which the clock is stopped, zero while it runs. zone is where organisations are.
var (
	standing time.Time
	zone     = care.DefaultTimeZone
)

// Now is the time in worlds and in the product that runs in them.
func Now() time.Time { return clock()() }

// Today is the date where organisations are (R1). The government's may be another one.
func Today(t testing.TB) care.Date {
	t.Helper()
	where, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return care.DateIn(Now(), where)
}

// clock is the clock of worlds, stores and workers that are made now.
func clock() func() time.Time {
	instant := standing
	if instant.IsZero() {
		return time.Now
	}
	return func() time.Time { return instant }
}

// TellingDay is an instant at which what depends on the day can go wrong, and where an organisation meets it.
type TellingDay struct {
	Name, TimeZone, Instant string
}

// TellingDays are the ends of quarters, days that not every year has, days that are longer or shorter than others, and the moments around
// midnight. The government's date is Sydney's: in the hours before midnight it is a day ahead of Perth.
var TellingDays = []TellingDay{
	{"a quarter's first moment", "Australia/Sydney", "2026-10-01 00:00:01"},
	{"the day on which daylight saving begins", "Australia/Sydney", "2026-10-04 03:00:00"},
	{"sixty days into a quarter", "Australia/Sydney", "2026-11-30 12:00:00"},
	{"a year's last moment", "Australia/Sydney", "2026-12-31 23:59:59"},
	{"a quarter's last moment", "Australia/Sydney", "2027-03-31 23:59:59"},
	{"the day on which daylight saving ends", "Australia/Sydney", "2027-04-04 02:30:00"},
	{"29 February", "Australia/Sydney", "2028-02-29 09:00:00"},
	{"before midnight in Perth, a day behind", "Australia/Perth", "2026-12-31 23:59:59"},
	{"after midnight in Perth", "Australia/Perth", "2027-01-01 00:00:01"},
	{"before midnight in Sydney, seen from Perth", "Australia/Perth", "2027-03-31 20:59:59"},
	{"after midnight in Sydney, seen from Perth", "Australia/Perth", "2027-03-31 21:00:01"},
}

// Stand stops the clock on that day until the test ends, for worlds and workers that are made meanwhile, with organisations in its time
// zone. A test that does so does not run beside others; those inside it may run beside each other.
func (d TellingDay) Stand(t testing.TB) {
	t.Helper()
	zone, standing = d.TimeZone, d.instant(t)
	t.Cleanup(func() { zone, standing = care.DefaultTimeZone, time.Time{} })
}

func (d TellingDay) instant(t testing.TB) time.Time {
	t.Helper()
	where, err := time.LoadLocation(d.TimeZone)
	require.NoError(t, err)
	instant, err := time.ParseInLocation(time.DateTime, d.Instant, where)
	require.NoError(t, err)
	return instant
}

// withClock gives the clock to the workflows of a worker, except for those of a contract: a preview lives for 30 minutes by the
// database's clock.
func withClock(options client.Options) client.Options {
	if !standing.IsZero() {
		options.Interceptors = append(options.Interceptors, &clocked{now: standing})
	}
	return options
}

type clocked struct {
	interceptor.InterceptorBase
	now time.Time
}

func (c *clocked) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	inbound := &clockedInbound{now: c.now}
	inbound.Next = next
	return inbound
}

type clockedInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	now time.Time
}

func (i *clockedInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	outbound := &clockedOutbound{now: i.now}
	outbound.Next = next
	return i.Next.Init(outbound)
}

type clockedOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	now time.Time
}

func (o *clockedOutbound) Now(ctx workflow.Context) time.Time {
	if workflow.GetInfo(ctx).WorkflowType.Name == protocol.PaceContractSyncWorkflow {
		return o.Next.Now(ctx)
	}
	return o.now
}
