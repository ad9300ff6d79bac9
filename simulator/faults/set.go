package faults

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Target describes a call to the faults.
type Target struct {
	Operation       string
	CareRecipientID string
}

// Set holds the faults that are in force. The zero value holds none; it is safe for use by many goroutines.
type Set struct {
	mu       sync.Mutex
	active   []*active
	released chan struct{}
	// any spares calls the lock while there are no faults.
	any atomic.Bool
}

type active struct {
	fault  Fault
	seen   int
	hits   int
	chance *rand.Rand
}

// Status is a fault with what it did so far.
type Status struct {
	Fault Fault `json:"fault"`
	// Seen counts the calls that the fault's targets fit, Hits those that it met.
	Seen int `json:"seen"`
	Hits int `json:"hits"`
}

// Set replaces all faults; without arguments there are none. Calls that hang are released. It fails, and changes nothing,
// if a fault is not valid.
func (s *Set) Set(list ...Fault) error {
	for _, fault := range list {
		if err := fault.Validate(); err != nil {
			return err
		}
	}
	fresh := make([]*active, 0, len(list))
	for _, fault := range list {
		fresh = append(fresh, newActive(fault))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release()
	s.active = fresh
	s.any.Store(len(fresh) > 0)
	return nil
}

// Add puts a fault into force beside the others.
func (s *Set) Add(fault Fault) error {
	if err := fault.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = append(s.active, newActive(fault))
	s.any.Store(true)
	return nil
}

// Clear ends all faults and releases calls that hang.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release()
	s.active = nil
	s.any.Store(false)
}

// List gives the faults in force and what they did.
func (s *Set) List() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Status, 0, len(s.active))
	for _, a := range s.active {
		list = append(list, Status{Fault: a.fault, Seen: a.seen, Hits: a.hits})
	}
	return list
}

func newActive(fault Fault) *active {
	return &active{fault: fault, chance: rand.New(rand.NewPCG(fault.Seed, fault.Seed))}
}

func (s *Set) release() {
	if s.released != nil {
		close(s.released)
		s.released = nil
	}
}

// Verdict is what happens to a call.
type Verdict struct {
	delay    time.Duration
	fault    *Fault
	released chan struct{}
}

// Kind gives the kind of the fault that meets the call: latency only if no other does, and nothing if none does.
func (v Verdict) Kind() Kind {
	switch {
	case v.fault != nil:
		return v.fault.Kind
	case v.delay > 0:
		return Latency
	default:
		return ""
	}
}

// Judge finds the faults that meet a call, every latency and the first of the others, and counts the call for them.
func (s *Set) Judge(target Target) Verdict {
	if !s.any.Load() {
		return Verdict{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var v Verdict
	for _, a := range s.active {
		latency := a.fault.Kind == Latency
		if (!latency && v.fault != nil) || !a.fault.meets(target) || !a.strikes() {
			continue
		}
		if latency {
			v.delay += a.delay()
			continue
		}
		fault := a.fault
		v.fault = &fault
	}
	if v.fault != nil && v.fault.Kind == Hang {
		if s.released == nil {
			s.released = make(chan struct{})
		}
		v.released = s.released
	}
	return v
}

// strikes counts a matching call and tells whether the fault meets it.
func (a *active) strikes() bool {
	a.seen++
	if a.seen <= a.fault.Skip || (a.fault.Count > 0 && a.hits >= a.fault.Count) {
		return false
	}
	if a.fault.Probability > 0 && a.chance.Float64() >= a.fault.Probability {
		return false
	}
	a.hits++
	return true
}

func (a *active) delay() time.Duration {
	if a.fault.Jitter == 0 {
		return a.fault.Delay
	}
	return a.fault.Delay + time.Duration(a.chance.Int64N(int64(a.fault.Jitter)+1))
}
