package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
)

const (
	// keyWarnsFrom is how long before the end of a device's key doctor warns: it should have been renewed ten days earlier (R36).
	keyWarnsFrom = 21 * 24 * time.Hour
	// callsBookedWithin is how far ahead calls may be booked without a cause in the service; the hour's budget calls may be spread over it.
	callsBookedWithin, hourBookedWithin = 2 * time.Minute, time.Hour
)

var serviceChecks = []check{
	{area: Services, name: "keys and devices", needs: needsDatabase | needsSchema, look: keysAndDevices},
	{area: Services, name: "allowance of calls", needs: needsDatabase | needsSchema, look: allowances},
}

func keysAndDevices(ctx context.Context, p *patient) (string, []Finding, error) {
	connections, err := p.store.AllConnections(ctx)
	organisations := p.organisationsByID()
	var findings []Finding
	for _, connection := range connections {
		findings = append(findings, keyAndDevice(organisations[connection.OrganisationID], connection)...)
	}
	return present.Count(len(connections), "connection", "connections"), findings, err
}

func keyAndDevice(organisation care.Organisation, connection care.Connection) (findings []Finding) {
	of := "the connection " + connection.Name + " of " + organisation.Slug
	activate := fmt.Sprintf("create an activation code in PRODA, and run `caresync connection activate %s --code CODE --organisation %s`", connection.Name, organisation.Slug)
	if connection.ActivatedAt == nil {
		return []Finding{warning(sentence("the device of "+of+" has never been activated, so that nothing can be read through it"), sentence(activate))}
	}
	until := func(at *time.Time) string { return present.Expiry(at, organisation.Location()) }
	if key := connection.KeyExpiry; key != nil {
		switch left := time.Until(*key); {
		case left <= 0:
			findings = append(findings, failure(sentence("the key of "+of+" ended on "+until(key)+": PRODA refuses its logins"), sentence(activate)))
		case left < keyWarnsFrom:
			findings = append(findings, warning(sentence("the key of "+of+" ends on "+until(key)),
				fmt.Sprintf("Run `caresync connection renew-key %s --organisation %s`.", connection.Name, organisation.Slug)))
		}
	}
	if device := connection.DeviceExpiry; device != nil {
		switch left := time.Until(*device); {
		case left <= 0:
			findings = append(findings, failure(sentence("the PRODA device of "+of+" ended on "+until(device)+": PRODA refuses its logins"),
				"Register a new device in PRODA, run `caresync connection set --device-name`, and activate it."))
		case left < care.DeviceExpiryNotice:
			findings = append(findings, warning(sentence("the PRODA device of "+of+" ends on "+until(device)), "Ask the organisation to extend the device in PRODA."))
		}
	}
	return findings
}

func allowances(ctx context.Context, p *patient) (string, []Finding, error) {
	booked, err := read.From(p.store).BookedAhead(ctx)
	var findings []Finding
	for _, one := range booked {
		within := callsBookedWithin
		if one.Allowance != read.AllCalls {
			within = hourBookedWithin
		}
		if one.Ahead <= within {
			continue
		}
		findings = append(findings, warning(
			fmt.Sprintf("Calls to %s on the connection %s of %s are booked %s ahead (%s): syncs wait.", present.Service(one.Service), one.Connection, one.Slug, ago(one.Ahead), one.Allowance),
			"The service may have asked to be left alone, for ten minutes at most. Else more is requested than the connection's rate allows: `caresync connection set --rate-per-second`."))
	}
	return "", findings, err
}
