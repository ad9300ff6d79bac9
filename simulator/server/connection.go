package server

import (
	"fmt"

	"github.com/caresync/caresync/simulator/world"
)

// Connection is everything that a client needs to know to reach Services Australia as one service provider, and the NDIA as
// its organisation.
type Connection struct {
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
	NDIABaseURL               string `json:"ndiaBaseUrl"`
	NDIAAudience              string `json:"ndiaAudience"`
	NDIAIBMClientID           string `json:"ndiaIbmClientId"`
	NDIAProductID             string `json:"ndiaProductId"`
	NDIADeviceName            string `json:"ndiaDeviceName"`
	NDIAActivationCode        string `json:"ndiaActivationCode"`
	// ClientID is for the token endpoint, IBMClientID for the header X-IBM-Client-Id, ProductID for dhs-productId.
	ClientID    string `json:"clientId"`
	IBMClientID string `json:"ibmClientId"`
	ProductID   string `json:"productId"`
}

// Connections returns a connection for each service provider id. The base URL is that of the running simulator.
func (s *Simulator) Connections(baseURL string) []Connection {
	var list []Connection
	for _, organisation := range s.World.Organisations() {
		for _, provider := range organisation.ServiceProviders {
			list = append(list, s.connection(baseURL, organisation, provider))
		}
	}
	return list
}

// Connection returns the connection of the service provider with that key or id.
func (s *Simulator) Connection(baseURL, provider string) (Connection, error) {
	for _, connection := range s.Connections(baseURL) {
		if connection.ServiceProviderKey == provider || connection.ServiceProviderID == provider {
			return connection, nil
		}
	}
	return Connection{}, fmt.Errorf("the simulated world has no service provider with the key or id %q", provider)
}

func (s *Simulator) connection(baseURL string, organisation world.Organisation, provider world.ServiceProvider) Connection {
	ndiaDevice := organisation.NDIA
	if ndiaDevice.Name == "" {
		ndiaDevice = world.Device{Name: provider.Device, ActivationCode: provider.ActivationCode}
	}
	return Connection{
		OrganisationName: organisation.Name, RANumber: organisation.RANumber,
		ServiceProviderKey: provider.Key, ServiceProviderID: provider.ID,
		DeviceName: provider.Device, ActivationCode: provider.ActivationCode,
		DeviceBaseURL: baseURL, TokenBaseURL: baseURL,
		ServicesAustraliaBaseURL:  baseURL + ServicesAustraliaPath,
		ServicesAustraliaAudience: s.config.servicesAustralia.Audience,
		NDIABaseURL:               baseURL + NDIAPath,
		NDIAAudience:              s.config.ndia.Audience,
		NDIAIBMClientID:           s.config.ndia.ClientID,
		NDIAProductID:             s.config.ndia.ProductID,
		NDIADeviceName:            ndiaDevice.Name,
		NDIAActivationCode:        ndiaDevice.ActivationCode,
		ClientID:                  s.config.proda.ClientID,
		IBMClientID:               s.config.servicesAustralia.ClientID,
		ProductID:                 s.config.servicesAustralia.ProductID,
	}
}

// Token issues an access token for Services Australia to the device of a service provider, without a login: for tests
// of what comes after the login.
func (s *Simulator) Token(provider string) (string, error) {
	connection, err := s.Connection("", provider)
	if err != nil {
		return "", err
	}
	return s.PRODA.Grant(connection.RANumber, connection.DeviceName, connection.ServicesAustraliaAudience)
}

// NDIAToken is Token for the NDIA.
func (s *Simulator) NDIAToken(provider string) (string, error) {
	connection, err := s.Connection("", provider)
	if err != nil {
		return "", err
	}
	return s.PRODA.Grant(connection.RANumber, connection.NDIADeviceName, connection.NDIAAudience)
}
