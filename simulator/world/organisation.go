package world

import "fmt"

// Organisation is a care provider that is registered with PRODA under its RA number.
type Organisation struct {
	Name             string            `yaml:"name" json:"name"`
	RANumber         string            `yaml:"ra_number" json:"raNumber"`
	ServiceProviders []ServiceProvider `yaml:"providers" json:"serviceProviders"`
	// NDIA is the login device for the NDIA; where there is none, each provider's own device logs in there, too.
	NDIA Device `yaml:"ndia" json:"ndia,omitzero"`
}

// Device is a login device at PRODA with its one-time activation code.
type Device struct {
	Name           string `yaml:"device" json:"deviceName"`
	ActivationCode string `yaml:"activation_code" json:"activationCode"`
}

// ServiceProvider is one service provider id of an organisation, with the login device that is linked to it.
// Providers of one organisation that name the same device share it.
type ServiceProvider struct {
	// Key is the provider's name in scenario files.
	Key string `yaml:"key" json:"key"`
	ID  string `yaml:"id" json:"serviceProviderId"`
	// Share weighs how many of the generated people this provider holds; 0 holds none.
	Share          int    `yaml:"share" json:"-"`
	Device         string `yaml:"device" json:"deviceName"`
	ActivationCode string `yaml:"activation_code" json:"activationCode"`
}

// DefaultOrganisations are two synthetic care providers, the first with two service provider ids.
func DefaultOrganisations() []Organisation {
	return []Organisation{
		{Name: "Banksia Home Care", RANumber: "8000000101", NDIA: Device{"BANKSIA-NDIA", "otac-banksia-ndia"}, ServiceProviders: []ServiceProvider{
			{Key: "banksia", ID: "4000012345", Share: 3, Device: "BANKSIA-1", ActivationCode: "otac-banksia-1"},
			{Key: "banksia-north", ID: "4000012346", Share: 1, Device: "BANKSIA-2", ActivationCode: "otac-banksia-2"},
		}},
		{Name: "Wattle Aged Care", RANumber: "8000000202", NDIA: Device{"WATTLE-NDIA", "otac-wattle-ndia"}, ServiceProviders: []ServiceProvider{
			{Key: "wattle", ID: "4000054321", Share: 2, Device: "WATTLE-1", ActivationCode: "otac-wattle-1"},
		}},
	}
}

// SingleProvider is one organisation with one service provider that holds everyone, as benchmarks want it.
func SingleProvider() []Organisation {
	return []Organisation{{Name: "Banksia Home Care", RANumber: "8000000101", NDIA: Device{"BANKSIA-NDIA", "otac-banksia-ndia"}, ServiceProviders: []ServiceProvider{
		{Key: "banksia", ID: "4000012345", Share: 1, Device: "BANKSIA-1", ActivationCode: "otac-banksia-1"},
	}}}
}

// otherProviders are providers outside the simulated organisations, who claim without invoice ids that we can see.
var otherProviders = []string{"4000099901", "4000099902", "4000099903"}

func checkOrganisations(organisations []Organisation) error {
	numbers, keys, shares := map[string]bool{}, map[string]bool{}, 0
	for _, organisation := range organisations {
		if organisation.RANumber == "" || numbers[organisation.RANumber] {
			return fmt.Errorf("organisation %q: the RA number is missing or used twice", organisation.Name)
		}
		numbers[organisation.RANumber] = true
		for _, provider := range organisation.ServiceProviders {
			if provider.Key == "" || provider.ID == "" || provider.Device == "" || provider.ActivationCode == "" {
				return fmt.Errorf("organisation %q: a provider needs key, id, device and activation_code", organisation.Name)
			}
			if keys[provider.Key] || keys[provider.ID] {
				return fmt.Errorf("organisation %q: provider %q is named twice", organisation.Name, provider.Key)
			}
			keys[provider.Key], keys[provider.ID] = true, true
			shares += provider.Share
		}
	}
	if len(keys) == 0 || shares <= 0 {
		return fmt.Errorf("the organisations need at least one provider with a share above 0")
	}
	return nil
}

// provider finds a service provider by key or id.
func (w *World) provider(name string) (ServiceProvider, bool) {
	for _, organisation := range w.organisations {
		for _, provider := range organisation.ServiceProviders {
			if provider.Key == name || provider.ID == name {
				return provider, true
			}
		}
	}
	return ServiceProvider{}, false
}
