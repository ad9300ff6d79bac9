package care

import "time"

// WaitCause is what keeps something unfinished from going on (R38). One is never named for another, and what is not known is not named.
type WaitCause string

// What a run or a bulk run can wait for.
const (
	// WaitsForNothing: nothing out of the ordinary is known.
	WaitsForNothing WaitCause = ""
	// WaitsForService: a government service does not answer, or asks to be left alone.
	WaitsForService WaitCause = "service"
	// WaitsForPRODA: PRODA, which all services' logins come from, does not answer.
	WaitsForPRODA WaitCause = "proda"
	// WaitsForAllowance: our own allowance of calls to the service is used for now.
	WaitsForAllowance WaitCause = "allowance"
	// WaitsForDatabase: our own database does not do what it is asked.
	WaitsForDatabase WaitCause = "database"
	// WaitsForTemporal: the Temporal server does not answer.
	WaitsForTemporal WaitCause = "temporal"
	// WaitsForWorker: no worker is there that takes the work.
	WaitsForWorker WaitCause = "worker"
	// WaitsToBegin: no worker has started it although one should have by now; whether one is there is not known.
	WaitsToBegin WaitCause = "not_begun"
	// WaitsForFreeWorker: workers are there, and none of them has taken the work yet.
	WaitsForFreeWorker WaitCause = "free_worker"
	// WaitsForWorkerVersion: the workers that are there are of a version that cannot do this work.
	WaitsForWorkerVersion WaitCause = "worker_version"
	// WaitsForKey: the workers that are there lack a key of the keyring.
	WaitsForKey WaitCause = "key"
	// WaitsForWorkerFault: a worker takes the work and fails at it each time, for a reason that only its log tells.
	WaitsForWorkerFault WaitCause = "worker_fault"
	// WaitsForDeployment: the database belongs to another deployment, until an operator decides (R37).
	WaitsForDeployment WaitCause = "deployment"
	// WaitsForPerson: someone has paused it.
	WaitsForPerson WaitCause = "person"
)

// WaitCauses are all of them that are something.
var WaitCauses = []WaitCause{
	WaitsForService, WaitsForPRODA, WaitsForAllowance, WaitsForDatabase, WaitsForTemporal, WaitsForWorker, WaitsToBegin, WaitsForFreeWorker, WaitsForWorkerVersion,
	WaitsForKey, WaitsForWorkerFault, WaitsForDeployment, WaitsForPerson,
}

// Wait is what something unfinished waits for, as far as that is known. The zero value is no wait.
type Wait struct {
	Cause WaitCause
	// Service is the government service that is concerned, of a WaitsForService and WaitsForAllowance.
	Service Service
	// Trouble is what is wrong, of a WaitsForDatabase; empty where that is not known.
	Trouble DatabaseTrouble
	// Words are those of the service or of PRODA, verbatim. They may hold personal data (R10).
	Words string
	// Since is when the wait began, and Until when it ends if nothing happens; zero where that is not known.
	Since, Until time.Time
	// Attempts is how many attempts have failed; 0 where that is not known.
	Attempts int
	// By is who it waits for, of a WaitsForPerson; empty where that was not noted.
	By string
}

// Known reports whether there is anything to say.
func (w Wait) Known() bool { return w.Cause != WaitsForNothing }

// DeadEnd reports whether waiting alone does not help: an operator has to act.
func (w Wait) DeadEnd() bool {
	switch w.Cause {
	case WaitsForWorker, WaitsToBegin, WaitsForWorkerVersion, WaitsForKey, WaitsForWorkerFault, WaitsForDeployment:
		return true
	default:
		return false
	}
}

// GaveUp is the reason of what has waited for this too long.
func (c WaitCause) GaveUp() Reason {
	switch c {
	case WaitsForService:
		return ReasonServiceUnavailable
	case WaitsForPRODA:
		return ReasonLoginUnavailable
	case WaitsForAllowance:
		return ReasonNoAllowance
	case WaitsForDatabase:
		return ReasonDatabaseUnavailable
	case WaitsForTemporal:
		return ReasonTemporalUnavailable
	case WaitsForDeployment, WaitsForWorker, WaitsForFreeWorker, WaitsForWorkerVersion, WaitsForKey, WaitsForWorkerFault, WaitsToBegin:
		return ReasonNoWorker // none was there that could, or might, do it
	default:
		return ReasonUnexpected
	}
}

// WithDetailsOf adds what another account of the same wait knows besides.
func (w Wait) WithDetailsOf(other Wait) Wait {
	if other.Cause != w.Cause {
		return w
	}
	if w.Service == "" {
		w.Service = other.Service
	}
	if w.Trouble == "" {
		w.Trouble = other.Trouble
	}
	if w.Words == "" {
		w.Words = other.Words
	}
	if w.Since.IsZero() {
		w.Since = other.Since
	}
	if w.Until.IsZero() {
		w.Until = other.Until
	}
	w.Attempts = max(w.Attempts, other.Attempts)
	return w
}
