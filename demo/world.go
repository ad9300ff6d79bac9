package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// world is the simulated government, seen through the simulator's control API.
type world struct{ address string }

// connection is what a provider must configure to reach Services Australia and the NDIA.
type connection struct {
	OrganisationName          string `json:"organisationName"`
	RANumber                  string `json:"raNumber"`
	ServiceProviderKey        string `json:"serviceProviderKey"`
	ServiceProviderID         string `json:"serviceProviderId"`
	DeviceName                string `json:"deviceName"`
	ActivationCode            string `json:"activationCode"`
	DeviceBaseURL             string `json:"deviceBaseUrl"`
	TokenBaseURL              string `json:"tokenBaseUrl"`
	ServicesAustraliaBaseURL  string `json:"servicesAustraliaBaseUrl"`
	ServicesAustraliaAudience string `json:"servicesAustraliaAudience"`
	ClientID                  string `json:"clientId"`
	IBMClientID               string `json:"ibmClientId"`
	ProductID                 string `json:"productId"`
	NDIABaseURL               string `json:"ndiaBaseUrl"`
	NDIAAudience              string `json:"ndiaAudience"`
	NDIAIBMClientID           string `json:"ndiaIbmClientId"`
	NDIAProductID             string `json:"ndiaProductId"`
	NDIADeviceName            string `json:"ndiaDeviceName"`
	NDIAActivationCode        string `json:"ndiaActivationCode"`
}

func (w world) connections(ctx context.Context) (connections []connection, err error) {
	err = read(ctx, w.address+"/control/connections", "", &connections)
	return connections, err
}

// known is all that the world knows of a person.
type known struct {
	Key                 string
	CareRecipientID     string
	HeldCareRecipientID string
	Entries             []entry
	Upstream, Held      struct{ GivenName, FamilyName, BirthDate string }
	Consent             string
	EntryRegistered     bool
	Classifications     []struct{ Code, Start, End string }
	ApprovedServices    []struct{ ServiceID, Start, End string }
	Supplements         []struct{ Code, Start, End string }
	Contributions       []struct {
		Category, Start, End string
		Percentage           *string
	}
	Budgets []struct {
		ID, ServiceProviderID, TypeCode, Start, End string
		Hidden                                      bool
		Usage                                       []struct{ InvoiceID, ItemID, ServiceID, DeliveryDate, Amount string }
	}
}

// entry is a person's entry into a provider's care.
type entry struct{ ServiceProviderID, Departure string }

// heldName is the person's name in the provider's own records.
func (k known) heldName() string { return k.Held.GivenName + " " + k.Held.FamilyName }

func (w world) person(ctx context.Context, key string) (person known, err error) {
	err = read(ctx, w.address+"/control/person/"+key, "", &person)
	return person, err
}

// day is the world's present day.
func (w world) day(ctx context.Context) (time.Time, error) {
	var now struct{ Today string }
	if err := read(ctx, w.address+"/control/world", "", &now); err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.DateOnly, now.Today)
}

func (w world) forgetCalls(ctx context.Context) error {
	_, err := call(ctx, http.MethodDelete, w.address+"/control/calls", "", "")
	return err
}

// calls counts the calls of an operation.
func (w world) calls(ctx context.Context, operation string) (int, error) {
	var record struct {
		Counts map[string]struct{ Calls int }
	}
	err := read(ctx, w.address+"/control/calls", "", &record)
	return record.Counts[operation].Calls, err
}

// export saves one of the lists that a provider would export from its own systems.
func (w world) export(ctx context.Context, list, raNumber, directory, file string) error {
	got, err := call(ctx, http.MethodGet, w.exportAddress(list, raNumber), "", "")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, file), got.body, 0o600)
}

func (w world) exportAddress(list, raNumber string) string {
	return w.address + "/control/" + list + ".csv?organisation=" + raNumber
}
