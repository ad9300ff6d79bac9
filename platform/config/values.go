package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Address is a flag value: the host and port that a server listens at, such as 127.0.0.1:8090. Port 0 picks a free one.
type Address string

// Set implements pflag.Value.
func (a *Address) Set(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not host:port, such as 127.0.0.1:8090", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port number from 0 to 65535, such as 127.0.0.1:8090", text)
	}
	*a = Address(text)
	return nil
}

// String implements pflag.Value.
func (a Address) String() string { return string(a) }

// Type implements pflag.Value.
func (a Address) Type() string { return "host:port" }

// URL is a flag value: the http or https address of a web page or service, without credentials, query or fragment and
// without a slash at its end. The zero value means that none is set.
type URL struct {
	value string
}

// Set implements pflag.Value.
func (u *URL) Set(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" {
		return errors.New("not a web address, such as https://caresync.example.org")
	}
	if parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return errors.New("want a web address without user, query and fragment, such as https://caresync.example.org")
	}
	u.value = strings.TrimRight(parsed.String(), "/")
	return nil
}

// String implements pflag.Value.
func (u URL) String() string { return u.value }

// Type implements pflag.Value.
func (u URL) Type() string { return "URL" }

// IsSet tells whether there is an address at all.
func (u URL) IsSet() bool { return u.value != "" }

// QueuePrefix is a flag value: what the names of Temporal task queues begin with, to keep several installations or
// tests in one namespace apart. It may be empty.
type QueuePrefix string

var queuePrefixPattern = regexp.MustCompile(`^[a-zA-Z0-9._-]{0,64}$`)

// Set implements pflag.Value.
func (p *QueuePrefix) Set(text string) error {
	if !queuePrefixPattern.MatchString(text) {
		return fmt.Errorf("%q must have at most 64 letters, digits, dots, dashes or underscores", text)
	}
	*p = QueuePrefix(text)
	return nil
}

// String implements pflag.Value.
func (p QueuePrefix) String() string { return string(p) }

// Type implements pflag.Value.
func (p QueuePrefix) Type() string { return "prefix" }
