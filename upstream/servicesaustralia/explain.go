package servicesaustralia

import (
	"errors"
	"net/http"

	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

// Explain says in plain words why a call failed and what to do about it. It holds no person's data.
func Explain(err error) string {
	var failure *transport.Error
	if !errors.As(err, &failure) {
		return "CareSync itself failed: because of its database, its keyring or its rate limit. See the worker's log."
	}
	party := "Services Australia"
	if failure.Service == proda.Service {
		party = "PRODA"
	}
	switch failure.Kind {
	case transport.LoginRefused:
		return proda.Explain(failure.Code)
	case transport.NotSetUp:
		return explainSetUp(failure.Code, party)
	case transport.Connection, transport.LoginUnavailable:
		return explainUnreachable(failure, party)
	}
	return party + " " + explanations[failure.Kind]
}

// explanations complete a sentence that begins with the party's name.
var explanations = map[transport.Kind]string{
	transport.RateLimited:      "is limiting calls at the moment. CareSync waits and resumes automatically; lower the connection's rate if this happens often.",
	transport.Unavailable:      "is not available at the moment. Try again later.",
	transport.Timeout:          "did not answer in time. Try again later.",
	transport.Unreadable:       "gave an answer that is not the service's own. Check the base address of the connection; if it is right, try again later.",
	transport.TooLarge:         "gave an answer larger than CareSync reads at once. Use a smaller page size.",
	transport.NotAuthorised:    "did not allow this device or provider to read. Check the API key, the service provider id, and the provider's delegation to the device in PRODA.",
	transport.ConsentRefused:   "refuses, because the care recipient has not consented to sharing their data.",
	transport.NotFound:         "does not know what was asked for.",
	transport.Refused:          "refused the request. Check the base address and the service provider id of the connection; its own words are shown below.",
	transport.InvalidRecord:    "sent a record without the field that identifies it. Nothing was saved; report it to the service with the time of the call.",
	transport.IdentityMismatch: "sent a record of a different person. Nothing was saved; report it to the service with the time of the call.",
	transport.AnotherBudget:    "sent the details of a different budget. Nothing was saved; report it to the service with the time of the call.",
}

func explainSetUp(code, party string) string {
	switch code {
	case transport.CodeDeviceNotActivated:
		return "The connection's PRODA device has not been activated. Activate it with the one-time code from PRODA."
	case transport.CodeHeaderInvalid:
		return "The API key, RA number, device name or product id of the connection contains a character that cannot be sent, such as a line break. Enter it again."
	case CodeNoServiceProviderID:
		return "The connection has no service provider id. Add it."
	default:
		return "The address of " + party + " in the connection is not valid: it must start with https:// and name a host."
	}
}

func explainUnreachable(failure *transport.Error, party string) string {
	switch failure.Code {
	case transport.CodeNameNotFound:
		return "The address of " + party + " in the connection names a host that does not exist, or this machine cannot resolve names."
	case transport.CodeConnectionRefused:
		return "Nothing answers at the address of " + party + " in the connection. Check the address, its port and the firewall."
	case transport.CodeCertificate:
		return "The certificate of " + party + " is not one that this machine trusts. Check the address and, if there is a proxy, its certificate."
	}
	switch words, known := explanations[transport.Kind(failure.Code)]; {
	case failure.Status == http.StatusTooManyRequests:
		return party + " delays the login, because a token or key was requested too soon after the last one. Try again in a minute."
	case failure.Status == http.StatusNotFound:
		return "The server at the address of " + party + " in the connection has no login (404). Check the address."
	case known:
		return party + " " + words
	case failure.Status != 0:
		return party + " " + explanations[transport.Unavailable]
	}
	return "The connection to " + party + " broke. Check the firewall and proxy, and try again."
}
