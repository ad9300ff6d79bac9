// Package transport is what all calls to the government's services share: the headers that their gateway asks for, the login
// and what a 401 means, one allowance for all workers, time and size limits, tolerant reading, and errors that say what kind of
// failure it was without giving away anything about a person (R9, R10). Nothing here retries but the one 401; retrying is for
// whoever calls, who is told by the error whether it can help and how long the service asked to be left alone.
package transport
