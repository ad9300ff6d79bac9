package activities

// ApplicationError is how Temporal sees an error of a step.
var ApplicationError = applicationError
