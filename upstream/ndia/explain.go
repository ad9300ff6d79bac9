package ndia

import (
	"errors"

	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

// Explain says in plain words why a call failed and what to do about it. It holds no person's data.
func Explain(err error) string {
	var failure *transport.Error
	if !errors.As(err, &failure) || failure.Service == proda.Service {
		return servicesaustralia.Explain(err) // the login and CareSync itself are the same for every service
	}
	if AuthorityMissing(err) {
		return "The organisation's endorsement as this participant's plan manager or provider is missing or has lapsed. Only the participant or nominee can give it."
	}
	if words, known := connectionExplanations[failure.Code]; known {
		return words
	}
	if words, known := explanations[failure.Kind]; known {
		return words
	}
	return explanations[transport.Refused]
}

var explanations = map[transport.Kind]string{
	transport.RateLimited:   "The NDIA is limiting calls at the moment; budgets have an hourly limit of their own. CareSync waits and resumes automatically.",
	transport.Unavailable:   "The NDIA is not available at the moment, as during a planned outage. Try again later.",
	transport.Timeout:       "The NDIA did not answer in time. Try again later.",
	transport.Connection:    "The connection to the NDIA broke. Check the firewall and proxy, and try again.",
	transport.Unreadable:    "The answer is not the NDIA's own. Check the base address of the connection; if it is right, try again later.",
	transport.TooLarge:      "The NDIA gave an answer larger than CareSync reads at once. Tell CareSync's operators.",
	transport.NotAuthorised: "The NDIA did not allow this device to read. Check the API key of the connection and the organisation's registration of the device.",
	transport.NotFound: "The NDIA cannot find this participant. Either the NDIS number, the surname or the date of birth is not exactly as the NDIA has it, " +
		"or the participant has not endorsed this organisation.",
	transport.Refused:       "The NDIA refused the request. Check the base address of the connection; its own words are shown below.",
	transport.InvalidRecord: "The NDIA sent a record without the field that identifies it. Nothing was saved; report it to the NDIA with the time of the call.",
	transport.NotSetUp:      "The connection to the NDIA is not fully set up.",
}

// connectionExplanations are those of our own codes.
var connectionExplanations = map[string]string{
	transport.CodeAddressInvalid:    "The address of the NDIA in the connection is not valid: it must start with https:// and name a host.",
	transport.CodeHeaderInvalid:     "The API key, RA number, device name or product id of the connection contains a character that cannot be sent, such as a line break. Enter it again.",
	transport.CodeNameNotFound:      "The address of the NDIA in the connection names a host that does not exist, or this machine cannot resolve names.",
	transport.CodeConnectionRefused: "Nothing answers at the address of the NDIA in the connection. Check the address, its port and the firewall.",
	transport.CodeCertificate:       "The certificate of the NDIA is not one that this machine trusts. Check the address and, if there is a proxy, its certificate.",
}
