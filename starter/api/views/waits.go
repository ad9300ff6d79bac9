package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
)

// Wait says what something unfinished waits for (R38).
type Wait struct {
	Cause       care.WaitCause       `json:"cause" enum:"service,proda,allowance,database,temporal,worker,not_begun,free_worker,worker_version,key,worker_fault,deployment,person" doc:"The government's service, PRODA, or which part of CareSync: not_begun means that no worker has started it within a minute, worker_fault that workers fail at it, person that someone paused it"`
	Service     care.Service         `json:"service,omitempty" doc:"The government's service, for the causes service and allowance"`
	Trouble     care.DatabaseTrouble `json:"trouble,omitempty" doc:"What is wrong with CareSync's own database, for the cause database"`
	Words       string               `json:"words,omitempty" doc:"What the government last said, verbatim"`
	By          string               `json:"by,omitempty" doc:"Who paused it, for the cause person"`
	Attempts    int                  `json:"attempts,omitempty" doc:"How many attempts have failed because of it"`
	Since       *time.Time           `json:"since" doc:"Since when; null if unknown"`
	Until       *time.Time           `json:"until" doc:"When it ends by itself, such as when the allowance is free again; null if unknown"`
	DeadEnd     bool                 `json:"dead_end" doc:"Waiting alone does not help: whoever runs CareSync has to act"`
	Explanation string               `json:"explanation" doc:"The same in plain words, with what to do"`
}

// FromWait shows a care.Wait; nil for none.
func FromWait(model care.Wait) *Wait {
	if !model.Known() {
		return nil
	}
	view := &Wait{
		Cause: model.Cause, Service: model.Service, Trouble: model.Trouble, Words: model.Words, By: model.By, Attempts: model.Attempts,
		Since: timeOrNil(model.Since), Until: timeOrNil(model.Until), DeadEnd: model.DeadEnd(),
	}
	view.Explanation = words.WaitAtAnyTime(model)
	return view
}

func timeOrNil(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
