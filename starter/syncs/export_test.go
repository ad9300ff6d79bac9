package syncs

import "time"

// Quickly makes a service look and ask without delay.
func (s *Service) Quickly() *Service {
	s.poll, s.describe, s.closing = time.Millisecond, 0, time.Millisecond
	return s
}
