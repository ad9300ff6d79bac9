package proda

import (
	"crypto/rsa"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/caresync/caresync/simulator/faults"
)

// leastBits is the shortest RSA key that is accepted.
const leastBits = 2048

type activation struct {
	OrganisationID string          `json:"orgId"`
	ActivationCode string          `json:"otac"`
	Key            json.RawMessage `json:"key"`
}

type deviceAnswer struct {
	OrganisationID string `json:"orgId"`
	DeviceName     string `json:"deviceName"`
	DeviceStatus   State  `json:"deviceStatus"`
	KeyExpiry      string `json:"keyExpiry"`
	DeviceExpiry   string `json:"deviceExpiry"`
}

// activate takes a device's first public key against its one-time code.
func (s *Service) activate(w http.ResponseWriter, r *http.Request) {
	if deviceHasExpired(w, r) {
		return
	}
	var request activation
	if refusal := readJSON(r, &request); refusal != nil {
		refusal.writeDeviceError(w)
		return
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	device, refusal := s.registry.pendingDevice(request, r.PathValue("device"))
	if refusal != nil {
		refusal.writeDeviceError(w)
		return
	}
	key, refusal := readKey(request.Key, device)
	if refusal != nil {
		refusal.writeDeviceError(w)
		return
	}
	device.State, device.ActivationCode = Active, ""
	device.Expiry = s.options.Now().UTC().Add(s.options.DeviceLife).Truncate(time.Second)
	s.accept(w, device, key)
}

// pendingDevice finds the device that a one-time code activates; the caller holds the lock.
func (r *registry) pendingDevice(request activation, name string) (Device, *problem) {
	if _, known := r.organisations[request.OrganisationID]; !known {
		return Device{}, refused(organisationNotFound, "Organisation not found")
	}
	device, known := r.devices[deviceName{request.OrganisationID, name}]
	if !known {
		return Device{}, refused(deviceNotFound, "Device not found")
	}
	if device.State != Pending {
		return Device{}, refused(deviceState, "Device is in state "+string(device.State)+" and cannot be activated")
	}
	if subtle.ConstantTimeCompare([]byte(request.ActivationCode), []byte(device.ActivationCode)) != 1 {
		return Device{}, refused(wrongActivationCode, "Activation code is wrong or was used")
	}
	return device, nil
}

// renewKey replaces the key of an active device, whose bearer token proves who asks.
func (s *Service) renewKey(w http.ResponseWriter, r *http.Request) {
	if deviceHasExpired(w, r) {
		return
	}
	var content json.RawMessage
	if refusal := readJSON(r, &content); refusal != nil {
		refusal.writeDeviceError(w)
		return
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	name := deviceName{r.PathValue("organisation"), r.PathValue("device")}
	if !s.holdsToken(r, name) {
		(&problem{http.StatusUnauthorized, badToken, "Authorization: no valid token of this device"}).writeDeviceError(w)
		return
	}
	device, refusal := s.usableDevice(name.raNumber, name.name)
	if refusal != nil {
		refused(strings.SplitN(refusal.message, ":", 2)[0], refusal.message).writeDeviceError(w)
		return
	}
	key, refusal := readKey(content, device)
	if refusal != nil {
		refusal.writeDeviceError(w)
		return
	}
	if may, wait := s.mayReplace(tokenUse{device: name}, device.KeyIssued, device.KeyExpiry); !may {
		throttle(w, wait)
		return
	}
	s.accept(w, device, key)
}

// accept stores a device with its new key; the caller holds the lock.
func (s *Service) accept(w http.ResponseWriter, device Device, key *jose.JSONWebKey) {
	now := s.options.Now().UTC()
	device.Key, device.KeyIssued, device.KeyExpiry = key, now, now.Add(s.options.KeyLife).Truncate(time.Second)
	if err := s.registry.store(device); err != nil {
		(&problem{http.StatusInternalServerError, badRequest, err.Error()}).writeDeviceError(w)
		return
	}
	writeJSON(w, http.StatusOK, deviceAnswer{
		OrganisationID: device.RANumber, DeviceName: device.Name, DeviceStatus: device.State,
		KeyExpiry: device.KeyExpiry.Format(time.RFC3339), DeviceExpiry: device.Expiry.Format(time.RFC3339),
	})
}

func (s *Service) holdsToken(r *http.Request, name deviceName) bool {
	value, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	token, known := s.registry.tokens[value]
	return given && known && !token.Revoked && token.RANumber == name.raNumber && token.Device == name.name &&
		s.options.Now().Before(token.Expiry)
}

func deviceHasExpired(w http.ResponseWriter, r *http.Request) bool {
	_, asked := faults.Of(r, faults.ExpiredDevice)
	if asked {
		refused(deviceState, "The device has expired").writeDeviceError(w)
	}
	return asked
}

func readJSON(r *http.Request, into any) *problem {
	if contentType := r.Header.Get("Content-Type"); !strings.HasPrefix(contentType, "application/json") {
		return refused(badRequest, "Content-Type: must be application/json")
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return refused(badRequest, "the body is not the JSON that is expected here")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return refused(badRequest, "there is more in the body than one JSON value")
	}
	return nil
}

// readKey reads a public key as the contract demands it, a new one for the device.
func readKey(content json.RawMessage, device Device) (*jose.JSONWebKey, *problem) {
	var key jose.JSONWebKey
	if err := json.Unmarshal(content, &key); err != nil {
		return nil, refused(unreadableKey, "The key is missing or cannot be read")
	}
	public, isRSA := key.Key.(*rsa.PublicKey)
	switch {
	case !isRSA || key.Use != "sig" || key.Algorithm != string(jose.RS256):
		return nil, refused(wrongKeyKind, "The key must be a public RSA key with use sig and alg RS256")
	case key.KeyID != device.Name:
		return nil, refused(wrongKeyID, "The kid must be the device's name")
	case public.N.BitLen() < leastBits:
		return nil, refused(unfitKey, "The key is shorter than 2048 bits")
	}
	if device.Key != nil {
		if earlier, ok := device.Key.Key.(*rsa.PublicKey); ok && earlier.Equal(public) {
			return nil, refused(unfitKey, "The key is the one that it should replace")
		}
	}
	return &key, nil
}
