package proda

import (
	"net/url"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
)

// Service names PRODA in errors and metrics.
const Service care.Service = "proda"

// PRODA's addresses, live and for tests with the vendor environment.
const (
	LiveTokenBaseURL  = "https://proda.humanservices.gov.au"
	LiveDeviceBaseURL = "https://5.rsp.humanservices.gov.au"
	TestTokenBaseURL  = "https://vnd.proda.humanservices.gov.au"
	TestDeviceBaseURL = "https://test.5.rsp.humanservices.gov.au"
)

// What Options leave out.
const (
	DefaultAssertionAudience = "https://proda.humanservices.gov.au"
	DefaultTokenPath         = "/mga/sps/oauth/oauth20/token"
	DefaultActivatePath      = "/piaweb/api/b2b/v1/devices/{device}/jwk"
	DefaultRenewPath         = "/piaweb/api/b2b/v1/orgs/{organisation}/devices/{device}/jwk"
)

// Options are what may differ from PRODA's own ways. Zero values mean the defaults. In the paths {device} stands for the device's
// name and {organisation} for the organisation's RA number.
type Options struct {
	AssertionAudience                  string
	TokenPath, ActivatePath, RenewPath string
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// Expiring, if set, is told of each warning that a new token brings.
	Expiring func(care.Connection, ExpiryWarning)
}

func (o Options) withDefaults() Options {
	setDefault(&o.AssertionAudience, DefaultAssertionAudience)
	setDefault(&o.TokenPath, DefaultTokenPath)
	setDefault(&o.ActivatePath, DefaultActivatePath)
	setDefault(&o.RenewPath, DefaultRenewPath)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Expiring == nil {
		o.Expiring = func(care.Connection, ExpiryWarning) {}
	}
	return o
}

func setDefault(value *string, otherwise string) {
	if *value == "" {
		*value = otherwise
	}
}

func pathFor(path string, connection care.Connection) string {
	return strings.NewReplacer(
		"{device}", url.PathEscape(connection.DeviceName),
		"{organisation}", url.PathEscape(connection.RANumber),
	).Replace(path)
}
