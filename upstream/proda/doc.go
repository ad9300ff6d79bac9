// Package proda is the machine-to-machine login of the government's services. An organisation activates a device once with a
// one-time code from PRODA; CareSync then asks for access tokens with assertions that the device's private key signs. There is one
// token for a connection and audience, however many goroutines, workers and restarts: PRODA throttles devices that replace a token or a
// key before half its life is used.
package proda
