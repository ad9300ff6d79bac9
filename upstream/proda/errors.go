package proda

import (
	"errors"
	"net/http"
	"regexp"

	"github.com/caresync/caresync/upstream/transport"
)

// codedError matches PRODA's own codes. They are terminal for the whole organisation, whatever the status (R9).
var codedError = regexp.MustCompile(`^(DE\.[0-9]+|JWK\.[0-9]+|mapping_error|device_error)$`)

// passing are OAuth's codes for "not now".
var passing = map[string]bool{"temporarily_unavailable": true, "server_error": true, "slow_down": true}

// loginError turns a failed call to PRODA into a failed login: refused for good where PRODA says so with a code, else unavailable
// for now (R9). Where there is no code, the sort of failure takes its place.
func loginError(err error) error {
	var failure *transport.Error
	if !errors.As(err, &failure) || failure.Kind == transport.NotSetUp {
		return err
	}
	login := *failure
	login.Kind = transport.LoginUnavailable
	if refusedForGood(failure) {
		login.Kind = transport.LoginRefused
	}
	if login.Code == "" {
		login.Code = string(failure.Kind)
	}
	return &login
}

func refusedForGood(failure *transport.Error) bool {
	switch {
	case failure.Kind == transport.RateLimited || failure.Status < 400:
		return false
	case codedError.MatchString(failure.Code):
		return true
	case failure.Status == http.StatusNotFound: // whoever answers there is not PRODA's login
		return false
	default:
		return failure.Status < 500 && failure.Kind != transport.Timeout && failure.Code != "" && !passing[failure.Code]
	}
}

var explanations = map[string]string{
	"DE.2":           "PRODA does not know the organisation. Check the RA number of the connection.",
	"DE.4":           "PRODA does not know the device. Check the device name of the connection against the organisation's devices in PRODA.",
	"DE.5":           "The device cannot be used in its current state. Check it in PRODA: reactivate it, or register a new one, then activate it here with its one-time code.",
	"DE.7":           "The activation code is wrong, was already used or has expired. Create a new one for the device in PRODA and activate again.",
	"DE.9":           "The organisation is not active in PRODA. Its director or a delegate must reactivate it there.",
	"JWK.1":          "PRODA did not accept the device's key. Activate the device again with a new one-time code.",
	"JWK.2":          "PRODA did not accept the device's key. Activate the device again with a new one-time code.",
	"JWK.8":          "The device's key has expired or does not belong to it. Activate the device again with a new one-time code.",
	"JWK.9":          "The device's key has expired or does not belong to it. Activate the device again with a new one-time code.",
	"mapping_error":  "PRODA cannot link the device to the service. In PRODA, check that the organisation has added the service and delegated it to the device, and check the client id and the audience of the connection.",
	"device_error":   "PRODA does not let the device log in: it is expired or not active. Check it in PRODA, then activate it here with its one-time code.",
	"invalid_client": "PRODA does not know the client id. Check the client id of the connection.",
	"invalid_grant":  "PRODA did not accept the device's signature. Check the device name and the RA number, and that this machine's clock is right; if they are, activate the device again.",
}

// Explain says in plain words what a refused login means and what to do about it.
func Explain(code string) string {
	if explanation, known := explanations[code]; known {
		return explanation
	}
	return "PRODA refused the login. Its own words are shown below; check the connection's RA number, device name, client id and audience against PRODA."
}
