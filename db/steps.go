package db

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// AreaSteps are the steps of one area: one, one for each chunk of budgets, or the last of those that read a contract.
type AreaSteps struct {
	Chunks     int
	Answer     care.AreaResult
	AsOf       time.Time
	FinishedAt time.Time
}

// StepsByArea reads the answers of a run's steps, and puts those of an area together.
func StepsByArea(rows []gen.ViewStepsRow) (map[care.Area]AreaSteps, error) {
	steps := make(map[care.Area]AreaSteps, len(care.Areas))
	for _, row := range rows {
		var answer care.AreaResult
		if err := json.Unmarshal(row.Answer, &answer); err != nil {
			return nil, fmt.Errorf("read the answer of a step (%s): %w", row.Area, err)
		}
		area := care.Area(row.Area)
		if area == care.AreaContract {
			delete(steps, area) // each is an attempt of its own at the same thing, and the last stands
		}
		steps[area] = steps[area].and(answer, row)
	}
	return steps, nil
}

// and adds a further chunk. The first outcome that is not a success stands, and so does the oldest "as of".
func (s AreaSteps) and(answer care.AreaResult, row gen.ViewStepsRow) AreaSteps {
	if s.Chunks == 0 {
		s.Answer = answer
	} else {
		s.Answer = s.Answer.And(answer)
	}
	if s.AsOf.IsZero() || row.AsOf.Before(s.AsOf) {
		s.AsOf = row.AsOf
	}
	if row.FinishedAt.After(s.FinishedAt) {
		s.FinishedAt = row.FinishedAt
	}
	s.Chunks++
	return s
}
