package proda

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/world"
)

// ErrNoSuchDevice is the error for an unknown RA number or device.
var ErrNoSuchDevice = errors.New("no such organisation or device in the simulated PRODA")

// State is a device's state.
type State string

// The states of a device.
const (
	Pending   State = "PENDING"
	Active    State = "ACTIVE"
	Suspended State = "SUSPENDED"
	Expired   State = "EXPIRED"
)

// Device is a registered device. The key is the public one.
type Device struct {
	RANumber string `json:"raNumber"`
	Name     string `json:"name"`
	State    State  `json:"state"`
	// ActivationCode is the one-time code; empty once it was used.
	ActivationCode string           `json:"activationCode,omitzero"`
	Key            *jose.JSONWebKey `json:"key,omitzero"`
	KeyIssued      time.Time        `json:"keyIssued,omitzero"`
	KeyExpiry      time.Time        `json:"keyExpiry,omitzero"`
	Expiry         time.Time        `json:"expiry,omitzero"`
}

// Token is an access token that was given out.
type Token struct {
	Value    string    `json:"value"`
	RANumber string    `json:"raNumber"`
	Device   string    `json:"device"`
	Audience string    `json:"audience"`
	Issued   time.Time `json:"issued"`
	Expiry   time.Time `json:"expiry"`
	Revoked  bool      `json:"revoked,omitzero"`
}

// Record is the new state of a device or of a token, for a restart.
type Record struct {
	Device *Device `json:"device,omitzero"`
	Token  *Token  `json:"token,omitzero"`
}

type deviceName struct{ raNumber, name string }

// tokenUse is what a token is for: there should be one at a time.
type tokenUse struct {
	device   deviceName
	audience string
}

// registry holds organisations, devices and tokens in memory.
type registry struct {
	onChange func(Record) error

	mu sync.RWMutex
	// organisations hold the service provider ids of each device, by RA number.
	organisations map[string]linkedProviders
	devices       map[deviceName]Device
	tokens        map[string]Token
	latest        map[tokenUse]string
	throttled     map[tokenUse]time.Time
}

type linkedProviders map[string][]string

func newRegistry(organisations []world.Organisation, onChange func(Record) error) *registry {
	r := &registry{
		onChange: onChange, organisations: map[string]linkedProviders{}, devices: map[deviceName]Device{},
		tokens: map[string]Token{}, latest: map[tokenUse]string{}, throttled: map[tokenUse]time.Time{},
	}
	for _, from := range organisations {
		linked := linkedProviders{}
		for _, provider := range from.ServiceProviders {
			linked[provider.Device] = append(linked[provider.Device], provider.ID)
			r.devices[deviceName{from.RANumber, provider.Device}] = Device{
				RANumber: from.RANumber, Name: provider.Device, State: Pending, ActivationCode: provider.ActivationCode,
			}
		}
		if from.NDIA.Name != "" {
			r.devices[deviceName{from.RANumber, from.NDIA.Name}] = Device{
				RANumber: from.RANumber, Name: from.NDIA.Name, State: Pending, ActivationCode: from.NDIA.ActivationCode,
			}
		}
		r.organisations[from.RANumber] = linked
	}
	return r
}

// record calls the listener with a change; the caller holds the lock.
func (r *registry) record(change Record) error {
	if r.onChange == nil {
		return nil
	}
	if err := r.onChange(change); err != nil {
		return fmt.Errorf("record the change: %w", err)
	}
	return nil
}

func (r *registry) store(device Device) error {
	if err := r.record(Record{Device: &device}); err != nil {
		return err
	}
	r.devices[deviceName{device.RANumber, device.Name}] = device
	return nil
}

func (r *registry) storeToken(token Token) error {
	if err := r.record(Record{Token: &token}); err != nil {
		return err
	}
	r.keep(token)
	return nil
}

func (r *registry) keep(token Token) {
	r.tokens[token.Value] = token
	r.latest[token.use()] = token.Value
}

func (t Token) use() tokenUse { return tokenUse{deviceName{t.RANumber, t.Device}, t.Audience} }

// tooEarly reports whether less than half of a life is used.
func tooEarly(issued, expiry, now time.Time) bool {
	return now.Before(issued.Add(expiry.Sub(issued) / 2))
}

// Restore restores a device or a token after a restart.
func (s *Service) Restore(record Record) error {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	if record.Device != nil {
		name := deviceName{record.Device.RANumber, record.Device.Name}
		if _, known := s.registry.devices[name]; !known {
			return ErrNoSuchDevice
		}
		s.registry.devices[name] = *record.Device
	}
	if record.Token != nil {
		s.registry.keep(*record.Token)
	}
	return nil
}

// Device returns the present state of a device.
func (s *Service) Device(raNumber, name string) (Device, bool) {
	s.registry.mu.RLock()
	defer s.registry.mu.RUnlock()
	device, known := s.registry.devices[deviceName{raNumber, name}]
	return device, known
}

// Change alters a device as an operator of PRODA would: its state, expiry dates or activation code.
func (s *Service) Change(raNumber, name string, alter func(device *Device)) error {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	device, known := s.registry.devices[deviceName{raNumber, name}]
	if !known {
		return ErrNoSuchDevice
	}
	alter(&device)
	return s.registry.store(device)
}

// Reset makes a device wait for its activation again, with a new one-time code.
func (s *Service) Reset(raNumber, name, activationCode string) error {
	return s.Change(raNumber, name, func(device *Device) {
		device.State, device.ActivationCode, device.Key = Pending, activationCode, nil
	})
}

// Revoke makes one token invalid. Its holder may replace it at once.
func (s *Service) Revoke(value string) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	if token, known := s.registry.tokens[value]; known && !token.Revoked {
		token.Revoked = true
		_ = s.registry.record(Record{Token: &token}) // the token is invalid in any case
		s.registry.tokens[value] = token
	}
}

// Caller returns the caller of a token (gateway.Tokens).
func (s *Service) Caller(value, audience string) (gateway.Caller, bool) {
	s.registry.mu.RLock()
	defer s.registry.mu.RUnlock()
	token, known := s.registry.tokens[value]
	if !known || token.Revoked || token.Audience != audience || !s.options.Now().Before(token.Expiry) {
		return gateway.Caller{}, false
	}
	return gateway.Caller{
		RANumber: token.RANumber, Device: token.Device,
		ServiceProviders: s.registry.organisations[token.RANumber][token.Device],
	}, true
}

// Grant issues a token without a login, for tests of what follows it.
func (s *Service) Grant(raNumber, device, audience string) (string, error) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	if _, known := s.registry.devices[deviceName{raNumber, device}]; !known {
		return "", ErrNoSuchDevice
	}
	token := s.newToken(raNumber, device, audience)
	return token.Value, s.registry.storeToken(token)
}
