package faults

import (
	"sync"
	"sync/atomic"
	"time"
)

// Target describes a call to the faults.
type Target struct {
	Operation       string
	CareRecipientID string
}

// Set holds the active faults. The zero value holds none; it is safe for concurrent use.
type Set struct {
	mu       sync.Mutex
	active   []*entry
	released chan struct{}
	// any avoids the lock while there are no faults.
	any atomic.Bool
}

// entry is a fault with what it has done so far.
type entry struct {
	fault      Fault
	seen, hits int
}

// Status is a fault and what it has done so far.
type Status struct {
	Fault Fault `json:"fault"`
	// Seen counts the calls that match the fault's targets, Hits those that it applied to.
	Seen int `json:"seen"`
	Hits int `json:"hits"`
}

// Set replaces all faults and releases calls that hang. It changes nothing if a fault is not valid.
func (s *Set) Set(list ...Fault) error {
	for _, fault := range list {
		if err := fault.Validate(); err != nil {
			return err
		}
	}
	fresh := make([]*entry, 0, len(list))
	for _, fault := range list {
		fresh = append(fresh, &entry{fault: fault})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release()
	s.active = fresh
	s.any.Store(len(fresh) > 0)
	return nil
}

// Add adds a fault to the active ones.
func (s *Set) Add(fault Fault) error {
	if err := fault.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = append(s.active, &entry{fault: fault})
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

// List returns the active faults and what they have done.
func (s *Set) List() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Status, 0, len(s.active))
	for _, e := range s.active {
		list = append(list, Status{Fault: e.fault, Seen: e.seen, Hits: e.hits})
	}
	return list
}

func (s *Set) release() {
	if s.released != nil {
		close(s.released)
		s.released = nil
	}
}

// Verdict is what the faults do to a call.
type Verdict struct {
	delay    time.Duration
	fault    *Fault
	released chan struct{}
}

// Kind returns the kind of the fault that applies to the call: latency only if no other does, nothing if none does.
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

// Judge returns the faults that apply to a call, every latency and the first of the others, and counts the call for them.
func (s *Set) Judge(target Target) Verdict {
	if !s.any.Load() {
		return Verdict{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var v Verdict
	for _, e := range s.active {
		latency := e.fault.Kind == Latency
		if (!latency && v.fault != nil) || !e.fault.matches(target) || !e.hit() {
			continue
		}
		if latency {
			v.delay += e.fault.Delay
			continue
		}
		fault := e.fault
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

// hit counts a matching call and reports whether the fault applies to it.
func (e *entry) hit() bool {
	e.seen++
	if e.seen <= e.fault.Skip || (e.fault.Count > 0 && e.hits >= e.fault.Count) {
		return false
	}
	e.hits++
	return true
}
