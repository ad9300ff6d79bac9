package protocol

// Types of the application errors that activities return and workflows tell apart. Those of a business outcome are not errors: an
// area that was refused is an answer.
const (
	// ErrorServiceUnavailable: 429, 503, other 5xx, time-outs, resets, unreadable bodies. Retried.
	ErrorServiceUnavailable = "ServiceUnavailable"
	// ErrorDatabaseUnavailable: our own database is away. Retried.
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
