package protocol

import "github.com/caresync/caresync/care"

// Types of the application errors that activities return and workflows tell apart. Those of a business outcome are not errors: an
// area that was refused is an answer.
const (
	// ErrorServiceUnavailable: 429, 503, other 5xx, time-outs, resets, unreadable bodies. Retried.
	ErrorServiceUnavailable = "ServiceUnavailable"
	// ErrorLoginUnavailable: PRODA limits calls, fails or cannot be reached. Retried.
	ErrorLoginUnavailable = "LoginUnavailable"
	// ErrorNoAllowance: our own allowance of calls is used for now. Retried.
	ErrorNoAllowance = "NoAllowance"
	// ErrorDatabaseUnavailable: our own database does not do what it is asked; DatabaseError has a type for each trouble. Retried.
	ErrorDatabaseUnavailable = "DatabaseUnavailable"
	// ErrorOtherDeployment: the database belongs to another deployment (R37). Retried for as long as the step may take.
	ErrorOtherDeployment = "OtherDeployment"
	// ErrorPersonUnknown: there is no such person in this organisation. Not retried.
	ErrorPersonUnknown = "PersonUnknown"
	// ErrorUnexpected: a fault of ours. Not retried.
	ErrorUnexpected = "Unexpected"
	// ErrorOvertaken: a newer read has been saved meanwhile. Retried: the step reads again.
	ErrorOvertaken = "Overtaken"
	// ErrorTemporalUnavailable: the Temporal server did not answer a step. Retried.
	ErrorTemporalUnavailable = "TemporalUnavailable"
	// ErrorSyncFailed is how a workflow fails after it has recorded that nothing could be saved for a technical reason, and a scheduled bulk
	// run after it has recorded that no one could be synced. The detail is the result.
	ErrorSyncFailed = "SyncFailed"
)

// Types of the application errors with which updates are rejected.
const (
	// ErrorBusy: the person is being synced or refreshed in another way. Asking again afterwards helps.
	ErrorBusy = "Busy"
	// ErrorNotAdmitted: the request cannot be carried out on the preview that waits. The detail is the care.Reason.
	ErrorNotAdmitted = "NotAdmitted"
)

// DatabaseError is the type of an error for a trouble of our own database. Types are readable in Temporal where messages are sealed: whoever
// looks at a step that is tried again learns from its type what it waits for (R38).
func DatabaseError(trouble care.DatabaseTrouble) string {
	return ErrorDatabaseUnavailable + "." + string(trouble)
}

// waitsByError is what a step waits for that failed with an error of a type, and is tried again.
var waitsByError = func() map[string]care.Wait {
	waits := map[string]care.Wait{
		ErrorServiceUnavailable:  {Cause: care.WaitsForService},
		ErrorLoginUnavailable:    {Cause: care.WaitsForPRODA},
		ErrorNoAllowance:         {Cause: care.WaitsForAllowance},
		ErrorDatabaseUnavailable: {Cause: care.WaitsForDatabase},
		ErrorTemporalUnavailable: {Cause: care.WaitsForTemporal},
		ErrorOtherDeployment:     {Cause: care.WaitsForDeployment},
		sdkStepUnknown:           {Cause: care.WaitsForWorkerVersion},
	}
	for _, trouble := range care.DatabaseTroubles {
		waits[DatabaseError(trouble)] = care.Wait{Cause: care.WaitsForDatabase, Trouble: trouble}
	}
	return waits
}()

// sdkStepUnknown is the SDK's type for a step that a worker does not have: its version is another.
const sdkStepUnknown = "ActivityNotRegisteredError"

// WaitOfError is what a step waits for that failed with an error of that type; nothing where the type says nothing of it.
func WaitOfError(errorType string) care.Wait { return waitsByError[errorType] }
