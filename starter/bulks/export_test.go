package bulks

import "time"

// Quickly makes a service look and ask without delay, and wait hardly for answers.
func (s *Service) Quickly() *Service {
	s.poll, s.describe, s.answers = time.Millisecond, 0, 50*time.Millisecond
	return s
}
