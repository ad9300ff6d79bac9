// Package gateway stands in front of every simulated government service: it checks the headers and the access
// token, limits the rate, applies faults and records the call. The service determines the form of its errors.
package gateway

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
)

// Caller is who an access token was issued to.
type Caller struct {
	RANumber string
	Device   string
	// ServiceProviders are the service provider ids that the device is linked to.
	ServiceProviders []string
}

// Tokens knows the access tokens that PRODA gave out.
type Tokens interface {
	// Caller returns the caller of a token, if it is valid for the audience and has not expired.
	Caller(token, audience string) (Caller, bool)
	// Revoke makes a token invalid.
	Revoke(token string)
}

// Refuse answers a call with an error in the service's own form.
type Refuse func(w http.ResponseWriter, status int, code, message string)

// Settings are what a gateway requires.
type Settings struct {
	// Audience is the audience that access tokens must have been given out for.
	Audience string
	// ClientID and ProductID are the values that X-IBM-Client-Id and dhs-productId must have.
	ClientID  string
	ProductID string
	// RatePerSecond is how many calls an organisation may make in a second, and at once; 0: no limit.
	RatePerSecond int
}

// Codes of the gateway's refusals.
const (
	CodeHeader       = "HEADER"
	CodeUnauthorised = "UNAUTHORISED"
	CodeForbidden    = "FORBIDDEN"
	CodeRate         = "RATE"
)

// Gateway is the gateway of one service.
type Gateway struct {
	settings Settings
	tokens   Tokens
	faults   *faults.Set
	calls    *calls.Recorder
	refuse   Refuse
	messages messageIDs

	mu       sync.Mutex
	limiters map[string]*rate.Limiter
}

// New makes the gateway of a service.
func New(settings Settings, tokens Tokens, set *faults.Set, recorder *calls.Recorder, refuse Refuse) *Gateway {
	return &Gateway{
		settings: settings, tokens: tokens, faults: set, calls: recorder, refuse: refuse, limiters: map[string]*rate.Limiter{},
	}
}

// Operation is one operation of a service behind the gateway.
type Operation struct {
	Name string
	// Recipient returns the care recipient that a request asks for, if it asks for one.
	Recipient func(r *http.Request) string
	Serve     func(w http.ResponseWriter, r *http.Request, caller Caller)
}

// Handler serves an operation through the gateway.
func (g *Gateway) Handler(operation Operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writer := &calls.Writer{ResponseWriter: w}
		call := calls.Call{
			Operation: operation.Name, Time: time.Now(),
			CorrelationID: r.Header.Get(headerCorrelation), MessageID: r.Header.Get(headerMessage),
		}
		g.calls.Begin(operation.Name)
		defer func() {
			call.Status, call.Bytes, call.Duration = writer.Status, writer.Bytes, time.Since(call.Time)
			g.calls.End(call)
		}()
		if problem := g.checkHeaders(r.Header); problem != "" {
			g.refuse(writer, http.StatusBadRequest, CodeHeader, problem)
			return
		}
		if wait, limited := g.limit(r.Header.Get(headerAudit)); limited {
			writer.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
			g.refuse(writer, http.StatusTooManyRequests, CodeRate, "Rate limit exceeded")
			return
		}
		verdict := g.faults.Judge(faults.Target{Operation: operation.Name, CareRecipientID: operation.Recipient(r)})
		call.Fault = string(verdict.Kind())
		verdict.Serve(writer, r, func(w http.ResponseWriter, r *http.Request) { g.authorise(w, r, operation) })
	})
}

// Unknown records a call to a path that is no operation of the service, and answers 404.
func (g *Gateway) Unknown() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		g.calls.Begin(UnknownOperation)
		defer g.calls.End(calls.Call{Operation: UnknownOperation, Time: time.Now(), Status: http.StatusNotFound})
		g.refuse(w, http.StatusNotFound, "PATH", "No such operation: check the method and the path")
	})
}

// UnknownOperation is the name under which calls to unknown paths are counted.
const UnknownOperation = "unknown"

// authorise passes a call on to the operation if its token is valid and matches the headers.
func (g *Gateway) authorise(w http.ResponseWriter, r *http.Request, operation Operation) {
	token, given := bearer(r.Header)
	if _, asked := faults.Of(r, faults.Unauthorised); asked {
		g.tokens.Revoke(token)
	}
	caller, valid := g.tokens.Caller(token, g.settings.Audience)
	if !given || !valid {
		g.refuse(w, http.StatusUnauthorized, CodeUnauthorised, "Authorization: the access token is missing, unknown, expired or for another audience")
		return
	}
	if r.Header.Get(headerAudit) != caller.RANumber {
		g.refuse(w, http.StatusBadRequest, CodeHeader, headerAudit+": not the organisation of the access token")
		return
	}
	if r.Header.Get(headerSubject) != caller.Device {
		g.refuse(w, http.StatusBadRequest, CodeHeader, headerSubject+": not the device of the access token")
		return
	}
	if _, asked := faults.Of(r, faults.Forbidden); asked {
		g.refuse(w, http.StatusForbidden, CodeForbidden, "The device is not authorised for this operation")
		return
	}
	operation.Serve(w, r, caller)
}

// limit counts a call of an organisation, or returns how long it must wait.
func (g *Gateway) limit(organisation string) (time.Duration, bool) {
	if g.settings.RatePerSecond <= 0 {
		return 0, false
	}
	reservation := g.limiter(organisation).Reserve()
	if wait := reservation.Delay(); wait > 0 {
		reservation.Cancel()
		return wait, true
	}
	return 0, false
}

func (g *Gateway) limiter(organisation string) *rate.Limiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	limiter := g.limiters[organisation]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(g.settings.RatePerSecond), g.settings.RatePerSecond)
		g.limiters[organisation] = limiter
	}
	return limiter
}
