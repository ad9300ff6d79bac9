package proda

import (
	"net/http"
	"time"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
)

// mostBody is the largest request body that is read, in bytes.
const mostBody = 64 << 10

// Service is the simulated PRODA: both the device service and the token endpoint.
type Service struct {
	options  Options
	registry *registry
	faults   *faults.Set
	calls    *calls.Recorder
	mux      *http.ServeMux
}

// New makes a PRODA at which the organisations of a world are registered, their devices waiting for activation.
func New(organisations []world.Organisation, options Options, set *faults.Set, recorder *calls.Recorder) *Service {
	s := &Service{
		options: options.withDefaults(), registry: newRegistry(organisations, options.OnChange),
		faults: set, calls: recorder, mux: http.NewServeMux(),
	}
	s.mux.Handle("PUT /piaweb/api/b2b/v1/devices/{device}/jwk", s.operation(OperationActivate, s.activate))
	s.mux.Handle("PUT /piaweb/api/b2b/v1/orgs/{organisation}/devices/{device}/jwk", s.operation(OperationRenewKey, s.renewKey))
	s.mux.Handle("POST /mga/sps/oauth/oauth20/token", s.operation(OperationToken, s.token))
	s.mux.Handle("/", s.operation(OperationUnknown, http.NotFound))
	return s
}

// ServeHTTP serves PRODA's operations.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// operation records an operation's calls and applies faults to them.
func (s *Service) operation(name string, serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writer := &calls.Writer{ResponseWriter: w}
		call := calls.Call{Operation: name, Time: time.Now()}
		s.calls.Begin(name)
		defer func() {
			call.Status, call.Bytes, call.Duration = writer.Status, writer.Bytes, time.Since(call.Time)
			s.calls.End(call)
		}()
		r.Body = http.MaxBytesReader(writer, r.Body, mostBody)
		verdict := s.faults.Judge(faults.Target{Operation: name})
		call.Fault = string(verdict.Kind())
		verdict.Serve(writer, r, serve)
	})
}

// mayReplace reports whether a token or key may be replaced now. A caller that comes before half its life is used must wait
// once; the second value is how long.
func (s *Service) mayReplace(use tokenUse, issued, expiry time.Time) (bool, time.Duration) {
	now := s.options.Now()
	if s.options.NoThrottle || !tooEarly(issued, expiry, now) {
		return true, 0
	}
	until, waiting := s.registry.throttled[use]
	if !waiting {
		until = now.Add(s.options.ThrottleWait)
		s.registry.throttled[use] = until
	}
	if now.Before(until) {
		return false, until.Sub(now)
	}
	delete(s.registry.throttled, use)
	return true, 0
}
