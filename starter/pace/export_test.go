package pace

import "time"

// Quickly makes a service ask again without delay.
func (s *Service) Quickly() *Service {
	s.busy = time.Millisecond
	return s
}
